//! Negotiating: proposals, their rounds, and what becomes of the others when one is accepted.

mod outcome;

use domain::{
    actor::Party,
    decision::Decision,
    ids::{JobId, ProposalId},
    policy::{Operation, Standing},
    proposal::{Proposal, ProposalAction, ProposalError, ProposalState, Round},
};
use persistence::{
    error::StoreError,
    job, proposal,
    store::{Conn, Tx},
    timer::{self, Timer},
};

pub use self::outcome::{accept_round, decline_all, restore_after_lapse};
use super::{
    commit::{Audience, announce},
    member,
};
use crate::{
    context::Context,
    problem::{Code, Problem},
    usecases,
};

/// A worker answers a job.
///
/// # Errors
/// The job is none of the caller's business, their own or not open; they have a running proposal to it; the terms cannot
/// be signed.
pub fn submit(tx: &mut Tx<'_>, cx: &Context, id: JobId, round: Round) -> Result<Proposal, Problem> {
    cx.permit(Operation::SubmitProposal, cx.standing_outside())?;
    let worker = cx.member()?;
    let client = job::find(tx, id)?.ok_or_else(Problem::not_found)?.job.client;
    member::bind(tx, &[client, worker])?;
    let job = job::lock(tx, id)?.ok_or_else(Problem::not_found)?.job;
    if !job.is_visible_to(cx.standing_to_owner(job.client)) {
        return Err(Problem::not_found());
    }
    cx.check_version(job.version)?;
    let decision = Proposal::submit(cx.new_id(), &job, worker, round, cx.now, &cx.app.rules)?;
    let before = proposal::states_of(tx, id, worker)?;
    if before.iter().any(|state| is_running(*state)) {
        return Err(Problem::new(Code::AlreadyProposed));
    }
    announce(tx, cx, decision.next.id, audience(&decision.next), &decision)?;
    proposal::insert(tx, &decision.next)?;
    if before.is_empty() {
        job::count_applicant(tx, id)?;
    }
    Ok(decision.next)
}

/// A proposal, for its two sides and staff.
///
/// # Errors
/// [`Code::NotFound`] for everybody else.
pub fn read(conn: &mut Conn, cx: &Context, id: ProposalId) -> Result<Proposal, Problem> {
    let proposal = proposal::find(conn, id)?.ok_or_else(Problem::not_found)?;
    cx.permit(Operation::ReadProposal, cx.standing(proposal.client, proposal.worker))?;
    Ok(proposal)
}

/// Whether the caller may read all proposals to a job.
///
/// # Errors
/// They may not.
pub fn check_reader(conn: &mut Conn, cx: &Context, id: JobId) -> Result<(), Problem> {
    let job = job::find(conn, id)?.ok_or_else(Problem::not_found)?.job;
    cx.permit(Operation::ReadProposals, cx.standing_to_owner(job.client))
}

/// Whether a proposal can still come to something, so that its worker needs no other.
const fn is_running(state: ProposalState) -> bool {
    match state {
        ProposalState::Submitted | ProposalState::Countered | ProposalState::SetAside | ProposalState::Accepted => true,
        ProposalState::Declined | ProposalState::Retracted | ProposalState::Expired => false,
    }
}

/// The side whose turn it is answers the round it names with other terms.
///
/// # Errors
/// Not this side's turn, another round than the current one, terms that cannot be signed, or a job that is not open any
/// more.
pub fn counter(
    tx: &mut Tx<'_>,
    cx: &Context,
    id: ProposalId,
    answered: i32,
    round: Round,
) -> Result<Proposal, Problem> {
    // The job is locked before its proposals, and only the proposal knows which job that is.
    let found = find_for(tx, cx, id, ProposalAction::Counter)?;
    let job = usecases::job::lock_known(tx, found.job)?.job;
    let (proposal, standing) = lock_for(tx, cx, id, ProposalAction::Counter)?;
    let by = party(standing)?;
    check_round(&proposal, answered)?;
    let decision = proposal.counter(&job, by, round, cx.now, &cx.app.rules)?;
    proposal::add_round(tx, &decision.next)?;
    commit(tx, cx, &decision)
}

