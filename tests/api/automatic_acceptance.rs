//! What the client hears before silence accepts, and when.

use ::api::timers;
use chrono::{DateTime, Utc};
use domain::timer::TimerKind;
use persistence::timer;
use serde_json::json;

use crate::harness::{Deal, TestApp, deals::text, on_both_engines};

on_both_engines!(
    the_client_is_reminded_three_days_and_one_day_before,
    a_short_window_leaves_only_the_reminders_that_are_still_ahead,
    nobody_is_reminded_of_what_is_decided,
    a_reminder_that_two_replicas_have_found_is_sent_once,
    the_window_begins_anew_with_each_delivery,
);

/// How many reminders the client was mailed, and how many events tell of one.
fn reminders(app: &TestApp, deal: &Deal<'_>) -> (usize, usize) {
    let mails = app.subjects(&deal.client.email);
    let mailed = mails.iter().filter(|subject| *subject == "A delivery awaits your decision").count();
    let told = app.events_about(&deal.client, &deal.milestones[0]);
    (mailed, told.iter().filter(|kind| *kind == "milestone.acceptance_reminder").count())
}

/// Delivered, with so many days to decide.
fn delivered(app: &TestApp, days: i64) -> (Deal<'_>, String) {
    let deal = app.deal_on(&[10_000], &json!({"acceptance_days": days}));
    deal.fund(0);
    let delivery = deal.deliver(0);
    (deal, delivery)
}

fn the_client_is_reminded_three_days_and_one_day_before(app: &TestApp) {
    let (deal, _) = delivered(app, 7);
    app.advance_hours(4 * 24 - 1);
    assert_eq!(reminders(app, &deal), (0, 0));
    app.advance_hours(1);
    assert_eq!(reminders(app, &deal), (1, 1));
    app.advance_hours(2 * 24 - 1);
    assert_eq!(reminders(app, &deal), (1, 1));
    app.advance_hours(1);
    assert_eq!((reminders(app, &deal), deal.stands(0).0.as_str()), ((2, 2), "delivered"));
    app.advance_hours(24);
    assert_eq!((reminders(app, &deal), deal.stands(0).0.as_str()), ((2, 2), "accepted"));
}

fn a_short_window_leaves_only_the_reminders_that_are_still_ahead(app: &TestApp) {
    let (deal, _) = delivered(app, 3);
    app.advance_hours(2 * 24 - 1);
    assert_eq!(reminders(app, &deal), (0, 0));
    app.advance_hours(2);
    assert_eq!(reminders(app, &deal), (1, 1));
}

fn nobody_is_reminded_of_what_is_decided(app: &TestApp) {
    let (deal, delivery) = delivered(app, 7);
    deal.accept(0, &delivery).expect(200);
    app.advance_hours(8 * 24);
    assert_eq!(reminders(app, &deal), (0, 0));
}

fn a_reminder_that_two_replicas_have_found_is_sent_once(app: &TestApp) {
    let (deal, _) = delivered(app, 7);
    let end: DateTime<Utc> = text(&deal.milestone(0)["auto_accept_at"]).parse().unwrap();
    let ahead = app.app.store.read(|conn| timer::due(conn, end, 100)).unwrap();
    let found = ahead.iter().find(|timer| timer.kind == TimerKind::FirstReminder).unwrap();
    for _ in 0..2 {
        timers::fire(&app.app, found, found.due_at, end).unwrap();
    }
    assert_eq!(reminders(app, &deal), (1, 1));
}

fn the_window_begins_anew_with_each_delivery(app: &TestApp) {
    let (deal, _) = delivered(app, 7);
    app.advance_hours(5 * 24);
    deal.request_changes(0).expect(200);
    app.advance_hours(3 * 24);
    assert_eq!(reminders(app, &deal), (1, 1));
    deal.deliver(0);
    app.advance_hours(6 * 24);
    assert_eq!(reminders(app, &deal), (3, 3));
    app.advance_hours(24);
    assert_eq!((deal.stands(0).0.as_str(), deal.balances()), ("accepted", (8_000, 0)));
}
