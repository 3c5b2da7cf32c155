//! A dispute as it is sent.

use domain::{
    dispute::{self, DisputeAction, DisputeState as State},
    policy::Operation,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    context::Context,
    date_time::DateTime,
    money::Money,
    problem::Problem,
    reply::Reply,
    routes::preview::Preview,
    words::{DisputeReason, DisputeState, Party, Word},
};

/// A share that one side would accept.
#[derive(Debug, Serialize, ToSchema)]
struct DisputeOffer {
    /// Whose offer it is.
    by: Party,
    worker_share: Money,
}

/// How staff decide.
#[derive(Debug, Serialize, ToSchema)]
struct Ruling {
    /// Who wrote it. Another of staff confirms it.
    member_id: String,
    worker_share: Money,
    reasoning: String,
}

/// A disagreement about one milestone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Dispute {
    id: String,
    contract_id: String,
    milestone_id: String,
    client_id: String,
    worker_id: String,
    opened_by: Party,
    reason: DisputeReason,
    claim: String,
    /// What the other side says.
    #[schema(required = true)]
    answer: Option<String>,
    /// What is to be shared.
    held: Money,
    /// The standing offer.
    #[schema(required = true)]
    offer: Option<DisputeOffer>,
    /// The ruling: seen by staff once it is proposed, by the parties once it is confirmed.
    #[schema(required = true)]
    ruling: Option<Ruling>,
    /// What the worker got in the end, before the fee.
    #[schema(required = true)]
    worker_share: Option<Money>,
    status: DisputeState,
    /// Who of staff looks after it.
    #[schema(required = true)]
    owner_id: Option<String>,
    /// Until when the other side may answer.
    #[schema(required = true)]
    respond_by: Option<DateTime>,
    /// When staff begin to mediate, unless the two agree before.
    #[schema(required = true)]
    negotiation_ends_at: Option<DateTime>,
    /// When one of staff gets it by name, unless it is over by then.
    #[schema(required = true)]
    escalate_at: Option<DateTime>,
    #[schema(required = true)]
    escalated_at: Option<DateTime>,
    /// What you may do now.
    allowed_actions: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
    /// With `?preview=true`: what would be posted. Nothing has been.
    #[schema(required = true)]
    preview: Option<Preview>,
}

impl Dispute {
    /// As this caller sees it now.
    pub(super) fn of(dispute: &dispute::Dispute, cx: &Context) -> Self {
        let allowed = cx.actor.map(|actor| dispute.allowed_actions(actor)).unwrap_or_default();
        let offer =
            dispute.offer.map(|offer| DisputeOffer { by: Word(offer.by), worker_share: offer.worker_share.into() });
        Self {
            id: dispute.id.to_string(),
            contract_id: dispute.contract.to_string(),
            milestone_id: dispute.milestone.to_string(),
            client_id: dispute.client.to_string(),
            worker_id: dispute.worker.to_string(),
            opened_by: Word(dispute.opened_by),
            reason: Word(dispute.reason),
            claim: dispute.claim.clone(),
            answer: dispute.answer.clone(),
            held: dispute.held.into(),
            offer,
            ruling: seen_ruling(dispute, cx),
            worker_share: final_share(dispute),
            status: Word(dispute.state),
            owner_id: dispute.owner.map(|owner| owner.to_string()),
            respond_by: dispute.respond_by.map(Into::into),
            negotiation_ends_at: dispute.negotiation_ends_at.map(Into::into),
            escalate_at: dispute.escalate_at.map(Into::into),
            escalated_at: dispute.escalated_at.map(Into::into),
            allowed_actions: allowed.iter().map(DisputeAction::to_string).collect(),
            version: dispute.version,
            created_at: dispute.created_at.into(),
            updated_at: dispute.updated_at.into(),
            preview: Preview::of(cx),
        }
    }
}

/// The parties must not negotiate against a ruling that is not one yet.
fn seen_ruling(dispute: &dispute::Dispute, cx: &Context) -> Option<Ruling> {
    let may_judge = cx.permit(Operation::ReadAnyDispute, cx.standing(dispute.client, dispute.worker)).is_ok();
    let ruling = dispute.ruling.as_ref().filter(|_| may_judge || dispute.state == State::Ruled)?;
    Some(Ruling {
        member_id: ruling.by.to_string(),
        worker_share: ruling.worker_share.into(),
        reasoning: ruling.reasoning.clone(),
    })
}

fn final_share(dispute: &dispute::Dispute) -> Option<Money> {
    match dispute.state {
        State::Open | State::Negotiating | State::Mediation => None,
        State::Settled => dispute.offer.map(|offer| offer.worker_share.into()),
        State::Ruled => dispute.ruling.as_ref().map(|ruling| ruling.worker_share.into()),
    }
}

/// The answer of every step.
///
/// # Errors
/// Only if it cannot be written as JSON.
pub(super) fn reply(dispute: &dispute::Dispute, cx: &Context) -> Result<Reply, Problem> {
    Ok(Reply::ok(&Dispute::of(dispute, cx))?.version(dispute.version))
}
