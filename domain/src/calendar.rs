//! Calendar dates, which are those of Asia/Tokyo whoever reads them and wherever.

use chrono::{DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};

/// Japan has had no summer time since 1951, so a fixed offset is its time zone.
const TOKYO: FixedOffset = match FixedOffset::east_opt(9 * 60 * 60) {
    Some(offset) => offset,
    None => unreachable!(),
};

/// The date on the wall in Tokyo.
pub fn tokyo_date(now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&TOKYO).date_naive()
}

/// The moment a date is over in Tokyo (24:00).
pub fn end_of_day(date: NaiveDate) -> DateTime<Utc> {
    let midnight = plus_days(date, 1).and_time(NaiveTime::MIN);
    TOKYO.from_local_datetime(&midnight).single().map_or(DateTime::<Utc>::MAX_UTC, |moment| moment.to_utc())
}

/// A date so many days later; the end of all time rather than an overflow.
pub fn plus_days(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
}

/// The last day of the month of a date.
pub fn month_end(date: NaiveDate) -> NaiveDate {
    let next = date.with_day(1).and_then(|first| first.checked_add_months(Months::new(1)));
    next.and_then(|first| first.pred_opt()).unwrap_or(NaiveDate::MAX)
}

/// The last day of the month before that of a date.
pub fn last_month_end(date: NaiveDate) -> NaiveDate {
    date.with_day(1).and_then(|first| first.pred_opt()).unwrap_or(NaiveDate::MIN)
}

/// The moment a wait that begins now is over; the end of all time rather than an overflow.
pub fn after(now: DateTime<Utc>, wait: TimeDelta) -> DateTime<Utc> {
    now.checked_add_signed(wait).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_ends_at_midnight_in_tokyo() {
        let date: NaiveDate = "2026-04-30".parse().unwrap();
        let end = end_of_day(date);
        assert_eq!(end.to_rfc3339(), "2026-04-30T15:00:00+00:00");
        assert_eq!(tokyo_date(end - TimeDelta::seconds(1)), date);
        assert_eq!(tokyo_date(end), plus_days(date, 1));
    }

    #[test]
    fn months_end_on_their_last_day_also_in_leap_years() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (day, end, before) in [
            ("2026-01-31", "2026-01-31", "2025-12-31"),
            ("2028-02-01", "2028-02-29", "2028-01-31"),
            ("2026-12-15", "2026-12-31", "2026-11-30"),
        ] {
            assert_eq!((month_end(date(day)), last_month_end(date(day))), (date(end), date(before)));
        }
        assert_eq!(month_end(NaiveDate::MAX), NaiveDate::MAX);
    }

    #[test]
    fn the_end_of_time_is_not_an_overflow() {
        assert_eq!(after(DateTime::<Utc>::MAX_UTC, TimeDelta::days(1)), DateTime::<Utc>::MAX_UTC);
        assert!(end_of_day(NaiveDate::MAX) > after(end_of_day(NaiveDate::MAX), -TimeDelta::days(1)));
    }
}
