//! Signing, leaving, and what the clock does to a contract that waits for money.

use domain::{
    contract::{Contract, ContractAction},
    ids::{ContractId, ProposalId},
    milestone::Milestone,
    policy::Operation,
};
use persistence::{
    contract,
    escrow::{self, Purpose, TerminationFee},
    milestone,
    milestone::Stored,
    store::Tx,
    timer::{self, Timer},
};

use super::{
    commit::{Audience, announce},
    job, proposal,
    work::Work,
};
use crate::{context::Context, problem::Problem};

/// Accepts the round named of a proposal, which signs the contract.
///
/// # Errors
/// Not the caller's turn, not in this state, or another round is current.
pub fn sign(tx: &mut Tx<'_>, cx: &Context, id: ProposalId, round: i32) -> Result<Work, Problem> {
    let (job, proposal) = proposal::accept_round(tx, cx, id, round)?;
    let decision = Contract::sign(cx.new_id(), &job, &proposal, &cx.app.fees, cx.now, &cx.app.rules)?;
    let contract = decision.next.clone();
    announce(tx, cx, contract.id, Audience::both(contract.client, contract.worker), &decision)?;
    contract::insert(tx, &contract)?;
    let mut milestones = Vec::new();
    for (position, terms) in (1_i32..).zip(&contract.terms.milestones) {
        let planned = Milestone::plan((cx.new_id(), cx.new_id()), &contract, position, terms, cx.now);
        milestone::insert(tx, &planned.milestone, &planned.escrow)?;
        milestones.push(Stored { milestone: planned.milestone, escrow: planned.escrow, charged: None });
    }
    let termination = contract.plan_termination(cx.new_id(), cx.now);
    if let Some(escrow) = &termination {
        escrow::insert(tx, Purpose::TerminationFee(contract.id), escrow)?;
    }
    let termination = termination.map(|escrow| TerminationFee { escrow, charged: None });
    Ok(Work { contract, milestones, termination, asked_to_cancel: false })
}

/// The worker leaves a contract that was paused for long.
///
/// # Errors
/// Not the worker's to do, not in this state, too early, or delivered work is undecided.
pub fn leave(tx: &mut Tx<'_>, cx: &Context, id: ContractId) -> Result<Work, Problem> {
    let mut work = Work::lock(tx, id)?;
    let (contract, standing) = (&work.contract, work.standing(cx));
    let allowed = contract.allowed_actions(standing, &work.course(), cx.now, &cx.app.rules);
    cx.admit(Operation::Contract(ContractAction::Leave), standing, contract.version, &allowed)?;
    let decision = work.contract.leave(&work.course(), cx.now, &cx.app.rules)?;
    announce(tx, cx, id, work.audience(), &decision)?;
    work.contract = contract::save(tx, &decision.next)?;
    work.cancel_rest(tx, cx)?;
    work.pay_termination(tx, cx)?;
    Ok(work)
}

/// Nothing was funded in time: the contract lapses, the job opens again with its proposals.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn lapse(tx: &mut Tx<'_>, cx: &Context, due: &Timer) -> Result<(), Problem> {
    let id = ContractId::from_uuid(due.subject);
    let found = contract::find(tx, id)?.ok_or_else(Problem::not_found)?;
    // The job comes before the contract in the order of locks.
    let posting = job::lock_known(tx, found.job)?;
    let mut work = Work::lock(tx, id)?;
    if !timer::take(tx, due)? {
        return Ok(());
    }
    let decision = work.contract.lapse(cx.now)?;
    announce(tx, cx, id, work.audience(), &decision)?;
    work.contract = contract::save(tx, &decision.next)?;
    work.cancel_rest(tx, cx)?;
    work.pay_termination(tx, cx)?;
    proposal::restore_after_lapse(tx, cx, posting.job.id, work.contract.proposal)
}

/// A required funding is missing: the contract pauses.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn miss_funding(tx: &mut Tx<'_>, cx: &Context, due: &Timer) -> Result<(), Problem> {
    let id = ContractId::from_uuid(due.subject);
    let mut work = Work::lock(tx, id)?;
    if !timer::take(tx, due)? {
        return Ok(());
    }
    let decision = work.contract.missed_funding(cx.now)?;
    announce(tx, cx, id, work.audience(), &decision)?;
    work.contract = contract::save(tx, &decision.next)?;
    Ok(())
}
