//! What becomes of a contract: active, lapsed, paused, resumed, left, ended.

use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{
    Deal, Person, Response, TestApp,
    deals::{stands, text},
    market::yen,
    on_both_engines,
};

on_both_engines!(
    the_first_funding_makes_it_active,
    without_funding_it_lapses,
    accepting_the_last_milestone_ends_it,
    missing_the_next_funding_pauses_it,
    funding_resumes_it_and_moves_the_due_dates,
    what_must_be_funded_ahead_is_agreed,
    a_worker_leaves_after_seven_days_of_pause,
    leaving_gives_back_what_is_held,
    delivered_work_is_decided_before_anybody_leaves,
    only_its_worker_leaves_it,
    contracts_are_listed_page_by_page,
);

const DAY: i64 = 24;

fn leave(deal: &Deal<'_>, by: &Person) -> Response {
    let path = format!("/v1/contracts/{}/leave", deal.contract);
    deal.app().post(&path).by(by).fresh_key().send()
}

/// The first of two milestones is done, and the second was not funded for three days since.
fn paused(app: &TestApp) -> Deal<'_> {
    let deal = app.deal(&[10_000, 20_000]);
    deal.complete(0);
    app.advance_hours(3 * DAY);
    assert_eq!(deal.status(), "paused");
    deal
}

fn the_first_funding_makes_it_active(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000]);
    let agreed = deal.read();
    assert_eq!((&agreed["status"], &agreed["total"]), (&json!("agreed"), &yen(30_000)));
    assert!(agreed["lapse_at"].is_string() && agreed["funding_due_at"].is_string(), "{agreed}");
    deal.fund(0);
    let active = deal.read();
    let dates = ["lapse_at", "funding_due_at", "paused_at", "ended_at"].map(|name| active[name].clone());
    assert_eq!((&active["status"], dates), (&json!("active"), [const { Value::Null }; 4]));
    app.advance_hours(30 * DAY);
    assert_eq!(deal.status(), "active");
}

fn without_funding_it_lapses(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000]);
    deal.start_funding(0, "bank_transfer").expect(200);
    app.advance_hours(7 * DAY - 1);
    assert_eq!(deal.status(), "agreed");
    app.advance_hours(1);
    assert_eq!(deal.status(), "lapsed");
    let gone = stands("canceled", "void");
    assert_eq!((deal.stands(0), deal.stands(1)), (gone.clone(), gone));
    assert_eq!(deal.payment(0)["status"], "expired");
    deal.start_funding(1, "card").problem(409, "action_refused");
    let told = app.events_about(&deal.worker, &deal.contract);
    assert_eq!(told, ["contract.signed", "contract.lapsed"]);
}

fn accepting_the_last_milestone_ends_it(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000]);
    deal.complete(0);
    assert_eq!(deal.status(), "active");
    deal.complete(1);
    let ended = deal.read();
    assert_eq!((&ended["status"], &ended["released"]), (&json!("ended"), &yen(30_000)));
    assert_eq!((&ended["allowed_actions"], ended["ended_at"].is_string()), (&json!([]), true));
    let told = app.events_about(&deal.client, &deal.contract);
    assert_eq!(told, ["contract.signed", "contract.activated", "contract.ended"]);
}

fn missing_the_next_funding_pauses_it(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000]);
    deal.complete(0);
    assert!(deal.read()["funding_due_at"].is_string());
    app.advance_hours(3 * DAY - 1);
    assert_eq!(deal.status(), "active");
    app.advance_hours(1);
    let paused = deal.read();
    assert_eq!(paused["status"], "paused");
    assert!(paused["paused_at"].is_string() && paused["leave_from_at"].is_string(), "{paused}");
}

fn funding_resumes_it_and_moves_the_due_dates(app: &TestApp) {
    let deal = paused(app);
    let due_on = |place: usize| text(&deal.milestone(place)["due_on"]);
    let (done, planned) = (due_on(0), due_on(1));
    app.advance_hours(2 * DAY - 1);
    deal.fund(1);
    let resumed = deal.read();
    assert_eq!((&resumed["status"], &resumed["paused_at"]), (&json!("active"), &Value::Null));
    // A day begun counts: the worker could not work on it.
    assert_eq!(due_on(1), (planned.parse::<chrono::NaiveDate>().unwrap() + chrono::Days::new(2)).to_string());
    assert_eq!(due_on(0), done);
    let told = app.events_about(&deal.worker, &deal.contract);
    assert_eq!(told[2..], ["contract.paused", "contract.resumed"]);
    assert!(app.events_about(&deal.worker, &deal.milestones[1]).contains(&"milestone.rescheduled".to_owned()));
}

