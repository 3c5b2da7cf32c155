//! Entries by hand: one of finance drafts, another posts, and the members concerned read why.

use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{Person, Response, TestApp, deals::text, market::yen, on_both_engines, work::at_once};

on_both_engines!(
    an_entry_is_drafted_by_one_and_posted_by_another,
    nobody_decides_on_what_they_drafted,
    a_rejected_entry_is_never_posted,
    the_member_reads_the_line_and_why,
    a_preview_shows_the_entry_and_posts_nothing,
    what_does_not_balance_or_is_not_booked_by_hand_is_refused,
    money_that_is_not_there_is_not_taken,
    somebody_who_has_left_has_no_client_funds,
    many_approvals_at_once_post_it_once,
    drafts_wait_on_the_worklist_and_in_lists,
    only_finance_and_admins_draft_and_decide,
    a_rewritten_draft_cannot_be_smuggled_in,
);

fn line(account: &str, member: Option<&str>, side: &str, amount: i64) -> Value {
    match member {
        Some(member) => json!({"account": account, "member_id": member, "side": side, "amount": yen(amount)}),
        None => json!({"account": account, "side": side, "amount": yen(amount)}),
    }
}

/// The bank has charged its fee.
fn bank_fee(amount: i64) -> Value {
    json!([line("bank_fee", None, "debit", amount), line("bank", None, "credit", amount)])
}

/// The operator gives a member something for their trouble.
fn goodwill(member: &Person, amount: i64) -> Value {
    json!([line("bad_debt", None, "debit", amount), line("client_funds", Some(&member.id), "credit", amount)])
}

fn draft(app: &TestApp, by: &Person, lines: &Value) -> Response {
    app.act(by, "/v1/admin/manual-entries", &json!({"reason": "We were late.", "lines": lines}))
}

fn drafted(app: &TestApp, by: &Person, lines: &Value) -> String {
    let answer = draft(app, by, lines).expect(201);
    assert_eq!((&answer["status"], &answer["version"]), (&json!("drafted"), &json!(1)));
    format!("/v1/admin/manual-entries/{}", text(&answer["id"]))
}

fn approve(app: &TestApp, by: &Person, entry: &str) -> Response {
    app.post(&format!("{entry}/approve")).by(by).fresh_key().send()
}

fn reject(app: &TestApp, by: &Person, entry: &str) -> Response {
    app.act(by, &format!("{entry}/reject"), &json!({"reason": "It is booked already."}))
}

fn two(app: &TestApp) -> (Person, Person) {
    (app.staff(Role::Finance, "fin"), app.staff(Role::Finance, "eve"))
}

/// How many manual entries the books hold.
fn posted(app: &TestApp) -> usize {
    app.database.texts("SELECT kind AS text FROM journal_entries WHERE kind = 'manual'").len()
}

fn an_entry_is_drafted_by_one_and_posted_by_another(app: &TestApp) {
    let (fin, eve) = two(app);
    let entry = drafted(app, &fin, &bank_fee(1_100));
    assert_eq!(posted(app), 0, "a draft books nothing");
    assert_eq!(app.read(&fin, &entry)["allowed_actions"], json!([]));
    assert_eq!(app.read(&eve, &entry)["allowed_actions"], json!(["approve", "reject"]));
    let done = approve(app, &eve, &entry).expect(200);
    assert_eq!(
        (&done["status"], &done["decider_id"], &done["allowed_actions"]),
        (&json!("posted"), &json!(eve.id), &json!([]))
    );
    assert_eq!(posted(app), 1);
    approve(app, &eve, &entry).problem(409, "action_refused");
    reject(app, &eve, &entry).problem(409, "action_refused");
    assert_eq!(posted(app), 1);
}

fn nobody_decides_on_what_they_drafted(app: &TestApp) {
    let (fin, noa) = (app.staff(Role::Finance, "fin"), app.staff(Role::Admin, "noa"));
    for drafter in [&fin, &noa] {
        let entry = drafted(app, drafter, &bank_fee(1_100));
        approve(app, drafter, &entry).problem(409, "four_eyes");
        reject(app, drafter, &entry).problem(409, "four_eyes");
        let preview = format!("{entry}/approve?preview=true");
        app.post(&preview).by(drafter).fresh_key().send().problem(409, "four_eyes");
        assert_eq!(app.read(drafter, &entry)["status"], "drafted");
    }
    // Not even behind the application's back.
    let forged = app.database.execute("UPDATE manual_entries SET state = 'posted', decider_id = drafter_id");
    assert!(forged.is_err());
    assert_eq!(posted(app), 0);
}

