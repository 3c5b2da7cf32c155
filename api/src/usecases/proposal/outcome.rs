//! What a contract, its lapse, or the end of a job means for the proposals to it.

use domain::{
    ids::{JobId, ProposalId},
    job::Job,
    proposal::{Proposal, ProposalAction, ProposalState},
};
use persistence::{proposal, store::Tx};

use super::{commit, find_for, lock_for, lock_known, party};
use crate::{
    context::Context,
    problem::Problem,
    usecases::{job, member},
};

/// The states of a proposal that waits for an answer.
const WAITING: &[ProposalState] = &[ProposalState::Submitted, ProposalState::Countered];

/// The side whose turn it is agrees to the round it names: the job is filled, the other proposals are set aside.
/// Signing the contract is the caller's next step, in the same transaction.
///
/// # Errors
/// Not this side's turn, another round than the current one, terms that can no longer be signed, or a job that is not
/// open any more.
pub fn accept_round(tx: &mut Tx<'_>, cx: &Context, id: ProposalId, round: i32) -> Result<(Job, Proposal), Problem> {
    // The job is locked before its proposals, and only the proposal knows which job that is.
    let found = find_for(tx, cx, id, ProposalAction::Accept)?;
    member::bind(tx, &[found.client, found.worker])?;
    let posting = job::lock_known(tx, found.job)?;
    let (proposal, standing) = lock_for(tx, cx, id, ProposalAction::Accept)?;
    let accepted = commit(tx, cx, &proposal.accept(party(standing)?, round, cx.now, &cx.app.rules)?)?;
    let filled = job::commit(tx, cx, &posting.job.fill(cx.now)?)?;
    for other in proposal::lock_all(tx, filled.id, WAITING)? {
        commit(tx, cx, &other.set_aside(cx.now)?)?;
    }
    Ok((filled, accepted))
}

/// The contract made of this proposal lapsed: it ends, the job opens again, and those set aside wait for answers again.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn restore_after_lapse(tx: &mut Tx<'_>, cx: &Context, job: JobId, proposal: ProposalId) -> Result<(), Problem> {
    let filled = job::lock_known(tx, job)?.job;
    job::commit(tx, cx, &filled.reopen(cx.now, &cx.app.rules)?)?;
    let accepted = lock_known(tx, proposal)?;
    commit(tx, cx, &accepted.lapse(cx.now)?)?;
    for other in proposal::lock_all(tx, job, &[ProposalState::SetAside])? {
        commit(tx, cx, &other.restore(cx.now, &cx.app.rules)?)?;
    }
    Ok(())
}

/// The job is over without a contract: everyone who waits for an answer gets it, and it is no.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn decline_all(tx: &mut Tx<'_>, cx: &Context, job: JobId) -> Result<(), Problem> {
    for waiting in proposal::lock_all(tx, job, WAITING)? {
        commit(tx, cx, &waiting.decline(cx.now)?)?;
    }
    Ok(())
}
