//! Refunds: client funds on their way back to where they came from.

use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{
    Deal, Engine, Person, Response, TestApp,
    deals::text,
    market::{dollars, offer, yen},
    on_both_engines,
    work::at_once,
};

on_both_engines!(
    money_goes_back_to_the_card_it_came_from,
    a_preview_shows_the_entry_and_changes_nothing,
    a_card_that_refuses_a_refund_leaves_the_money_with_the_client,
    finance_is_quicker_than_the_gateway,
    a_transfer_goes_back_to_the_clients_bank_account,
    what_a_bank_refuses_is_the_clients_again,
    no_more_goes_back_than_came,
    what_is_set_aside_stays,
    dollars_go_back_to_the_card_and_to_no_bank,
    a_refund_ends_once,
    refunds_are_found_by_their_client_and_by_finance,
    many_refunds_at_once_send_the_money_back_once,
    a_refund_racing_a_funding_spends_the_money_once,
    who_leaves_gets_their_funds_back,
    whoever_has_paid_very_often_sees_what_can_go_back,
    funds_that_came_by_bank_keep_their_owner_until_there_is_an_account,
);

/// A client whose contract of 10,000 yen, paid by this card, has ended with nothing for the worker.
fn with_funds<'a>(app: &'a TestApp, card: &str) -> Deal<'a> {
    let deal = app.deal(&[10_000]);
    deal.start_funding(0, "card").expect(200);
    deal.pay(&deal.payment(0), card).expect(200);
    deal.end_by_consent(&deal.client, &[0]);
    assert_eq!(app.balance(&deal.client).available, 10_000);
    deal
}

/// The same, paid by bank transfer.
fn with_transferred_funds<'a>(app: &'a TestApp, finance: &Person) -> Deal<'a> {
    let deal = app.deal(&[10_000]);
    let reference = deal.ask_transfer(0);
    app.transfer(finance, "20260401-1", Some(&reference), 10_000).expect(201);
    deal.end_by_consent(&deal.client, &[0]);
    deal
}

fn ask(deal: &Deal<'_>, amount: i64) -> Response {
    let body = json!({"payment_id": deal.payment(0)["id"], "amount": yen(amount)});
    deal.app().act(&deal.client, "/v1/refunds", &body)
}

fn read(deal: &Deal<'_>, refund: &Value) -> Value {
    deal.app().read(&deal.client, &format!("/v1/refunds/{}", text(&refund["id"])))
}

fn finish(app: &TestApp, finance: &Person, refund: &Value, action: &str) -> Response {
    let body = match action {
        "settle" => json!({"reference": "20260402-1", "value_on": app.date(0)}),
        _ => json!({"reason": "The account is closed."}),
    };
    app.act(finance, &format!("/v1/admin/refunds/{}/{action}", text(&refund["id"])), &body)
}

fn money_goes_back_to_the_card_it_came_from(app: &TestApp) {
    let deal = with_funds(app, "tok_succeeds");
    assert_eq!(deal.payment(0)["refundable"], yen(10_000));
    let asked = ask(&deal, 4_000);
    let refund = asked.expect(201);
    assert_eq!(app.read(&deal.client, asked.header("location")), refund);
    assert_eq!(
        (&refund["status"], &refund["method"], &refund["amount"]),
        (&json!("requested"), &json!("card"), &yen(4_000))
    );
    assert_eq!((&refund["bank_account"], &refund["allowed_actions"]), (&Value::Null, &json!([])));
    assert_eq!((app.balance(&deal.client).funds, &deal.payment(0)["refundable"]), (6_000, &yen(6_000)));
    app.advance_hours(23);
    assert_eq!(read(&deal, &refund)["status"], "requested");
    app.advance_hours(1);
    let settled = read(&deal, &refund);
    assert_eq!((&settled["status"], &settled["value_on"]), (&json!("settled"), &json!(app.date(0))));
    assert!(settled["reference"].is_string());
    assert_eq!((app.balance(&deal.client).funds, &deal.payment(0)["refundable"]), (6_000, &yen(6_000)));
    assert_eq!(app.events_about(&deal.client, &text(&refund["id"])), ["refund.requested", "refund.settled"]);
    assert!(app.events_about(&deal.worker, &text(&refund["id"])).is_empty());
}

fn a_preview_shows_the_entry_and_changes_nothing(app: &TestApp) {
    let deal = with_funds(app, "tok_succeeds");
    let body = json!({"payment_id": deal.payment(0)["id"], "amount": yen(4_000)});
    let preview = app.act(&deal.client, "/v1/refunds?preview=true", &body).expect(201);
    let entries = &preview["preview"]["entries"];
    assert_eq!((&entries[0]["kind"], entries.as_array().map(Vec::len)), (&json!("refund_requested"), Some(1)));
    assert_eq!(entries[0]["lines"][0]["amount"].as_i64().map(i64::abs), Some(4_000));
    assert_eq!((app.balance(&deal.client).funds, &deal.payment(0)["refundable"]), (10_000, &yen(10_000)));
    assert_eq!(app.read(&deal.client, "/v1/refunds")["items"], json!([]));
}

