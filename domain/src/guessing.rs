//! How long somebody waits who guesses at passwords or codes. Failures are counted for whom is guessed at from where, so
//! that a stranger who guesses slows only themselves.

use chrono::{DateTime, TimeDelta, Utc};

/// How patient we are with one kind of failure.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How many failures cost nothing.
    pub free: i32,
    /// The longest wait.
    pub longest: TimeDelta,
}

/// At one account from one address, or with one device that is known: typing errors.
pub const PAIR: Patience = Patience { free: 5, longest: TimeDelta::minutes(15) };
/// At one account from anywhere: 100 failures in a row at most (NIST SP 800-63B-4, section 3.2.2).
pub const ACCOUNT: Patience = Patience { free: 100, longest: TimeDelta::hours(1) };
/// From one address at any account: lists of passwords stolen elsewhere.
pub const ADDRESS: Patience = Patience { free: 50, longest: TimeDelta::minutes(15) };
/// At a code of six digits.
pub const CODE: Patience = Patience { free: 5, longest: TimeDelta::hours(1) };

/// How long failures are remembered after the last.
pub const MEMORY: TimeDelta = TimeDelta::hours(24);

/// How often something was done of late, such as failing in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// How often.
    pub times: i32,
    /// When for the last time.
    pub last_at: DateTime<Utc>,
}

impl Patience {
    /// How long it takes from now until the next guess is looked at; nothing, if it is looked at now. Each failure past
    /// the free ones doubles the wait, beginning with two seconds.
    pub fn wait(self, tally: Tally, now: DateTime<Utc>) -> Option<TimeDelta> {
        let over = tally.times.saturating_sub(self.free).saturating_add(1);
        if over <= 0 || tally.last_at + MEMORY <= now {
            return None;
        }
        let pause = TimeDelta::seconds(1 << over.min(20)).min(self.longest);
        let left = tally.last_at + pause - now;
        (left > TimeDelta::zero()).then_some(left)
    }
}
