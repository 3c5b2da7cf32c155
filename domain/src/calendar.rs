//! Calendar dates, which are those of Asia/Tokyo whoever reads them and wherever.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};

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
    fn the_end_of_time_is_not_an_overflow() {
        assert_eq!(after(DateTime::<Utc>::MAX_UTC, TimeDelta::days(1)), DateTime::<Utc>::MAX_UTC);
        assert!(end_of_day(NaiveDate::MAX) > after(end_of_day(NaiveDate::MAX), -TimeDelta::days(1)));
    }
}
