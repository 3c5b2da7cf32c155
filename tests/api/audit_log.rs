//! Whatever staff change leaves a record: of what, by whom, why, and how it stood before.

use api::usecases::{
    audit_log::{Deed, at_console},
    keys,
};
use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{Deal, Person, Response, TestApp, deals::text, market::yen, on_both_engines};

on_both_engines!(
    a_held_payout_is_logged_with_who_why_and_how_it_stood,
    the_member_reads_what_concerns_them_and_not_who_it_was,
    a_ruling_concerns_the_parties_only_once_it_is_confirmed,
    what_follows_from_one_act_has_the_same_request,
    an_entry_of_the_bank_and_a_day_of_the_calendar_are_logged,
    staff_leave_a_trace_on_their_own_account,
    staff_leave_a_trace_by_what_was_mailed_to_them,
    staff_leave_a_trace_by_what_lasts_though_it_may_be_refused_and_none_by_a_guess,
    what_is_refused_previewed_or_done_by_members_leaves_no_record,
    commands_leave_a_record_without_a_person,
    a_change_without_a_trace_is_undone,
    the_log_is_filtered_and_paged,
    nothing_changes_or_deletes_a_record,
    only_admins_read_the_log,
);

/// All that an admin reads with these filters, newest first.
fn log(app: &TestApp, admin: &Person, filter: &str) -> Vec<Value> {
    let page = app.read(admin, &format!("/v1/admin/audit-log?limit=100{filter}"));
    page["items"].as_array().unwrap().clone()
}

fn own_log(app: &TestApp, person: &Person) -> Vec<Value> {
    app.read(person, "/v1/me/audit-log?limit=100")["items"].as_array().unwrap().clone()
}

fn hold(app: &TestApp, finance: &Person, payout: &str, reason: &str) -> Response {
    app.act(finance, &format!("/v1/admin/payouts/{payout}/hold"), &json!({"reason": reason}))
}

/// A payout that was asked for, and its worker.
fn payout(app: &TestApp, name: &str) -> (String, Person) {
    let earner = app.earner_named(name, 10_000);
    let payout = text(&app.quick(&earner.worker, 5_000).expect(201)["id"]);
    (payout, earner.worker)
}

/// A dispute that staff mediate.
fn mediated(app: &TestApp, deal: &Deal<'_>) -> String {
    deal.fund(0);
    let claim = json!({"reason": "not_as_agreed", "claim": "It is blue."});
    let dispute = text(&deal.on(&deal.client, 0, "dispute", &claim).expect(201)["id"]);
    app.act(&deal.worker, &format!("/v1/disputes/{dispute}/answer"), &json!({"answer": "It is azure."})).expect(200);
    app.advance_hours(7 * 24);
    dispute
}

fn a_held_payout_is_logged_with_who_why_and_how_it_stood(app: &TestApp) {
    let (finance, admin) = (app.staff(Role::Finance, "fin"), app.staff(Role::Admin, "noa"));
    let (payout, worker) = payout(app, "taro");
    let answer = hold(app, &finance, &payout, "The name is another");
    answer.expect(200);
    let found = log(app, &admin, &format!("&resource={payout}"));
    assert_eq!(found.len(), 1, "{found:?}");
    let record = &found[0];
    assert_eq!(record["actor_id"], finance.id);
    assert_eq!(record["actor_role"], "finance");
    assert_eq!(record["operation"], "POST /v1/admin/payouts/{id}/hold");
    assert_eq!(record["member_ids"], json!([worker.id]));
    assert_eq!(record["reason"], "The name is another");
    assert_eq!(record["before"], json!({"status": "requested", "version": 1, "role": null}));
    assert_eq!(record["after"], json!({"status": "held", "version": 2, "role": null}));
    assert_eq!(record["request_id"], answer.header("x-request-id"));
}

fn the_member_reads_what_concerns_them_and_not_who_it_was(app: &TestApp) {
    let finance = app.staff(Role::Finance, "fin");
    let (payout, worker) = payout(app, "taro");
    hold(app, &finance, &payout, "The name is another").expect(200);
    let told = own_log(app, &worker);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["resource"], payout);
    assert_eq!(told[0]["actor_role"], "finance");
    assert_eq!(told[0]["reason"], "The name is another");
    assert!(!told[0].to_string().contains(&finance.id), "{told:?}");
    assert_eq!(own_log(app, &app.member("jiro")), Vec::<Value>::new());
}

