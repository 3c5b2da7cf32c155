//! Ending a contract by consent.

use actix_web::{get, post};
use domain::{
    cancellation::{self, CancellationAction},
    ids::{CancellationRequestKind, ContractKind},
    policy::Operation,
};
use garde::Validate;
use persistence::{cancellation as rows, page::Position};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Routes, preview::Preview};
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    context::Context,
    date_time::DateTime,
    extract::{Filter, PathId},
    money::Money,
    page::PageFilter,
    problem::Problem,
    reply::Reply,
    usecases::{
        cancellation::{self as usecase, Requested},
        work::Work,
    },
    words::{CancellationState, Party, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(request_cancellation).service(list_cancellation_requests).service(read_cancellation_request);
    config.service(consent).service(refuse).service(retract);
}

/// What the worker is to get of one milestone.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct MilestoneShare {
    #[schema(max_length = 64)]
    #[garde(length(chars, max = 64))]
    milestone_id: String,
    /// Before the fee, and at most what is held. The client gets the rest back.
    #[garde(dive)]
    worker_share: Money,
}

impl From<&cancellation::Share> for MilestoneShare {
    fn from(share: &cancellation::Share) -> Self {
        Self { milestone_id: share.milestone.to_string(), worker_share: share.worker_share.into() }
    }
}

impl TryFrom<MilestoneShare> for cancellation::Share {
    type Error = Problem;

    fn try_from(share: MilestoneShare) -> Result<Self, Problem> {
        Ok(Self { milestone: share.milestone_id.parse()?, worker_share: share.worker_share.try_into()? })
    }
}

/// One side's proposal to end a contract.
#[derive(Debug, Serialize, ToSchema)]
struct CancellationRequest {
    id: String,
    contract_id: String,
    requested_by: Party,
    reason: String,
    /// A share for each milestone that is still open. One that is accepted or disputed meanwhile drops out.
    shares: Vec<MilestoneShare>,
    status: CancellationState,
    /// Until when the other side may answer. After that, what becomes of a milestone depends on what the worker has
    /// shown since it was funded: nothing, and the client gets the money back; else it becomes a dispute.
    respond_by: DateTime,
    /// What you may do now.
    allowed_actions: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
    /// With `?preview=true`: what would be posted. Nothing has been.
    #[schema(required = true)]
    preview: Option<Preview>,
}

impl CancellationRequest {
    fn of(request: &cancellation::CancellationRequest, work: &Work, cx: &Context) -> Self {
        let allowed = request.allowed_actions(work.standing(cx));
        Self {
            id: request.id.to_string(),
            contract_id: request.contract.to_string(),
            requested_by: Word(request.requested_by),
            reason: request.reason.clone(),
            shares: request.shares.iter().map(MilestoneShare::from).collect(),
            status: Word(request.state),
            respond_by: request.respond_by.into(),
            allowed_actions: allowed.iter().map(CancellationAction::to_string).collect(),
            version: request.version,
            created_at: request.created_at.into(),
            updated_at: request.updated_at.into(),
            preview: Preview::of(cx),
        }
    }
}

fn reply(found: &Requested, cx: &Context) -> Result<Reply, Problem> {
    Ok(Reply::ok(&CancellationRequest::of(&found.request, &found.work, cx))?.version(found.request.version))
}

/// Why, and who is to get what.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct CancellationRequestPost {
    /// Why; the other side reads it.
    #[schema(min_length = 1, max_length = 5000)]
    #[garde(length(chars, min = 1, max = 5000))]
    reason: String,
    /// One for each milestone that is neither finished nor disputed; a share of nothing where no money is held.
    #[schema(max_items = 200)]
    #[garde(length(max = 200), dive)]
    shares: Vec<MilestoneShare>,
}

