//! Payouts: asking for one, taking it back, and what finance enters of the bank's answers.

use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{
    Person, TestApp,
    deals::text,
    market::{job_post, yen},
    on_both_engines,
    payday::line,
    work::at_once,
};

on_both_engines!(
    anybody_learns_what_a_quick_payout_costs,
    a_quick_payout_leaves_earnings_with_its_fee,
    a_quick_payout_can_be_previewed_and_then_changes_nothing,
    a_quick_payout_uses_up_the_oldest_releases_first,
    a_quick_payout_of_too_much_or_too_little_is_refused,
    a_quick_payout_needs_the_bank_account_that_the_worker_has_seen,
    what_was_asked_for_can_be_taken_back_until_it_is_in_a_batch,
    staff_hold_resume_and_cancel_and_say_why,
    a_payout_is_paid_once_and_only_after_it_was_sent,
    a_failure_gives_back_every_yen_and_stops_payouts_to_the_account,
    a_return_gives_back_what_had_reached_the_bank,
    what_failed_at_an_account_of_the_past_does_not_spoil_the_new_one,
    payouts_go_to_the_account_that_the_worker_has_when_they_are_gathered,
    payouts_are_listed_page_by_page,
    others_see_no_payout_and_only_finance_handles_them,
    of_two_quick_payouts_at_once_only_what_is_there_leaves,
    a_payout_that_is_paid_by_many_at_once_is_paid_once,
    where_earnings_are_paid_by_themselves_nobody_asks,
);

fn finance(app: &TestApp) -> Person {
    app.staff(Role::Finance, "fin")
}

fn kinds(app: &TestApp, person: &Person) -> Vec<String> {
    let entries = app.read(person, "/v1/me/ledger-entries?limit=100");
    entries["items"].as_array().unwrap().iter().map(|entry| text(&entry["kind"])).collect()
}

fn remaining(app: &TestApp) -> Vec<String> {
    app.database.texts("SELECT CAST(remaining AS text) AS text FROM releases ORDER BY released_at")
}

fn anybody_learns_what_a_quick_payout_costs(app: &TestApp) {
    let quote = |query: &str| app.get(&format!("/v1/payout-quotes?{query}")).send();
    let told = quote("balance=10000").expect(200);
    assert_eq!(["amount", "fee", "fee_tax", "total"].map(|name| told[name].clone()), [9_470, 530, 48, 10_000].map(yen));
    assert_eq!(quote("amount=100000").expect(200)["total"], yen(105_000));
    quote("amount=999").problem(422, "payout_too_small");
    quote("balance=1529").problem(422, "payout_too_small");
    quote("amount=5000&currency=USD").problem(409, "no_bank_for_currency");
    for query in ["", "amount=1&balance=1", "amount=0", "amount=-1", "amount=9007199254740992", "amount=x"] {
        quote(query).problem(400, "invalid_parameter");
    }
}

fn a_quick_payout_leaves_earnings_with_its_fee(app: &TestApp) {
    let deal = app.earner(&[12_500]);
    let asked = app.quick(&deal.worker, 9_470);
    let payout = asked.expect(201);
    assert_eq!(asked.header("location"), format!("/v1/payouts/{}", text(&payout["id"])));
    assert_eq!((&payout["status"], &payout["allowed_actions"]), (&json!("requested"), &json!(["cancel"])));
    let amounts = ["amount", "fee", "fee_tax", "bank_fee", "transferred"].map(|name| payout[name].clone());
    assert_eq!(amounts, [9_470, 530, 48, 0, 9_470].map(yen));
    assert_eq!(app.earnings(&deal.worker), 0);
    let escrow = deal.milestone(0)["escrow_id"].clone();
    assert_eq!(payout["lines"], json!([{"escrow_id": escrow, "amount": yen(10_000)}]));
    assert_eq!(app.read(&deal.worker, &format!("/v1/payouts/{}", text(&payout["id"]))), payout);
    let pay_on: chrono::NaiveDate = text(&payout["pay_on"]).parse().unwrap();
    assert!(text(&payout["pay_on"]) >= app.date(0) && text(&payout["pay_on"]) <= app.date(6), "{pay_on}");
    assert_eq!(app.events_about(&deal.worker, payout["id"].as_str().unwrap()), ["payout.quick_requested"]);
}

