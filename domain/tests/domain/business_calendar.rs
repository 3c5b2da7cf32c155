//! Paydays and the days on which banks are open.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};
use domain::{
    business_calendar::{BusinessCalendar, NotAMonthEnd, Shift},
    calendar::{end_of_day, month_end, plus_days},
    release::payment_due_on,
    rules::PayoutRules,
};

use crate::scene::date;

const VECTORS: &str = include_str!("../vectors/payout_calendar.csv");

fn law() -> BusinessCalendar {
    BusinessCalendar::default()
}

#[test]
fn paydays_are_those_of_the_published_table() {
    let lines = VECTORS.lines().skip(1);
    assert!(lines.clone().count() > 12);
    for line in lines {
        let days: Vec<NaiveDate> = line.split(',').map(date).collect();
        assert_eq!(law().pay_on(days[0], Shift::Next), Ok(days[1]), "{line}");
        assert_eq!(law().pay_on(days[0], Shift::Previous), Ok(days[2]), "{line}");
    }
}

/// Twenty years of months, by the words of the rule alone.
#[test]
fn every_payday_is_the_fifteenth_or_the_nearest_business_day_in_the_chosen_direction() {
    let calendar = law();
    let mut closed_on = date("2025-01-31");
    while closed_on.year() < 2045 {
        let fifteenth = plus_days(closed_on, 15);
        assert_eq!(fifteenth.day(), 15);
        let (next, previous) = (calendar.pay_on(closed_on, Shift::Next), calendar.pay_on(closed_on, Shift::Previous));
        let (next, previous) = (next.unwrap(), previous.unwrap());
        assert!(previous <= fifteenth && fifteenth <= next, "{closed_on}");
        assert!(calendar.is_business_day(next) && calendar.is_business_day(previous), "{closed_on}");
        let between = previous.iter_days().skip(1).take_while(|day| *day < next);
        assert!(between.filter(|day| *day != fifteenth).all(|day| !calendar.is_business_day(day)), "{closed_on}");
        assert_eq!(calendar.is_business_day(fifteenth), next == previous, "{closed_on}");
        closed_on = month_end(plus_days(closed_on, 1));
    }
}

#[test]
fn the_next_payday_is_of_the_last_month_until_it_has_come() {
    for (today, expected) in [
        ("2026-05-01", "2026-05-15"),
        ("2026-05-14", "2026-05-15"),
        ("2026-05-15", "2026-06-15"),
        // The 15th of August 2026 is a Saturday.
        ("2026-08-16", "2026-08-17"),
        ("2026-08-17", "2026-09-15"),
    ] {
        assert_eq!(law().next_payday(date(today), Shift::Next), Ok(date(expected)), "{today}");
    }
}

/// Day by day for twenty years: delivered, accepted by silence on the last day of the longest window, paid on payday.
#[test]
fn whatever_is_delivered_is_paid_within_sixty_days() {
    let rules = PayoutRules::default();
    for (shift, window) in [(Shift::Next, 11), (Shift::Previous, 14)] {
        let mut latest = 0;
        for delivered in date("2025-01-01").iter_days().take_while(|day| day.year() < 2045) {
            let released = plus_days(delivered, window);
            let pay_on = law().pay_on(month_end(released), shift).unwrap();
            let at = |day: NaiveDate| end_of_day(day) - TimeDelta::seconds(1);
            assert!(pay_on <= payment_due_on(Some(at(delivered)), at(released), &rules), "{delivered} {pay_on}");
            latest = latest.max((pay_on - delivered).num_days() + 1);
        }
        assert!(latest > 57, "{shift}: the window could be longer, for {latest} days were the most");
    }
}

#[test]
fn banks_are_closed_on_weekends_holidays_and_over_new_year() {
    for closed in [
        "2026-04-04", // Saturday
        "2026-04-05", // Sunday
        "2025-12-31",
        "2026-01-01",
        "2026-01-02",
        "2029-01-03",
        "2026-05-06", // the substitute for May 3rd, a Sunday
        "2026-09-22", // between two holidays
        "2026-03-20", // vernal equinox
    ] {
        assert!(!law().is_business_day(date(closed)), "{closed}");
    }
    for open in ["2026-04-06", "2025-12-30", "2028-01-04", "2026-05-07", "2026-08-13"] {
        assert!(law().is_business_day(date(open)), "{open}");
    }
}

#[test]
fn what_staff_say_of_a_day_holds_against_the_law() {
    let said = BTreeMap::from([(date("2026-05-15"), false), (date("2026-05-16"), true), (date("2026-06-14"), true)]);
    let calendar = BusinessCalendar::new(said);
    assert_eq!(date("2026-05-16").weekday(), Weekday::Sat);
    assert_eq!(calendar.pay_on(date("2026-04-30"), Shift::Next), Ok(date("2026-05-16")));
    assert_eq!(calendar.pay_on(date("2026-04-30"), Shift::Previous), Ok(date("2026-05-14")));
    assert_eq!(calendar.pay_on(date("2026-05-31"), Shift::Next), Ok(date("2026-06-15")));
}

#[test]
fn only_whole_months_are_paid() {
    for day in ["2026-04-29", "2026-02-27", "2028-02-28", "1999-12-31", "2150-01-31", "9999-12-31"] {
        assert_eq!(law().pay_on(date(day), Shift::Next), Err(NotAMonthEnd(date(day))), "{day}");
    }
    assert_eq!(law().pay_on(NaiveDate::MAX, Shift::Next), Err(NotAMonthEnd(NaiveDate::MAX)));
    assert!(!law().is_business_day(date("2400-01-01")));
}
