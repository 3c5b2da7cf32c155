//! The only source of time and of fresh ids.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use domain::ids::Id;
use uuid::{ContextV7, Timestamp, Uuid};

/// Real time, which tokens, limits and retention go by even in a sandbox. Whole microseconds, as stored.
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
pub fn real_now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// The marketplace's time: real time, moved forward by the sandbox's test clock.
pub fn market_now(offset: TimeDelta) -> DateTime<Utc> {
    real_now().checked_add_signed(offset).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Makes fresh ids that sort by time, and by the order in which they were made within one piece of work.
#[derive(Debug, Default)]
pub struct Ids(ContextV7);

impl Ids {
    /// A fresh id.
    pub fn fresh<K>(&self, now: DateTime<Utc>) -> Id<K> {
        Id::from_uuid(self.fresh_uuid(now))
    }

    /// A fresh UUIDv7 (RFC 9562).
    pub fn fresh_uuid(&self, now: DateTime<Utc>) -> Uuid {
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        Uuid::new_v7(Timestamp::from_unix(&self.0, seconds, now.timestamp_subsec_nanos()))
    }
}