fn a_quick_payout_can_be_previewed_and_then_changes_nothing(app: &TestApp) {
    let deal = app.earner(&[12_500]);
    let body = json!({"kind": "quick", "amount": yen(9_470), "bank_account_version": 1});
    let answer = app.post("/v1/payouts?preview=true").by(&deal.worker).json(&body);
    let entry = &answer.expect(201)["preview"]["entries"][0];
    assert_eq!((&entry["kind"], answer.header("location")), (&json!("quick_payout_requested"), ""));
    let amounts: Vec<i64> =
        entry["lines"].as_array().unwrap().iter().map(|line| line["amount"].as_i64().unwrap()).collect();
    assert_eq!(amounts, [10_000, -9_470, -48, -482]);
    assert_eq!((app.earnings(&deal.worker), app.payouts(&deal.worker)), (10_000, vec![]));
    app.post("/v1/payouts").by(&deal.worker).json(&body).problem(400, "idempotency_key_missing");
    app.post("/v1/jobs?preview=true").by(&deal.client).json(&job_post()).problem(400, "invalid_parameter");
}

fn a_quick_payout_uses_up_the_oldest_releases_first(app: &TestApp) {
    let deal = app.earner(&[5_000, 5_000, 5_000]);
    let payout = app.quick(&deal.worker, 5_000).expect(201);
    let amounts: Vec<i64> =
        payout["lines"].as_array().unwrap().iter().map(|line| line["amount"]["amount"].as_i64().unwrap()).collect();
    assert_eq!((amounts, remaining(app)), (vec![4_000, 1_530], ["0", "2470", "4000"].map(str::to_owned).to_vec()));
    assert_eq!(app.earnings(&deal.worker), 6_470);
}

fn a_quick_payout_of_too_much_or_too_little_is_refused(app: &TestApp) {
    let deal = app.earner(&[12_500]);
    app.quick(&deal.worker, 9_471).problem(409, "insufficient_funds");
    app.quick(&deal.worker, 999).problem(422, "payout_too_small");
    app.quick(&deal.worker, 0).problem(422, "invalid_body");
    let ask = |body: Value| app.act(&deal.worker, "/v1/payouts", &body);
    let dollars = json!({"amount": 5_000, "currency": "USD"});
    let refused = ask(json!({"kind": "quick", "amount": dollars, "bank_account_version": 1}));
    assert_eq!(refused.problem(422, "invalid_body")["errors"][0]["pointer"], "/amount/currency");
    for body in [
        json!({"kind": "quick", "bank_account_version": 1}),
        json!({"kind": "scheduled", "amount": yen(5_000), "bank_account_version": 1}),
        json!({"kind": "monthly", "bank_account_version": 1}),
        json!({"kind": "quick", "amount": yen(5_000), "bank_account_version": 0}),
        json!({"kind": "quick", "amount": yen(5_000)}),
    ] {
        ask(body).problem(422, "invalid_body");
    }
    assert_eq!((app.earnings(&deal.worker), app.payouts(&deal.worker)), (10_000, vec![]));
}

fn a_quick_payout_needs_the_bank_account_that_the_worker_has_seen(app: &TestApp) {
    let deal = app.deal(&[12_500]);
    deal.complete(0);
    let ask = |version: i64| {
        let body = json!({"kind": "quick", "amount": yen(5_000), "bank_account_version": version});
        app.act(&deal.worker, "/v1/payouts", &body)
    };
    ask(1).problem(409, "bank_account_missing");
    assert_eq!((app.bank(&deal.worker, "1"), app.bank(&deal.worker, "2")), (1, 2));
    ask(1).problem(409, "bank_account_changed");
    assert_eq!(app.earnings(&deal.worker), 10_000);
    ask(2).expect(201);
}

