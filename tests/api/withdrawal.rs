//! Leaving for good: what stands in the way, going, and coming back.

use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{
    Deal, Person, TestApp,
    deals::text,
    market::offer,
    on_both_engines,
    people::{self, farewell},
    work::at_once,
};

on_both_engines!(
    who_owes_nothing_leaves_at_once,
    every_blocker_is_told_at_once_with_who_must_act,
    both_sides_see_whose_turn_it_is,
    a_refusal_says_what_stands_in_the_way_and_changes_nothing,
    what_is_lost_is_acknowledged_by_name,
    leaving_needs_consent_a_reason_and_a_recent_log_in,
    who_has_left_is_forgotten,
    the_answer_to_leaving_can_be_had_again,
    who_has_left_gets_no_new_business,
    an_address_comes_back_after_the_purge,
    support_lets_an_address_come_back_sooner,
    money_that_comes_for_somebody_who_has_left_is_kept_for_them,
    staff_have_nothing_to_leave,
    of_many_farewells_one_is_taken,
    nobody_leaves_while_a_contract_is_being_signed,
);

pub fn readiness(app: &TestApp, person: &Person) -> Value {
    app.read(person, "/v1/me/withdrawal")
}

/// The blockers as `code owner hard`, in their order.
pub fn blockers(readiness: &Value) -> Vec<String> {
    let told = |blocker: &Value| {
        let hard = if blocker["hard"] == true { "hard" } else { "soft" };
        format!("{} {} {hard}", text(&blocker["code"]), text(&blocker["owner"]))
    };
    readiness["blockers"].as_array().unwrap().iter().map(told).collect()
}

fn who_owes_nothing_leaves_at_once(app: &TestApp) {
    let mia = app.member("mia");
    assert_eq!(readiness(app, &mia), json!({"can_withdraw": true, "blockers": [], "warnings": []}));
    assert_eq!(app.read(&mia, "/v1/me")["allowed_actions"], json!(["withdraw"]));
    assert_eq!(app.leave(&mia).expect(200)["status"], "closed");
    app.get("/v1/me").by(&mia).send().problem(401, "invalid_token");
    app.post("/v1/sessions/refresh").json(&json!({"refresh_token": mia.refresh_token})).problem(401, "invalid_token");
    app.try_password(&mia.email, people::PASSWORD).problem(401, "invalid_credentials");
}

fn every_blocker_is_told_at_once_with_who_must_act(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000]);
    deal.fund(0);
    deal.deliver(0);
    deal.start_funding(1, "card").expect(200);
    let job = app.job(&deal.client);
    let other = app.member("other");
    app.proposal(&other, &job, &[5_000]);
    let told = readiness(app, &deal.client);
    assert_eq!(told["can_withdraw"], false);
    let mut found = blockers(&told);
    found.sort_unstable();
    let expected = [
        "delivery_awaiting_acceptance member hard",
        "escrow_funding member hard",
        "open_job member hard",
        "open_proposal member hard",
        "running_contract_as_client member hard",
    ];
    assert_eq!(found, expected);
    for blocker in told["blockers"].as_array().unwrap() {
        assert!(!text(&blocker["title"]).is_empty() && !text(&blocker["what_to_do"]).is_empty());
        app.read(&deal.client, &text(&blocker["link"]));
    }
    let japanese = app.get("/v1/me/withdrawal").by(&deal.client).header("Accept-Language", "ja").send().expect(200);
    assert_ne!(japanese["blockers"][0]["title"], told["blockers"][0]["title"]);
}