/// The client says no to the round that is named.
///
/// # Errors
/// Another round than the current one, or nothing to decline any more.
pub fn decline(tx: &mut Tx<'_>, cx: &Context, id: ProposalId, answered: i32) -> Result<Proposal, Problem> {
    let (proposal, _) = lock_for(tx, cx, id, ProposalAction::Decline)?;
    let decision = proposal.decline(cx.now)?;
    check_round(&proposal, answered)?;
    commit(tx, cx, &decision)
}

/// The worker takes the proposal back, whichever round it is in.
///
/// # Errors
/// Nothing to take back any more.
pub fn retract(tx: &mut Tx<'_>, cx: &Context, id: ProposalId) -> Result<Proposal, Problem> {
    let (proposal, _) = lock_for(tx, cx, id, ProposalAction::Retract)?;
    let decision = proposal.retract(cx.now)?;
    commit(tx, cx, &decision)
}

/// Takes back a proposal whose worker leaves.
///
/// # Errors
/// Nothing to take back any more.
pub fn discard(tx: &mut Tx<'_>, cx: &Context, id: ProposalId) -> Result<(), Problem> {
    let proposal = lock_known(tx, id)?;
    commit(tx, cx, &proposal.retract(cx.now)?).map(drop)
}

/// Nobody answered in time.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn expire(tx: &mut Tx<'_>, cx: &Context, timer: &Timer) -> Result<(), Problem> {
    let id = ProposalId::from_uuid(timer.subject);
    let proposal = lock_known(tx, id)?;
    if timer::take(tx, timer)? {
        let decision = proposal.expire(cx.now)?;
        commit(tx, cx, &decision)?;
    }
    Ok(())
}

/// Reads a proposal that the caller wants to take a step of, before what is locked before it.
fn find_for(conn: &mut Conn, cx: &Context, id: ProposalId, action: ProposalAction) -> Result<Proposal, Problem> {
    let found = proposal::find(conn, id)?.ok_or_else(Problem::not_found)?;
    cx.permit(Operation::Proposal(action), cx.standing(found.client, found.worker))?;
    Ok(found)
}

/// Reads a proposal under lock for a step that the caller wants to take.
fn lock_for(
    tx: &mut Tx<'_>,
    cx: &Context,
    id: ProposalId,
    action: ProposalAction,
) -> Result<(Proposal, Standing), Problem> {
    let proposal = proposal::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    let standing = cx.standing(proposal.client, proposal.worker);
    let allowed = proposal.allowed_actions(standing, cx.now, &cx.app.rules);
    cx.admit(Operation::Proposal(action), standing, proposal.version, &allowed)?;
    Ok((proposal, standing))
}

/// Reads under lock what must be there.
fn lock_known(tx: &mut Tx<'_>, id: ProposalId) -> Result<Proposal, Problem> {
    let missing = || StoreError::Missing { table: "proposals", id: id.to_string() };
    Ok(proposal::lock(tx, id)?.ok_or_else(missing)?)
}

fn party(standing: Standing) -> Result<Party, Problem> {
    Party::try_from(standing).map_err(|_| Problem::new(Code::NotPermitted))
}

fn check_round(proposal: &Proposal, named: i32) -> Result<(), ProposalError> {
    let current = proposal.round;
    if named == current { Ok(()) } else { Err(ProposalError::StaleRound { current }) }
}

const fn audience(proposal: &Proposal) -> Audience {
    Audience::both(proposal.client, proposal.worker)
}

/// Saves a step and tells both sides.
fn commit(tx: &mut Tx<'_>, cx: &Context, decision: &Decision<Proposal>) -> Result<Proposal, Problem> {
    announce(tx, cx, decision.next.id, audience(&decision.next), decision)?;
    Ok(proposal::save(tx, &decision.next)?)
}
