//! Where payouts go: naming, correcting and forgetting an account.

use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{Person, Response, TestApp, deals::text, on_both_engines, payday::account};

on_both_engines!(
    an_account_is_kept_as_banks_write_it,
    a_japan_post_account_is_kept_as_other_banks_reach_it,
    wrong_codes_and_names_are_refused_by_their_place,
    an_account_is_corrected_on_the_version_that_was_seen,
    naming_the_same_account_again_changes_nothing,
    the_owner_is_told_by_mail_of_every_change,
    a_change_needs_a_recent_log_in,
    an_account_can_be_forgotten,
    the_version_of_a_forgotten_account_does_not_come_again,
    staff_have_no_account,
);

fn put(app: &TestApp, person: &Person, body: &Value) -> Response {
    app.request("PUT", "/v1/me/bank-account").by(person).json(body)
}

fn an_account_is_kept_as_banks_write_it(app: &TestApp) {
    let hanako = app.member("hanako");
    app.get("/v1/me/bank-account").by(&hanako).send().problem(404, "not_found");
    let kept = put(app, &hanako, &account("123")).expect(200);
    assert_eq!(
        ["bank_code", "branch_code", "account_type", "number", "holder", "status"].map(|name| text(&kept[name])),
        ["0005", "101", "ordinary", "0000123", "ﾔﾏﾀﾞ ﾊﾅｺ", "usable"]
    );
    assert_eq!((&kept["version"], &kept["failure_reason"]), (&json!(1), &Value::Null));
    assert_eq!(app.read(&hanako, "/v1/me/bank-account"), kept);
    let taro = app.member("taro");
    app.get("/v1/me/bank-account").by(&taro).send().problem(404, "not_found");
}

fn a_japan_post_account_is_kept_as_other_banks_reach_it(app: &TestApp) {
    let hanako = app.member("hanako");
    let post = json!({"japan_post": {"symbol": "10530", "number": "12345671"}, "holder": "やまだ はなこ"});
    let kept = put(app, &hanako, &post).expect(200);
    assert_eq!(
        ["bank_code", "branch_code", "account_type", "number"].map(|name| text(&kept[name])),
        ["9900", "058", "ordinary", "1234567"]
    );
}

fn wrong_codes_and_names_are_refused_by_their_place(app: &TestApp) {
    let hanako = app.member("hanako");
    let wrong = |member: &str, value: Value| {
        let mut body = account("1234567");
        body[member] = value;
        let problem = put(app, &hanako, &body).problem(422, "invalid_body");
        text(&problem["errors"][0]["pointer"])
    };
    assert_eq!(wrong("bank_code", json!("36")), "/bank_code");
    assert_eq!(wrong("branch_code", json!("1O1")), "/branch_code");
    assert_eq!(wrong("account_type", json!("golden")), "/account_type");
    assert_eq!(wrong("number", json!("12345678")), "/number");
    assert_eq!(wrong("number", json!(1_234_567)), "/number");
    assert_eq!(wrong("bank_code", json!("0000")), "/bank_code");
    assert_eq!(wrong("branch_code", json!("000")), "/branch_code");
    assert_eq!(wrong("number", json!("0")), "/number");
    for name in ["山田花子", "ﾔﾏﾀﾞ･ﾊﾅｺ", &"ガ".repeat(16)] {
        assert_eq!(wrong("holder", json!(name)), "/holder", "{name}");
    }
    assert_eq!(wrong("bank_code", Value::Null), "");
    assert_eq!(wrong("japan_post", json!({"symbol": "10530", "number": "12345671"})), "");
    let post = |symbol: &str, number: &str| {
        let body = json!({"japan_post": {"symbol": symbol, "number": number}, "holder": "ヤマダ"});
        text(&put(app, &hanako, &body).problem(422, "invalid_body")["errors"][0]["pointer"])
    };
    assert_eq!(post("20530", "12345671"), "/japan_post/symbol");
    assert_eq!(post("10530", "12345670"), "/japan_post/number");
    app.get("/v1/me/bank-account").by(&hanako).send().problem(404, "not_found");
}

