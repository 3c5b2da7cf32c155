//! Everybody at once: exactly one effect, and the rest hear that they were late.

use std::thread;

use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{
    Deal, Response, TestApp,
    client::fresh_key,
    deals::text,
    market::yen,
    on_both_engines, people,
    work::{at_once, until_answered},
};

on_both_engines!(
    many_acceptances_have_one_effect,
    the_same_key_fifty_times_on_an_acceptance_has_one_effect,
    acceptances_for_one_worker_are_all_paid,
    acceptance_racing_the_clock_has_one_effect,
    acceptance_racing_a_request_for_changes_has_one_effect,
    acceptance_racing_consent_to_cancel_has_one_effect,
    many_starts_of_funding_have_one_effect,
    two_milestones_do_not_share_the_same_money,
    a_card_is_charged_once_however_often_it_is_sent,
    many_records_of_one_transfer_have_one_effect,
    a_transfer_is_matched_with_one_payment,
    many_deliveries_have_one_effect,
    many_signatures_make_one_contract,
    many_registrations_of_one_address_make_one_member,
);

/// A delivered milestone of 10,000 yen, and its delivery.
fn delivered(app: &TestApp) -> (Deal<'_>, String) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    let delivery = deal.deliver(0);
    (deal, delivery)
}

/// One was done, and all others hear that they were late. Answers which one.
#[track_caller]
fn assert_one_done(answers: &[Response]) -> Value {
    let (done, late): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| (200..300).contains(&answer.status));
    assert_eq!(done.len(), 1, "{answers:?}");
    late.iter().for_each(|answer| drop(answer.problem(409, "action_refused")));
    serde_json::from_str(&done[0].text).unwrap()
}

/// How often something happened to the milestone.
fn count(deal: &Deal<'_>, kind: &str) -> usize {
    let told = deal.app().events_about(&deal.worker, &deal.milestones[0]);
    told.iter().filter(|told| *told == kind).count()
}

fn many_acceptances_have_one_effect(app: &TestApp) {
    let (deal, delivery) = delivered(app);
    assert_one_done(&at_once(8, |_| deal.accept(0, &delivery)));
    assert_eq!((deal.balances(), count(&deal, "escrow.released")), ((8_000, 0), 1));
}

fn the_same_key_fifty_times_on_an_acceptance_has_one_effect(app: &TestApp) {
    let (deal, delivery) = delivered(app);
    let path = format!("/v1/milestones/{}/accept", deal.milestones[0]);
    let key = fresh_key();
    let accept = || app.post(&path).by(&deal.client).key(&key).json(&json!({"delivery_id": delivery}));
    let answers = at_once(50, |_| until_answered(accept));
    let first = answers[0].expect(200);
    answers.iter().for_each(|answer| assert_eq!(answer.expect(200), first));
    let fresh = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count();
    assert_eq!((fresh, count(&deal, "milestone.accepted")), (1, 1));
    assert_eq!(deal.balances(), (8_000, 0));
}

fn acceptances_for_one_worker_are_all_paid(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let ready = |_| {
        let deal = app.deal_between(&client, &worker, &[10_000], &json!({}));
        deal.fund(0);
        let delivery = deal.deliver(0);
        (deal, delivery)
    };
    let works: Vec<_> = (0..6).map(ready).collect();
    let answers = at_once(works.len(), |each| works[each].0.accept(0, &works[each].1));
    answers.iter().for_each(|answer| drop(answer.expect(200)));
    assert_eq!(works[0].0.balances(), (48_000, 0));
}

fn acceptance_racing_the_clock_has_one_effect(app: &TestApp) {
    let (deal, delivery) = delivered(app);
    app.advance_hours(7 * 24 - 1);
    let accepted = thread::scope(|scope| {
        let clock = scope.spawn(|| app.advance_hours(1));
        let accepted = scope.spawn(|| deal.accept(0, &delivery)).join().unwrap();
        clock.join().unwrap();
        accepted
    });
    let by_client = count(&deal, "milestone.accepted");
    if accepted.status != 200 {
        accepted.problem(409, "action_refused");
    }
    assert_eq!(by_client == 1, accepted.status == 200);
    assert_eq!(by_client + count(&deal, "milestone.auto_accepted"), 1);
    assert_eq!((deal.balances(), count(&deal, "escrow.released")), ((8_000, 0), 1));
}

fn acceptance_racing_a_request_for_changes_has_one_effect(app: &TestApp) {
    let (deal, delivery) = delivered(app);
    let act = |each: usize| if each.is_multiple_of(2) { deal.accept(0, &delivery) } else { deal.request_changes(0) };
    let milestone = assert_one_done(&at_once(6, act));
    let paid = milestone["status"] == "accepted";
    assert_eq!(deal.balances(), if paid { (8_000, 0) } else { (0, 0) });
    assert_eq!(count(&deal, "milestone.accepted") + count(&deal, "milestone.changes_requested"), 1);
}

