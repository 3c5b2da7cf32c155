//! Calendar dates as RFC 3339 writes them: with a year of four digits, which every database and calendar knows.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Deserializer, de::Error};

/// Whether a date can be written in the documented form.
pub fn is_writable(date: NaiveDate) -> bool {
    (0..=9999).contains(&date.year())
}

/// Reads a date of a body or a query.
///
/// # Errors
/// A year before 0 or past 9999.
pub fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let date = NaiveDate::deserialize(deserializer)?;
    if is_writable(date) { Ok(date) } else { Err(D::Error::custom("the year must have four digits")) }
}

/// The same where there may be none.
///
/// # Errors
/// As [`read`].
pub fn read_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    read(deserializer).map(Some)
}