fn a_card_that_refuses_a_refund_leaves_the_money_with_the_client(app: &TestApp) {
    let deal = with_funds(app, "tok_refund_fails");
    let refund = ask(&deal, 10_000).expect(201);
    assert_eq!(app.balance(&deal.client).funds, 0);
    app.advance_hours(24);
    let failed = read(&deal, &refund);
    assert_eq!((&failed["status"], &failed["reason"]), (&json!("failed"), &json!("card_refused")));
    assert_eq!((app.balance(&deal.client).available, &deal.payment(0)["refundable"]), (10_000, &yen(10_000)));
    assert_eq!(app.subjects(&deal.client.email)[0], "A refund did not reach you");
    assert_eq!(app.events_about(&deal.client, &text(&refund["id"])), ["refund.requested", "refund.failed"]);
}

fn finance_is_quicker_than_the_gateway(app: &TestApp) {
    let deal = with_funds(app, "tok_refund_fails");
    let finance = app.staff(Role::Finance, "fin");
    let refund = ask(&deal, 10_000).expect(201);
    assert_eq!(finish(app, &finance, &refund, "settle").expect(200)["status"], "settled");
    app.advance_hours(48);
    assert_eq!((&read(&deal, &refund)["status"], app.balance(&deal.client).funds), (&json!("settled"), 0));
}

fn a_transfer_goes_back_to_the_clients_bank_account(app: &TestApp) {
    let finance = app.staff(Role::Finance, "fin");
    let deal = with_transferred_funds(app, &finance);
    ask(&deal, 10_000).problem(409, "bank_account_missing");
    app.bank(&deal.client, "1234567");
    let refund = ask(&deal, 10_000).expect(201);
    assert_eq!((&refund["method"], &refund["bank_account"]["number"]), (&json!("bank_transfer"), &json!("1234567")));
    app.advance_hours(48);
    assert_eq!(read(&deal, &refund)["status"], "requested", "a bank is a person's to ask");
    let tomorrow = json!({"reference": "20260402-1", "value_on": app.date(1)});
    let settle = format!("/v1/admin/refunds/{}/settle", text(&refund["id"]));
    let problem = app.act(&finance, &settle, &tomorrow).problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "/value_on");
    let before = json!({"reference": "20260402-1", "value_on": app.date(-3)});
    let problem = app.act(&finance, &settle, &before).problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "/value_on");
    let settled = finish(app, &finance, &refund, "settle").expect(200);
    assert_eq!((&settled["status"], &settled["reference"]), (&json!("settled"), &json!("20260402-1")));
    assert_eq!((app.balance(&deal.client).funds, &deal.payment(0)["refundable"]), (0, &yen(0)));
}

fn what_a_bank_refuses_is_the_clients_again(app: &TestApp) {
    let finance = app.staff(Role::Finance, "fin");
    let deal = with_transferred_funds(app, &finance);
    app.bank(&deal.client, "1234567");
    let refund = ask(&deal, 10_000).expect(201);
    let failed = finish(app, &finance, &refund, "fail").expect(200);
    assert_eq!((&failed["status"], &failed["reason"]), (&json!("failed"), &json!("The account is closed.")));
    assert_eq!(app.balance(&deal.client).available, 10_000);
    ask(&deal, 10_000).problem(409, "bank_account_failing");
    app.bank(&deal.client, "1234567");
    ask(&deal, 10_000).expect(201);
}