fn acceptance_racing_consent_to_cancel_has_one_effect(app: &TestApp) {
    let (deal, delivery) = delivered(app);
    let ask = format!("/v1/contracts/{}/cancellation-requests", deal.contract);
    let shares = json!([{"milestone_id": deal.milestones[0], "worker_share": yen(5_000)}]);
    let request = app.act(&deal.client, &ask, &json!({"reason": "Our plans changed.", "shares": shares})).expect(201);
    let consent = format!("/v1/cancellation-requests/{}/consent", text(&request["id"]));
    let act = |each: usize| match each % 2 {
        0 => deal.accept(0, &delivery),
        _ => app.post(&consent).by(&deal.worker).fresh_key().send(),
    };
    assert_one_done(&at_once(6, act));
    let (milestone, escrow) = deal.stands(0);
    assert_eq!(milestone, "accepted");
    assert_eq!(deal.balances(), if escrow == "released" { (8_000, 0) } else { (4_000, 5_000) });
}

fn many_starts_of_funding_have_one_effect(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    assert_one_done(&at_once(6, |_| deal.start_funding(0, "card")));
    assert_eq!(deal.milestone(0)["payments"].as_array().map(Vec::len), Some(1));
    assert_eq!(count(&deal, "milestone.funding_started"), 1);
}

fn two_milestones_do_not_share_the_same_money(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000, 20_000]);
    let finance = app.staff(Role::Finance, "fin");
    let reference = deal.ask_transfer(0);
    app.transfer(&finance, "20260401-1", Some(&reference), 35_000).expect(201);
    let answers = at_once(2, |each| deal.start_funding(each + 1, "card"));
    let mut statuses: Vec<String> = answers.iter().map(|answer| text(&answer.expect(200)["status"])).collect();
    statuses.sort();
    assert_eq!(statuses, ["funded", "funding"]);
    let balance = app.balance(&deal.client);
    assert_eq!((balance.funds, balance.reserved), (5_000, 5_000));
}

fn a_card_is_charged_once_however_often_it_is_sent(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.start_funding(0, "card").expect(200);
    let payment = deal.payment(0);
    assert_one_done(&at_once(8, |_| deal.pay(&payment, "tok_succeeds")));
    assert_eq!((deal.stands(0).0.as_str(), app.balance(&deal.client).funds), ("funded", 0));
}

fn many_records_of_one_transfer_have_one_effect(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let finance = app.staff(Role::Finance, "fin");
    let reference = deal.ask_transfer(0);
    let answers = at_once(6, |each| {
        // Half of them don't know whose it is, and so wait for no lock.
        let reference = each.is_multiple_of(2).then_some(reference.as_str());
        app.transfer(&finance, "20260401-1", reference, 4_000)
    });
    let (done, late): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(done.len(), 1, "{answers:?}");
    late.iter().for_each(|answer| drop(answer.problem(409, "already_recorded")));
    assert_eq!(app.pages(&finance, "/v1/admin/bank-receipts").len(), 1);
}

fn a_transfer_is_matched_with_one_payment(app: &TestApp) {
    let deal = app.deal(&[10_000, 10_000]);
    let finance = app.staff(Role::Finance, "fin");
    let receipt = app.transfer(&finance, "20260401-1", None, 10_000).expect(201);
    app.transfer(&finance, "20260401-2", None, 50_000).expect(201);
    let payments: Vec<Value> = (0..2)
        .map(|place| {
            deal.ask_transfer(place);
            deal.payment(place)["id"].clone()
        })
        .collect();
    let path = format!("/v1/admin/bank-receipts/{}/match", text(&receipt["id"]));
    let answers = at_once(6, |each| app.act(&finance, &path, &json!({"payment_id": payments[each % 2]})));
    assert_one_done(&answers);
    let mut states = [deal.stands(0).0, deal.stands(1).0];
    states.sort();
    assert_eq!((states.join(" ").as_str(), app.balance(&deal.client).funds), ("funded funding", 0));
}

fn many_deliveries_have_one_effect(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    let deliver = |_| deal.on(&deal.worker, 0, "deliver", &json!({"message": "Here."}));
    let milestone = assert_one_done(&at_once(6, deliver));
    let deliveries = deal.milestone(0)["deliveries"].clone();
    assert_eq!((&deliveries[0]["id"], deliveries.as_array().map(Vec::len)), (&milestone["delivery_id"], Some(1)));
}

fn many_signatures_make_one_contract(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let proposal = app.proposal(&worker, &app.job(&client), &[10_000]);
    let sign = |_| app.act(&client, &format!("{proposal}/accept"), &json!({"round": 1}));
    assert_one_done(&at_once(6, sign));
    assert_eq!(app.pages(&client, "/v1/me/contracts").len(), 1);
}

fn many_registrations_of_one_address_make_one_member(app: &TestApp) {
    let answers = at_once(6, |_| app.register("hanako@example.com"));
    answers.iter().for_each(|answer| drop(answer.expect(202)));
    assert_eq!(app.database.texts("SELECT email AS text FROM members"), ["hanako@example.com"]);
    let tokens: Vec<String> = app
        .mails("hanako@example.com")
        .iter()
        .flat_map(|mail| mail["body"].as_str().unwrap().lines())
        .filter(|line| line.starts_with("azc_"))
        .map(str::to_owned)
        .collect();
    assert_eq!(tokens.len(), 3, "nobody fills a mailbox");
    let body = |token: &String| json!({"token": token, "password": people::PASSWORD});
    let confirm = |token: &String| app.post("/v1/accounts/confirm-email").json(&body(token));
    let good = tokens.iter().filter(|token| confirm(token).status == 200).count();
    assert_eq!(good, 1, "it is confirmed once");
    app.log_in("hanako@example.com");
}