fn an_account_is_corrected_on_the_version_that_was_seen(app: &TestApp) {
    let hanako = app.member("hanako");
    let tag = put(app, &hanako, &account("1")).header("etag").to_owned();
    let corrected = put(app, &hanako, &account("2")).expect(200);
    assert_eq!((&corrected["version"], &corrected["number"]), (&json!(2), &json!("0000002")));
    let late = app.request("PUT", "/v1/me/bank-account").by(&hanako).header("If-Match", &tag).json(&account("3"));
    late.problem(412, "precondition_failed");
    app.request("DELETE", "/v1/me/bank-account")
        .by(&hanako)
        .header("If-Match", &tag)
        .send()
        .problem(412, "precondition_failed");
    assert_eq!(app.read(&hanako, "/v1/me/bank-account"), corrected);
    let both = format!("\"7-x\", {tag}, \"2-y\"");
    let put_on =
        |tags: &str| app.request("PUT", "/v1/me/bank-account").by(&hanako).header("If-Match", tags).json(&account("4"));
    put_on("\"02\"").problem(412, "precondition_failed");
    put_on(&both).expect(200);
    app.request("DELETE", "/v1/me/bank-account").by(&hanako).send().expect(204);
    for tags in [&tag, "*", "\"4\""] {
        put_on(tags).problem(412, "precondition_failed");
    }
    app.get("/v1/me/bank-account").by(&hanako).send().problem(404, "not_found");
}

fn naming_the_same_account_again_changes_nothing(app: &TestApp) {
    let hanako = app.member("hanako");
    let kept = put(app, &hanako, &account("1")).expect(200);
    let told = app.events_about(&hanako, &hanako.id);
    assert_eq!(put(app, &hanako, &account("0000001")).expect(200), kept);
    assert_eq!((app.read(&hanako, "/v1/me/bank-account"), app.events_about(&hanako, &hanako.id)), (kept, told));
    let mails = app.subjects(&hanako.email);
    assert_eq!(mails.iter().filter(|subject| *subject == "Your bank account was changed").count(), 1);
}

fn the_owner_is_told_by_mail_of_every_change(app: &TestApp) {
    let hanako = app.member("hanako");
    put(app, &hanako, &account("7654321")).expect(200);
    let newest = &app.mails(&hanako.email)[0];
    assert_eq!(newest["subject"], "Your bank account was changed");
    let body = text(&newest["body"]);
    assert!(body.contains("0005-101 ****321") && !body.contains("7654"), "{body}");
    assert_eq!(app.events_about(&hanako, &hanako.id).last().map(String::as_str), Some("bank_account.changed"));
}

fn a_change_needs_a_recent_log_in(app: &TestApp) {
    let hanako = app.member("hanako");
    let kept = put(app, &hanako, &account("1")).expect(200);
    app.age_log_ins(601);
    put(app, &hanako, &account("2")).problem(403, "recent_login_required");
    app.request("DELETE", "/v1/me/bank-account").by(&hanako).send().problem(403, "recent_login_required");
    assert_eq!(app.read(&hanako, "/v1/me/bank-account"), kept);
    put(app, &app.log_in(&hanako.email), &account("2")).expect(200);
}

fn an_account_can_be_forgotten(app: &TestApp) {
    let hanako = app.member("hanako");
    let forget = || app.request("DELETE", "/v1/me/bank-account").by(&hanako).send();
    forget().problem(404, "not_found");
    put(app, &hanako, &account("1")).expect(200);
    forget().expect(204);
    assert_eq!(app.subjects(&hanako.email)[0], "Your bank account was removed");
    app.get("/v1/me/bank-account").by(&hanako).send().problem(404, "not_found");
    put(app, &hanako, &account("1")).expect(200);
}

fn staff_have_no_account(app: &TestApp) {
    let finance = app.staff(Role::Finance, "fin");
    app.get("/v1/me/bank-account").by(&finance).send().problem(403, "not_permitted");
    put(app, &finance, &account("1")).problem(403, "not_permitted");
}

fn the_version_of_a_forgotten_account_does_not_come_again(app: &TestApp) {
    let hanako = app.member("hanako");
    let first = put(app, &hanako, &account("1")).expect(200);
    app.request("DELETE", "/v1/me/bank-account").by(&hanako).send().expect(204);
    let second = put(app, &hanako, &account("2")).expect(200);
    assert!(second["version"].as_i64() > first["version"].as_i64(), "{second}");
    let wish = json!({"kind": "quick", "amount": {"amount": 1_000, "currency": "JPY"}, "bank_account_version": first["version"]});
    app.act(&hanako, "/v1/payouts", &wish).problem(409, "bank_account_changed");
}
