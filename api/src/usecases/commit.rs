//! Writing down what the domain has decided: timers and events together with the state.

use domain::{
    decision::Decision,
    event::EventKind,
    ids::{Id, Kind, MemberId},
};
use persistence::{
    event::{self, Event},
    store::Tx,
    timer,
};
use serde_json::{Value, json};

use crate::{call::Context, problem::Problem};

/// Who may read about something besides staff.
#[derive(Debug, Clone, Copy, Default)]
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

    /// One member alone.
    pub const fn only(member: MemberId) -> Self {
        Self { client: Some(member), worker: None }
    }
}

/// Writes the timers and events of a decision; the caller has saved its state and posted its entries.
///
/// # Errors
/// Only those of the database.
pub fn announce<K: Kind, T>(
    tx: &mut Tx<'_>,
    cx: &Context,
    subject: Id<K>,
    audience: Audience,
    decision: &Decision<T>,
) -> Result<(), Problem> {
    timer::apply(tx, subject.uuid(), &decision.timers)?;
    decision.events.iter().try_for_each(|kind| tell(tx, cx, *kind, subject, audience, json!({})))
}

/// Writes one event.
///
/// # Errors
/// Only those of the database.
pub fn tell<K: Kind>(
    tx: &mut Tx<'_>,
    cx: &Context,
    kind: EventKind,
    subject: Id<K>,
    audience: Audience,
    data: Value,
) -> Result<(), Problem> {
    let event = Event {
        id: cx.new_id(),
        kind: kind.to_string(),
        subject: subject.to_string(),
        client: audience.client,
        worker: audience.worker,
        data,
        occurred_at: cx.now,
    };
    Ok(event::record(tx, event)?)
}
