//! Money on its way into an escrow: cards, what the client already has, and giving up waiting.

use serde_json::{Value, json};

use crate::harness::{
    Deal, TestApp,
    deals::{stands, text},
    market::yen,
    on_both_engines,
    work::Balance,
};

on_both_engines!(
    a_card_funds_the_whole_amount,
    client_funds_that_suffice_fund_at_once,
    client_funds_that_do_not_suffice_leave_a_shortfall,
    funding_can_be_previewed_and_then_changes_nothing,
    a_declined_card_is_followed_by_another_payment,
    a_client_pays_another_way_while_nothing_has_come,
    a_slow_card_pays_into_the_client_funds,
    a_card_is_not_charged_twice,
    a_charge_that_another_way_overtook_is_the_clients_all_the_same,
    money_set_aside_is_free_again_when_waiting_ends,
    an_older_payment_that_comes_late_replaces_the_newer_one,
    paying_can_be_previewed_and_then_changes_nothing,
    only_a_card_payment_can_be_charged,
    only_its_client_sees_and_pays_a_payment,
    a_stale_payment_is_not_charged,
    payments_are_listed_page_by_page,
);

on_both_engines!(&[("AZUKARI_RULES__FUNDING_WINDOW", "P10D")] => a_slow_card_is_late_for_a_longer_window_as_well);

/// Two milestones, the first of them funded, so that nothing lapses.
fn active(app: &TestApp) -> Deal<'_> {
    let deal = app.deal(&[10_000, 20_000]);
    deal.fund(0);
    deal
}

/// The client has so much, from a transfer for a milestone whose money came after all waiting was over.
fn with_funds(app: &TestApp, amount: i64) -> Deal<'_> {
    let deal = active(app);
    let finance = app.staff(domain::policy::Role::Finance, "fin");
    let reference = deal.ask_transfer(1);
    app.advance_hours(7 * 24);
    app.transfer(&finance, "20260401-1", Some(&reference), amount).expect(201);
    assert_eq!((deal.milestone(1)["status"].clone(), deal.balances().1), (json!("planned"), amount));
    deal
}

fn funds(funds: i64, reserved: i64) -> Balance {
    Balance { earnings: 0, funds, reserved, available: funds - reserved }
}

fn a_card_funds_the_whole_amount(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let started = deal.start_funding(0, "card").expect(200);
    assert_eq!((&started["status"], &started["reserved"]), (&json!("funding"), &yen(0)));
    assert_ne!(started["funding_expires_at"], Value::Null);
    let payment = deal.payment(0);
    assert_eq!((&payment["amount"], &payment["shortfall"]), (&yen(10_000), &yen(10_000)));
    assert_eq!((&payment["allowed_actions"], &payment["status"]), (&json!(["pay"]), &json!("pending")));
    let paid = deal.pay(&payment, "tok_succeeds").expect(200);
    assert_eq!((&paid["status"], &paid["received"], &paid["shortfall"]), (&json!("succeeded"), &yen(10_000), &yen(0)));
    assert_eq!(deal.stands(0), stands("funded", "funded"));
    assert_eq!((app.balance(&deal.client), deal.status().as_str()), (funds(0, 0), "active"));
    deal.start_funding(0, "card").problem(409, "action_refused");
    deal.pay(&payment, "tok_succeeds").problem(409, "action_refused");
    assert_eq!(app.balance(&deal.client), funds(0, 0));
}

fn client_funds_that_suffice_fund_at_once(app: &TestApp) {
    let deal = with_funds(app, 23_000);
    let before = deal.milestone(1)["payments"].as_array().unwrap().len();
    let funded = deal.start_funding(1, "card").expect(200);
    assert_eq!((&funded["status"], &funded["escrow_status"]), (&json!("funded"), &json!("funded")));
    assert_eq!(app.balance(&deal.client), funds(3_000, 0));
    assert_eq!(deal.milestone(1)["payments"].as_array().unwrap().len(), before, "nothing more was asked for");
}

fn client_funds_that_do_not_suffice_leave_a_shortfall(app: &TestApp) {
    let deal = with_funds(app, 19_999);
    let started = deal.start_funding(1, "card").expect(200);
    assert_eq!((&started["status"], &started["reserved"]), (&json!("funding"), &yen(19_999)));
    assert_eq!(app.balance(&deal.client), funds(19_999, 19_999));
    let payment = deal.payment(1);
    assert_eq!(payment["amount"], yen(1));
    deal.pay(&payment, "tok_succeeds").expect(200);
    assert_eq!((deal.milestone(1)["status"].clone(), app.balance(&deal.client)), (json!("funded"), funds(0, 0)));
}

