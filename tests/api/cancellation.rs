//! Ending a contract by consent, and what silence does instead.

use std::thread;

use serde_json::{Value, json};

use crate::harness::{
    Deal, Person, Response, TestApp,
    deals::{stands, text},
    market::yen,
    on_both_engines,
    work::at_once,
};

on_both_engines!(
    consent_shares_what_is_held_to_the_yen,
    the_fee_of_a_share_follows_the_brackets,
    consent_can_be_previewed_and_then_changes_nothing,
    a_contract_without_money_ends_by_consent,
    shares_that_do_not_fit_are_refused,
    only_one_request_runs_at_a_time,
    each_side_has_its_own_answers,
    a_refusal_changes_nothing_but_the_request,
    a_request_taken_back_cannot_be_consented_to,
    a_contract_that_is_over_cannot_be_canceled,
    consent_to_a_version_that_is_no_more_is_refused,
    silence_gives_the_money_back_if_nothing_was_shown,
    a_note_before_funding_shows_nothing,
    silence_after_a_note_becomes_a_dispute,
    silence_after_a_delivery_becomes_a_dispute,
    accepting_takes_a_milestone_out_of_the_request,
    disputing_takes_a_milestone_out_of_the_request,
    no_timer_waits_for_a_request,
    many_consents_at_once_have_one_effect,
    consent_racing_acceptance_has_one_effect,
);

/// A share for each milestone, in their order.
fn shares(deal: &Deal<'_>, amounts: &[i64]) -> Value {
    let share = |(milestone, amount): (&String, &i64)| json!({"milestone_id": milestone, "worker_share": yen(*amount)});
    deal.milestones.iter().zip(amounts).map(share).collect()
}

fn ask(app: &TestApp, deal: &Deal<'_>, by: &Person, shares: &Value) -> Response {
    let path = format!("/v1/contracts/{}/cancellation-requests", deal.contract);
    app.act(by, &path, &json!({"reason": "Our plans have changed.", "shares": shares}))
}

/// The path of a request that the client has made.
fn requested(app: &TestApp, deal: &Deal<'_>, amounts: &[i64]) -> String {
    let request = ask(app, deal, &deal.client, &shares(deal, amounts)).expect(201);
    format!("/v1/cancellation-requests/{}", text(&request["id"]))
}

fn act(app: &TestApp, by: &Person, request: &str, action: &str) -> Response {
    app.post(&format!("{request}/{action}")).by(by).fresh_key().send()
}

fn consent_shares_what_is_held_to_the_yen(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000]);
    deal.fund(0);
    let request = requested(app, &deal, &[6_000, 0]);
    let consented = act(app, &deal.worker, &request, "consent").expect(200);
    assert_eq!(consented["status"], "consented");
    assert_eq!(consented["allowed_actions"], json!([]));
    let release = &deal.milestone(0)["release"];
    let numbers = ["gross", "fee", "tax", "net"].map(|name| release[name]["amount"].as_i64().unwrap());
    assert_eq!(numbers, [6_000, 1_200, 109, 4_800]);
    assert_eq!((deal.stands(0), deal.stands(1)), (stands("accepted", "split"), stands("canceled", "void")));
    assert_eq!((deal.balances(), deal.status().as_str()), ((4_800, 4_000), "ended"));
}

fn the_fee_of_a_share_follows_the_brackets(app: &TestApp) {
    let deal = app.deal(&[300_000]);
    deal.fund(0);
    act(app, &deal.worker, &requested(app, &deal, &[150_001]), "consent").expect(200);
    // 20,000 for the first 100,000, then a tenth of 50,001, without the fraction of a yen.
    assert_eq!(deal.milestone(0)["release"]["fee"]["amount"], 25_000);
    assert_eq!(deal.balances(), (125_001, 149_999));
}

fn consent_can_be_previewed_and_then_changes_nothing(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    let request = requested(app, &deal, &[6_000]);
    let preview = act(app, &deal.worker, &request, "consent?preview=true").expect(200);
    assert_eq!(preview["status"], "consented");
    assert_eq!(preview["preview"]["entries"][0]["kind"], "escrow_split");
    let after = app.read(&deal.worker, &request);
    assert_eq!((&after["status"], &after["preview"]), (&json!("requested"), &Value::Null));
    assert_eq!((deal.stands(0), deal.balances()), (stands("funded", "funded"), (0, 0)));
}

fn a_contract_without_money_ends_by_consent(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000]);
    deal.start_funding(0, "bank_transfer").expect(200);
    act(app, &deal.worker, &requested(app, &deal, &[0, 0]), "consent").expect(200);
    assert_eq!((deal.stands(0), deal.stands(1)), (stands("canceled", "void"), stands("canceled", "void")));
    assert_eq!(deal.milestone(0)["payments"][0]["status"], "expired");
    assert_eq!((deal.balances(), deal.status().as_str()), ((0, 0), "ended"));
}

