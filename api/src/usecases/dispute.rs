//! Disagreeing about a milestone: opening, answering, offering, settling, and the staff's ruling.

mod clock;
mod ruling;

use domain::{
    actor::Party,
    decision::Decision,
    dispute::{Claim, Dispute, DisputeAction, DisputeReason},
    ids::{DisputeId, MilestoneId},
    milestone::MilestoneAction,
    money::Money,
    policy::Operation,
};
use persistence::{
    dispute,
    store::{Conn, Tx},
};

pub use self::{
    clock::{escalate, mediate, meet_silence},
    ruling::{propose_ruling, rule},
};
use super::{
    commit::{Audience, announce},
    work::Work,
};
use crate::{context::Context, problem::Problem};

/// Reads a dispute for one who may.
///
/// # Errors
/// None of the caller's business.
pub fn read(conn: &mut Conn, cx: &Context, id: DisputeId) -> Result<Dispute, Problem> {
    let dispute = dispute::find(conn, id)?.ok_or_else(Problem::not_found)?;
    cx.permit(Operation::ReadDispute, cx.standing(dispute.client, dispute.worker))?;
    Ok(dispute)
}

/// One side disagrees: the milestone waits until the dispute is over.
///
/// # Errors
/// Not a party, or nothing is held that could be disputed.
pub fn open(
    tx: &mut Tx<'_>,
    cx: &Context,
    id: MilestoneId,
    reason: DisputeReason,
    text: String,
) -> Result<Dispute, Problem> {
    let mut work = Work::lock_by_milestone(tx, id)?;
    work.admit(tx, cx, id, Operation::Milestone(MilestoneAction::Dispute))?;
    let claim = Claim { by: work.party(cx)?, reason, text };
    open_in(tx, cx, &mut work, id, claim)
}

/// The same, where the contract is locked already and the system may be who acts.
///
/// # Errors
/// Nothing is held that could be disputed.
pub fn open_in(
    tx: &mut Tx<'_>,
    cx: &Context,
    work: &mut Work,
    id: MilestoneId,
    claim: Claim,
) -> Result<Dispute, Problem> {
    let disputed = work.milestone(id)?.milestone.dispute(cx.now)?;
    work.step(tx, cx, &disputed)?;
    let decision = Dispute::open(cx.new_id(), &disputed.next, claim, cx.now, &cx.app.rules)?;
    announce(tx, cx, decision.next.id, work.audience(), &decision)?;
    dispute::insert(tx, &decision.next)?;
    Ok(decision.next)
}

/// The other side tells theirs.
///
/// # Errors
/// Not the other side, or not in this state.
pub fn answer(tx: &mut Tx<'_>, cx: &Context, id: DisputeId, text: String) -> Result<Dispute, Problem> {
    let dispute = lock_for(tx, cx, id, DisputeAction::Answer)?;
    commit(tx, cx, &dispute.answer(party(cx, &dispute)?, text, cx.now, &cx.app.rules)?)
}

/// One side offers shares.
///
/// # Errors
/// Not a party, not in this state, or not a share of what is held.
pub fn offer(tx: &mut Tx<'_>, cx: &Context, id: DisputeId, worker_share: Money) -> Result<Dispute, Problem> {
    let dispute = lock_for(tx, cx, id, DisputeAction::Offer)?;
    commit(tx, cx, &dispute.offer(party(cx, &dispute)?, worker_share, cx.now)?)
}

/// One side accepts the other's offer: what is held is shared so.
///
/// # Errors
/// Not a party, not in this state, no such offer, or the own one.
pub fn settle(tx: &mut Tx<'_>, cx: &Context, id: DisputeId, worker_share: Money) -> Result<Dispute, Problem> {
    let mut work = lock_work(tx, id)?;
    let dispute = lock_for(tx, cx, id, DisputeAction::Settle)?;
    let settled = commit(tx, cx, &dispute.settle(party(cx, &dispute)?, worker_share, cx.now)?)?;
    let (stored, schedule) = (work.milestone(settled.milestone)?, work.schedule()?);
    let movement = stored.milestone.settle(worker_share, &stored.escrow, work.fees(tx, &schedule)?, cx.now)?;
    work.movement(tx, cx, &movement)?;
    Ok(settled)
}

/// Locks the contract of a dispute, which comes before the dispute where money is to move.
fn lock_work(tx: &mut Tx<'_>, id: DisputeId) -> Result<Work, Problem> {
    let contract = dispute::find(tx, id)?.ok_or_else(Problem::not_found)?.contract;
    Work::lock(tx, contract)
}

/// Reads a dispute under lock for a step that the caller wants to take.
fn lock_for(tx: &mut Tx<'_>, cx: &Context, id: DisputeId, action: DisputeAction) -> Result<Dispute, Problem> {
    let dispute = dispute::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    let allowed = cx.actor.map(|actor| dispute.allowed_actions(actor)).unwrap_or_default();
    cx.admit(Operation::Dispute(action), cx.standing(dispute.client, dispute.worker), dispute.version, &allowed)?;
    cx.remember(id, &dispute);
    Ok(dispute)
}

fn party(cx: &Context, dispute: &Dispute) -> Result<Party, Problem> {
    cx.party(dispute.client, dispute.worker)
}

/// Saves a step and tells both sides.
fn commit(tx: &mut Tx<'_>, cx: &Context, decision: &Decision<Dispute>) -> Result<Dispute, Problem> {
    let Dispute { id, client, worker, .. } = decision.next;
    announce(tx, cx, id, Audience::both(client, worker), decision)?;
    Ok(dispute::save(tx, &decision.next)?)
}