fn no_more_goes_back_than_came(app: &TestApp) {
    let deal = with_funds(app, "tok_succeeds");
    // What another payment brought in is not this one's to give back.
    let other = app.deal_between(&deal.client, &deal.worker, &[20_000], &json!({}));
    assert_eq!(other.start_funding(0, "card").expect(200)["reserved"], yen(10_000));
    other.pay(&other.payment(0), "tok_succeeds").expect(200);
    other.end_by_consent(&other.client, &[0]);
    assert_eq!(app.balance(&deal.client).available, 20_000);
    let refused = ask(&deal, 10_001).problem(409, "refund_too_large");
    assert_eq!(refused["refundable"], yen(10_000));
    ask(&deal, 6_000).expect(201);
    ask(&deal, 4_001).problem(409, "refund_too_large");
    app.advance_hours(24);
    ask(&deal, 4_001).problem(409, "refund_too_large");
    ask(&deal, 4_000).expect(201);
    ask(&deal, 1).problem(409, "refund_too_large");
    ask(&other, 10_000).expect(201);
    assert_eq!(app.balance(&deal.client).funds, 0);
    for (pointer, amount) in [("/amount/amount", yen(0)), ("/amount/currency", dollars(1))] {
        let body = json!({"payment_id": deal.payment(0)["id"], "amount": amount});
        let problem = app.act(&deal.client, "/v1/refunds", &body).problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
}

fn what_is_set_aside_stays(app: &TestApp) {
    let deal = with_funds(app, "tok_succeeds");
    let other = app.deal_between(&deal.client, &deal.worker, &[25_000], &json!({}));
    other.start_funding(0, "bank_transfer").expect(200);
    assert_eq!((app.balance(&deal.client).available, &deal.payment(0)["refundable"]), (0, &yen(0)));
    ask(&deal, 1).problem(409, "insufficient_funds");
    app.advance_hours(7 * 24);
    ask(&deal, 10_000).expect(201);
}

/// A client with 50 dollars that came by this method, and the payment.
pub fn with_dollars(app: &TestApp, client: &Person, worker: &Person, method: &str) -> String {
    let mut offer = offer(&[5_000]);
    offer["terms"]["milestones"][0]["amount"] = dollars(5_000);
    let deal = app.deal_for(client, worker, &app.job_in_dollars(client), &offer);
    deal.start_funding(0, method).expect(200);
    let payment = deal.payment(0);
    if method == "card" {
        deal.pay(&payment, "tok_succeeds").expect(200);
    } else {
        let finance = app.staff(Role::Finance, "fin");
        let reference = payment["transfer_reference"].as_str();
        app.transfer_of(&finance, "20260401-9", reference, &dollars(5_000)).expect(201);
    }
    deal.end_sharing(&deal.client, &[dollars(0)]);
    text(&payment["id"])
}

fn dollars_go_back_to_the_card_and_to_no_bank(app: &TestApp) {
    let (client, other, worker) = (app.member("client"), app.member("other"), app.member("worker"));
    app.bank(&other, "1234567");
    let ask = |person: &Person, payment: &str| {
        let body = json!({"payment_id": payment, "amount": dollars(5_000)});
        app.act(person, "/v1/refunds", &body)
    };
    ask(&other, &with_dollars(app, &other, &worker, "bank_transfer")).problem(409, "no_bank_for_currency");
    let refund = ask(&client, &with_dollars(app, &client, &worker, "card")).expect(201);
    assert_eq!(refund["amount"], dollars(5_000));
    app.advance_hours(24);
    assert_eq!(app.read(&client, &format!("/v1/refunds/{}", text(&refund["id"])))["status"], "settled");
}

fn a_refund_ends_once(app: &TestApp) {
    let deal = with_funds(app, "tok_succeeds");
    let finance = app.staff(Role::Finance, "fin");
    let refund = ask(&deal, 10_000).expect(201);
    finish(app, &finance, &refund, "settle").expect(200);
    for action in ["settle", "fail"] {
        finish(app, &finance, &refund, action).problem(409, "action_refused");
    }
    assert_eq!(app.balance(&deal.client).funds, 0);
    let support = app.staff(Role::Support, "sup");
    finish(app, &support, &refund, "settle").problem(403, "not_permitted");
}

fn refunds_are_found_by_their_client_and_by_finance(app: &TestApp) {
    let deal = with_funds(app, "tok_succeeds");
    let finance = app.staff(Role::Finance, "fin");
    let asked: Vec<Value> = (0..3).map(|_| ask(&deal, 1_000).expect(201)).collect();
    finish(app, &finance, &asked[1], "settle").expect(200);
    let ids = |items: &[Value]| items.iter().map(|each| text(&each["id"])).collect::<Vec<_>>();
    let newest_first: Vec<String> = ids(&asked).into_iter().rev().collect();
    assert_eq!(ids(&app.pages(&deal.client, "/v1/refunds")), newest_first);
    assert_eq!(ids(&app.pages(&finance, "/v1/admin/refunds")), newest_first);
    let waiting = app.pages(&finance, "/v1/admin/refunds?status=requested");
    assert_eq!(ids(&waiting), [newest_first[0].clone(), newest_first[2].clone()]);
    assert_eq!(waiting[0]["allowed_actions"], json!(["settle", "fail"]));
    assert_eq!(ids(&app.pages(&deal.client, "/v1/refunds?status=settled")), [newest_first[1].clone()]);
    assert!(app.pages(&deal.worker, "/v1/refunds").is_empty());
    let body = json!({"payment_id": deal.payment(0)["id"], "amount": yen(1)});
    app.act(&deal.worker, "/v1/refunds", &body).problem(404, "not_found");
    app.act(&finance, "/v1/refunds", &body).problem(403, "not_permitted");
    let none = json!({"payment_id": "payment_01k30dwqgzfgx9p7jfdwpht7gg", "amount": yen(1)});
    app.act(&deal.client, "/v1/refunds", &none).problem(404, "not_found");
}

fn many_refunds_at_once_send_the_money_back_once(app: &TestApp) {
    let deal = with_funds(app, "tok_succeeds");
    let payment = deal.payment(0)["id"].clone();
    let ask = |_| app.act(&deal.client, "/v1/refunds", &json!({"payment_id": payment, "amount": yen(10_000)}));
    let answers = at_once(6, ask);
    let done = answers.iter().filter(|answer| answer.status == 201).count();
    let late = answers.iter().filter(|answer| answer.status != 201);
    late.for_each(|answer| drop(answer.problem(409, "refund_too_large")));
    assert_eq!((done, app.balance(&deal.client).funds), (1, 0));
}

fn a_refund_racing_a_funding_spends_the_money_once(app: &TestApp) {
    let deal = with_funds(app, "tok_succeeds");
    let other = app.deal_between(&deal.client, &deal.worker, &[10_000], &json!({}));
    let body = json!({"payment_id": deal.payment(0)["id"], "amount": yen(10_000)});
    let answers = at_once(2, |each| match each {
        0 => app.act(&deal.client, "/v1/refunds", &body),
        _ => other.start_funding(0, "card"),
    });
    answers[1].expect(200);
    let funded = other.stands(0).0;
    if answers[0].status == 201 {
        assert_eq!(funded, "funding");
        assert_eq!(other.milestone(0)["reserved"], yen(0));
    } else {
        answers[0].problem(409, "insufficient_funds");
        assert_eq!(funded, "funded");
    }
    assert_eq!(app.balance(&deal.client).funds, 0);
}

/// The codes of what stands in the way of leaving.
fn blockers(app: &TestApp, person: &Person) -> Vec<String> {
    let told = app.read(person, "/v1/me/withdrawal");
    let mut codes: Vec<_> = told["blockers"].as_array().unwrap().iter().map(|each| text(&each["code"])).collect();
    codes.sort_unstable();
    codes
}

fn held(app: &TestApp, kind: &str) -> Vec<String> {
    let query = "SELECT CAST(balance AS TEXT) AS text FROM ledger_accounts WHERE balance > 0 AND kind";
    app.database.texts(&format!("{query} = '{kind}'"))
}

fn who_leaves_gets_their_funds_back(app: &TestApp) {
    let deal = with_funds(app, "tok_succeeds");
    assert_eq!(blockers(app, &deal.client), ["client_funds_left"]);
    ask(&deal, 4_000).expect(201);
    assert_eq!(blockers(app, &deal.client), ["client_funds_left", "refund_under_way"]);
    assert_eq!(app.leave(&deal.client).expect(200)["status"], "closing");
    assert_eq!((held(app, "client_funds"), held(app, "unclaimed")), (vec![], vec![]));
    app.advance_hours(25);
    assert_eq!(app.database.texts("SELECT state AS text FROM refunds"), ["settled", "settled"]);
    assert_eq!(app.database.texts("SELECT state AS text FROM members WHERE email = ''"), ["closed"]);
    assert!(held(app, "unclaimed").is_empty());
}

/// More payments than either engine lets a statement name.
fn whoever_has_paid_very_often_sees_what_can_go_back(app: &TestApp) {
    let deal = with_funds(app, "tok_succeeds");
    let (id, times) = match app.database.engine {
        Engine::Sqlite => ("unhex(printf('%032x', n))", 33_000),
        Engine::Postgres => ("lpad(to_hex(n), 32, '0')::uuid", 66_000),
    };
    let columns = "contract_id, milestone_id, client_id, method, currency, amount, received, state, version, created_at, \
                   updated_at";
    let copy = format!(
        "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {times})
         INSERT INTO payments (id, {columns}) SELECT {id}, {columns} FROM payments, series"
    );
    app.database.execute(&copy).unwrap();
    assert_eq!(blockers(app, &deal.client), ["client_funds_left"]);
}

fn funds_that_came_by_bank_keep_their_owner_until_there_is_an_account(app: &TestApp) {
    let finance = app.staff(Role::Finance, "fin");
    let deal = with_transferred_funds(app, &finance);
    app.leave(&deal.client).problem(409, "withdrawal_blocked");
    app.bank(&deal.client, "1234567");
    assert_eq!(app.leave(&deal.client).expect(200)["status"], "closing");
    let refund = app.read(&finance, "/v1/admin/refunds")["items"][0].clone();
    // It comes back, and whose it was is gone: it is kept for them.
    finish(app, &finance, &refund, "fail").expect(200);
    app.advance_hours(1);
    assert_eq!(held(app, "unclaimed"), ["10000"]);
}