/// Ask to end a contract
///
/// For either side, with a share for each open milestone. The other side has 7 days to answer; no timer stops meanwhile.
#[utoipa::path(tag = "work", request_body = CancellationRequestPost, responses((status = 201, description = "The request", body = CancellationRequest)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["already_requested", "shares_refused", "action_refused", "not_permitted"]))))]
#[post("/v1/contracts/{id}/cancellation-requests")]
async fn request_cancellation(call: Call, id: PathId<ContractKind>, body: Body<CancellationRequestPost>) -> Answer {
    let Body { value: CancellationRequestPost { reason, shares }, canonical } = body;
    let shares = shares.into_iter().map(cancellation::Share::try_from).collect::<Result<Vec<_>, _>>()?;
    call.act(Key::Required, &canonical, move |tx, cx| {
        let found = usecase::request(tx, cx, id.0, reason.clone(), shares.clone())?;
        let location = format!("/v1/cancellation-requests/{}", found.request.id);
        let body = CancellationRequest::of(&found.request, &found.work, cx);
        Ok(Reply::created(&body, location)?.version(found.request.version))
    })
    .await
}

/// Cancellation requests, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct CancellationRequestPage {
    items: Vec<CancellationRequest>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// The requests to end a contract, newest first
#[utoipa::path(tag = "work", params(PageFilter), responses((status = 200, description = "Requests", body = CancellationRequestPage)))]
#[get("/v1/contracts/{id}/cancellation-requests")]
async fn list_cancellation_requests(call: Call, id: PathId<ContractKind>, filter: Filter<PageFilter>) -> Answer {
    call.read(move |conn, cx| {
        let work = Work::find(conn, cx, id.0)?;
        cx.permit(Operation::ReadContract, work.standing(cx))?;
        let secrets = cx.app.tokens.secrets();
        let page = filter.0.page(format!("cancellation requests {}", id.0), secrets)?;
        let found = rows::list(conn, id.0, page.after, page.fetch())?;
        let position =
            |request: &cancellation::CancellationRequest| Position { at: request.created_at, id: request.id.uuid() };
        let (requests, next_cursor) = page.cut(found, position, secrets);
        let items = requests.iter().map(|request| CancellationRequest::of(request, &work, cx)).collect();
        Reply::ok(&CancellationRequestPage { items, next_cursor })
    })
    .await
}

/// One request to end a contract
#[utoipa::path(tag = "work", responses((status = 200, description = "The request", body = CancellationRequest)))]
#[get("/v1/cancellation-requests/{id}")]
async fn read_cancellation_request(call: Call, id: PathId<CancellationRequestKind>) -> Answer {
    call.read(move |conn, cx| reply(&usecase::read(conn, cx, id.0)?, cx)).await
}

/// Agree to end the contract
///
/// For the other side. Each milestone ends at once with its share; with `?preview=true` it shows the journal entries and changes nothing. Send `If-Match` to agree only to the shares you read.
#[utoipa::path(tag = "work", responses((status = 200, description = "The request, consented", body = CancellationRequest)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["balance_too_large", "shares_refused"]))))]
#[post("/v1/cancellation-requests/{id}/consent")]
async fn consent(call: Call, id: PathId<CancellationRequestKind>) -> Answer {
    call.act(Key::Required, "", move |tx, cx| reply(&usecase::consent(tx, cx, id.0)?, cx)).await
}

/// Refuse to end the contract so
///
/// For the other side. The work goes on.
#[utoipa::path(tag = "work", responses((status = 200, description = "The request, refused", body = CancellationRequest)))]
#[post("/v1/cancellation-requests/{id}/refuse")]
async fn refuse(call: Call, id: PathId<CancellationRequestKind>) -> Answer {
    call.act(Key::Optional, "", move |tx, cx| reply(&usecase::refuse(tx, cx, id.0)?, cx)).await
}

/// Take a request back
///
/// For the side that asked.
#[utoipa::path(tag = "work", responses((status = 200, description = "The request, retracted", body = CancellationRequest)))]
#[post("/v1/cancellation-requests/{id}/retract")]
async fn retract(call: Call, id: PathId<CancellationRequestKind>) -> Answer {
    call.act(Key::Optional, "", move |tx, cx| reply(&usecase::retract(tx, cx, id.0)?, cx)).await
}