fn what_must_be_funded_ahead_is_agreed(app: &TestApp) {
    let deal = app.deal_on(&[10_000, 20_000, 30_000], &json!({"funded_ahead": "next"}));
    deal.fund(0);
    assert!(deal.read()["funding_due_at"].is_string(), "the second is missing");
    deal.fund(1);
    assert_eq!(deal.read()["funding_due_at"], Value::Null);
    let delivery = deal.deliver(0);
    deal.accept(0, &delivery).expect(200);
    assert!(deal.read()["funding_due_at"].is_string(), "now the third is missing");
    app.advance_hours(3 * DAY);
    assert_eq!(deal.status(), "paused");
    deal.deliver(1);
}

fn a_worker_leaves_after_seven_days_of_pause(app: &TestApp) {
    let deal = paused(app);
    leave(&deal, &deal.worker).problem(409, "too_early");
    let path = format!("/v1/contracts/{}", deal.contract);
    assert_eq!(app.read(&deal.worker, &path)["allowed_actions"], json!([]));
    app.advance_hours(7 * DAY);
    assert_eq!(app.read(&deal.worker, &path)["allowed_actions"], json!(["leave"]));
    let left = leave(&deal, &deal.worker).expect(200);
    assert_eq!((&left["status"], &left["allowed_actions"]), (&json!("ended"), &json!([])));
    assert_eq!(deal.stands(1), stands("canceled", "void"));
    assert_eq!(deal.balances(), (8_000, 0));
    leave(&deal, &deal.worker).problem(409, "action_refused");
}

/// Paused for a week, with the second of three milestones held.
fn paused_with_money(app: &TestApp) -> Deal<'_> {
    let deal = app.deal_on(&[10_000, 20_000, 30_000], &json!({"funded_ahead": "all"}));
    deal.fund(0);
    deal.fund(1);
    app.advance_hours(3 * DAY);
    let delivery = deal.deliver(0);
    deal.accept(0, &delivery).expect(200);
    app.advance_hours(7 * DAY);
    assert_eq!(deal.status(), "paused");
    deal
}

fn leaving_gives_back_what_is_held(app: &TestApp) {
    let deal = paused_with_money(app);
    let preview = format!("/v1/contracts/{}/leave?preview=true", deal.contract);
    let preview = app.post(&preview).by(&deal.worker).fresh_key().send().expect(200);
    assert_eq!(preview["preview"]["entries"][0]["kind"], "escrow_refunded");
    assert_eq!((deal.status().as_str(), deal.balances()), ("paused", (8_000, 0)));
    leave(&deal, &deal.worker).expect(200);
    assert_eq!(deal.stands(1), stands("canceled", "refunded"));
    assert_eq!((deal.status().as_str(), deal.balances()), ("ended", (8_000, 20_000)));
}

fn delivered_work_is_decided_before_anybody_leaves(app: &TestApp) {
    let deal = paused_with_money(app);
    let delivery = deal.deliver(1);
    leave(&deal, &deal.worker).problem(409, "work_undecided");
    deal.accept(1, &delivery).expect(200);
    leave(&deal, &deal.worker).expect(200);
    // 20% of 30,000: the fee accumulates over both.
    assert_eq!((deal.status().as_str(), deal.balances()), ("ended", (24_000, 0)));
}

fn only_its_worker_leaves_it(app: &TestApp) {
    let deal = paused(app);
    let path = format!("/v1/contracts/{}", deal.contract);
    let seen = app.get(&path).by(&deal.worker).send();
    app.advance_hours(7 * DAY);
    leave(&deal, &deal.client).problem(403, "not_permitted");
    leave(&deal, &app.member("stranger")).problem(404, "not_found");
    leave(&deal, &app.staff(Role::Admin, "noa")).problem(403, "not_permitted");
    let stale = app.post(&format!("{path}/leave")).by(&deal.worker).fresh_key().header("If-Match", "\"1-0\"");
    stale.send().problem(412, "precondition_failed");
    let fresh = app.post(&format!("{path}/leave")).by(&deal.worker).fresh_key();
    fresh.header("If-Match", seen.header("etag")).send().expect(200);
}

fn contracts_are_listed_page_by_page(app: &TestApp) {
    let first = app.deal(&[10_000]);
    let sign = || {
        let job = app.job(&first.client);
        let proposal = app.proposal(&first.worker, &job, &[10_000]);
        text(&app.act(&first.client, &format!("{proposal}/accept"), &json!({"round": 1})).expect(201)["id"])
    };
    let (second, third) = (sign(), sign());
    first.fund(0);
    let ids = |person: &Person, list: &str| {
        let found = app.pages(person, &format!("/v1/me/contracts{list}"));
        found.iter().map(|contract| text(&contract["id"])).collect::<Vec<_>>()
    };
    for party in [&first.client, &first.worker] {
        assert_eq!(ids(party, ""), [third.clone(), second.clone(), first.contract.clone()]);
        assert_eq!(ids(party, "?status=agreed"), [third.clone(), second.clone()]);
        assert_eq!(ids(party, "?status=active"), std::slice::from_ref(&first.contract));
    }
    assert!(ids(&app.member("stranger"), "").is_empty());
    app.get("/v1/me/contracts?status=over").by(&first.client).send().problem(400, "invalid_parameter");
}
