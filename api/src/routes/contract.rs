//! Contracts: signing, reading, leaving.

use actix_web::{get, post};
use domain::{
    ids::{ContractKind, ProposalKind},
    milestone::FeeTerms,
    policy::Operation,
};
use garde::Validate;
use persistence::{
    contract::{self, ContractFilter},
    escrow::TerminationFee,
    page::Position,
    store::Conn,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Routes,
    milestone::{Milestone, ReleaseBreakdown},
    preview::Preview,
    terms::{Quote, Terms},
};
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    context::Context,
    date_time::DateTime,
    extract::{Filter, PathId},
    money::Money,
    page::PageRequest,
    problem::Problem,
    reply::Reply,
    usecases::{
        contract as usecase,
        fee::{self, Relations},
        work::{Begun, Work},
    },
    words::{ContractState, EscrowState, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(sign).service(read_contract).service(list_contracts).service(leave);
}

/// Terms both sides accepted.
#[derive(Debug, Serialize, ToSchema)]
struct Contract {
    id: String,
    job_id: String,
    proposal_id: String,
    client_id: String,
    worker_id: String,
    title: String,
    /// What is to be done: the description of the job when it was signed.
    scope: String,
    status: ContractState,
    terms: Terms,
    /// The version of the terms. What was signed never changes.
    terms_version: i32,
    /// The fee schedule it was signed under.
    #[schema(example = "standard-1")]
    fee_schedule: String,
    /// The price of all milestones, consumption tax included.
    total: Money,
    /// What becomes of the price: the fee, and what is left for the worker, milestone by milestone.
    quote: Quote,
    /// What has been released so far, before fees.
    released: Money,
    milestones: Vec<Milestone>,
    /// The termination fee, if one was agreed.
    #[schema(required = true)]
    termination: Option<Termination>,
    /// When the next funding the terms require is due; missing it pauses an active contract.
    #[schema(required = true)]
    funding_due_at: Option<DateTime>,
    /// When it lapses, unless something is funded before.
    #[schema(required = true)]
    lapse_at: Option<DateTime>,
    #[schema(required = true)]
    paused_at: Option<DateTime>,
    /// While paused: from when on the worker may leave.
    #[schema(required = true)]
    leave_from_at: Option<DateTime>,
    #[schema(required = true)]
    ended_at: Option<DateTime>,
    /// What you may do now.
    allowed_actions: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
    /// With `?preview=true`: what would be posted. Nothing has been.
    #[schema(required = true)]
    preview: Option<Preview>,
}

/// A termination fee: an escrow of the contract itself.
#[derive(Debug, Serialize, ToSchema)]
struct Termination {
    amount: Money,
    /// Where the money is: with the worker when the client let the contract end unfinished, otherwise back with the client.
    escrow_status: EscrowState,
    escrow_id: String,
    /// What became of the money, once the worker got it.
    #[schema(required = true)]
    release: Option<ReleaseBreakdown>,
}

impl From<&TerminationFee> for Termination {
    fn from(fee: &TerminationFee) -> Self {
        let TerminationFee { escrow, charged } = fee;
        Self {
            amount: escrow.amount.into(),
            escrow_status: Word(escrow.state),
            escrow_id: escrow.id.to_string(),
            release: charged.map(|charged| ReleaseBreakdown::of(escrow.amount, charged)),
        }
    }
}

impl Contract {
    fn of(work: &Work, cx: &Context, relations: &Relations, begun: &Begun) -> Result<Self, Problem> {
        let contract = &work.contract;
        let schedule = fee::signed(contract)?;
        let fees = FeeTerms { schedule: &schedule, before: relations.before_contract(&schedule, contract)? };
        let allowed = contract.allowed_actions(work.standing(cx), &work.course(), cx.now, &cx.app.rules);
        Ok(Self {
            id: contract.id.to_string(),
            job_id: contract.job.to_string(),
            proposal_id: contract.proposal.to_string(),
            client_id: contract.client.to_string(),
            worker_id: contract.worker.to_string(),
            title: contract.title.clone(),
            scope: contract.scope.clone(),
            status: Word(contract.state),
            terms: Terms::from(&contract.terms),
            terms_version: 1,
            fee_schedule: contract.fee_schedule.clone(),
            total: contract.terms.total()?.into(),
            quote: Quote::new(&contract.terms, fees)?,
            released: contract.released.into(),
            milestones: work.milestones.iter().map(|stored| Milestone::of(stored, work, begun, cx)).collect(),
            termination: work.termination.as_ref().map(Termination::from),
            funding_due_at: contract.funding_due_at.map(Into::into),
            lapse_at: contract.lapse_at.map(Into::into),
            paused_at: contract.paused_at.map(Into::into),
            leave_from_at: contract.leave_from(&cx.app.rules).map(Into::into),
            ended_at: contract.ended_at.map(Into::into),
            allowed_actions: allowed.iter().map(ToString::to_string).collect(),
            version: contract.version,
            created_at: contract.created_at.into(),
            updated_at: contract.updated_at.into(),
            preview: Preview::of(cx),
        })
    }