fn a_ruling_concerns_the_parties_only_once_it_is_confirmed(app: &TestApp) {
    let (mia, noa) = (app.staff(Role::Support, "mia"), app.staff(Role::Admin, "noa"));
    let deal = app.deal(&[10_000]);
    let dispute = mediated(app, &deal);
    let at = format!("/v1/admin/disputes/{dispute}");
    let proposal = json!({"worker_share": yen(4_000), "reasoning": "Half of it is usable."});
    app.act(&mia, &format!("{at}/propose-ruling"), &proposal).expect(200);
    assert_eq!(own_log(app, &deal.worker), Vec::<Value>::new());
    app.act(&mia, &format!("{at}/rule"), &json!({"worker_share": yen(4_000)})).problem(409, "four_eyes");
    app.act(&noa, &format!("{at}/rule"), &json!({"worker_share": yen(4_000)})).expect(200);
    for party in [&deal.client, &deal.worker] {
        let told = own_log(app, party);
        let ruled = told.iter().find(|record| record["resource"] == dispute).unwrap();
        assert_eq!(ruled["after"]["status"], "ruled");
        assert_eq!(ruled["reason"], "Half of it is usable.");
    }
    let found = log(app, &noa, &format!("&resource={dispute}"));
    let who: Vec<&Value> = found.iter().map(|record| &record["actor_id"]).collect();
    assert_eq!(who, [&json!(noa.id), &json!(mia.id)]);
}

fn what_follows_from_one_act_has_the_same_request(app: &TestApp) {
    let (mia, noa) = (app.staff(Role::Support, "mia"), app.staff(Role::Admin, "noa"));
    let deal = app.deal(&[10_000]);
    let dispute = mediated(app, &deal);
    let at = format!("/v1/admin/disputes/{dispute}");
    app.act(&mia, &format!("{at}/propose-ruling"), &json!({"worker_share": yen(0), "reasoning": "No."})).expect(200);
    let answer = app.act(&noa, &format!("{at}/rule"), &json!({"worker_share": yen(0)}));
    answer.expect(200);
    let found = log(app, &noa, "&operation=POST%20/v1/admin/disputes/%7Bid%7D/rule");
    let mut changed: Vec<(String, String)> = found
        .iter()
        .map(|record| {
            assert_eq!(record["request_id"], answer.header("x-request-id"));
            let step = |at: &str| record[at]["status"].as_str().unwrap().to_owned();
            let noun = record["resource"].as_str().unwrap().split('_').next().unwrap().to_owned();
            (noun, format!("{} to {}", step("before"), step("after")))
        })
        .collect();
    changed.sort();
    let expected =
        [("contract", "active to ended"), ("dispute", "mediation to ruled"), ("milestone", "disputed to canceled")];
    assert_eq!(changed, expected.map(|(noun, step)| (noun.to_owned(), step.to_owned())));
}

fn an_entry_of_the_bank_and_a_day_of_the_calendar_are_logged(app: &TestApp) {
    let (finance, admin) = (app.staff(Role::Finance, "fin"), app.staff(Role::Admin, "noa"));
    let receipt = app.transfer(&finance, "20260401-1", None, 3_000).expect(201);
    let found = log(app, &admin, &format!("&resource={}", receipt["id"].as_str().unwrap()));
    assert_eq!((&found[0]["before"], &found[0]["after"]["status"]), (&Value::Null, &json!("unmatched")));
    let day = "/v1/admin/calendar-overrides/2026-05-15";
    let put = app.request("PUT", day).by(&finance);
    put.json(&json!({"is_business_day": false, "note": "The bank moves house."})).expect(200);
    app.request("DELETE", day).by(&finance).send().expect(204);
    let found = log(app, &admin, "&resource=calendar-overrides/2026-05-15");
    let status = |at: &str| found.iter().map(|record| record[at]["status"].clone()).collect::<Vec<_>>();
    assert_eq!(
        (status("before"), status("after")),
        (vec![json!("closed"), Value::Null], vec![Value::Null, json!("closed")])
    );
}

