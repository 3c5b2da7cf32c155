//! Months that end: what is paid, what carries over, and what happens when a run is late, interrupted or raced.

use chrono::NaiveDate;
use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{Person, TestApp, deals::text, market::yen, on_both_engines, payday::line, work::at_once};

on_both_engines!(
    what_a_month_brought_is_paid_on_its_payday,
    what_is_released_after_the_close_belongs_to_the_next_month,
    less_than_the_minimum_carries_over_until_the_law_says_no,
    who_has_no_usable_account_is_paid_once_there_is_one,
    a_batch_takes_what_is_due_and_leaves_what_cannot_go,
    the_bank_answers_for_a_batch_and_its_exceptions,
    a_payday_follows_the_calendar_of_the_day_of_the_close,
    what_comes_near_sixty_days_is_told_to_finance,
    a_monthly_payout_is_not_taken_back_by_its_worker,
    a_quick_payout_that_races_the_close_is_paid_once,
);

on_both_engines!(&[("AZUKARI_RULES__PAYOUT__RUN_CHUNK", "1")] =>
    a_run_that_is_stopped_at_any_step_goes_on_and_pays_everybody_once,
);

on_both_engines!(&[("AZUKARI_RULES__PAYOUT__MODE", "on_request")] => where_workers_ask_they_are_paid_on_request);

fn finance(app: &TestApp) -> Person {
    app.staff(Role::Finance, "fin")
}

fn prepare(app: &TestApp, finance: &Person, pay_on: NaiveDate) -> Value {
    app.act(finance, "/v1/admin/payout-batches", &json!({"pay_on": pay_on})).expect(201)
}

fn what_a_month_brought_is_paid_on_its_payday(app: &TestApp) {
    let finance = finance(app);
    let deal = app.earner(&[12_500, 25_000]);
    let (closed_on, pay_on) = app.close_month();
    let payout = app.pages(&deal.worker, "/v1/payouts")[0].clone();
    let days = (&payout["closed_on"], &payout["pay_on"]);
    assert_eq!(days, (&json!(closed_on), &json!(pay_on)));
    let amounts = ["amount", "fee", "bank_fee", "transferred"].map(|name| payout[name]["amount"].as_i64().unwrap());
    assert_eq!(amounts, [30_000, 0, 500, 29_500]);
    assert_eq!(
        (app.earnings(&deal.worker), app.payouts(&deal.worker)),
        (0, vec![line("monthly", "requested", 30_000)])
    );
    let run = &app.read(&finance, "/v1/admin/payout-runs")["items"][0];
    assert_eq!((&run["closed_on"], &run["payouts"], &run["total"]), (&json!(closed_on), &json!(1), &yen(30_000)));
    assert!(run["finished_at"].is_string(), "{run}");
    app.advance_to(pay_on);
    let batch = app.send_batch(&finance, pay_on);
    app.act(&finance, &format!("{batch}/settle"), &app.settlement()).expect(200);
    assert_eq!(app.payouts(&deal.worker), [line("monthly", "paid", 30_000)]);
    app.close_month();
    assert_eq!(app.payouts(&deal.worker).len(), 1);
    app.close_month();
    let runs = app.pages(&finance, "/v1/admin/payout-runs");
    assert_eq!(runs.iter().map(|run| run["payouts"].as_i64().unwrap()).collect::<Vec<_>>(), [0, 0, 1]);
    assert!(runs.is_sorted_by_key(|run| std::cmp::Reverse(text(&run["closed_on"]))), "{runs:?}");
}

fn what_is_released_after_the_close_belongs_to_the_next_month(app: &TestApp) {
    let deal = app.earner(&[12_500]);
    app.close_month();
    let second = app.deal_of("second", &[5_000]);
    assert_eq!(app.payouts(&deal.worker), [line("monthly", "requested", 10_000)]);
    app.bank(&second.worker, "2222222");
    second.complete(0);
    app.advance_hours(1);
    assert_eq!(app.payouts(&second.worker), []);
    app.close_month();
    assert_eq!(app.payouts(&second.worker), [line("monthly", "requested", 4_000)]);
}

fn less_than_the_minimum_carries_over_until_the_law_says_no(app: &TestApp) {
    app.close_month();
    // Released in the first hour of a month, 800 yen must be paid by the sixtieth day, which lies before the payday after
    // the next.
    let deal = app.earner(&[1_000]);
    let (_, pay_on) = app.close_month();
    assert!(app.read(&deal.worker, &format!("/v1/milestones/{}", deal.milestones[0]))["payment_due_on"].is_string());
    let payout = app.pages(&deal.worker, "/v1/payouts");
    let payment_due_on: NaiveDate = text(&deal.milestone(0)["payment_due_on"]).parse().unwrap();
    assert!(payment_due_on >= pay_on, "{payment_due_on} {pay_on}");
    assert_eq!(payout.len(), 1, "{payout:?}");
    let amounts = ["amount", "bank_fee", "transferred"].map(|name| payout[0][name]["amount"].as_i64().unwrap());
    assert_eq!(amounts, [800, 0, 800]);
}

