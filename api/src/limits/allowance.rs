//! One allowance: so many requests a minute for each of those who share its rule.

use std::num::NonZeroU32;

use governor::{
    DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter,
    clock::{Clock, DefaultClock, Reference},
    middleware::StateInformationMiddleware,
};

use super::Caller;

/// A rule, and what is left of it to whom.
#[derive(Debug)]
pub(super) struct Allowance {
    name: String,
    per_minute: u32,
    limiter: DefaultKeyedRateLimiter<Caller, StateInformationMiddleware>,
}

/// Where a caller stands, in the words of the headers.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    /// How many requests are left.
    pub left: u32,
    /// Seconds until the next request is let in, if none is.
    pub wait: i64,
    /// `RateLimit-Policy`.
    pub policy: String,
    /// `RateLimit`.
    pub told: String,
}

impl Standing {
    /// Of who is counted nowhere.
    pub const fn unlimited() -> Self {
        Self { left: u32::MAX, wait: 0, policy: String::new(), told: String::new() }
    }
}

impl Allowance {
    pub fn new(name: String, per_minute: u32) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
        let limiter = RateLimiter::dashmap(quota).with_middleware::<StateInformationMiddleware>();
        Self { name, per_minute, limiter }
    }

    /// Takes one request from a caller's allowance.
    ///
    /// # Errors
    /// There is nothing to take from.
    pub fn take(&self, caller: &Caller) -> Result<Standing, Standing> {
        match self.limiter.check_key(caller) {
            Ok(state) => {
                let left = state.remaining_burst_capacity();
                let used = u64::from(self.per_minute.saturating_sub(left));
                Ok(self.standing(left, (used * 60).div_ceil(u64::from(self.per_minute.max(1))), 0))
            }
            Err(until) => {
                let wait = seconds_until(&until);
                Err(self.standing(0, wait, i64::try_from(wait).unwrap_or(i64::MAX)))
            }
        }
    }

    fn standing(&self, left: u32, seconds: u64, wait: i64) -> Standing {
        let policy = format!("\"{}\";q={};w=60", self.name, self.per_minute);
        Standing { left, wait, policy, told: format!("\"{}\";r={left};t={seconds}", self.name) }
    }

    pub fn forget_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

fn seconds_until<P: Reference>(until: &NotUntil<P>) -> u64
where
    DefaultClock: Clock<Instant = P>,
{
    until.wait_time_from(DefaultClock::default().now()).as_secs() + 1
}
