//! Bank transfers as finance record them: whole, partial, late, unknown, and twice.

use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{Deal, Person, Response, TestApp, deals::text, market::yen, on_both_engines};

on_both_engines!(
    a_transfer_that_names_its_payment_funds_the_milestone,
    partial_transfers_add_up,
    what_is_too_much_stays_with_the_client,
    a_late_transfer_is_the_clients_all_the_same,
    a_transfer_after_the_end_is_the_clients_all_the_same,
    a_transfer_of_unknown_origin_waits_to_be_matched,
    a_card_payment_is_not_matched,
    matching_can_be_previewed_and_then_changes_nothing,
    the_same_line_of_the_statement_is_booked_once,
    amounts_that_make_no_sense_are_refused_and_another_currency_waits_for_a_person,
    only_finance_handles_the_bank,
    receipts_are_listed_page_by_page,
);

fn finance(app: &TestApp) -> Person {
    app.staff(Role::Finance, "fin")
}

/// Two milestones, the first of them funded, so that nothing lapses.
fn active(app: &TestApp) -> Deal<'_> {
    let deal = app.deal(&[10_000, 20_000]);
    deal.fund(0);
    deal
}

fn assign(app: &TestApp, by: &Person, receipt: &Value, payment: &Value) -> Response {
    let path = format!("/v1/admin/bank-receipts/{}/match", text(&receipt["id"]));
    app.act(by, &path, &json!({"payment_id": payment["id"]}))
}

fn a_transfer_that_names_its_payment_funds_the_milestone(app: &TestApp) {
    let (deal, finance) = (app.deal(&[10_000]), finance(app));
    let reference = deal.ask_transfer(0);
    let payment = deal.payment(0);
    // What people type and banks pass on: lower case, and words around it.
    let typed = format!("hanako {}, thanks ", reference.to_lowercase());
    let receipt = app.transfer(&finance, "20260401-1", Some(&typed), 10_000).expect(201);
    assert_eq!((&receipt["payment_id"], &receipt["allowed_actions"]), (&payment["id"], &json!([])));
    assert_eq!((deal.payment(0)["status"].clone(), deal.stands(0).0.as_str()), (json!("succeeded"), "funded"));
    assert_eq!(deal.balances(), (0, 0));
}

fn partial_transfers_add_up(app: &TestApp) {
    let (deal, finance) = (app.deal(&[10_000]), finance(app));
    let reference = deal.ask_transfer(0);
    app.transfer(&finance, "20260401-1", Some(&reference), 4_000).expect(201);
    let payment = deal.payment(0);
    assert_eq!((&payment["received"], &payment["shortfall"]), (&yen(4_000), &yen(6_000)));
    assert_eq!((&payment["status"], &deal.milestone(0)["reserved"]), (&json!("pending"), &yen(4_000)));
    assert_eq!((app.balance(&deal.client).funds, app.balance(&deal.client).available), (4_000, 0));
    app.transfer(&finance, "20260401-2", Some(&reference), 5_999).expect(201);
    assert_eq!(deal.payment(0)["shortfall"], yen(1));
    app.transfer(&finance, "20260401-3", Some(&reference), 1).expect(201);
    assert_eq!((deal.payment(0)["status"].clone(), deal.stands(0).0.as_str()), (json!("succeeded"), "funded"));
    assert_eq!(app.balance(&deal.client).funds, 0);
}

fn what_is_too_much_stays_with_the_client(app: &TestApp) {
    let (deal, finance) = (app.deal(&[10_000]), finance(app));
    let reference = deal.ask_transfer(0);
    app.transfer(&finance, "20260401-1", Some(&reference), 10_500).expect(201);
    assert_eq!((&deal.payment(0)["received"], &deal.payment(0)["shortfall"]), (&yen(10_500), &yen(0)));
    app.transfer(&finance, "20260401-2", Some(&reference), 300).expect(201);
    assert_eq!((deal.stands(0).0.as_str(), deal.balances()), ("funded", (0, 800)));
}

fn a_late_transfer_is_the_clients_all_the_same(app: &TestApp) {
    let (deal, finance) = (active(app), finance(app));
    let reference = deal.ask_transfer(1);
    app.transfer(&finance, "20260401-1", Some(&reference), 4_000).expect(201);
    app.advance_hours(7 * 24);
    assert_eq!((deal.stands(1).0.as_str(), deal.balances()), ("planned", (0, 4_000)));
    app.transfer(&finance, "20260408-1", Some(&reference), 16_000).expect(201);
    assert_eq!((deal.payment(1)["status"].clone(), deal.balances()), (json!("succeeded"), (0, 20_000)));
    assert_eq!(deal.start_funding(1, "bank_transfer").expect(200)["status"], "funded");
}

fn a_transfer_after_the_end_is_the_clients_all_the_same(app: &TestApp) {
    let (deal, finance) = (app.deal(&[10_000]), finance(app));
    let reference = deal.ask_transfer(0);
    app.advance_hours(8 * 24);
    assert_eq!((deal.status().as_str(), deal.stands(0).1.as_str()), ("lapsed", "void"));
    app.transfer(&finance, "20260409-1", Some(&reference), 10_000).expect(201);
    assert_eq!((deal.stands(0).0.as_str(), deal.balances()), ("canceled", (0, 10_000)));
}