fn who_has_no_usable_account_is_paid_once_there_is_one(app: &TestApp) {
    let deal = app.deal(&[12_500]);
    deal.complete(0);
    app.close_month();
    assert_eq!((app.payouts(&deal.worker), app.earnings(&deal.worker)), (vec![], 10_000));
    app.bank(&deal.worker, "1");
    app.close_month();
    assert_eq!(app.payouts(&deal.worker), [line("monthly", "requested", 10_000)]);
}

fn a_batch_takes_what_is_due_and_leaves_what_cannot_go(app: &TestApp) {
    let finance = finance(app);
    let (deal, other) = (app.earner(&[12_500]), app.deal_of("other", &[25_000]));
    app.bank(&other.worker, "2222222");
    other.complete(0);
    let (_, pay_on) = app.close_month();
    let forgetful = app.log_in(&other.worker.email);
    app.request("DELETE", "/v1/me/bank-account").by(&forgetful).send().expect(204);
    app.act(&finance, "/v1/admin/payout-batches", &json!({"pay_on": pay_on.pred_opt()})).problem(409, "nothing_due");
    let prepared = prepare(app, &finance, pay_on);
    assert_eq!((&prepared["payouts"], &prepared["skipped"], &prepared["remaining"]), (&json!(1), &json!(1), &json!(0)));
    assert_eq!((&prepared["total"]["amount"], &prepared["allowed_actions"]), (&json!(9_500), &json!(["send"])));
    assert_eq!(app.payouts(&deal.worker), [line("monthly", "processing", 10_000)]);
    assert_eq!(app.payouts(&other.worker), [line("monthly", "requested", 20_000)]);
    app.act(&finance, "/v1/admin/payout-batches", &json!({"pay_on": pay_on})).problem(409, "nothing_due");
    app.bank(&other.worker, "2222222");
    assert_eq!(prepare(app, &finance, pay_on)["payouts"], 1);
    let ids: Vec<Value> =
        app.pages(&finance, "/v1/admin/payout-batches").iter().map(|batch| batch["id"].clone()).collect();
    assert_eq!((ids.len(), &ids[1]), (2, &prepared["id"]));
}

fn the_bank_answers_for_a_batch_and_its_exceptions(app: &TestApp) {
    let finance = finance(app);
    let deals = [app.earner(&[12_500]), app.earner_named("second", 12_500), app.earner_named("third", 12_500)];
    let (_, pay_on) = app.close_month();
    app.advance_to(pay_on);
    let batch = app.send_batch(&finance, pay_on);
    let payout = |place: usize| app.pages(&deals[place].worker, "/v1/payouts")[0].clone();
    app.handle(&finance, &payout(0), "fail", &json!({"reason": "No such account"})).expect(200);
    app.handle(&finance, &payout(1), "pay", &app.settlement()).expect(200);
    assert_eq!(app.read(&finance, &batch)["status"], "sent");
    app.post(&format!("{batch}/send")).by(&finance).fresh_key().send().problem(409, "action_refused");
    let settled = app.act(&finance, &format!("{batch}/settle"), &app.settlement()).expect(200);
    assert_eq!((&settled["status"], &settled["allowed_actions"]), (&json!("settled"), &json!([])));
    app.act(&finance, &format!("{batch}/settle"), &app.settlement()).problem(409, "action_refused");
    let states: Vec<Value> = (0..3).map(|place| payout(place)["status"].clone()).collect();
    assert_eq!(states, ["failed", "paid", "paid"]);
    // The correction is paid with the next month.
    app.bank(&deals[0].worker, "7654321");
    app.close_month();
    assert_eq!(
        app.payouts(&deals[0].worker),
        [line("monthly", "requested", 10_000), line("monthly", "failed", 10_000)]
    );
}

fn a_payday_follows_the_calendar_of_the_day_of_the_close(app: &TestApp) {
    let (finance, deal) = (finance(app), app.earner(&[12_500]));
    let today: NaiveDate = app.date(0).parse().unwrap();
    let closed_on = domain::calendar::month_end(today);
    let by_law = app.get(&format!("/v1/payout-calendar?closed_on={closed_on}")).send().expect(200)["pay_on"].clone();
    let day = format!("/v1/admin/calendar-overrides/{}", text(&by_law));
    let closed = json!({"is_business_day": false, "note": "The clearing system is down"});
    app.request("PUT", &day).by(&finance).json(&closed).expect(200);
    let (_, pay_on) = app.close_month();
    assert!(json!(pay_on) != by_law && pay_on.to_string() > text(&by_law));
    assert_eq!(app.pages(&deal.worker, "/v1/payouts")[0]["pay_on"], json!(pay_on));
}

