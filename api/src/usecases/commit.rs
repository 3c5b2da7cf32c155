//! Writing down what the domain has decided: entries, timers and events together with the state.

use domain::{
    decision::Decision,
    event::EventKind,
    ids::{Id, Kind, MemberId},
};
use persistence::{
    event::{self, Event},
    ledger,
    store::Tx,
    timer,
};
use serde_json::json;

use crate::{context::Context, problem::Problem, trail::Traced};

/// Who may read about something besides staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Audience {
    /// The client concerned.
    pub client: Option<MemberId>,
    /// The worker concerned.
    pub worker: Option<MemberId>,
}

impl Audience {
    /// Both sides of a contract or proposal.
    pub const fn both(client: MemberId, worker: MemberId) -> Self {
        Self { client: Some(client), worker: Some(worker) }
    }

    /// A worker alone.
    pub const fn worker(member: MemberId) -> Self {
        Self { client: None, worker: Some(member) }
    }

    /// These, or the others where there are none.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self == Self::default() { other } else { self }
    }

    /// One member alone.
    pub const fn only(member: MemberId) -> Self {
        Self { client: Some(member), worker: None }
    }
}

/// Writes the entries, timers and events of a decision. Its state is saved after this: entries lock accounts, and what is
/// only written then needs no answer and goes together.
///
/// # Errors
/// [`Code::InsufficientFunds`](crate::problem::Code::InsufficientFunds) when a balance would go below what it must hold.
pub fn announce<K: Kind, T: Traced>(
    tx: &mut Tx<'_>,
    cx: &Context,
    subject: Id<K>,
    audience: Audience,
    decision: &Decision<T>,
) -> Result<(), Problem> {
    let name = subject.to_string();
    cx.changed(&name, audience, &decision.next);
    for entry in &decision.entries {
        ledger::post(tx, cx.new_id(), entry, &name, cx.now)?;
        cx.note_entry(entry.clone());
    }
    timer::apply(tx, subject.uuid(), &decision.timers)?;
    let events = decision.events.iter().map(|kind| told(cx, *kind, &name, audience)).collect();
    Ok(event::record(tx, events)?)
}

/// Writes one event that no decision goes with.
///
/// # Errors
/// Only those of the database.
pub fn tell<K: Kind>(
    tx: &mut Tx<'_>,
    cx: &Context,
    subject: Id<K>,
    audience: Audience,
    kind: EventKind,
) -> Result<(), Problem> {
    cx.changed(&subject.to_string(), audience, &());
    Ok(event::record(tx, vec![told(cx, kind, &subject.to_string(), audience)])?)
}

fn told(cx: &Context, kind: EventKind, subject: &str, audience: Audience) -> Event {
    Event {
        id: cx.new_id(),
        kind: kind.to_string(),
        subject: subject.to_owned(),
        client: audience.client,
        worker: audience.worker,
        data: json!({}),
        occurred_at: cx.now,
    }
}
