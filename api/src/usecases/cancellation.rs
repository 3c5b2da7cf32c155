//! Ending a contract by consent: one side asks, the other answers, or silence does.

use domain::{
    cancellation::{CancellationAction, CancellationRequest, ProposedEnd, Share, Silence, silence},
    decision::Decision,
    dispute::{Claim, DisputeReason},
    ids::{CancellationRequestId, ContractId, MilestoneId},
    milestone::Milestone,
    money::Money,
    policy::Operation,
};
use persistence::{
    cancellation, contract, note,
    store::{Conn, Tx},
    timer::{self, Timer},
};

use super::{commit::announce, dispute, work::Work};
use crate::{
    context::Context,
    problem::{Code, Problem},
};

/// A request and the contract it would end.
#[derive(Debug, Clone)]
pub struct Requested {
    /// The contract with its milestones.
    pub work: Work,
    /// The request.
    pub request: CancellationRequest,
}

/// Reads a request for one who may.
///
/// # Errors
/// None of the caller's business.
pub fn read(conn: &mut Conn, cx: &Context, id: CancellationRequestId) -> Result<Requested, Problem> {
    let request = cancellation::find(conn, id)?.ok_or_else(Problem::not_found)?;
    let work = Work::find(conn, cx, request.contract)?;
    cx.permit(Operation::ReadContract, work.standing(cx))?;
    Ok(Requested { work, request })
}

/// One side asks to end the contract, with a share for each milestone that is still open.
///
/// # Errors
/// Not a party, the contract is over, a request is running already, or the shares do not fit.
pub fn request(
    tx: &mut Tx<'_>,
    cx: &Context,
    id: ContractId,
    reason: String,
    shares: Vec<Share>,
) -> Result<Requested, Problem> {
    let work = Work::lock(tx, id)?;
    cx.permit(Operation::RequestCancellation, work.standing(cx))?;
    cx.check_version(work.contract.version)?;
    if cancellation::lock_running(tx, id)?.is_some() {
        return Err(Problem::new(Code::AlreadyRequested));
    }
    let proposed = ProposedEnd { by: work.party(cx)?, reason, shares };
    let (contract, rules) = (&work.contract, &cx.app.rules);
    let decision = CancellationRequest::request(cx.new_id(), contract, proposed, &milestones(&work), cx.now, rules)?;
    announce(tx, cx, decision.next.id, work.audience(), &decision)?;
    cancellation::insert(tx, &decision.next)?;
    Ok(Requested { work, request: decision.next })
}

/// The other side agrees: each milestone is canceled with its share.
///
/// # Errors
/// Not the other side, not in this state, or the shares no longer fit.
pub fn consent(tx: &mut Tx<'_>, cx: &Context, id: CancellationRequestId) -> Result<Requested, Problem> {
    let mut found = lock_for(tx, cx, id, CancellationAction::Consent)?;
    let decision = found.request.consent(found.work.party(cx)?, &milestones(&found.work), cx.now)?;
    found.commit(tx, cx, &decision)?;
    let ending = found.work.contract.end_by_consent(found.request.requested_by, cx.now);
    found.work.contract = contract::save(tx, &ending.next)?;
    for share in decision.next.shares {
        found.work.cancel(tx, cx, share.milestone, share.worker_share)?;
    }
    Ok(found)
}

/// The other side does not agree: nothing else changes.
///
/// # Errors
/// Not the other side, or not in this state.
pub fn refuse(tx: &mut Tx<'_>, cx: &Context, id: CancellationRequestId) -> Result<Requested, Problem> {
    let mut found = lock_for(tx, cx, id, CancellationAction::Refuse)?;
    let decision = found.request.refuse(found.work.party(cx)?, cx.now)?;
    found.commit(tx, cx, &decision)?;
    Ok(found)
}