    fn read(conn: &mut Conn, work: &Work, cx: &Context) -> Result<Self, Problem> {
        let relations = Relations::of_contracts(conn, [&work.contract])?;
        Self::of(work, cx, &relations, &Begun::read(conn, &work.milestones)?)
    }

    fn reply(conn: &mut Conn, work: &Work, cx: &Context) -> Result<Reply, Problem> {
        Ok(Reply::ok(&Self::read(conn, work, cx)?)?.version(work.contract.version))
    }
}

/// Which round is accepted.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Signature {
    /// The round you read. If a newer one has come since, this is refused.
    #[schema(minimum = 1)]
    #[garde(range(min = 1))]
    round: i32,
}

/// Accept a proposal and sign the contract
///
/// Open to the side whose turn it is. Fills the job; the other proposals are set aside. The first milestone must be funded within 7 days, or the contract lapses.
#[utoipa::path(tag = "work", request_body = Signature, responses((status = 201, description = "The contract", body = Contract)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["stale_terms", "terms_refused", "member_left"]))))]
#[post("/v1/proposals/{id}/accept")]
async fn sign(call: Call, id: PathId<ProposalKind>, body: Body<Signature>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Required, &canonical, move |tx, cx| {
        let work = usecase::sign(tx, cx, id.0, value.round)?;
        let location = format!("/v1/contracts/{}", work.contract.id);
        Ok(Reply::created(&Contract::read(tx, &work, cx)?, location)?.version(work.contract.version))
    })
    .await
}

/// One contract with its milestones
#[utoipa::path(tag = "work", responses((status = 200, description = "The contract", body = Contract)))]
#[get("/v1/contracts/{id}")]
async fn read_contract(call: Call, id: PathId<ContractKind>) -> Answer {
    call.read_first(
        move |conn, ticket| persistence::work::find(conn, ticket, id.0),
        |conn, cx, found| {
            let work = Work::of(conn, found)?;
            cx.permit(Operation::ReadContract, work.standing(cx))?;
            Contract::reply(conn, &work, cx)
        },
    )
    .await
}

/// Leave a paused contract
///
/// For the worker, 7 days after it was paused because the next milestone was not funded. What is still held goes back to the client; delivered work must be decided first.
#[utoipa::path(tag = "work", responses((status = 200, description = "The contract, ended", body = Contract)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["too_early", "work_undecided"]))))]
#[post("/v1/contracts/{id}/leave")]
async fn leave(call: Call, id: PathId<ContractKind>) -> Answer {
    call.act(Key::Required, "", move |tx, cx| {
        let work = usecase::leave(tx, cx, id.0)?;
        Contract::reply(tx, &work, cx)
    })
    .await
}

/// Which contracts to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ContractQuery {
    /// Only those with this status.
    #[param(inline)]
    status: Option<ContractState>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
    /// The `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

/// Contracts, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct ContractPage {
    items: Vec<Contract>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

const fn position(contract: &domain::contract::Contract) -> Position {
    Position { at: contract.created_at, id: contract.id.uuid() }
}

/// The caller's contracts, as client and as worker, newest first
#[utoipa::path(tag = "work", params(ContractQuery), responses((status = 200, description = "Contracts", body = ContractPage)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/me/contracts")]
async fn list_contracts(call: Call, query: Filter<ContractQuery>) -> Answer {
    call.read(move |conn, cx| {
        cx.permit(Operation::ListOwnWork, cx.standing_outside())?;
        let (me, secrets) = (cx.member()?, cx.app.tokens.secrets());
        let state = query.0.status.map(|word| word.0);
        let list = format!("contracts {me} {state:?}");
        let page = PageRequest::read(query.0.limit, query.0.cursor.as_deref(), list, secrets)?;
        let found = contract::list(conn, ContractFilter { party: me, state }, page.after, page.fetch())?;
        let (contracts, next_cursor) = page.cut(found, position, secrets);
        let relations = Relations::of_contracts(conn, &contracts)?;
        let works = Work::of_contracts(conn, contracts)?;
        let begun = Begun::read(conn, works.iter().flat_map(|work| &work.milestones))?;
        let items = works.iter().map(|work| Contract::of(work, cx, &relations, &begun)).collect::<Result<_, _>>()?;
        Reply::ok(&ContractPage { items, next_cursor })
    })
    .await
}
