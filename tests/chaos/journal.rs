//! What was acknowledged, and which facts each acknowledgement promises: the events and entries that the database must
//! then hold, each exactly once.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use serde_json::Value;

use super::members::Member;

/// A request that was answered with a success.
#[derive(Debug, Clone)]
pub struct Ack {
    /// What was done, as in `accept`.
    pub kind: &'static str,
    pub who: String,
    pub token: String,
    pub key: String,
    pub path: String,
    pub body: Value,
    pub answer: Value,
    /// See [`event`] and [`entry`].
    pub facts: Vec<String>,
}

/// Everything that was acknowledged, kept outside of whatever is killed.
#[derive(Debug, Default)]
pub struct Journal {
    acks: Mutex<Vec<Ack>>,
    /// What is promised without an acknowledgement of its own, because it happens by itself.
    promised: Mutex<Vec<String>>,
    count: AtomicUsize,
    /// Answers that never came, because the connection broke on the way.
    pub broken: AtomicU64,
    /// Answers that asked for another try: 503, or that the same key is under way.
    pub put_off: AtomicU64,
    /// Answers that were neither a success nor worth another try.
    pub unexpected: Mutex<Vec<String>>,
}

impl Journal {
    pub fn add(&self, ack: Ack) {
        self.acks.lock().unwrap().push(ack);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were acknowledged.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    pub fn acks(&self) -> Vec<Ack> {
        self.acks.lock().unwrap().clone()
    }

    pub fn promise(&self, facts: Vec<String>) {
        self.promised.lock().unwrap().extend(facts);
    }

    /// Every fact that must be there.
    pub fn promises(&self) -> Vec<String> {
        let own = self.promised.lock().unwrap().clone();
        self.acks().into_iter().flat_map(|ack| ack.facts).chain(own).collect()
    }

    /// How many of each kind.
    pub fn kinds(&self) -> BTreeMap<&'static str, usize> {
        self.acks().iter().fold(BTreeMap::new(), |mut kinds, ack| {
            *kinds.entry(ack.kind).or_default() += 1;
            kinds
        })
    }
}

/// The fact that an event tells of a subject.
pub fn event(kind: &str, subject: &str) -> String {
    format!("event {kind} {subject}")
}

/// A line of an entry: which account, whose if that is a member's, and by how much it is debited.
pub type Leg<'a> = (&'a str, Option<&'a Member>, i64);

/// The fact that an entry about a subject has exactly these lines. What is zero has none.
pub fn entry(kind: &str, subject: &str, legs: &[Leg<'_>]) -> String {
    let line = |(account, owner, amount): &Leg<'_>| {
        format!("{account}:{}:{amount}", owner.map_or("", |owner| owner.uuid.as_str()))
    };
    entry_of(kind, subject, legs.iter().filter(|(.., amount)| *amount != 0).map(line).collect())
}

/// The same, of lines that are written already.
pub fn entry_of(kind: &str, subject: &str, mut legs: Vec<String>) -> String {
    legs.sort();
    format!("entry {kind} {subject} {}", legs.join(" "))
}
