//! What a decision answers with: the next state and all that is to be written with it.

use chrono::{DateTime, Utc};

use crate::{
    event::EventKind,
    ledger::JournalEntry,
    timer::{TimerChange, TimerKind},
};

/// Everything that one step on one aggregate writes, in one transaction or not at all.
///
/// It never contains a second aggregate's step (but for a milestone and its own escrow): what follows is
/// another decision, which the use case asks for in the same transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Decision<T> {
    /// The aggregate afterwards, with the version it was read at.
    pub next: T,
    /// What is booked.
    pub entries: Vec<JournalEntry>,
    /// What happens to the aggregate's timers.
    pub timers: Vec<TimerChange>,
    /// What others are told.
    pub events: Vec<EventKind>,
}

impl<T> Decision<T> {
    /// A decision that writes the aggregate and tells one thing.
    pub fn new(next: T, event: EventKind) -> Self {
        Self { events: vec![event], ..Self::silent(next) }
    }

    /// A decision that writes the aggregate and tells nothing.
    pub const fn silent(next: T) -> Self {
        Self { next, entries: Vec::new(), timers: Vec::new(), events: Vec::new() }
    }

    /// Also tells this.
    pub fn tell(mut self, event: EventKind) -> Self {
        self.events.push(event);
        self
    }

    /// Also books this.
    pub fn book(mut self, entry: JournalEntry) -> Self {
        self.entries.push(entry);
        self
    }

    /// Also sets this timer.
    pub fn set(mut self, timer: TimerKind, due_at: DateTime<Utc>) -> Self {
        self.timers.push(TimerChange::Set(timer, due_at));
        self
    }

    /// Also clears these timers.
    pub fn clear(mut self, timers: &[TimerKind]) -> Self {
        self.timers.extend(timers.iter().copied().map(TimerChange::Clear));
        self
    }

    /// The same for another view of the aggregate.
    pub fn map<U>(self, view: impl FnOnce(T) -> U) -> Decision<U> {
        Decision { next: view(self.next), entries: self.entries, timers: self.timers, events: self.events }
    }
}
