//! Finding proposals.

use actix_web::get;
use domain::{actor, ids::JobKind, policy::Operation, proposal};
use persistence::{
    contract,
    page::Position,
    proposal::{ProposalFilter, list, rounds_of},
    store::Conn,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::resource::Proposal;
use crate::{
    call::{Answer, Call},
    context::Context,
    extract::{Filter, PathId},
    page::PageRequest,
    problem::Problem,
    reply::Reply,
    usecases::{fee::Relations, proposal as usecase},
    words::{Party, ProposalState},
};

/// Proposals, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct ProposalPage {
    items: Vec<Proposal>,
    /// What to pass as `cursor` for the next page; null on the last one.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

fn page(conn: &mut Conn, cx: &Context, filter: &ProposalFilter, request: &PageRequest) -> Result<Reply, Problem> {
    let found = list(conn, filter, request.after, request.fetch())?;
    let position = |each: &proposal::Proposal| Position { at: each.created_at, id: each.id.uuid() };
    let (proposals, next_cursor) = request.cut(found, position, cx.app.tokens.secrets());
    let ids: Vec<_> = proposals.iter().map(|each| each.id).collect();
    let (rounds, contracts) = (rounds_of(conn, &ids)?, contract::of_proposals(conn, &ids)?);
    let pairs: Vec<_> = proposals.iter().map(|each| (each.client, each.worker)).collect();
    let relations = Relations::of_proposals(conn, &cx.app, &pairs)?;
    let view = |each: &proposal::Proposal| {
        let rounds = rounds.get(&each.id).map(Vec::as_slice).unwrap_or_default();
        Proposal::new(cx, each, rounds, contracts.get(&each.id).copied(), &relations)
    };
    let items = proposals.iter().map(view).collect::<Result<_, _>>()?;
    Reply::ok(&ProposalPage { items, next_cursor })
}

/// Which proposals to a job to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ToJobQuery {
    /// Only those with this status.
    #[param(inline)]
    status: Option<ProposalState>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
    /// The `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

/// The proposals to a job
///
/// For the client of the job.
#[utoipa::path(tag = "market", params(ToJobQuery), responses((status = 200, description = "Proposals", body = ProposalPage)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/jobs/{id}/proposals")]
pub(super) async fn list_job_proposals(call: Call, id: PathId<JobKind>, query: Filter<ToJobQuery>) -> Answer {
    let state = query.0.status.map(|word| word.0);
    let filter = ProposalFilter { job: Some(id.0), state, ..ProposalFilter::default() };
    let list = format!("proposals {filter:?}");
    let request = PageRequest::read(query.0.limit, query.0.cursor.as_deref(), list, call.app().tokens.secrets())?;
    call.read(move |conn, cx| {
        usecase::check_reader(conn, cx, id.0)?;
        page(conn, cx, &filter, &request)
    })
    .await
}

/// Which of the caller's proposals to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MyProposalQuery {
    /// `worker`: those you made. `client`: those to your jobs. Both if you don't say.
    #[param(inline)]
    role: Option<Party>,
    /// Only those with this status.
    #[param(inline)]
    status: Option<ProposalState>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
    /// The `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

/// The proposals that the caller made, or got
#[utoipa::path(tag = "market", params(MyProposalQuery), responses((status = 200, description = "Proposals", body = ProposalPage)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/me/proposals")]
pub(super) async fn list_my_proposals(call: Call, query: Filter<MyProposalQuery>) -> Answer {
    let (role, state) = (query.0.role.map(|word| word.0), query.0.status.map(|word| word.0));
    let list = format!("my proposals {role:?} {state:?}");
    let request = PageRequest::read(query.0.limit, query.0.cursor.as_deref(), list, call.app().tokens.secrets())?;
    call.read(move |conn, cx| {
        cx.permit(Operation::ListOwnWork, cx.standing_outside())?;
        let (me, filter) = (Some(cx.member()?), ProposalFilter { state, ..ProposalFilter::default() });
        let filter = match role {
            Some(actor::Party::Client) => ProposalFilter { client: me, ..filter },
            Some(actor::Party::Worker) => ProposalFilter { worker: me, ..filter },
            None => ProposalFilter { party: me, ..filter },
        };
        page(conn, cx, &filter, &request)
    })
    .await
}