fn funding_can_be_previewed_and_then_changes_nothing(app: &TestApp) {
    let deal = with_funds(app, 20_000);
    let before = deal.milestone(1);
    let preview = deal.on(&deal.client, 1, "start-funding?preview=true", &json!({"method": "card"})).expect(200);
    assert_eq!(
        (&preview["status"], &preview["preview"]["entries"][0]["kind"]),
        (&json!("funded"), &json!("escrow_funded"))
    );
    assert_eq!((deal.milestone(1), app.balance(&deal.client)), (before, funds(20_000, 0)));
}

fn a_declined_card_is_followed_by_another_payment(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.start_funding(0, "card").expect(200);
    let add = |method: &str| deal.on(&deal.client, 0, "payments", &json!({"method": method}));
    let first = deal.payment(0);
    let failed = deal.pay(&first, "tok_declined").expect(200);
    assert_eq!((&failed["status"], &failed["failure_code"]), (&json!("failed"), &json!("card_declined")));
    assert_eq!((deal.milestone(0)["status"].clone(), &failed["allowed_actions"]), (json!("funding"), &json!([])));
    deal.pay(&first, "tok_succeeds").problem(409, "action_refused");
    let second = add("card").expect(201);
    deal.pay(&second, "tok_succeeds").expect(200);
    assert_eq!((deal.milestone(0)["status"].clone(), app.balance(&deal.client)), (json!("funded"), funds(0, 0)));
    add("card").problem(409, "action_refused");
}

fn a_client_pays_another_way_while_nothing_has_come(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let finance = app.staff(domain::policy::Role::Finance, "fin");
    let add = |method: &str| deal.on(&deal.client, 0, "payments", &json!({"method": method}));
    add("card").problem(409, "action_refused");
    deal.start_funding(0, "card").expect(200);
    let by_card = deal.payment(0);
    assert_eq!(deal.milestone(0)["allowed_actions"], json!(["add_payment"]));
    let by_transfer = add("bank_transfer").expect(201);
    deal.pay(&by_card, "tok_succeeds").problem(409, "action_refused");
    app.transfer(&finance, "20260401-1", by_transfer["transfer_reference"].as_str(), 1).expect(201);
    assert_eq!(deal.milestone(0)["allowed_actions"], json!([]), "some of it has come");
    assert_eq!(deal.read()["milestones"][0]["allowed_actions"], json!([]));
    add("card").problem(409, "action_refused");
    assert_eq!(app.balance(&deal.client), funds(1, 1));
}

fn a_slow_card_pays_into_the_client_funds(app: &TestApp) {
    let deal = active(app);
    deal.start_funding(1, "card").expect(200);
    let payment = deal.payment(1);
    let slow = deal.pay(&payment, "tok_slow").expect(200);
    assert_eq!((&slow["status"], &slow["allowed_actions"]), (&json!("pending"), &json!([])), "it is being charged");
    assert_eq!(deal.payment(1)["allowed_actions"], json!([]));
    app.advance_hours(7 * 24);
    assert_eq!(
        (deal.milestone(1)["status"].clone(), deal.payment(1)["status"].clone()),
        (json!("planned"), json!("expired"))
    );
    app.advance_hours(24);
    assert_eq!((deal.payment(1)["status"].clone(), app.balance(&deal.client)), (json!("succeeded"), funds(20_000, 0)));
    assert_eq!(deal.start_funding(1, "card").expect(200)["status"], "funded");
}

fn a_slow_card_is_late_for_a_longer_window_as_well(app: &TestApp) {
    let deal = active(app);
    deal.start_funding(1, "card").expect(200);
    deal.pay(&deal.payment(1), "tok_slow").expect(200);
    app.advance_hours(10 * 24);
    assert_eq!((deal.payment(1)["status"].clone(), app.balance(&deal.client)), (json!("expired"), funds(0, 0)));
    app.advance_hours(24);
    assert_eq!((deal.payment(1)["status"].clone(), app.balance(&deal.client)), (json!("succeeded"), funds(20_000, 0)));
}

fn a_card_is_not_charged_twice(app: &TestApp) {
    let deal = active(app);
    deal.start_funding(1, "card").expect(200);
    let payment = deal.payment(1);
    deal.pay(&payment, "tok_slow").expect(200);
    for card in ["tok_succeeds", "tok_declined", "tok_slow"] {
        deal.pay(&payment, card).problem(409, "action_refused");
    }
    app.advance_hours(8 * 24);
    assert_eq!((deal.payment(1)["status"].clone(), app.balance(&deal.client)), (json!("succeeded"), funds(20_000, 0)));
}

fn a_charge_that_another_way_overtook_is_the_clients_all_the_same(app: &TestApp) {
    let deal = active(app);
    deal.start_funding(1, "card").expect(200);
    deal.pay(&deal.payment(1), "tok_slow").expect(200);
    let another = deal.on(&deal.client, 1, "payments", &json!({"method": "card"})).expect(201);
    deal.pay(&another, "tok_succeeds").expect(200);
    assert_eq!((deal.milestone(1)["status"].clone(), app.balance(&deal.client)), (json!("funded"), funds(0, 0)));
    app.advance_hours(8 * 24);
    assert_eq!(app.balance(&deal.client), funds(20_000, 0));
}