fn a_rejected_entry_is_never_posted(app: &TestApp) {
    let (fin, eve) = two(app);
    let entry = drafted(app, &fin, &bank_fee(1_100));
    let refused = reject(app, &eve, &entry).expect(200);
    assert_eq!((&refused["status"], &refused["refusal"]), (&json!("rejected"), &json!("It is booked already.")));
    approve(app, &eve, &entry).problem(409, "action_refused");
    assert_eq!(posted(app), 0);
}

fn the_member_reads_the_line_and_why(app: &TestApp) {
    let ((fin, eve), taro) = (two(app), app.member("taro"));
    let entry = drafted(app, &fin, &goodwill(&taro, 500));
    let own = |path: &str| app.read(&taro, path)["items"].as_array().unwrap().clone();
    assert_eq!((own("/v1/me/audit-log"), own("/v1/me/ledger-entries")), (vec![], vec![]), "nothing is decided yet");
    approve(app, &eve, &entry).expect(200);
    assert_eq!(app.balance(&taro).available, 500);
    let lines = own("/v1/me/ledger-entries");
    let id = entry.rsplit('/').next().unwrap();
    assert_eq!(
        (&lines[0]["kind"], &lines[0]["subject"], &lines[0]["change"]),
        (&json!("manual"), &json!(id), &json!(500))
    );
    let told = own("/v1/me/audit-log");
    assert_eq!((told.len(), &told[0]["resource"], &told[0]["reason"]), (1, &json!(id), &json!("We were late.")));
    assert_eq!((&told[0]["before"]["status"], &told[0]["after"]["status"]), (&json!("drafted"), &json!("posted")));
    assert_eq!(app.events_about(&taro, id), ["manual_entry.posted"]);
}

fn a_preview_shows_the_entry_and_posts_nothing(app: &TestApp) {
    let (fin, eve) = two(app);
    let entry = drafted(app, &fin, &bank_fee(1_100));
    let preview = app.post(&format!("{entry}/approve?preview=true")).by(&eve).fresh_key().send().expect(200);
    let lines = &preview["preview"]["entries"][0];
    assert_eq!(lines["kind"], "manual");
    let shown: i64 = lines["lines"].as_array().unwrap().iter().map(|line| line["amount"].as_i64().unwrap().abs()).sum();
    assert_eq!(shown, 2_200);
    assert_eq!((posted(app), &app.read(&eve, &entry)["status"]), (0, &json!("drafted")));
}

fn what_does_not_balance_or_is_not_booked_by_hand_is_refused(app: &TestApp) {
    let (fin, taro) = (app.staff(Role::Finance, "fin"), app.member("taro"));
    let bank = |side: &str, amount| line("bank", None, side, amount);
    let fee = |side: &str, amount| line("bank_fee", None, side, amount);
    let dollars = json!({"account": "bank", "side": "credit", "amount": {"amount": 5, "currency": "USD"}});
    let refused = [
        json!([fee("debit", 5), bank("credit", 6)]),
        json!([fee("debit", 5), bank("debit", 5)]),
        json!([fee("debit", 5), dollars]),
        json!([fee("debit", 0), bank("credit", 0)]),
        json!([fee("debit", 5)]),
        json!([fee("debit", 5), bank("credit", 2), bank("credit", 3)]),
        json!([line("client_funds", None, "debit", 5), bank("credit", 5)]),
        json!([line("bank_fee", Some(&taro.id), "debit", 5), bank("credit", 5)]),
        json!([bank("debit", 5), line("earnings", Some(&taro.id), "credit", 5)]),
        json!([bank("debit", 5), line("escrow", Some(&taro.id), "credit", 5)]),
        json!([bank("debit", 5), line("suspense", None, "credit", 5)]),
        json!([bank("debit", 5), line("client_funds", Some(&fin.id), "credit", 5)]),
        json!([bank("debit", 5), line("client_funds", Some("member_01k30dwqgzfgx9p7jfdwpht7gg"), "credit", 5)]),
    ];
    for lines in refused {
        draft(app, &fin, &lines).problem(422, "invalid_body");
    }
    let members = ["a", "b", "c"].map(|name| line("client_funds", Some(&app.member(name).id), "credit", 1));
    let crowd = json!([bank("debit", 3), members[0], members[1], members[2]]);
    draft(app, &fin, &crowd).problem(422, "invalid_body");
}

