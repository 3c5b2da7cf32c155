//! Finding refunds.

use actix_web::get;
use domain::{policy::Operation, refund};
use persistence::{
    page::Position,
    refund::{RefundFilter, list},
    store::Conn,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Refund;
use crate::{
    call::{Answer, Call},
    context::Context,
    extract::Filter,
    page::PageRequest,
    problem::Problem,
    reply::Reply,
    words::RefundState,
};

/// Refunds, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct RefundPage {
    items: Vec<Refund>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

const fn position(refund: &refund::Refund) -> Position {
    Position { at: refund.created_at, id: refund.id.uuid() }
}

/// Which refunds to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RefundQuery {
    /// Only those with this status.
    #[param(inline)]
    status: Option<RefundState>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
    /// The `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

fn page(conn: &mut Conn, cx: &Context, query: &RefundQuery, filter: RefundFilter) -> Result<Reply, Problem> {
    let filter = RefundFilter { state: query.status.as_ref().map(|word| word.0), ..filter };
    let secrets = cx.app.tokens.secrets();
    let request = PageRequest::read(query.limit, query.cursor.as_deref(), format!("refunds {filter:?}"), secrets)?;
    let found = list(conn, filter, request.after, request.fetch())?;
    let (refunds, next_cursor) = request.cut(found, position, secrets);
    Reply::ok(&RefundPage { items: refunds.iter().map(|refund| Refund::of(refund, cx)).collect(), next_cursor })
}

/// The caller's refunds, newest first
#[utoipa::path(tag = "money", params(RefundQuery), responses((status = 200, description = "Refunds", body = RefundPage)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/refunds")]
pub(super) async fn list_my_refunds(call: Call, query: Filter<RefundQuery>) -> Answer {
    call.read(move |conn, cx| {
        cx.permit(Operation::ReadOwnMoney, cx.standing_outside())?;
        let client = Some(cx.member()?);
        page(conn, cx, &query.0, RefundFilter { client, ..RefundFilter::default() })
    })
    .await
}

/// All refunds, newest first
#[utoipa::path(tag = "staff", params(RefundQuery), responses((status = 200, description = "Refunds", body = RefundPage)),
    extensions(("x-errors" = json!(["not_permitted", "not_found"]))))]
#[get("/v1/admin/refunds")]
pub(super) async fn list_refunds(call: Call, query: Filter<RefundQuery>) -> Answer {
    call.read(move |conn, cx| {
        cx.permit(Operation::HandleRefunds, cx.standing_outside())?;
        page(conn, cx, &query.0, RefundFilter::default())
    })
    .await
}