fn both_sides_see_whose_turn_it_is(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let sides =
        |deal: &Deal<'_>| [&deal.client, &deal.worker].map(|person| blockers(&readiness(app, person)).join(", "));
    let contract = |client: &str, worker: &str| {
        [format!("running_contract_as_client {client} hard"), format!("running_contract_as_worker {worker} hard")]
    };
    assert_eq!(sides(&deal), contract("member", "counterparty"));
    deal.fund(0);
    let [client, worker] = sides(&deal);
    assert!(client.contains("escrow_held counterparty hard") && worker.contains("escrow_held member hard"));
    deal.deliver(0);
    let [client, worker] = sides(&deal);
    assert!(client.contains("delivery_awaiting_acceptance member hard"), "{client}");
    assert!(worker.contains("delivery_awaiting_acceptance counterparty hard"), "{worker}");
    let claim = json!({"reason": "not_as_agreed", "claim": "It is not what we agreed on."});
    deal.on(&deal.client, 0, "dispute", &claim).expect(201);
    let [client, worker] = sides(&deal);
    assert!(client.contains("open_dispute") && worker.contains("open_dispute"));
    assert!(!client.contains("delivery_awaiting_acceptance"), "the dispute speaks for it: {client}");
}

fn a_refusal_says_what_stands_in_the_way_and_changes_nothing(app: &TestApp) {
    let mia = app.member("mia");
    let job = app.job(&mia);
    assert_eq!(app.read(&mia, "/v1/me")["allowed_actions"], json!([]));
    let refused = app.leave(&mia).problem(409, "withdrawal_blocked");
    assert_eq!(refused["blockers"], readiness(app, &mia)["blockers"]);
    assert_eq!(app.read(&mia, "/v1/me")["status"], "active");
    app.act(&mia, &format!("{job}/cancel"), &json!({})).expect(200);
    app.leave(&mia).expect(200);
}

fn what_is_lost_is_acknowledged_by_name(app: &TestApp) {
    let (client, taken, waiting) = (app.member("client"), app.member("taken"), app.member("waiting"));
    let job = app.job(&client);
    let (first, second) = (app.proposal(&taken, &job, &[10_000]), app.proposal(&waiting, &job, &[12_000]));
    app.act(&client, &format!("{first}/accept"), &json!({"round": 1})).expect(201);
    assert_eq!(app.status(&waiting, &second), "set_aside");
    let told = readiness(app, &waiting);
    assert_eq!((&told["can_withdraw"], &told["warnings"][0]["code"]), (&json!(true), &json!("proposals_retracted")));
    let refused = app.leave(&waiting).problem(422, "warnings_not_acknowledged");
    assert_eq!(refused["warnings"], json!(["proposals_retracted"]));
    let mut knowing = farewell();
    knowing["acknowledged_warnings"] = json!(["proposals_retracted"]);
    app.act(&waiting, "/v1/me/withdrawal", &knowing).expect(200);
    assert_eq!(app.status(&client, &second), "retracted");
}

fn leaving_needs_consent_a_reason_and_a_recent_log_in(app: &TestApp) {
    let mia = app.member("mia");
    let say = |body: Value| app.act(&mia, "/v1/me/withdrawal", &body);
    say(json!({"consent": false, "reason": "fees"})).problem(422, "invalid_body");
    say(json!({"reason": "fees"})).problem(422, "invalid_body");
    assert_eq!(say(json!({"consent": true})).problem(422, "invalid_body")["errors"][0]["pointer"], "/reason");
    say(json!({"consent": true, "reason": "spite"})).problem(422, "invalid_body");
    app.post("/v1/me/withdrawal").by(&mia).json(&farewell()).problem(400, "idempotency_key_missing");
    app.age_log_ins(601);
    app.leave(&mia).problem(403, "recent_login_required");
    let mia = app.log_in(&mia.email);
    app.leave(&mia).expect(200);
}

fn who_has_left_is_forgotten(app: &TestApp) {
    let mia = app.member("mia");
    app.leave(&mia).expect(200);
    let query =
        "SELECT email || display_name || coalesce(password_hash, '') AS text FROM members WHERE state = 'closed'";
    assert_eq!(app.database.texts(query), [""]);
    let mails = format!("SELECT subject AS text FROM mails WHERE recipient = '{}'", mia.email);
    assert_eq!(app.database.texts(&mails), ["Your account is closed"], "the last, which still has to be sent");
}