fn money_set_aside_is_free_again_when_waiting_ends(app: &TestApp) {
    let deal = with_funds(app, 5_000);
    deal.start_funding(1, "card").expect(200);
    assert_eq!(app.balance(&deal.client), funds(5_000, 5_000));
    app.advance_hours(7 * 24 - 1);
    assert_eq!(deal.milestone(1)["status"], "funding");
    app.advance_hours(1);
    let expired = deal.milestone(1);
    assert_eq!((&expired["status"], &expired["reserved"]), (&json!("planned"), &yen(0)));
    assert_eq!((&expired["payments"][0]["status"], app.balance(&deal.client)), (&json!("expired"), funds(5_000, 0)));
    let told = app.events_about(&deal.worker, &deal.milestones[1]);
    assert_eq!(told.last().map(String::as_str), Some("milestone.funding_expired"));
}

fn an_older_payment_that_comes_late_replaces_the_newer_one(app: &TestApp) {
    let deal = active(app);
    let finance = app.staff(domain::policy::Role::Finance, "fin");
    let older = deal.ask_transfer(1);
    app.advance_hours(7 * 24);
    deal.start_funding(1, "card").expect(200);
    let newer = deal.payment(1);
    app.transfer(&finance, "20260401-1", Some(&older), 20_000).expect(201);
    assert_eq!((deal.milestone(1)["status"].clone(), app.balance(&deal.client)), (json!("funded"), funds(0, 0)));
    assert_eq!(deal.payment(1)["status"], "expired");
    deal.pay(&newer, "tok_succeeds").problem(409, "action_refused");
}

fn paying_can_be_previewed_and_then_changes_nothing(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.start_funding(0, "card").expect(200);
    let payment = deal.payment(0);
    let pay = format!("/v1/payments/{}/pay?preview=true", text(&payment["id"]));
    let preview = app.act(&deal.client, &pay, &json!({"card_token": "tok_succeeds"})).expect(200);
    let entries = preview["preview"]["entries"].as_array().unwrap();
    let kinds: Vec<&Value> = entries.iter().map(|entry| &entry["kind"]).collect();
    assert_eq!(
        (kinds, &preview["status"]),
        (vec![&json!("card_settled"), &json!("escrow_funded")], &json!("succeeded"))
    );
    assert_eq!((deal.payment(0), deal.stands(0).0.as_str()), (payment, "funding"));
}

fn only_a_card_payment_can_be_charged(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.ask_transfer(0);
    let payment = deal.payment(0);
    assert_eq!((&payment["method"], &payment["allowed_actions"]), (&json!("bank_transfer"), &json!([])));
    deal.pay(&payment, "tok_succeeds").problem(409, "action_refused");
    deal.pay(&payment, "4242424242424242").problem(422, "invalid_body");
}

fn only_its_client_sees_and_pays_a_payment(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.start_funding(0, "card").expect(200);
    let path = format!("/v1/payments/{}", text(&deal.payment(0)["id"]));
    let card = json!({"card_token": "tok_succeeds"});
    for person in [&deal.worker, &app.member("stranger")] {
        app.get(&path).by(person).send().problem(404, "not_found");
        app.act(person, &format!("{path}/pay"), &card).problem(404, "not_found");
    }
    let add = format!("/v1/milestones/{}/payments", deal.milestones[0]);
    app.act(&deal.worker, &add, &json!({"method": "card"})).problem(403, "not_permitted");
    let finance = app.staff(domain::policy::Role::Finance, "fin");
    assert_eq!(app.read(&finance, &path)["allowed_actions"], json!([]));
    app.act(&finance, &format!("{path}/pay"), &card).problem(403, "not_permitted");
    assert_eq!(app.read(&deal.client, &path)["status"], "pending");
}

fn a_stale_payment_is_not_charged(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let finance = app.staff(domain::policy::Role::Finance, "fin");
    let reference = deal.ask_transfer(0);
    let path = format!("/v1/payments/{}", text(&deal.payment(0)["id"]));
    let seen = app.get(&path).by(&deal.client).send();
    app.transfer(&finance, "20260401-1", Some(&reference), 1).expect(201);
    let pay = app.post(&format!("{path}/pay")).by(&deal.client).fresh_key().header("If-Match", seen.header("etag"));
    pay.json(&json!({"card_token": "tok_succeeds"})).problem(412, "precondition_failed");
}

fn payments_are_listed_page_by_page(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000, 30_000]);
    for place in 0..3 {
        deal.start_funding(place, "card").expect(200);
    }
    let listed = app.pages(&deal.client, "/v1/me/payments");
    let amounts: Vec<&Value> = listed.iter().map(|payment| &payment["amount"]["amount"]).collect();
    assert_eq!(amounts, [30_000, 20_000, 10_000]);
    assert!(app.pages(&deal.worker, "/v1/me/payments").is_empty());
}