fn staff_leave_a_trace_by_what_lasts_though_it_may_be_refused_and_none_by_a_guess(app: &TestApp) {
    let (mia, admin) = (app.staff(Role::Support, "mia"), app.staff(Role::Admin, "noa"));
    let (_, codes) = app.add_second_factor(&mia);
    let proofs = || log(app, &admin, &format!("&actor_id={}&operation=POST%20/v1/sessions/step-up", mia.id));
    app.step_up(&mia, &json!({"recovery_code": "none-of-mine"})).problem(401, "invalid_code");
    assert_eq!(proofs(), Vec::<Value>::new());
    app.step_up(&mia, &json!({"recovery_code": codes[0]})).expect(200);
    assert_eq!(proofs().len(), 1);
    assert_eq!(proofs()[0]["resource"], mia.id);
}

fn staff_leave_a_trace_on_their_own_account(app: &TestApp) {
    let (mia, admin) = (app.staff(Role::Support, "mia"), app.staff(Role::Admin, "noa"));
    app.request("PUT", "/v1/me/username").by(&mia).json(&json!({"username": "mia.support"})).expect(200);
    app.request("DELETE", "/v1/sessions/current").by(&mia).send().expect(204);
    let found = log(app, &admin, &format!("&actor_id={}", mia.id));
    let done: Vec<&str> = found.iter().map(|record| record["operation"].as_str().unwrap()).collect();
    assert_eq!(done, ["DELETE /v1/sessions/current", "PUT /v1/me/username"]);
    assert!(found.iter().all(|record| record["resource"] == mia.id), "{found:?}");
    assert_eq!(found, log(app, &admin, &format!("&member_id={}&actor_id={}", mia.id, mia.id)), "it concerns them");
    assert_eq!((&found[1]["before"]["role"], &found[1]["after"]["role"]), (&json!("support"), &json!("support")));
}

/// Who sends it is not logged in; members leave none.
fn staff_leave_a_trace_by_what_was_mailed_to_them(app: &TestApp) {
    let (mia, admin, hanako) = (app.staff(Role::Support, "mia"), app.staff(Role::Admin, "noa"), app.member("hanako"));
    let before = log(app, &admin, "").len();
    for person in [&mia, &hanako] {
        let next = format!("next-{}", person.email);
        app.act(person, "/v1/me/email-change", &json!({"email": next})).expect(202);
        for token in [app.mailed(&person.email, "aze_"), app.mailed(&next, "aze_")] {
            app.post("/v1/me/email-change/confirm").json(&json!({"token": token})).expect(200);
        }
        app.post("/v1/password-resets").json(&json!({"email": next})).expect(202);
        let reset = json!({"token": app.mailed(&next, "azp_"), "password": "seven otters juggle lanterns"});
        app.post("/v1/password-resets/confirm").json(&reset).expect(200);
    }
    let found = log(app, &admin, &format!("&actor_id={}", mia.id));
    let done: Vec<&str> = found.iter().map(|record| record["operation"].as_str().unwrap()).collect();
    let confirm = "POST /v1/me/email-change/confirm";
    assert_eq!(done, ["POST /v1/password-resets/confirm", confirm, confirm, "POST /v1/me/email-change"]);
    assert!(found.iter().all(|record| record["resource"] == mia.id && record["actor_role"] == "support"), "{found:?}");
    assert_eq!(log(app, &admin, "").len(), before + done.len());
}

fn what_is_refused_previewed_or_done_by_members_leaves_no_record(app: &TestApp) {
    let (finance, admin) = (app.staff(Role::Finance, "fin"), app.staff(Role::Admin, "noa"));
    let (payout, worker) = payout(app, "taro");
    let before = log(app, &admin, "").len();
    let cancel = format!("/v1/admin/payouts/{payout}/cancel");
    app.act(&finance, &format!("{cancel}?preview=true"), &json!({"reason": "What if?"})).expect(200);
    app.act(&finance, &format!("/v1/admin/payouts/{payout}/resume"), &json!({})).problem(409, "action_refused");
    app.act(&worker, &cancel, &json!({"reason": "Mine."})).problem(404, "not_found");
    app.act(&worker, &format!("/v1/payouts/{payout}/cancel"), &json!({})).expect(200);
    assert_eq!(log(app, &admin, "").len(), before);
}

