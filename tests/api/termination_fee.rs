//! Termination fees: paid with the first milestone, held while the contract runs, and where they go at its end.

use serde_json::{Value, json};

use crate::harness::{
    Deal, TestApp,
    deals::{stands, text},
    market::yen,
    on_both_engines,
    work::Balance,
};

on_both_engines!(
    a_termination_fee_is_paid_with_the_first_milestone,
    until_it_is_paid_only_one_milestone_waits_for_money,
    money_is_set_aside_for_it_as_it_comes,
    at_completion_it_goes_back_to_the_client,
    the_worker_gets_it_when_the_client_ends_the_contract,
    a_dispute_that_outlives_the_consent_does_not_change_where_it_goes,
    the_client_gets_it_back_when_the_worker_ends_the_contract,
    the_worker_gets_it_on_leaving_a_contract_without_money,
    a_contract_that_lapses_never_had_it,
    a_termination_fee_must_make_sense,
);

fn deal(app: &TestApp) -> Deal<'_> {
    app.deal_on(&[100_000, 20_000], &json!({"termination_fee": yen(30_000)}))
}

fn termination(deal: &Deal<'_>) -> Value {
    deal.read()["termination"].clone()
}

fn a_termination_fee_is_paid_with_the_first_milestone(app: &TestApp) {
    let deal = deal(app);
    let contract = deal.read();
    assert_eq!((&contract["terms"]["termination_fee"], &contract["total"]), (&yen(30_000), &yen(120_000)));
    assert_eq!(contract["quote"]["termination_fee_net"], yen(24_000));
    assert_eq!(contract["termination"]["escrow_status"], "unfunded");
    let started = deal.start_funding(0, "card").expect(200);
    assert_eq!((&started["amount"], &started["termination_fee_due"]), (&yen(100_000), &yen(30_000)));
    let payment = deal.payment(0);
    assert_eq!(payment["amount"], yen(130_000));
    deal.pay(&payment, "tok_succeeds").expect(200);
    assert_eq!(deal.stands(0), stands("funded", "funded"));
    assert_eq!(termination(&deal)["escrow_status"], "funded");
    assert_eq!(deal.milestone(0)["termination_fee_due"], yen(0));
    assert_eq!(deal.start_funding(1, "card").expect(200)["termination_fee_due"], yen(0), "it is paid once");
    assert_eq!(deal.payment(1)["amount"], yen(20_000));
}

fn until_it_is_paid_only_one_milestone_waits_for_money(app: &TestApp) {
    let deal = deal(app);
    assert_eq!(deal.milestone(1)["allowed_actions"], json!(["start_funding"]));
    deal.start_funding(0, "card").expect(200);
    assert_eq!(deal.milestone(1)["allowed_actions"], json!([]));
    assert_eq!(deal.read()["milestones"][1]["allowed_actions"], json!([]));
    deal.start_funding(1, "card").problem(409, "action_refused");
    assert_eq!(deal.milestone(1)["status"], "planned");
}

fn money_is_set_aside_for_it_as_it_comes(app: &TestApp) {
    let deal = deal(app);
    let reference = deal.ask_transfer(0);
    let finance = app.staff(domain::policy::Role::Finance, "fin");
    app.transfer(&finance, "20260401-1", Some(&reference), 129_999).expect(201);
    assert_eq!(deal.milestone(0)["reserved"], yen(129_999), "the fee is reserved for, too");
    assert_eq!(deal.stands(0).0, "funding");
    app.transfer(&finance, "20260401-2", Some(&reference), 1).expect(201);
    assert_eq!((deal.stands(0).1.as_str(), &termination(&deal)["escrow_status"]), ("funded", &json!("funded")));
    assert_eq!(app.balance(&deal.client), Balance { earnings: 0, funds: 0, reserved: 0, available: 0 });
}

fn at_completion_it_goes_back_to_the_client(app: &TestApp) {
    let deal = deal(app);
    deal.complete(0);
    assert_eq!(termination(&deal)["escrow_status"], "funded", "it is held until the end");
    deal.complete(1);
    assert_eq!((deal.status().as_str(), &termination(&deal)["escrow_status"]), ("ended", &json!("refunded")));
    // 120,000 less 20,000 + 2,000.
    assert_eq!(deal.balances(), (98_000, 30_000));
    assert_eq!(termination(&deal)["release"], Value::Null);
}

