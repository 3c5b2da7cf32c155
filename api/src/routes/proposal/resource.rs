//! A proposal as it is sent.

use domain::{
    ids::ContractId,
    milestone::FeeTerms,
    proposal::{self, ProposalAction},
};
use persistence::{
    contract,
    proposal::{PastRound, rounds},
    store::Conn,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    context::Context,
    date_time::DateTime,
    problem::Problem,
    reply::Reply,
    routes::terms::{Quote, Terms},
    usecases::fee::Relations,
    words::{Party, ProposalState, Word},
};

/// What one side said.
#[derive(Debug, Serialize, ToSchema)]
struct ProposalRound {
    round: i32,
    /// Who said it.
    author: Party,
    terms: Terms,
    /// What these terms leave the worker.
    quote: Quote,
    message: String,
    created_at: DateTime,
}

impl ProposalRound {
    fn new(past: &PastRound, fees: FeeTerms<'_>) -> Result<Self, Problem> {
        Ok(Self {
            round: past.number,
            author: Word(past.author),
            terms: Terms::from(&past.terms),
            quote: Quote::new(&past.terms, fees)?,
            message: past.message.clone(),
            created_at: past.at.into(),
        })
    }
}

/// A worker's answer to a job, as this caller sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Proposal {
    id: String,
    job_id: String,
    client_id: String,
    worker_id: String,
    status: ProposalState,
    /// The number of the current round; name it when you answer.
    round: i32,
    /// Whose round it is; the other side answers.
    round_by: Party,
    /// The terms of the current round.
    terms: Terms,
    /// What these terms leave the worker, if they are signed now.
    quote: Quote,
    /// The words that came with the current round.
    message: String,
    /// Until when it waits for an answer, while it does.
    #[schema(required = true)]
    respond_by: Option<DateTime>,
    /// The contract that was made of it.
    #[schema(required = true)]
    contract_id: Option<String>,
    /// Every round, from the first to the current one.
    rounds: Vec<ProposalRound>,
    allowed_actions: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
}

impl Proposal {
    /// With its rounds, its contract and what the two did before, which were read already, so that a list reads them all at once.
    ///
    /// # Errors
    /// Terms whose total is out of range.
    pub(super) fn new(
        cx: &Context,
        proposal: &proposal::Proposal,
        rounds: &[PastRound],
        contract: Option<ContractId>,
        relations: &Relations,
    ) -> Result<Self, Problem> {
        let schedule = &cx.app.fees;
        let currency = proposal.terms.total()?.currency();
        let before = relations.before(schedule, proposal.client, proposal.worker, currency);
        let fees = FeeTerms { schedule, before };
        let allowed = proposal.allowed_actions(cx.standing(proposal.client, proposal.worker), cx.now, &cx.app.rules);
        Ok(Self {
            id: proposal.id.to_string(),
            job_id: proposal.job.to_string(),
            client_id: proposal.client.to_string(),
            worker_id: proposal.worker.to_string(),
            status: Word(proposal.state),
            round: proposal.round,
            round_by: Word(proposal.round_by),
            terms: Terms::from(&proposal.terms),
            quote: Quote::new(&proposal.terms, fees)?,
            message: proposal.message.clone(),
            respond_by: proposal.respond_by.map(Into::into),
            contract_id: contract.map(|id| id.to_string()),
            rounds: rounds.iter().map(|past| ProposalRound::new(past, fees)).collect::<Result<_, _>>()?,
            allowed_actions: allowed.iter().map(ProposalAction::to_string).collect(),
            version: proposal.version,
            created_at: proposal.created_at.into(),
            updated_at: proposal.updated_at.into(),
        })
    }

    /// With its rounds and its contract, read now.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) fn read(conn: &mut Conn, cx: &Context, proposal: &proposal::Proposal) -> Result<Self, Problem> {
        let contract = contract::of_proposals(conn, &[proposal.id])?.remove(&proposal.id);
        let relations = Relations::of_proposals(conn, &cx.app, &[(proposal.client, proposal.worker)])?;
        Self::new(cx, proposal, &rounds(conn, proposal.id)?, contract, &relations)
    }
}

/// The answer of every step.
///
/// # Errors
/// Those of the store.
pub(super) fn reply(conn: &mut Conn, cx: &Context, proposal: &proposal::Proposal) -> Result<Reply, Problem> {
    Ok(Reply::ok(&Proposal::read(conn, cx, proposal)?)?.version(proposal.version))
}
