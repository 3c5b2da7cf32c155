//! Moments in JSON: RFC 3339 in UTC, as chrono writes them, and several times as fast, since a page has some eighty.

use chrono::{Datelike, SecondsFormat, Timelike, Utc};
use serde::{Serialize, Serializer};

/// A moment as sent. The specification knows it by its name, as it does chrono's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTime(chrono::DateTime<Utc>);

impl From<chrono::DateTime<Utc>> for DateTime {
    fn from(at: chrono::DateTime<Utc>) -> Self {
        Self(at)
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&text(self.0))
    }
}

/// Whole microseconds in the years that have four digits, which is all that is stored.
fn text(at: chrono::DateTime<Utc>) -> String {
    let (year, micros) = (u32::try_from(at.year()).unwrap_or(u32::MAX), at.nanosecond() / 1_000);
    if year > 9_999 || !at.nanosecond().is_multiple_of(1_000) || micros > 999_999 {
        return at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    }
    let mut text = String::with_capacity("2026-01-01T00:00:00.000000Z".len());
    let (day, time) = (at.date_naive(), at.time());
    for (number, places, after) in [
        (year, 4, '-'),
        (day.month(), 2, '-'),
        (day.day(), 2, 'T'),
        (time.hour(), 2, ':'),
        (time.minute(), 2, ':'),
        (time.second(), 2, if micros == 0 { 'Z' } else { '.' }),
    ] {
        push(&mut text, number, places);
        text.push(after);
    }
    if micros != 0 {
        let (number, places) = if micros.is_multiple_of(1_000) { (micros / 1_000, 3) } else { (micros, 6) };
        push(&mut text, number, places);
        text.push('Z');
    }
    text
}

fn push(text: &mut String, number: u32, places: u32) {
    let digits = (0..places).rev().map(|place| number / 10_u32.pow(place) % 10);
    text.extend(digits.filter_map(|digit| char::from_digit(digit, 10)));
}