fn the_worker_gets_it_when_the_client_ends_the_contract(app: &TestApp) {
    let deal = deal(app);
    deal.fund(0);
    deal.end_by_consent(&deal.client, &[0, 0]);
    assert_eq!(deal.status(), "ended");
    let paid = termination(&deal);
    assert_eq!(paid["escrow_status"], "released");
    assert_eq!((&paid["release"]["gross"], &paid["release"]["net"]), (&yen(30_000), &yen(24_000)));
    assert_eq!(deal.balances(), (24_000, 100_000));
    assert_eq!(deal.read()["released"], yen(30_000));
}

fn a_dispute_that_outlives_the_consent_does_not_change_where_it_goes(app: &TestApp) {
    let deal = deal(app);
    deal.fund(0);
    let claim = json!({"reason": "no_response", "claim": "I hear nothing."});
    let dispute = deal.on(&deal.worker, 0, "dispute", &claim).expect(201);
    let shares = json!([{"milestone_id": deal.milestones[1], "worker_share": yen(0)}]);
    let path = format!("/v1/contracts/{}/cancellation-requests", deal.contract);
    let request = app.act(&deal.client, &path, &json!({"reason": "Our plans changed.", "shares": shares})).expect(201);
    app.act(&deal.worker, &format!("/v1/cancellation-requests/{}/consent", text(&request["id"])), &json!({}))
        .expect(200);
    assert_eq!((deal.status().as_str(), &termination(&deal)["escrow_status"]), ("active", &json!("funded")));
    let dispute = format!("/v1/disputes/{}", text(&dispute["id"]));
    app.act(&deal.client, &format!("{dispute}/answer"), &json!({"answer": "It was on holiday."})).expect(200);
    app.act(&deal.client, &format!("{dispute}/offer"), &json!({"worker_share": yen(0)})).expect(200);
    app.act(&deal.worker, &format!("{dispute}/settle"), &json!({"worker_share": yen(0)})).expect(200);
    assert_eq!((deal.status().as_str(), &termination(&deal)["escrow_status"]), ("ended", &json!("released")));
}

fn the_client_gets_it_back_when_the_worker_ends_the_contract(app: &TestApp) {
    let deal = deal(app);
    deal.fund(0);
    deal.end_by_consent(&deal.worker, &[0, 0]);
    assert_eq!(deal.status(), "ended");
    assert_eq!(termination(&deal)["escrow_status"], "refunded");
    assert_eq!(deal.balances(), (0, 130_000));
}

fn the_worker_gets_it_on_leaving_a_contract_without_money(app: &TestApp) {
    let deal = deal(app);
    deal.complete(0);
    app.advance_hours(10 * 24);
    assert_eq!(deal.status(), "paused");
    app.act(&deal.worker, &format!("/v1/contracts/{}/leave", deal.contract), &json!({})).expect(200);
    assert_eq!(termination(&deal)["escrow_status"], "released");
    // 80,000 of the first milestone; the fee is in the second bracket by then.
    assert_eq!((deal.balances(), &termination(&deal)["release"]["net"]), ((107_000, 0), &yen(27_000)));
}

fn a_contract_that_lapses_never_had_it(app: &TestApp) {
    let deal = deal(app);
    app.advance_hours(7 * 24);
    assert_eq!((deal.status().as_str(), &termination(&deal)["escrow_status"]), ("lapsed", &json!("void")));
}

fn a_termination_fee_must_make_sense(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let proposals = format!("{}/proposals", app.job(&client));
    for fee in [yen(0), json!({"amount": 1_000, "currency": "USD"})] {
        let mut offer = crate::harness::market::offer(&[10_000]);
        offer["terms"]["termination_fee"] = fee;
        let refused = app.act(&worker, &proposals, &offer).problem(422, "terms_refused");
        assert_eq!(refused["errors"][0]["pointer"], "/terms/termination_fee");
    }
}