fn commands_leave_a_record_without_a_person(app: &TestApp) {
    let admin = app.staff(Role::Admin, "noa");
    assert_eq!(keys::rotate(&app.app).unwrap(), Some(1));
    assert_eq!(keys::rotate(&app.app).unwrap(), None, "too early, and nothing to tell");
    let found = log(app, &admin, "");
    let told: Vec<_> =
        found.iter().map(|record| (&record["operation"], &record["actor_role"], &record["actor_id"])).collect();
    let console = json!("console");
    let (rotated, created) = (json!("keys rotate"), json!("staff create"));
    assert_eq!(told, [(&rotated, &console, &Value::Null), (&created, &console, &Value::Null)]);
    assert_eq!(found[1]["after"], json!({"status": "active", "version": null, "role": "admin"}));
}

fn a_change_without_a_trace_is_undone(app: &TestApp) {
    let taro = app.member("taro");
    let id: domain::ids::MemberId = taro.id.parse().unwrap();
    let refused = at_console(&app.app, Deed::command("test", None), move |tx, _| {
        let member = persistence::member::lock(tx, id)?.unwrap();
        let renamed = domain::member::Member { display_name: "Somebody else".into(), ..member };
        Ok(persistence::member::save(tx, &renamed)?)
    });
    assert_eq!(refused.unwrap_err().code(), api::problem::Code::Internal);
    assert_eq!(app.read(&taro, "/v1/me")["display_name"], "Hanako");
}

fn the_log_is_filtered_and_paged(app: &TestApp) {
    let (fin, eve) = (app.staff(Role::Finance, "fin"), app.staff(Role::Finance, "eve"));
    let admin = app.staff(Role::Admin, "noa");
    let ((first, taro), (second, _)) = (payout(app, "taro"), payout(app, "jiro"));
    hold(app, &fin, &first, "One").expect(200);
    let between = log(app, &admin, "")[0]["created_at"].as_str().unwrap().to_owned();
    app.advance_hours(1);
    hold(app, &eve, &second, "Two").expect(200);
    app.act(&eve, &format!("/v1/admin/payouts/{first}/resume"), &json!({})).expect(200);
    let told = |filter: &str| {
        let found = log(app, &admin, filter);
        found.iter().map(|record| record["reason"].as_str().unwrap_or("-").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told(&format!("&actor_id={}", eve.id)), ["-", "Two"]);
    assert_eq!(told(&format!("&actor_id={}&member_id={}", eve.id, taro.id)), ["-"]);
    assert_eq!(told("&operation=POST%20/v1/admin/payouts/%7Bid%7D/hold"), ["Two", "One"]);
    assert_eq!(told(&format!("&resource={second}")), ["Two"]);
    let held = "&operation=POST%20/v1/admin/payouts/%7Bid%7D/hold";
    let moment = between.replace('+', "%2B");
    assert_eq!(told(&format!("{held}&from_at={moment}")), ["Two", "One"]);
    assert_eq!(told(&format!("{held}&until_at={moment}")), Vec::<String>::new());
    let all = log(app, &admin, "");
    assert_eq!(app.pages(&admin, "/v1/admin/audit-log"), all);
    assert_eq!(app.pages(&taro, "/v1/me/audit-log"), own_log(app, &taro));
    assert_eq!(own_log(app, &taro).len(), 2);
    app.get("/v1/admin/audit-log?actor_id=payout_01k30dwqgzfgx9p7jfdwpht7gg")
        .by(&admin)
        .send()
        .problem(400, "invalid_id");
}

fn nothing_changes_or_deletes_a_record(app: &TestApp) {
    app.staff(Role::Finance, "fin");
    let before = app.database.texts("SELECT operation AS text FROM audit_log");
    assert_eq!(before, ["staff create"]);
    for statement in ["UPDATE audit_log SET reason = 'another'", "DELETE FROM audit_log"] {
        let refused = app.database.execute(statement).unwrap_err();
        assert!(refused.contains("append-only"), "{refused}");
    }
    assert_eq!(app.database.texts("SELECT operation AS text FROM audit_log"), before);
}

fn only_admins_read_the_log(app: &TestApp) {
    for role in [Role::Support, Role::Moderator, Role::Finance] {
        let staff = app.staff(role, &role.to_string());
        app.get("/v1/admin/audit-log").by(&staff).send().problem(403, "not_permitted");
    }
    app.get("/v1/admin/audit-log").by(&app.member("taro")).send().problem(404, "not_found");
}
