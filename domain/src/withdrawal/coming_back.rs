//! Whether the address of somebody who left may join again (domain rules, section 6).

use chrono::{DateTime, Utc};

use crate::{
    calendar::after,
    rules::{EmailReuse, Rules},
};

/// Whether an address that somebody left with may join again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComingBack {
    /// Now.
    Free,
    /// From then on; with no date, never, or when staff agree.
    NotYet(Option<DateTime<Utc>>),
}

impl ComingBack {
    /// By the rules, and by whether staff have let it come back.
    pub fn of(left_at: DateTime<Utc>, readmitted: bool, now: DateTime<Utc>, rules: &Rules) -> Self {
        let purged_at = after(left_at, rules.purge_after);
        match rules.email_reuse {
            EmailReuse::AfterPurge | EmailReuse::Support if readmitted => Self::Free,
            EmailReuse::AfterPurge if purged_at <= now => Self::Free,
            EmailReuse::AfterPurge => Self::NotYet(Some(purged_at)),
            EmailReuse::Forbidden | EmailReuse::Support => Self::NotYet(None),
        }
    }
}
