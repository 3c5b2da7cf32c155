//! Funding a milestone: reserving what the client has, holding it once it is enough, and giving up waiting.

use domain::{
    ids::MilestoneId,
    milestone::{Milestone, MilestoneAction, MilestoneState},
    money::Money,
    payment::PaymentMethod,
    policy::Operation,
};
use persistence::{
    ledger::{self, Funds},
    store::Tx,
    timer::{self, Timer},
};

use crate::{
    context::Context,
    problem::Problem,
    usecases::{
        payment::{ask, expire_pending},
        work::Work,
    },
};

/// Sets aside what the client has for a milestone, and asks for the rest by `method`. Funds at once if nothing is
/// missing.
///
/// # Errors
/// Not the client's to do, or not in this state.
pub fn start_funding(tx: &mut Tx<'_>, cx: &Context, id: MilestoneId, method: PaymentMethod) -> Result<Work, Problem> {
    let mut work = Work::lock_by_milestone(tx, id)?;
    let milestone = &work.admit(tx, cx, id, Operation::Milestone(MilestoneAction::StartFunding))?.milestone;
    let termination_fee_due = work.termination_fee_due()?;
    let mut funds = lock_funds(tx, &work)?;
    let decision = milestone.start_funding(funds.available()?, termination_fee_due, cx.now, &cx.app.rules)?;
    funds.reserve_instead(tx, milestone.reserved, decision.next.reserved)?;
    work.step(tx, cx, &decision)?;
    if decision.next.shortfall()?.is_zero() {
        fund(tx, cx, &mut work, id, &mut funds)?;
    } else {
        ask(tx, cx, &work, id, method)?;
    }
    Ok(work)
}

/// Locks what the client has.
///
/// # Errors
/// Those of the store.
pub(in crate::usecases) fn lock_funds(tx: &mut Tx<'_>, work: &Work) -> Result<Funds, Problem> {
    Ok(ledger::lock_client_funds(tx, work.contract.client, work.contract.released.currency())?)
}

/// Holds what was reserved for a milestone, now that it is enough.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub(in crate::usecases) fn fund(
    tx: &mut Tx<'_>,
    cx: &Context,
    work: &mut Work,
    id: MilestoneId,
    funds: &mut Funds,
) -> Result<(), Problem> {
    let stored = work.milestone(id)?;
    let Milestone { reserved, termination_fee_due, .. } = stored.milestone;
    let decision = stored.milestone.fund(&stored.escrow, cx.now)?;
    funds.reserve_instead(tx, reserved, Money::zero(reserved.currency()))?;
    if termination_fee_due.is_positive() {
        work.fund_termination(tx, cx)?;
    }
    work.movement(tx, cx, &decision)
}

/// Gives up waiting for a milestone's money: what was set aside is free again, what came stays the client's.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn expire_funding(tx: &mut Tx<'_>, cx: &Context, due: &Timer) -> Result<(), Problem> {
    let id = MilestoneId::from_uuid(due.subject);
    let mut work = Work::lock_by_milestone(tx, id)?;
    if !timer::take(tx, due)? {
        return Ok(());
    }
    let milestone = work.milestone(id)?.milestone.clone();
    let decision = milestone.expire_funding(cx.now)?;
    expire_pending(tx, cx, id)?;
    lock_funds(tx, &work)?.reserve_instead(tx, milestone.reserved, decision.next.reserved)?;
    work.step(tx, cx, &decision)
}

/// Frees what is set aside for a milestone that is about to end, and stops waiting for its payment.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn release_reservation(tx: &mut Tx<'_>, cx: &Context, work: &Work, id: MilestoneId) -> Result<(), Problem> {
    let milestone = &work.milestone(id)?.milestone;
    if milestone.state != MilestoneState::Funding {
        return Ok(());
    }
    expire_pending(tx, cx, id)?;
    let nothing = Money::zero(milestone.reserved.currency());
    Ok(lock_funds(tx, work)?.reserve_instead(tx, milestone.reserved, nothing)?)
}