fn money_that_is_not_there_is_not_taken(app: &TestApp) {
    let ((fin, eve), taro) = (two(app), app.member("taro"));
    let take = json!([line("client_funds", Some(&taro.id), "debit", 500), line("bad_debt", None, "credit", 500)]);
    let entry = drafted(app, &fin, &take);
    approve(app, &eve, &entry).problem(409, "insufficient_funds");
    assert_eq!((posted(app), &app.read(&eve, &entry)["status"]), (0, &json!("drafted")));
    approve(app, &eve, &drafted(app, &fin, &goodwill(&taro, 500))).expect(200);
    approve(app, &eve, &entry).expect(200);
    assert_eq!((posted(app), app.balance(&taro).available), (2, 0));
}

fn somebody_who_has_left_has_no_client_funds(app: &TestApp) {
    let ((fin, eve), taro) = (two(app), app.member("taro"));
    let entry = drafted(app, &fin, &goodwill(&taro, 500));
    app.leave(&taro).expect(200);
    approve(app, &eve, &entry).problem(409, "member_left");
    draft(app, &fin, &goodwill(&taro, 500)).problem(409, "member_left");
    reject(app, &eve, &entry).expect(200);
    assert_eq!(posted(app), 0);
}

fn many_approvals_at_once_post_it_once(app: &TestApp) {
    let ((fin, eve), taro) = (two(app), app.member("taro"));
    let entry = drafted(app, &fin, &goodwill(&taro, 500));
    let answers = at_once(6, |_| approve(app, &eve, &entry));
    let (done, late): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(done.len(), 1, "{answers:?}");
    late.iter().for_each(|answer| drop(answer.problem(409, "action_refused")));
    assert_eq!((posted(app), app.balance(&taro).available), (1, 500));
}

fn drafts_wait_on_the_worklist_and_in_lists(app: &TestApp) {
    let (fin, eve) = two(app);
    let entries: Vec<String> = (1..=3).map(|amount| drafted(app, &fin, &bank_fee(amount))).collect();
    let waiting = |app: &TestApp| {
        let list = app.read(&eve, "/v1/admin/worklist?kind=manual_entry_drafted");
        list["items"].as_array().unwrap().iter().map(|task| text(&task["id"])).collect::<Vec<_>>()
    };
    assert_eq!(waiting(app).len(), 3);
    approve(app, &eve, &entries[0]).expect(200);
    reject(app, &eve, &entries[1]).expect(200);
    assert_eq!(waiting(app), [entries[2].rsplit('/').next().unwrap()]);
    let all = app.pages(&fin, "/v1/admin/manual-entries");
    let states: Vec<&str> = all.iter().map(|entry| entry["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["drafted", "rejected", "posted"]);
    assert_eq!(app.pages(&fin, "/v1/admin/manual-entries?status=posted").len(), 1);
}

fn only_finance_and_admins_draft_and_decide(app: &TestApp) {
    let fin = app.staff(Role::Finance, "fin");
    let entry = drafted(app, &fin, &bank_fee(1_100));
    for role in [Role::Support, Role::Moderator] {
        let staff = app.staff(role, &role.to_string());
        draft(app, &staff, &bank_fee(1)).problem(403, "not_permitted");
        approve(app, &staff, &entry).problem(403, "not_permitted");
        reject(app, &staff, &entry).problem(403, "not_permitted");
        app.get(&entry).by(&staff).send().problem(403, "not_permitted");
    }
    let taro = app.member("taro");
    draft(app, &taro, &bank_fee(1)).problem(404, "not_found");
    approve(app, &taro, &entry).problem(404, "not_found");
    approve(app, &app.staff(Role::Admin, "noa"), &entry).expect(200);
}

fn a_rewritten_draft_cannot_be_smuggled_in(app: &TestApp) {
    let (fin, eve) = two(app);
    let body = json!({"reason": "We were late.", "lines": bank_fee(5), "status": "posted", "decider_id": eve.id});
    app.act(&fin, "/v1/admin/manual-entries", &body).problem(422, "invalid_body");
    let entry = drafted(app, &fin, &bank_fee(5));
    let stale = app.post(&format!("{entry}/approve")).by(&eve).fresh_key().header("If-Match", "\"7-0\"").send();
    stale.problem(412, "precondition_failed");
    assert_eq!(posted(app), 0);
}
