//! When apps and keys were last used: noted in memory with each request, written down now and then.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::SessionId;
use persistence::{session::held, store::Intent};

use crate::{clock, problem::Problem, state::App};

/// How often the same session is written down.
const INTERVAL: TimeDelta = TimeDelta::minutes(1);

/// What has been used since, and when each was written down last. A process that is killed forgets a minute of it.
#[derive(Debug, Default)]
pub struct Uses {
    noted: Mutex<HashMap<SessionId, Use>>,
    /// One writes at a time: whoever comes after finds it written.
    writing: Mutex<()>,
}

#[derive(Debug, Clone, Copy)]
struct Use {
    at: DateTime<Utc>,
    written: Option<DateTime<Utc>>,
}

impl Use {
    fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.written.is_none_or(|written| self.at > written && now - written >= INTERVAL)
    }
}

impl Uses {
    /// Notes that a session is used.
    pub fn note(&self, session: SessionId, now: DateTime<Utc>) {
        let mut uses = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        uses.entry(session).or_insert(Use { at: now, written: None }).at = now;
    }

    /// Writes down what is due, and forgets what has been idle.
    ///
    /// # Errors
    /// Only those of the store.
    pub fn write_down(&self, app: &App) -> Result<(), Problem> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::real_now();
        let due = self.take_due(now);
        if due.is_empty() {
            return Ok(());
        }
        app.store.write(Intent::Keep, move |tx| Ok::<_, Problem>(held::used(tx, &due, now)?))
    }

    fn take_due(&self, now: DateTime<Utc>) -> Vec<SessionId> {
        let mut uses = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        for (session, used) in uses.iter_mut().filter(|(_, used)| used.is_due(now)) {
            used.written = Some(now);
            due.push(*session);
        }
        uses.retain(|_, used| used.written.is_none_or(|written| used.at > written || now - written < INTERVAL));
        due
    }
}
