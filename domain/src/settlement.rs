//! What the bank, or the gateway, says of a transfer (domain rules, section 5).

use chrono::{DateTime, NaiveDate, Utc};

use crate::calendar::tokyo_date;

/// How a transfer was booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// Their own number of it.
    pub reference: String,
    /// The value date: when they booked it, in Asia/Tokyo.
    pub value_on: NaiveDate,
}

/// A value date on which the transfer cannot have been booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongValueDate {
    /// Nothing is booked in advance.
    #[error("the date is yet to come")]
    Ahead,
    /// There was no such transfer yet.
    #[error("must not be before {0}")]
    Before(NaiveDate),
}

impl Settlement {
    /// Whether it can have been booked by now, and not before the transfer was on its way.
    ///
    /// # Errors
    /// The date is before `earliest`, or yet to come.
    pub fn check(&self, earliest: NaiveDate, now: DateTime<Utc>) -> Result<(), WrongValueDate> {
        if self.value_on > tokyo_date(now) {
            Err(WrongValueDate::Ahead)
        } else if self.value_on < earliest {
            Err(WrongValueDate::Before(earliest))
        } else {
            Ok(())
        }
    }
}