fn shares_that_do_not_fit_are_refused(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000]);
    deal.fund(0);
    let one = |place: usize, money: Value| json!({"milestone_id": deal.milestones[place], "worker_share": money});
    let refused = |shares: Value| {
        let problem = ask(app, &deal, &deal.client, &shares).problem(422, "shares_refused");
        assert_eq!(problem["errors"][0]["pointer"], "/shares", "{problem}");
    };
    refused(json!([]));
    refused(json!([one(0, yen(0))]));
    refused(json!([one(0, yen(0)), one(0, yen(0))]));
    refused(json!([one(0, yen(0)), one(1, yen(0)), one(1, yen(0))]));
    refused(json!([one(0, yen(10_001)), one(1, yen(0))]));
    refused(json!([one(0, yen(0)), one(1, yen(1))]));
    refused(json!([one(0, json!({"amount": 1, "currency": "USD"})), one(1, yen(0))]));
    let below = json!([one(0, yen(-1)), one(1, yen(0))]);
    ask(app, &deal, &deal.client, &below).problem(422, "invalid_body");
    let foreign = json!([{"milestone_id": deal.contract, "worker_share": yen(0)}]);
    ask(app, &deal, &deal.client, &foreign).problem(400, "invalid_id");
}

fn only_one_request_runs_at_a_time(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let first = requested(app, &deal, &[0]);
    ask(app, &deal, &deal.worker, &shares(&deal, &[0])).problem(409, "already_requested");
    act(app, &deal.worker, &first, "refuse").expect(200);
    ask(app, &deal, &deal.worker, &shares(&deal, &[0])).expect(201);
    let list = app.read(&deal.client, &format!("/v1/contracts/{}/cancellation-requests?limit=1", deal.contract));
    assert_eq!(list["items"][0]["requested_by"], "worker");
    let next = format!("/v1/contracts/{}/cancellation-requests?cursor={}", deal.contract, text(&list["next_cursor"]));
    assert_eq!(app.read(&deal.client, &next)["items"][0]["status"], "refused");
}

fn each_side_has_its_own_answers(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let request = requested(app, &deal, &[0]);
    let allowed = |person: &Person| app.read(person, &request)["allowed_actions"].clone();
    assert_eq!(allowed(&deal.client), json!(["retract"]));
    assert_eq!(allowed(&deal.worker), json!(["consent", "refuse"]));
    act(app, &deal.client, &request, "consent").problem(403, "not_permitted");
    act(app, &deal.client, &request, "refuse").problem(403, "not_permitted");
    act(app, &deal.worker, &request, "retract").problem(403, "not_permitted");
    let stranger = app.member("stranger");
    for action in ["consent", "refuse", "retract"] {
        act(app, &stranger, &request, action).problem(404, "not_found");
    }
    app.get(&request).by(&stranger).send().problem(404, "not_found");
    ask(app, &deal, &stranger, &shares(&deal, &[0])).problem(404, "not_found");
}

fn a_refusal_changes_nothing_but_the_request(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    let request = requested(app, &deal, &[0]);
    assert_eq!(act(app, &deal.worker, &request, "refuse").expect(200)["status"], "refused");
    act(app, &deal.worker, &request, "consent").problem(409, "action_refused");
    app.advance_hours(8 * 24);
    assert_eq!((deal.stands(0), deal.status().as_str()), (stands("funded", "funded"), "active"));
}

fn a_request_taken_back_cannot_be_consented_to(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    let request = requested(app, &deal, &[0]);
    assert_eq!(act(app, &deal.client, &request, "retract").expect(200)["status"], "retracted");
    let problem = act(app, &deal.worker, &request, "consent").problem(409, "action_refused");
    assert_eq!(problem["allowed_actions"], json!([]));
    assert_eq!(deal.stands(0), stands("funded", "funded"));
}

fn a_contract_that_is_over_cannot_be_canceled(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    act(app, &deal.worker, &requested(app, &deal, &[0]), "consent").expect(200);
    ask(app, &deal, &deal.client, &shares(&deal, &[0])).problem(409, "action_refused");
}

fn consent_to_a_version_that_is_no_more_is_refused(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000]);
    deal.fund(0);
    deal.fund(1);
    let delivery = deal.deliver(0);
    let request = requested(app, &deal, &[0, 5_000]);
    let seen = app.get(&request).by(&deal.worker).send();
    deal.accept(0, &delivery).expect(200);
    let consent = app.post(&format!("{request}/consent")).by(&deal.worker).fresh_key();
    consent.header("If-Match", seen.header("etag")).send().problem(412, "precondition_failed");
    assert_eq!(deal.stands(1), stands("funded", "funded"));
}

fn silence_gives_the_money_back_if_nothing_was_shown(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000]);
    deal.fund(0);
    let request = requested(app, &deal, &[9_000, 0]);
    app.advance_hours(7 * 24 - 1);
    assert_eq!(app.read(&deal.client, &request)["status"], "requested");
    app.advance_hours(1);
    assert_eq!(app.read(&deal.client, &request)["status"], "lapsed");
    assert_eq!((deal.stands(0), deal.stands(1)), (stands("canceled", "refunded"), stands("canceled", "void")));
    assert_eq!((deal.balances(), deal.status().as_str()), ((0, 10_000), "ended"));
}