fn what_was_asked_for_can_be_taken_back_until_it_is_in_a_batch(app: &TestApp) {
    let deal = app.earner(&[12_500]);
    let cancel = |payout: &Value| {
        let path = format!("/v1/payouts/{}/cancel", text(&payout["id"]));
        app.post(&path).by(&deal.worker).fresh_key().send()
    };
    let payout = app.quick(&deal.worker, 9_470).expect(201);
    assert_eq!(cancel(&payout).expect(200)["status"], "canceled");
    assert_eq!((app.earnings(&deal.worker), remaining(app)), (10_000, vec!["10000".to_owned()]));
    assert_eq!(kinds(app, &deal.worker)[..2], ["payout_canceled", "quick_payout_requested"]);
    cancel(&payout).problem(409, "action_refused");
    let second = app.quick(&deal.worker, 9_470).expect(201);
    app.sent(&second);
    cancel(&second).problem(409, "action_refused");
    assert_eq!(app.earnings(&deal.worker), 0);
}

fn staff_hold_resume_and_cancel_and_say_why(app: &TestApp) {
    let (deal, finance) = (app.earner(&[12_500]), finance(app));
    let payout = app.quick(&deal.worker, 5_000).expect(201);
    let why = json!({"reason": "We look at the first payout of every worker."});
    assert_eq!(app.handle(&finance, &payout, "hold", &why).expect(200)["allowed_actions"], json!(["resume"]));
    let held = app.read(&deal.worker, &format!("/v1/payouts/{}", text(&payout["id"])));
    assert_eq!(
        (&held["status"], &held["reason"], &held["allowed_actions"]),
        (&json!("held"), &why["reason"], &json!([]))
    );
    let gather = json!({"pay_on": app.date(30)});
    app.act(&finance, "/v1/admin/payout-batches", &gather).problem(409, "nothing_due");
    let resumed =
        app.post(&format!("/v1/admin/payouts/{}/resume", text(&payout["id"]))).by(&finance).send().expect(200);
    assert_eq!((&resumed["status"], &resumed["reason"]), (&json!("requested"), &Value::Null));
    let twice = app.post(&format!("/v1/admin/payouts/{}/resume", text(&payout["id"]))).by(&finance).send();
    assert_eq!(twice.problem(409, "action_refused")["allowed_actions"], json!(["hold", "cancel"]));
    let canceled = app.handle(&finance, &payout, "cancel", &why).expect(200);
    assert_eq!((&canceled["status"], &canceled["reason"]), (&json!("canceled"), &why["reason"]));
    assert_eq!(app.earnings(&deal.worker), 10_000);
    app.handle(&finance, &payout, "hold", &why).problem(409, "action_refused");
    app.handle(&finance, &payout, "hold", &json!({"reason": ""})).problem(422, "invalid_body");
}

fn a_payout_is_paid_once_and_only_after_it_was_sent(app: &TestApp) {
    let (deal, finance) = (app.earner(&[12_500]), finance(app));
    let payout = app.quick(&deal.worker, 9_470).expect(201);
    let pay = |body: &Value| app.handle(&finance, &payout, "pay", body);
    pay(&app.settlement()).problem(409, "action_refused");
    let prepared = app.act(&finance, "/v1/admin/payout-batches", &json!({"pay_on": payout["pay_on"]})).expect(201);
    pay(&app.settlement()).problem(409, "action_refused");
    let batch = format!("/v1/admin/payout-batches/{}", text(&prepared["id"]));
    app.post(&format!("{batch}/send")).by(&finance).fresh_key().send().expect(200);
    let tomorrow = json!({"bank_reference": "42", "value_on": app.date(1)});
    assert_eq!(pay(&tomorrow).problem(422, "invalid_body")["errors"][0]["pointer"], "/value_on");
    let yesterday = json!({"bank_reference": "42", "value_on": app.date(-1)});
    assert_eq!(pay(&yesterday).problem(422, "invalid_body")["errors"][0]["pointer"], "/value_on");
    assert_eq!(app.act(&finance, &format!("{batch}/settle"), &yesterday).status, 422);
    let paid = pay(&app.settlement()).expect(200);
    assert_eq!((&paid["status"], &paid["bank_reference"]), (&json!("paid"), &json!("20260515-000042")));
    pay(&app.settlement()).problem(409, "action_refused");
    assert_eq!(app.read(&finance, &batch)["status"], "settled");
    assert_eq!(app.earnings(&deal.worker), 0);
    assert_eq!(
        app.events_about(&deal.worker, payout["id"].as_str().unwrap()),
        ["payout.quick_requested", "payout.processing", "payout.paid"]
    );
}