fn a_transfer_of_unknown_origin_waits_to_be_matched(app: &TestApp) {
    let (deal, finance) = (app.deal(&[10_000]), finance(app));
    deal.ask_transfer(0);
    let receipt = app.transfer(&finance, "20260401-1", Some("HANAKO"), 10_000).expect(201);
    assert_eq!((&receipt["payment_id"], &receipt["allowed_actions"]), (&Value::Null, &json!(["match"])));
    assert_eq!((deal.stands(0).0.as_str(), deal.balances()), ("funding", (0, 0)));
    assign(app, &finance, &receipt, &json!({"id": "payment_01k30dwqgzfgx9p7jfdwpht7gg"})).problem(404, "not_found");
    let payment = deal.payment(0);
    let matched = assign(app, &finance, &receipt, &payment).expect(200);
    assert_eq!((&matched["payment_id"], &matched["allowed_actions"]), (&payment["id"], &json!([])));
    assert_eq!((deal.stands(0).0.as_str(), deal.balances()), ("funded", (0, 0)));
    assign(app, &finance, &receipt, &payment).problem(409, "action_refused");
}

fn a_card_payment_is_not_matched(app: &TestApp) {
    let (finance, deal) = (app.staff(Role::Finance, "fin"), app.deal(&[10_000]));
    deal.start_funding(0, "card").expect(200);
    let receipt = app.transfer(&finance, "20260401-1", None, 10_000).expect(201);
    let refused = assign(app, &finance, &receipt, &deal.payment(0)).problem(422, "invalid_body");
    assert_eq!(refused["errors"][0]["pointer"], "/payment_id");
}

fn matching_can_be_previewed_and_then_changes_nothing(app: &TestApp) {
    let (deal, finance) = (app.deal(&[10_000]), finance(app));
    deal.ask_transfer(0);
    let receipt = app.transfer(&finance, "20260401-1", None, 10_000).expect(201);
    let path = format!("/v1/admin/bank-receipts/{}/match?preview=true", text(&receipt["id"]));
    let preview = app.act(&finance, &path, &json!({"payment_id": deal.payment(0)["id"]})).expect(200);
    let entries = preview["preview"]["entries"].as_array().unwrap();
    let kinds: Vec<&Value> = entries.iter().map(|entry| &entry["kind"]).collect();
    assert_eq!(kinds, ["suspense_matched", "escrow_funded"]);
    assert_eq!(deal.stands(0).0, "funding");
    assert_eq!(app.pages(&finance, "/v1/admin/bank-receipts?unmatched=true"), [receipt]);
}

fn the_same_line_of_the_statement_is_booked_once(app: &TestApp) {
    let (deal, finance) = (app.deal(&[10_000]), finance(app));
    let reference = deal.ask_transfer(0);
    app.transfer(&finance, "20260401-1", Some(&reference), 4_000).expect(201);
    app.transfer(&finance, "20260401-1", Some(&reference), 4_000).problem(409, "already_recorded");
    app.transfer(&finance, "20260401-1", None, 6_000).problem(409, "already_recorded");
    assert_eq!((&deal.payment(0)["received"], app.balance(&deal.client).funds), (&yen(4_000), 4_000));
}

fn amounts_that_make_no_sense_are_refused_and_another_currency_waits_for_a_person(app: &TestApp) {
    let (deal, finance) = (app.deal(&[10_000]), finance(app));
    let reference = deal.ask_transfer(0);
    for amount in [0, -1] {
        app.transfer(&finance, "20260401-1", Some(&reference), amount).problem(422, "invalid_body");
    }
    let dollars = json!({
        "bank_reference": "20260401-1", "transfer_reference": reference, "sender": "YAMADA",
        "amount": {"amount": 100, "currency": "USD"}, "received_on": app.date(0),
    });
    let receipt = app.act(&finance, "/v1/admin/bank-receipts", &dollars).expect(201);
    assert_eq!(receipt["payment_id"], json!(null));
    assign(app, &finance, &receipt, &deal.payment(0)).problem(422, "invalid_body");
    assert_eq!((&deal.payment(0)["received"], app.balance(&deal.client).funds), (&yen(0), 0));
}

fn only_finance_handles_the_bank(app: &TestApp) {
    let (deal, admin) = (app.deal(&[10_000]), app.staff(Role::Admin, "noa"));
    deal.ask_transfer(0);
    let receipt = app.transfer(&admin, "20260401-1", None, 10_000).expect(201);
    let support = app.staff(Role::Support, "mia");
    app.transfer(&support, "20260401-2", None, 1).problem(403, "not_permitted");
    assign(app, &support, &receipt, &deal.payment(0)).problem(403, "not_permitted");
    app.get("/v1/admin/bank-receipts").by(&support).send().problem(403, "not_permitted");
    app.transfer(&deal.client, "20260401-2", None, 1).problem(404, "not_found");
    assign(app, &deal.client, &receipt, &deal.payment(0)).problem(404, "not_found");
    app.get("/v1/admin/bank-receipts").by(&deal.client).send().problem(404, "not_found");
    assign(app, &admin, &receipt, &deal.payment(0)).expect(200);
}

fn receipts_are_listed_page_by_page(app: &TestApp) {
    let (deal, finance) = (app.deal(&[10_000]), finance(app));
    let reference = deal.ask_transfer(0);
    for (number, reference) in [("1", None), ("2", Some(reference.as_str())), ("3", None), ("4", None)] {
        app.transfer(&finance, number, reference, 100).expect(201);
    }
    let numbers = |list: &str| {
        let receipts = app.pages(&finance, &format!("/v1/admin/bank-receipts{list}"));
        receipts.iter().map(|receipt| text(&receipt["bank_reference"])).collect::<Vec<_>>()
    };
    assert_eq!(numbers(""), ["4", "3", "2", "1"]);
    assert_eq!(numbers("?unmatched=true"), ["4", "3", "1"]);
}
