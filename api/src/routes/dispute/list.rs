//! Finding disputes.

use actix_web::get;
use domain::{dispute, ids::ContractKind, policy::Operation};
use persistence::{
    contract,
    dispute::{DisputeFilter, list},
    page::Position,
    store::Conn,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::resource::Dispute;
use crate::{
    call::{Answer, Call},
    context::Context,
    extract::{Filter, PathId},
    page::{PageFilter, PageRequest},
    problem::Problem,
    reply::Reply,
    words::DisputeState,
};

/// Disputes, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct DisputePage {
    items: Vec<Dispute>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

const fn position(dispute: &dispute::Dispute) -> Position {
    Position { at: dispute.created_at, id: dispute.id.uuid() }
}

fn page(conn: &mut Conn, cx: &Context, filter: &DisputeFilter, request: &PageRequest) -> Result<Reply, Problem> {
    let found = list(conn, filter, request.after, request.fetch())?;
    let (disputes, next_cursor) = request.cut(found, position, cx.app.tokens.secrets());
    let items = disputes.iter().map(|dispute| Dispute::of(dispute, cx)).collect();
    Reply::ok(&DisputePage { items, next_cursor })
}

/// The disputes on a contract, newest first
#[utoipa::path(tag = "work", params(PageFilter), responses((status = 200, description = "Disputes", body = DisputePage)))]
#[get("/v1/contracts/{id}/disputes")]
pub(super) async fn list_contract_disputes(call: Call, id: PathId<ContractKind>, filter: Filter<PageFilter>) -> Answer {
    call.read(move |conn, cx| {
        let contract = contract::find(conn, id.0)?.ok_or_else(Problem::not_found)?;
        cx.permit(Operation::ReadDispute, cx.standing(contract.client, contract.worker))?;
        let request = filter.0.page(format!("disputes {}", id.0), cx.app.tokens.secrets())?;
        page(conn, cx, &DisputeFilter { contract: Some(id.0), ..DisputeFilter::default() }, &request)
    })
    .await
}

/// Which disputes to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DisputeQuery {
    /// Only those with this status.
    #[param(inline)]
    status: Option<DisputeState>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
    /// The `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

impl DisputeQuery {
    fn show(&self, conn: &mut Conn, cx: &Context, filter: DisputeFilter) -> Result<Reply, Problem> {
        let filter = DisputeFilter { state: self.status.map(|word| word.0), ..filter };
        let (cursor, secrets) = (self.cursor.as_deref(), cx.app.tokens.secrets());
        let request = PageRequest::read(self.limit, cursor, format!("disputes {filter:?}"), secrets)?;
        page(conn, cx, &filter, &request)
    }
}

/// The caller's disputes, newest first
#[utoipa::path(tag = "work", params(DisputeQuery), responses((status = 200, description = "Disputes", body = DisputePage)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/me/disputes")]
pub(super) async fn list_my_disputes(call: Call, query: Filter<DisputeQuery>) -> Answer {
    call.read(move |conn, cx| {
        cx.permit(Operation::ListOwnWork, cx.standing_outside())?;
        let party = Some(cx.member()?);
        query.0.show(conn, cx, DisputeFilter { party, ..DisputeFilter::default() })
    })
    .await
}

/// All disputes, newest first
///
/// For those of staff who mediate.
#[utoipa::path(tag = "staff", params(DisputeQuery), responses((status = 200, description = "Disputes", body = DisputePage)),
    extensions(("x-errors" = json!(["not_permitted", "not_found"]))))]
#[get("/v1/admin/disputes")]
pub(super) async fn list_disputes(call: Call, query: Filter<DisputeQuery>) -> Answer {
    call.read(move |conn, cx| {
        cx.permit(Operation::ReadAnyDispute, cx.standing_outside())?;
        query.0.show(conn, cx, DisputeFilter::default())
    })
    .await
}
