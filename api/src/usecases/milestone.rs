//! Funding, delivering, asking for changes, accepting, and what the clock does in between.

mod funding;

use chrono::NaiveDate;
use domain::{
    ids::{DeliveryId, MilestoneId},
    milestone::MilestoneAction,
    policy::Operation,
};
use persistence::{
    error::StoreError,
    milestone::{self, ChangeRequest, Delivery},
    store::Tx,
    timer::{self, Timer},
};

pub use self::funding::{expire_funding, release_reservation, start_funding};
pub(super) use self::funding::{fund, lock_funds};
use super::{commit::tell, member::write, work::Work};
use crate::{context::Context, mailer, problem::Problem};

/// What a worker hands over.
#[derive(Debug, Clone)]
pub struct Handover {
    /// A message, or the work itself.
    pub message: String,
    /// Where the work is.
    pub links: Vec<String>,
}

/// The worker hands over; the acceptance window begins.
///
/// # Errors
/// Not the worker's to do, or not in this state.
pub fn deliver(tx: &mut Tx<'_>, cx: &Context, id: MilestoneId, handover: Handover) -> Result<Work, Problem> {
    let mut work = Work::lock_by_milestone(tx, id)?;
    let milestone = &work.admit(tx, cx, id, Operation::Milestone(MilestoneAction::Deliver))?.milestone;
    let delivery: DeliveryId = cx.new_id();
    let decision = milestone.deliver(delivery, cx.now, &cx.app.rules)?;
    let Handover { message, links } = handover;
    milestone::add_delivery(tx, &Delivery { id: delivery, milestone: id, message, links, created_at: cx.now })?;
    work.step(tx, cx, &decision)?;
    Ok(work)
}

/// The client asks for changes by a new date.
///
/// # Errors
/// Not the client's to do, not in this state, no rounds left, or the date has passed.
pub fn request_changes(
    tx: &mut Tx<'_>,
    cx: &Context,
    id: MilestoneId,
    reason: String,
    due_on: NaiveDate,
) -> Result<Work, Problem> {
    let mut work = Work::lock_by_milestone(tx, id)?;
    let milestone = &work.admit(tx, cx, id, Operation::Milestone(MilestoneAction::RequestChanges))?.milestone;
    let decision = milestone.request_changes(due_on, cx.now, &cx.app.rules)?;
    let delivery = milestone.delivery.ok_or_else(|| corrupt(id, "it is delivered without a delivery"))?;
    let round = decision.next.revision_rounds;
    let request = ChangeRequest { milestone: id, round, delivery, reason, due_on, created_at: cx.now };
    milestone::add_change_request(tx, &request)?;
    work.step(tx, cx, &decision)?;
    Ok(work)
}

/// The client accepts the delivery they name: the worker is paid.
///
/// # Errors
/// Not the client's to do, not in this state, or not the current delivery.
pub fn accept(tx: &mut Tx<'_>, cx: &Context, id: MilestoneId, delivery: DeliveryId) -> Result<Work, Problem> {
    let mut work = Work::lock_by_milestone(tx, id)?;
    let stored = work.admit(tx, cx, id, Operation::Milestone(MilestoneAction::Accept))?;
    let schedule = work.schedule()?;
    let decision = stored.milestone.accept(delivery, &stored.escrow, work.fees(tx, &schedule)?, cx.now)?;
    work.movement(tx, cx, &decision)?;
    Ok(work)
}

/// The acceptance window has passed in silence: the worker is paid.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn auto_accept(tx: &mut Tx<'_>, cx: &Context, due: &Timer) -> Result<(), Problem> {
    let id = MilestoneId::from_uuid(due.subject);
    let mut work = Work::lock_by_milestone(tx, id)?;
    if !timer::take(tx, due)? {
        return Ok(());
    }
    let stored = work.milestone(id)?;
    let schedule = work.schedule()?;
    let decision = stored.milestone.auto_accept(&stored.escrow, work.fees(tx, &schedule)?, cx.now)?;
    work.movement(tx, cx, &decision)
}

/// Reminds the client by mail and event that silence will accept.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn remind(tx: &mut Tx<'_>, cx: &Context, due: &Timer) -> Result<(), Problem> {
    let id = MilestoneId::from_uuid(due.subject);
    let work = Work::lock_by_milestone(tx, id)?;
    if !timer::take(tx, due)? {
        return Ok(());
    }
    let milestone = &work.milestone(id)?.milestone;
    let (Some(event), Some(accept_at)) = (milestone.reminder(), milestone.auto_accept_at) else {
        return Err(corrupt(id, "it has a reminder, and nothing to be reminded of"));
    };
    tell(tx, cx, id, work.audience(), event)?;
    let (client, title) = (work.contract.client, &milestone.title);
    write(tx, client, |to, locale| mailer::acceptance_reminder(cx, to, locale, title, accept_at))
}

fn corrupt(id: MilestoneId, what: &str) -> Problem {
    StoreError::Corrupt { table: "milestones", id: id.to_string(), what: what.to_owned() }.into()
}

/// Tells that a redelivery is long overdue, which puts it on the staff's worklist.
///
/// # Errors
/// Only those of the store.
pub fn overdue(tx: &mut Tx<'_>, cx: &Context, due: &Timer) -> Result<(), Problem> {
    let id = MilestoneId::from_uuid(due.subject);
    let work = Work::lock_by_milestone(tx, id)?;
    if !timer::take(tx, due)? {
        return Ok(());
    }
    match work.milestone(id)?.milestone.overdue(cx.now, &cx.app.rules) {
        Some(event) => tell(tx, cx, id, work.audience(), event),
        None => Ok(()),
    }
}