fn the_answer_to_leaving_can_be_had_again(app: &TestApp) {
    let mia = app.member("mia");
    let leave = || app.post("/v1/me/withdrawal").by(&mia).key("goodbye").json(&farewell());
    let (first, again) = (leave(), leave());
    assert_eq!((first.expect(200), again.header("idempotency-replayed")), (again.expect(200), "true"));
    app.leave(&mia).problem(401, "invalid_token");
}

fn who_has_left_gets_no_new_business(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let job = app.job(&client);
    let proposal = app.proposal(&worker, &job, &[10_000]);
    app.act(&worker, &format!("{proposal}/retract"), &json!({})).expect(200);
    app.act(&client, &format!("{job}/cancel"), &json!({})).expect(200);
    app.leave(&client).expect(200);
    app.act(&worker, &format!("{job}/proposals"), &offer(&[10_000])).problem(409, "member_left");
}

fn an_address_comes_back_after_the_purge(app: &TestApp) {
    let mia = app.member("mia");
    app.leave(&mia).expect(200);
    app.register(&mia.email).expect(202);
    assert_eq!(app.subjects(&mia.email)[0], "You can join again later");
    app.advance_hours(30 * 24);
    let back = app.member("mia");
    assert_ne!(back.id, mia.id, "who comes back starts from zero");
}

fn support_lets_an_address_come_back_sooner(app: &TestApp) {
    let mia = app.member("mia");
    app.leave(&mia).expect(200);
    let support = app.staff(Role::Support, "sup");
    let admit = |email: &str| app.act(&support, "/v1/admin/readmissions", &json!({"email": email}));
    admit("nobody@example.com").problem(404, "not_found");
    admit("MIA@example.com").expect(204);
    app.member("mia");
}

fn money_that_comes_for_somebody_who_has_left_is_kept_for_them(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let reference = deal.ask_transfer(0);
    app.advance_hours(7 * 24);
    assert_eq!((deal.status().as_str(), deal.stands(0).0.as_str()), ("lapsed", "canceled"));
    let job = app.read(&deal.client, "/v1/me/jobs")["items"][0].clone();
    app.act(&deal.client, &format!("/v1/jobs/{}/cancel", text(&job["id"])), &json!({})).expect(200);
    app.leave(&deal.client).expect(200);
    let finance = app.staff(Role::Finance, "fin");
    app.transfer(&finance, "20260410-1", Some(&reference), 10_000).expect(201);
    app.advance_hours(1);
    let held = "SELECT kind AS text FROM ledger_accounts WHERE balance = 10000 AND owner IS NOT NULL";
    assert_eq!(app.database.texts(held), ["unclaimed"]);
}

fn staff_have_nothing_to_leave(app: &TestApp) {
    let support = app.staff(Role::Support, "sup");
    app.get("/v1/me/withdrawal").by(&support).send().problem(403, "not_permitted");
    app.leave(&support).problem(403, "not_permitted");
    assert_eq!(app.read(&support, "/v1/me")["allowed_actions"], json!([]));
}

fn of_many_farewells_one_is_taken(app: &TestApp) {
    let mia = app.member("mia");
    let answers = at_once(8, |_| app.leave(&mia));
    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(taken, 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        // Too late for the token, or for the account.
        assert!([401, 409].contains(&answer.status), "{}", answer.text);
    }
    assert_eq!(app.database.texts("SELECT kind AS text FROM events WHERE kind = 'member.withdrawn'").len(), 1);
}

fn nobody_leaves_while_a_contract_is_being_signed(app: &TestApp) {
    for round in 0..6 {
        let (client, worker) = (app.member(&format!("client{round}")), app.member(&format!("worker{round}")));
        let job = app.job(&client);
        let proposal = app.proposal(&worker, &job, &[10_000]);
        // Leaving takes the proposal back first, as an app would that clears the blockers.
        let answers = at_once(2, |side| match side {
            0 => app.act(&client, &format!("{proposal}/accept"), &json!({"round": 1})),
            _ => {
                app.act(&worker, &format!("{proposal}/retract"), &json!({}));
                app.leave(&worker)
            }
        });
        let (signed, left) = (answers[0].status == 201, answers[1].status == 200);
        assert!(signed != left, "{} {}", answers[0].text, answers[1].text);
    }
}
