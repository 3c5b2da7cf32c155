//! Deciding a dispute for the parties, which takes two of staff.

use domain::{
    dispute::{Dispute, DisputeAction, ProposedRuling},
    ids::DisputeId,
    money::Money,
};
use persistence::store::Tx;

use super::{commit, lock_for, lock_work};
use crate::{context::Context, problem::Problem};

/// One of staff writes a ruling, which waits for another.
///
/// # Errors
/// Not staff's to do, not in this state, or not a share of what is held.
pub fn propose_ruling(
    tx: &mut Tx<'_>,
    cx: &Context,
    id: DisputeId,
    worker_share: Money,
    reasoning: String,
) -> Result<Dispute, Problem> {
    let dispute = lock_for(tx, cx, id, DisputeAction::ProposeRuling)?;
    // The parties must not negotiate against a ruling that is not one yet.
    cx.trail().confide();
    let ruling = ProposedRuling { by: cx.person()?, worker_share, reasoning };
    commit(tx, cx, &dispute.propose_ruling(ruling, cx.now)?)
}

/// Another of staff confirms it: what is held is shared so.
///
/// # Errors
/// Not staff's to do, not in this state, no such ruling, or its own writer.
pub fn rule(tx: &mut Tx<'_>, cx: &Context, id: DisputeId, worker_share: Money) -> Result<Dispute, Problem> {
    let mut work = lock_work(tx, id)?;
    let dispute = lock_for(tx, cx, id, DisputeAction::Rule)?;
    if let Some(ruling) = &dispute.ruling {
        cx.trail().because(&ruling.reasoning);
    }
    let ruled = commit(tx, cx, &dispute.rule(cx.person()?, worker_share, cx.now)?)?;
    let (stored, schedule) = (work.milestone(ruled.milestone)?, work.schedule()?);
    let movement = stored.milestone.rule(worker_share, &stored.escrow, work.fees(tx, &schedule)?, cx.now)?;
    work.movement(tx, cx, &movement)?;
    Ok(ruled)
}
