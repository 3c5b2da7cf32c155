//! When banks are open in Japan, and which day is payday (domain rules, section 5).

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use jpholiday::jpholiday::JPHoliday;

use crate::{
    calendar::{last_month_end, month_end, plus_days},
    names,
};

/// The day of the month on which payouts are paid, if the banks are open.
const PAYDAY: u32 = 15;

/// How far from a day the next or previous open one is looked for.
const FARTHEST: u64 = 400;

/// The years for which the law of holidays, as it stands, can be reckoned.
const KNOWN_YEARS: std::ops::RangeInclusive<i32> = 2000..=2150;

names! {
    /// Where a payday goes on which the banks are closed.
    pub enum Shift {
        /// To the next business day.
        Next = "next",
        /// To the previous one.
        Previous = "previous",
    }
}

/// The days on which banks are open: not on weekends, national holidays and from December 31 to January 3; and what staff
/// know better.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BusinessCalendar {
    overrides: BTreeMap<NaiveDate, bool>,
}

/// Payouts are reckoned by whole months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not the last day of a month between 2000 and 2149")]
pub struct NotAMonthEnd(pub NaiveDate);

impl BusinessCalendar {
    /// The calendar by law, but for these days: whether each is a business day.
    pub const fn new(overrides: BTreeMap<NaiveDate, bool>) -> Self {
        Self { overrides }
    }

    /// Whether banks are open.
    pub fn is_business_day(&self, date: NaiveDate) -> bool {
        self.overrides.get(&date).copied().unwrap_or_else(|| is_open_by_law(date))
    }

    /// The payday of what was released by the end of a month: the 15th of the next one, or where that goes when the
    /// banks are closed.
    ///
    /// # Errors
    /// The date is not the last day of a month.
    pub fn pay_on(&self, closed_on: NaiveDate, shift: Shift) -> Result<NaiveDate, NotAMonthEnd> {
        let is_end = month_end(closed_on) == closed_on && (2000..2150).contains(&closed_on.year());
        let payday = plus_days(closed_on, PAYDAY.into());
        if is_end { Ok(self.shifted(payday, shift)) } else { Err(NotAMonthEnd(closed_on)) }
    }

    /// The next payday that lies ahead: of the month that was closed last, or of the one that is running.
    ///
    /// # Errors
    /// A date for which none can be reckoned.
    pub fn next_payday(&self, today: NaiveDate, shift: Shift) -> Result<NaiveDate, NotAMonthEnd> {
        let of_last = self.pay_on(last_month_end(today), shift)?;
        if of_last > today { Ok(of_last) } else { self.pay_on(month_end(today), shift) }
    }

    /// The day itself if the banks are open, or else the nearest open one in that direction.
    pub fn shifted(&self, date: NaiveDate, shift: Shift) -> NaiveDate {
        let away = |days: u64| match shift {
            Shift::Next => date.checked_add_days(Days::new(days)),
            Shift::Previous => date.checked_sub_days(Days::new(days)),
        };
        (0..FARTHEST).filter_map(away).find(|day| self.is_business_day(*day)).unwrap_or(date)
    }
}

fn is_open_by_law(date: NaiveDate) -> bool {
    let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    let new_year = matches!((date.month(), date.day()), (12, 31) | (1, 1..=3));
    let holiday = KNOWN_YEARS.contains(&date.year()) && JPHoliday::new().is_holiday(&date);
    !weekend && !new_year && !holiday
}