fn a_note_before_funding_shows_nothing(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.write_note();
    app.advance_hours(1);
    deal.fund(0);
    requested(app, &deal, &[0]);
    app.advance_hours(7 * 24);
    assert_eq!((deal.stands(0), deal.balances()), (stands("canceled", "refunded"), (0, 10_000)));
}

/// The one dispute that silence has made.
fn assert_disputed(app: &TestApp, deal: &Deal<'_>) {
    assert_eq!((deal.stands(0), deal.status().as_str()), (stands("disputed", "funded"), "active"));
    let disputes = app.read(&deal.worker, &format!("/v1/contracts/{}/disputes", deal.contract));
    assert_eq!(disputes["items"].as_array().map(Vec::len), Some(1));
    let dispute = &disputes["items"][0];
    assert_eq!((&dispute["reason"], &dispute["opened_by"]), (&json!("cancellation_unanswered"), &json!("client")));
    assert_eq!((&dispute["claim"], &dispute["held"]), (&json!("Our plans have changed."), &yen(10_000)));
    assert_eq!(dispute["allowed_actions"], json!(["answer"]));
}

fn silence_after_a_note_becomes_a_dispute(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    deal.write_note();
    let request = requested(app, &deal, &[0]);
    app.advance_hours(7 * 24);
    assert_eq!(app.read(&deal.client, &request)["status"], "lapsed");
    assert_disputed(app, &deal);
}

fn silence_after_a_delivery_becomes_a_dispute(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    deal.deliver(0);
    deal.request_changes(0).expect(200);
    requested(app, &deal, &[0]);
    app.advance_hours(7 * 24);
    assert_disputed(app, &deal);
}

fn accepting_takes_a_milestone_out_of_the_request(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000]);
    deal.fund(0);
    deal.fund(1);
    let delivery = deal.deliver(0);
    let request = requested(app, &deal, &[0, 5_000]);
    deal.accept(0, &delivery).expect(200);
    let narrowed = app.read(&deal.worker, &request);
    assert_eq!(
        (&narrowed["status"], &narrowed["shares"][0]["milestone_id"]),
        (&json!("requested"), &json!(deal.milestones[1]))
    );
    act(app, &deal.worker, &request, "consent").expect(200);
    assert_eq!((deal.stands(0), deal.stands(1)), (stands("accepted", "released"), stands("accepted", "split")));
    assert_eq!(deal.balances(), (8_000 + 4_000, 15_000));
}

fn disputing_takes_a_milestone_out_of_the_request(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    let request = requested(app, &deal, &[0]);
    deal.on(&deal.worker, 0, "dispute", &json!({"reason": "no_response", "claim": "I was never asked."})).expect(201);
    let lapsed = app.read(&deal.client, &request);
    assert_eq!((&lapsed["status"], &lapsed["shares"]), (&json!("lapsed"), &json!([])));
    act(app, &deal.worker, &request, "consent").problem(409, "action_refused");
    ask(app, &deal, &deal.client, &shares(&deal, &[0])).problem(409, "action_refused");
}

fn no_timer_waits_for_a_request(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    deal.deliver(0);
    app.advance_hours(24);
    let request = requested(app, &deal, &[0]);
    app.advance_hours(6 * 24);
    assert_eq!((deal.stands(0), deal.balances()), (stands("accepted", "released"), (8_000, 0)));
    assert_eq!(app.read(&deal.client, &request)["status"], "lapsed");
}

fn many_consents_at_once_have_one_effect(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    let request = requested(app, &deal, &[5_000]);
    let answers = at_once(8, |_| act(app, &deal.worker, &request, "consent"));
    let (done, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(done.len(), 1);
    lost.iter().for_each(|answer| drop(answer.problem(409, "action_refused")));
    assert_eq!(deal.balances(), (4_000, 5_000));
}

fn consent_racing_acceptance_has_one_effect(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    let delivery = deal.deliver(0);
    let request = requested(app, &deal, &[5_000]);
    let (consented, accepted) = thread::scope(|scope| {
        let consent = scope.spawn(|| act(app, &deal.worker, &request, "consent"));
        let accept = scope.spawn(|| deal.accept(0, &delivery));
        (consent.join().unwrap(), accept.join().unwrap())
    });
    if consented.status == 200 {
        accepted.problem(409, "action_refused");
        assert_eq!((deal.stands(0), deal.balances()), (stands("accepted", "split"), (4_000, 5_000)));
    } else {
        consented.problem(409, "action_refused");
        accepted.expect(200);
        assert_eq!((deal.stands(0), deal.balances()), (stands("accepted", "released"), (8_000, 0)));
    }
}