fn a_failure_gives_back_every_yen_and_stops_payouts_to_the_account(app: &TestApp) {
    let deal = app.earner(&[5_000, 12_500]);
    let payout = app.quick(&deal.worker, 9_470).expect(201);
    assert_eq!((remaining(app), app.earnings(&deal.worker)), (vec!["0".to_owned(), "4000".to_owned()], 4_000));
    let (finance, batch) = app.sent(&payout);
    let why = json!({"reason": "The account is closed"});
    let failed = app.handle(&finance, &payout, "fail", &why).expect(200);
    assert_eq!((&failed["status"], &failed["reason"]), (&json!("failed"), &why["reason"]));
    assert_eq!((remaining(app), app.earnings(&deal.worker)), (vec!["4000".to_owned(), "10000".to_owned()], 14_000));
    assert_eq!(app.read(&finance, &batch)["status"], "settled");
    let account = app.read(&deal.worker, "/v1/me/bank-account");
    assert_eq!((&account["status"], &account["failure_reason"]), (&json!("failing"), &why["reason"]));
    app.quick(&deal.worker, 5_000).problem(409, "bank_account_failing");
    let newest = &app.mails(&deal.worker.email)[0];
    assert_eq!(newest["subject"], "A payout did not reach you");
    assert!(text(&newest["body"]).contains("The account is closed"));
    app.handle(&finance, &payout, "fail", &why).problem(409, "action_refused");
    app.bank(&deal.worker, "7654321");
    app.quick(&deal.worker, 5_000).expect(201);
}

fn a_return_gives_back_what_had_reached_the_bank(app: &TestApp) {
    let deal = app.earner(&[12_500]);
    let (_, pay_on) = app.close_month();
    let payout = app.pages(&deal.worker, "/v1/payouts")[0].clone();
    app.advance_to(pay_on);
    let (finance, _) = app.sent(&payout);
    let back = json!({"reason": "The account is closed", "bank_reference": "7", "value_on": app.date(0)});
    app.handle(&finance, &payout, "return", &back).problem(409, "action_refused");
    app.handle(&finance, &payout, "pay", &app.settlement()).expect(200);
    let before = json!({"reason": "The account is closed", "bank_reference": "7", "value_on": app.date(-1)});
    let refused = app.handle(&finance, &payout, "return", &before).problem(422, "invalid_body");
    assert_eq!(refused["errors"][0]["pointer"], "/value_on");
    let returned = app.handle(&finance, &payout, "return", &back).expect(200);
    assert_eq!(
        ["status", "bank_reference", "return_reference", "value_on", "returned_on"].map(|name| text(&returned[name])),
        ["returned", "20260515-000042", "7", &app.date(0), &app.date(0)]
    );
    assert_eq!((remaining(app), app.earnings(&deal.worker)), (vec!["9500".to_owned()], 9_500));
    assert_eq!(app.read(&deal.worker, "/v1/me/bank-account")["status"], "failing");
}

fn what_failed_at_an_account_of_the_past_does_not_spoil_the_new_one(app: &TestApp) {
    let deal = app.earner(&[12_500]);
    let payout = app.quick(&deal.worker, 5_000).expect(201);
    let (finance, _) = app.sent(&payout);
    app.bank(&deal.worker, "7654321");
    app.handle(&finance, &payout, "fail", &json!({"reason": "The account is closed"})).expect(200);
    assert_eq!(app.read(&deal.worker, "/v1/me/bank-account")["status"], "usable");
    app.quick(&deal.worker, 5_000).expect(201);
}

fn payouts_go_to_the_account_that_the_worker_has_when_they_are_gathered(app: &TestApp) {
    let deal = app.earner(&[12_500]);
    let payout = app.quick(&deal.worker, 5_000).expect(201);
    assert_eq!(payout["bank_account"], Value::Null);
    app.bank(&deal.worker, "7654321");
    let (finance, batch) = app.sent(&payout);
    app.bank(&deal.worker, "1111111");
    let sent = &app.read(&finance, &format!("{batch}/payouts"))["items"][0];
    assert_eq!((&sent["id"], &sent["bank_account"]["number"]), (&payout["id"], &json!("7654321")));
}