/// Who asked takes it back.
///
/// # Errors
/// Not who asked, or not in this state.
pub fn retract(tx: &mut Tx<'_>, cx: &Context, id: CancellationRequestId) -> Result<Requested, Problem> {
    let mut found = lock_for(tx, cx, id, CancellationAction::Retract)?;
    let decision = found.request.retract(found.work.party(cx)?, cx.now)?;
    found.commit(tx, cx, &decision)?;
    Ok(found)
}

/// Nobody answered in time: what becomes of each milestone depends on what the worker has shown.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn lapse(tx: &mut Tx<'_>, cx: &Context, due: &Timer) -> Result<(), Problem> {
    let mut found = lock(tx, CancellationRequestId::from_uuid(due.subject))?;
    if !timer::take(tx, due)? {
        return Ok(());
    }
    let decision = found.request.lapse(cx.now)?;
    found.commit(tx, cx, &decision)?;
    for share in &decision.next.shares {
        meet_silence(tx, cx, &mut found, share.milestone)?;
    }
    Ok(())
}

fn meet_silence(tx: &mut Tx<'_>, cx: &Context, found: &mut Requested, id: MilestoneId) -> Result<(), Problem> {
    let milestone = &found.work.milestone(id)?.milestone;
    let nothing = Money::zero(milestone.amount.currency());
    match silence(milestone.state, milestone.delivery.is_some(), spoke_since_funding(tx, milestone)?) {
        Silence::Void | Silence::Refund => found.work.cancel(tx, cx, id, nothing),
        Silence::Dispute => {
            let Requested { work, request } = found;
            let reason = DisputeReason::CancellationUnanswered;
            let claim = Claim { by: request.requested_by, reason, text: request.reason.clone() };
            dispute::open_in(tx, cx, work, id, claim).map(drop)
        }
        Silence::Nothing => Ok(()),
    }
}

fn spoke_since_funding(conn: &mut Conn, milestone: &Milestone) -> Result<bool, Problem> {
    let last = note::last_by(conn, milestone.contract, milestone.worker)?;
    Ok(last.zip(milestone.funded_at).is_some_and(|(last, funded_at)| last >= funded_at))
}

/// Takes a milestone out of the running request, if there is one: it was finished or disputed in another way.
/// The contract is locked before.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn narrow(tx: &mut Tx<'_>, cx: &Context, work: &Work, milestone: MilestoneId) -> Result<(), Problem> {
    let Some(running) = cancellation::lock_running(tx, work.contract.id)? else { return Ok(()) };
    let Some(decision) = running.without(milestone, cx.now)? else { return Ok(()) };
    announce(tx, cx, running.id, work.audience(), &decision)?;
    cancellation::save(tx, &decision.next)?;
    Ok(())
}

impl Requested {
    fn commit(
        &mut self,
        tx: &mut Tx<'_>,
        cx: &Context,
        decision: &Decision<CancellationRequest>,
    ) -> Result<(), Problem> {
        announce(tx, cx, self.request.id, self.work.audience(), decision)?;
        self.request = cancellation::save(tx, &decision.next)?;
        Ok(())
    }
}

/// Locks the contract first, which is what decides between consenting and accepting at the same moment.
fn lock(tx: &mut Tx<'_>, id: CancellationRequestId) -> Result<Requested, Problem> {
    let contract = cancellation::find(tx, id)?.ok_or_else(Problem::not_found)?.contract;
    let work = Work::lock(tx, contract)?;
    let request = cancellation::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    Ok(Requested { work, request })
}

fn lock_for(
    tx: &mut Tx<'_>,
    cx: &Context,
    id: CancellationRequestId,
    action: CancellationAction,
) -> Result<Requested, Problem> {
    let found = lock(tx, id)?;
    let (request, standing) = (&found.request, found.work.standing(cx));
    cx.admit(Operation::Cancellation(action), standing, request.version, &request.allowed_actions(standing))?;
    Ok(found)
}

fn milestones(work: &Work) -> Vec<Milestone> {
    work.milestones.iter().map(|stored| stored.milestone.clone()).collect()
}
