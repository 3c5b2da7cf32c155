//! What somebody who leaves has: paid out, sent back, or kept for them.

use domain::policy::Role;
use serde_json::json;

use super::withdrawal::{blockers, readiness};
use crate::harness::{Deal, Person, TestApp, deals::text, market::yen, on_both_engines, people, work::at_once};

on_both_engines!(
    nobody_takes_the_address_of_somebody_who_is_leaving,
    a_last_payout_goes_out_free_of_charge_and_closes_the_account,
    earnings_without_an_account_block_until_there_is_one,
    a_last_payout_that_fails_is_kept_for_its_worker,
    a_payout_that_is_held_blocks,
    client_funds_go_back_to_the_card_they_came_from,
    client_funds_that_came_by_bank_need_an_account_to_go_back_to,
    a_refund_that_fails_is_kept_for_its_client,
    a_card_that_is_being_charged_blocks_until_the_outcome,
    a_month_that_ends_while_somebody_leaves_pays_once,
    what_is_released_while_its_worker_leaves_is_paid_all_the_same,
);

/// A worker with 800 yen, less than is paid out on any payday, and an account for it.
fn with_earnings(app: &TestApp) -> Deal<'_> {
    let deal = app.deal(&[1_000]);
    deal.complete(0);
    app.bank(&deal.worker, "1234567");
    deal
}

/// Finance puts everything that waits into a batch and sends it; answers the path of the only payout of it.
fn send_last_payout(app: &TestApp, finance: &Person) -> String {
    let batch = app.act(finance, "/v1/admin/payout-batches", &json!({"pay_on": app.date(20)})).expect(201);
    let batch = format!("/v1/admin/payout-batches/{}", text(&batch["id"]));
    app.act(finance, &format!("{batch}/send"), &json!({})).expect(200);
    let payouts = app.read(finance, &format!("{batch}/payouts"));
    format!("/v1/admin/payouts/{}", text(&payouts["items"][0]["id"]))
}

fn unclaimed(app: &TestApp) -> Vec<String> {
    let query = "SELECT CAST(balance AS TEXT) AS text FROM ledger_accounts WHERE kind = 'unclaimed' AND balance > 0";
    app.database.texts(query)
}

fn a_last_payout_goes_out_free_of_charge_and_closes_the_account(app: &TestApp) {
    let deal = with_earnings(app);
    let told = readiness(app, &deal.worker);
    assert_eq!(
        (&told["can_withdraw"], blockers(&told)),
        (&json!(true), vec!["earnings_unpaid operator soft".to_owned()])
    );
    assert_eq!(told["blockers"][0]["amount"], yen(800));
    assert_eq!(app.leave(&deal.worker).expect(200)["status"], "closing");
    app.try_password(&deal.worker.email, people::PASSWORD).problem(403, "account_closing");
    let finance = app.staff(Role::Finance, "fin");
    let payout = send_last_payout(app, &finance);
    let read = app.read(&finance, &payout.replace("/admin", ""));
    assert_eq!((&read["kind"], &read["amount"], &read["bank_fee"]), (&json!("final"), &yen(800), &yen(0)));
    let settlement = json!({"bank_reference": "20260420-1", "value_on": app.date(0)});
    app.act(&finance, &format!("{payout}/pay"), &settlement).expect(200);
    app.advance_hours(1);
    assert_eq!(app.database.texts("SELECT state AS text FROM members WHERE email = ''"), ["closed"]);
    assert!(app.database.texts("SELECT holder AS text FROM bank_accounts").is_empty(), "it is forgotten with the rest");
    assert!(unclaimed(app).is_empty());
}

fn earnings_without_an_account_block_until_there_is_one(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.complete(0);
    assert_eq!(blockers(&readiness(app, &deal.worker)), ["earnings_unpaid member hard"]);
    app.leave(&deal.worker).problem(409, "withdrawal_blocked");
    app.bank(&deal.worker, "1234567");
    app.leave(&deal.worker).expect(200);
}

fn a_last_payout_that_fails_is_kept_for_its_worker(app: &TestApp) {
    let deal = with_earnings(app);
    app.leave(&deal.worker).expect(200);
    let finance = app.staff(Role::Finance, "fin");
    let payout = send_last_payout(app, &finance);
    app.act(&finance, &format!("{payout}/fail"), &json!({"reason": "account closed"})).expect(200);
    app.advance_hours(1);
    assert_eq!(unclaimed(app), ["800"]);
    assert_eq!(app.database.texts("SELECT state AS text FROM members WHERE email = ''"), ["closed"]);
}

fn a_payout_that_is_held_blocks(app: &TestApp) {
    let deal = app.deal(&[20_000]);
    deal.complete(0);
    app.bank(&deal.worker, "1234567");
    let wish = json!({"kind": "quick", "amount": yen(2_000), "bank_account_version": 1});
    let payout = app.act(&deal.worker, "/v1/payouts", &wish).expect(201);
    let of_staff = format!("/v1/admin/payouts/{}", text(&payout["id"]));
    let finance = app.staff(Role::Finance, "fin");
    app.act(&finance, &format!("{of_staff}/hold"), &json!({"reason": "A court has asked us to."})).expect(200);
    let task = app.read(&finance, "/v1/admin/worklist?kind=payout_held")["items"][0].clone();
    assert_eq!(task["id"], payout["id"], "nothing is held and forgotten");
    let told = blockers(&readiness(app, &deal.worker));
    assert!(told.contains(&"payout_held operator hard".to_owned()), "{told:?}");
    app.leave(&deal.worker).problem(409, "withdrawal_blocked");
    app.act(&finance, &format!("{of_staff}/resume"), &json!({})).expect(200);
    assert_eq!(app.leave(&deal.worker).expect(200)["status"], "closing");
}