fn what_comes_near_sixty_days_is_told_to_finance(app: &TestApp) {
    // In the middle of a month, so that it is closed before the days run short.
    app.advance_to(NaiveDate::from_ymd_opt(2031, 3, 12).unwrap());
    let finance = finance(app);
    let (without, with) = (app.deal(&[12_500]), app.earner_named("second", 12_500));
    without.complete(0);
    let tasks = || -> Vec<(String, String)> {
        let list = app.read(&finance, "/v1/admin/worklist");
        list["items"].as_array().unwrap().iter().map(|task| (text(&task["kind"]), text(&task["id"]))).collect()
    };
    let payment_due_on: NaiveDate = text(&without.milestone(0)["payment_due_on"]).parse().unwrap();
    app.advance_to(payment_due_on - chrono::Days::new(8));
    assert_eq!(tasks(), []);
    app.advance_to(payment_due_on - chrono::Days::new(7));
    let payout = app.pages(&with.worker, "/v1/payouts")[0].clone();
    let mut expected = [
        ("earnings_near_limit".to_owned(), without.milestones[0].clone()),
        ("payout_near_limit".to_owned(), text(&payout["id"])),
    ];
    expected.sort_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(tasks(), expected);
    let batch = app.send_batch(&finance, text(&payout["pay_on"]).parse().unwrap());
    app.act(&finance, &format!("{batch}/settle"), &app.settlement()).expect(200);
    assert_eq!(tasks(), [("earnings_near_limit".to_owned(), without.milestones[0].clone())]);
}

fn a_monthly_payout_is_not_taken_back_by_its_worker(app: &TestApp) {
    let deal = app.earner(&[12_500]);
    app.close_month();
    let payout = app.pages(&deal.worker, "/v1/payouts")[0].clone();
    assert_eq!(payout["allowed_actions"], json!([]));
    let cancel = format!("/v1/payouts/{}/cancel", text(&payout["id"]));
    app.post(&cancel).by(&deal.worker).fresh_key().send().problem(409, "action_refused");
}

fn a_quick_payout_that_races_the_close_is_paid_once(app: &TestApp) {
    let deal = app.earner(&[12_500]);
    let answers = at_once(4, |each| {
        if each == 0 {
            app.close_month();
            app.get("/livez").send()
        } else {
            app.quick(&deal.worker, 2_000)
        }
    });
    let quick = answers[1..].iter().filter(|answer| answer.status == 201).count();
    let payouts = app.payouts(&deal.worker);
    let total: i64 = payouts.iter().map(|(_, _, amount)| amount).sum();
    let fees = 530 * i64::try_from(quick).unwrap();
    assert_eq!((total + fees, app.earnings(&deal.worker)), (10_000, 0), "{payouts:?}");
}

/// Each step pays one worker, and is refused by the database at first, as if the program had been killed in it.
fn a_run_that_is_stopped_at_any_step_goes_on_and_pays_everybody_once(app: &TestApp) {
    let finance = finance(app);
    let workers: Vec<_> = ["one", "two", "three", "four"].map(|name| app.earner_named(name, 12_500)).into();
    let broken = "ALTER TABLE payout_lines RENAME TO payout_lines_gone";
    let mended = "ALTER TABLE payout_lines_gone RENAME TO payout_lines";
    app.database.execute(broken).unwrap();
    let (closed_on, _) = app.close_month();
    assert_eq!(app.database.texts("SELECT state AS text FROM payouts"), Vec::<String>::new());
    app.database.execute(mended).unwrap();
    // The step that failed is tried again after five minutes; the others follow at once.
    app.advance_hours(1);
    for deal in &workers {
        assert_eq!(app.payouts(&deal.worker), [line("monthly", "requested", 10_000)]);
        assert_eq!(app.earnings(&deal.worker), 0);
    }
    let run = &app.read(&finance, "/v1/admin/payout-runs")["items"][0];
    assert_eq!((&run["closed_on"], &run["payouts"], &run["total"]), (&json!(closed_on), &json!(4), &yen(40_000)));
}

fn where_workers_ask_they_are_paid_on_request(app: &TestApp) {
    app.close_month();
    let deal = app.earner(&[12_500]);
    let ask = json!({"kind": "scheduled", "bank_account_version": 1});
    let payout = app.act(&deal.worker, "/v1/payouts", &ask).expect(201);
    assert_eq!((&payout["kind"], &payout["amount"]["amount"]), (&json!("scheduled"), &json!(10_000)));
    // In the first days of a month, the next payday is that of the month before.
    assert!(text(&payout["pay_on"]) > app.date(0) && text(&payout["pay_on"]) < app.date(25), "{payout}");
    app.act(&deal.worker, "/v1/payouts", &ask).problem(422, "payout_too_small");
    let cancel = format!("/v1/payouts/{}/cancel", text(&payout["id"]));
    app.post(&cancel).by(&deal.worker).fresh_key().send().expect(200);
    // Nobody asks any more, but the law does.
    app.close_month();
    app.close_month();
    assert_eq!(app.payouts(&deal.worker)[0], line("monthly", "requested", 10_000));
}
