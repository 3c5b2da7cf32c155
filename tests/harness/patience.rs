//! Waiting for a condition, never for a guess.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long anything may take before a test gives up on it.
pub const LONG: Duration = Duration::from_secs(60);

/// Looks again and again until there is something; panics after a while.
pub fn until<T>(what: &str, patience: Duration, look: impl FnMut() -> Option<T>) -> T {
    within(patience, look).unwrap_or_else(|| panic!("waited {patience:?} in vain until {what}"))
}

/// The same, and nothing after a while.
pub fn within<T>(patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if begun.elapsed() > patience {
            return None;
        }
        rest();
    }
}

/// Leaves the processor to others before the next look.
pub fn rest() {
    thread::park_timeout(Duration::from_millis(2));
}