fn payouts_are_listed_page_by_page(app: &TestApp) {
    let deal = app.earner(&[50_000]);
    let finance = finance(app);
    let all: Vec<Value> = (0..5).map(|each| app.quick(&deal.worker, 1_000 + each).expect(201)).collect();
    app.handle(&finance, &all[1], "hold", &json!({"reason": "A look"})).expect(200);
    let amounts = |person: &Person, list: &str| -> Vec<i64> {
        let list = app.pages(person, list);
        list.iter().map(|payout| payout["amount"]["amount"].as_i64().unwrap()).collect()
    };
    assert_eq!(amounts(&deal.worker, "/v1/payouts"), [1_004, 1_003, 1_002, 1_001, 1_000]);
    assert_eq!(amounts(&deal.worker, "/v1/payouts?status=held"), [1_001]);
    assert_eq!(amounts(&finance, "/v1/admin/payouts?status=requested"), [1_004, 1_003, 1_002, 1_000]);
    let pay_on = text(&all[0]["pay_on"]);
    assert_eq!(amounts(&finance, &format!("/v1/admin/payouts?status=held&pay_on={pay_on}")), [1_001]);
    assert_eq!(amounts(&finance, "/v1/admin/payouts?pay_on=2020-01-15"), Vec::<i64>::new());
    for query in ["status=lost", "pay_on=soon", "limit=0", "worker=me"] {
        app.get(&format!("/v1/admin/payouts?{query}")).by(&finance).send().problem(400, "invalid_parameter");
    }
}

fn others_see_no_payout_and_only_finance_handles_them(app: &TestApp) {
    let deal = app.earner(&[12_500]);
    let payout = app.quick(&deal.worker, 5_000).expect(201);
    let path = format!("/v1/payouts/{}", text(&payout["id"]));
    app.get(&path).by(&deal.client).send().problem(404, "not_found");
    let (support, finance) = (app.staff(Role::Support, "mia"), finance(app));
    assert_eq!(app.read(&support, &path)["allowed_actions"], json!([]));
    assert_eq!(app.read(&finance, &path)["allowed_actions"], json!(["hold", "cancel"]));
    let why = json!({"reason": "I would like to"});
    app.handle(&support, &payout, "hold", &why).problem(403, "not_permitted");
    app.handle(&deal.worker, &payout, "cancel", &why).problem(404, "not_found");
    app.post(&format!("{path}/cancel")).by(&finance).fresh_key().send().problem(403, "not_permitted");
    for list in ["/v1/admin/payouts", "/v1/admin/payout-batches", "/v1/admin/payout-runs"] {
        app.get(list).by(&support).send().problem(403, "not_permitted");
        app.get(list).by(&deal.worker).send().problem(404, "not_found");
    }
    app.get("/v1/payouts").by(&finance).send().problem(403, "not_permitted");
}

fn of_two_quick_payouts_at_once_only_what_is_there_leaves(app: &TestApp) {
    let deal = app.earner(&[12_500]);
    let answers = at_once(6, |_| app.quick(&deal.worker, 4_000));
    let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    // Each takes 4,530 of 10,000.
    assert_eq!(done.len(), 2, "{answers:?}");
    refused.iter().for_each(|answer| drop(answer.problem(409, "insufficient_funds")));
    assert_eq!((app.earnings(&deal.worker), remaining(app)), (940, vec!["940".to_owned()]));
}

fn a_payout_that_is_paid_by_many_at_once_is_paid_once(app: &TestApp) {
    let deal = app.earner(&[12_500]);
    let payout = app.quick(&deal.worker, 5_000).expect(201);
    let (finance, batch) = app.sent(&payout);
    let settlement = app.settlement();
    let answers = at_once(6, |each| {
        if each.is_multiple_of(2) {
            app.handle(&finance, &payout, "pay", &settlement)
        } else {
            app.act(&finance, &format!("{batch}/settle"), &settlement)
        }
    });
    let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(done.len(), 1, "{answers:?}");
    refused.iter().for_each(|answer| drop(answer.problem(409, "action_refused")));
    assert_eq!(app.payouts(&deal.worker), [line("quick", "paid", 5_000)]);
}

fn where_earnings_are_paid_by_themselves_nobody_asks(app: &TestApp) {
    let deal = app.earner(&[12_500]);
    let ask = json!({"kind": "scheduled", "bank_account_version": 1});
    app.act(&deal.worker, "/v1/payouts", &ask).problem(409, "action_refused");
}
