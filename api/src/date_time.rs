//! Moments in JSON: RFC 3339 in UTC, as chrono writes them, and in a third of the time: a page of jobs has eighty.

use chrono::{Datelike, Timelike, Utc};
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
        let (text, length) = written(self.0);
        match text.get(..length).and_then(|text| str::from_utf8(text).ok()) {
            Some(text) if is_plain(self.0) => serializer.serialize_str(text),
            Some(_) | None => self.0.serialize(serializer),
        }
    }
}

/// Whether it is of whole microseconds in a year of four digits, as is all that is stored.
fn is_plain(at: chrono::DateTime<Utc>) -> bool {
    (0..=9_999).contains(&at.year()) && at.nanosecond() < 1_000_000_000 && at.nanosecond().is_multiple_of(1_000)
}

/// The text of a plain moment, and its length.
fn written(at: chrono::DateTime<Utc>) -> ([u8; 27], usize) {
    let (day, time) = (at.date_naive(), at.time());
    let (year, micros) = (day.year().unsigned_abs(), time.nanosecond() / 1_000);
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    for (place, number) in [
        (0, year / 100),
        (2, year),
        (5, day.month()),
        (8, day.day()),
        (11, time.hour()),
        (14, time.minute()),
        (17, time.second()),
        (20, micros / 10_000),
        (22, micros / 100),
        (24, micros),
    ] {
        if let Some(digits) = text.get_mut(place..place + 2) {
            digits.copy_from_slice(&two(number));
        }
    }
    // As many digits of the second as are needed: none, three or six.
    let length = match micros {
        0 => 20,
        _ if micros.is_multiple_of(1_000) => 24,
        _ => 27,
    };
    if let Some(last) = text.get_mut(length - 1) {
        *last = b'Z';
    }
    (text, length)
}

/// The last two digits.
fn two(number: u32) -> [u8; 2] {
    [number / 10 % 10, number % 10].map(|digit| u8::try_from(digit).map_or(b'?', |digit| b'0' + digit))
}