/// A client with 10,000 yen that a contract gave back, paid by this card of the sandbox.
fn with_funds<'a>(app: &'a TestApp, card: &str) -> Deal<'a> {
    let deal = app.deal(&[10_000]);
    deal.start_funding(0, "card").expect(200);
    deal.pay(&deal.payment(0), card).expect(200);
    deal.end_by_consent(&deal.worker, &[0]);
    deal
}

fn client_funds_go_back_to_the_card_they_came_from(app: &TestApp) {
    let deal = with_funds(app, "tok_succeeds");
    assert_eq!(blockers(&readiness(app, &deal.client)), ["client_funds_left operator soft"]);
    assert_eq!(app.leave(&deal.client).expect(200)["status"], "closing");
    app.advance_hours(25);
    assert_eq!(app.database.texts("SELECT state AS text FROM members WHERE email = ''"), ["closed"]);
    assert_eq!(app.database.texts("SELECT state AS text FROM refunds"), ["settled"]);
    assert!(unclaimed(app).is_empty());
}

fn client_funds_that_came_by_bank_need_an_account_to_go_back_to(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let reference = deal.ask_transfer(0);
    let finance = app.staff(Role::Finance, "fin");
    app.transfer(&finance, "20260401-1", Some(&reference), 10_000).expect(201);
    deal.end_by_consent(&deal.worker, &[0]);
    assert_eq!(blockers(&readiness(app, &deal.client)), ["client_funds_left member hard"]);
    app.leave(&deal.client).problem(409, "withdrawal_blocked");
    app.bank(&deal.client, "1234567");
    assert_eq!(app.leave(&deal.client).expect(200)["status"], "closing");
    let refund = text(&app.read(&finance, "/v1/admin/worklist?kind=refund_requested")["items"][0]["id"]);
    let settlement = json!({"reference": "20260402-1", "value_on": app.date(0)});
    app.act(&finance, &format!("/v1/admin/refunds/{refund}/settle"), &settlement).expect(200);
    app.advance_hours(1);
    assert_eq!(app.database.texts("SELECT state AS text FROM members WHERE email = ''"), ["closed"]);
}

fn a_refund_that_fails_is_kept_for_its_client(app: &TestApp) {
    let deal = with_funds(app, "tok_refund_fails");
    app.leave(&deal.client).expect(200);
    app.advance_hours(25);
    assert_eq!(unclaimed(app), ["10000"]);
    let newest = &app.mails(&deal.client.email)[0];
    assert!(text(&newest["body"]).contains("10000 JPY could not be sent to you"), "{newest}");
    assert_eq!(app.database.texts("SELECT state AS text FROM members WHERE email = ''"), ["closed"]);
}

fn a_card_that_is_being_charged_blocks_until_the_outcome(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.start_funding(0, "card").expect(200);
    deal.pay(&deal.payment(0), "tok_slow").expect(200);
    deal.end_by_consent(&deal.worker, &[0]);
    assert_eq!(blockers(&readiness(app, &deal.client)), ["charge_under_way operator hard"]);
    app.leave(&deal.client).problem(409, "withdrawal_blocked");
    app.advance_hours(9 * 24);
    assert_eq!(blockers(&readiness(app, &deal.client)), ["client_funds_left operator soft"]);
    app.leave(&deal.client).expect(200);
}

fn a_month_that_ends_while_somebody_leaves_pays_once(app: &TestApp) {
    let deal = app.earner(&[50_000]);
    let worker = app.log_in(&deal.worker.email);
    let left = at_once(2, |side| match side {
        0 => app.leave(&worker),
        _ => {
            app.close_month();
            app.get("/v1/test-clock").send()
        }
    });
    assert_eq!(left[0].status, 200, "{}", left[0].text);
    let paid = "SELECT CAST(amount AS TEXT) AS text FROM payouts";
    assert_eq!(app.database.texts(paid), ["40000"], "in the month's payout or in the last one");
}

fn what_is_released_while_its_worker_leaves_is_paid_all_the_same(app: &TestApp) {
    for round in 0..6 {
        let deal = app.deal_of(&format!("worker{round}"), &[10_000]);
        app.bank(&deal.worker, "1234567");
        deal.fund(0);
        let delivery = deal.deliver(0);
        let answers = at_once(2, |side| match side {
            0 => deal.accept(0, &delivery),
            _ => app.leave(&deal.worker),
        });
        answers[0].expect(200);
        if answers[1].status == 200 {
            let paid = app.database.texts("SELECT CAST(amount AS TEXT) AS text FROM payouts WHERE kind = 'final'");
            assert!(!paid.is_empty() && paid.iter().all(|amount| amount == "8000"), "{paid:?}");
        } else {
            answers[1].problem(409, "withdrawal_blocked");
            assert_eq!(app.earnings(&deal.worker), 8_000);
        }
    }
    // Either way each of the six is owed their money once.
    let owed =
        "SELECT CAST(sum(balance) AS TEXT) AS text FROM ledger_accounts WHERE kind IN ('earnings', 'payout_transit')";
    assert_eq!(app.database.texts(owed), ["48000"]);
}

fn nobody_takes_the_address_of_somebody_who_is_leaving(app: &TestApp) {
    let deal = with_earnings(app);
    app.leave(&deal.worker).expect(200);
    let mut theft = people::registration(&deal.worker.email);
    theft["password"] = json!("somebody else entirely");
    app.post("/v1/accounts").json(&theft).expect(202);
    app.try_password(&deal.worker.email, "somebody else entirely").problem(401, "invalid_credentials");
    assert_eq!(app.subjects(&deal.worker.email)[0], "Write to support to join again");
}
