//! Finding payouts.

use actix_web::get;
use chrono::NaiveDate;
use domain::{payout, policy::Operation};
use persistence::{
    page::Position,
    payout::{PayoutFilter, list},
    store::Conn,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::resource::Payout;
use crate::{
    call::{Answer, Call},
    context::Context,
    extract::Filter,
    page::PageRequest,
    problem::Problem,
    reply::Reply,
    words::PayoutState,
};

/// Payouts, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::routes) struct PayoutPage {
    items: Vec<Payout>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

const fn position(payout: &payout::Payout) -> Position {
    Position { at: payout.created_at, id: payout.id.uuid() }
}

impl PayoutPage {
    /// Reads the page that is asked for.
    ///
    /// # Errors
    /// Those of the store, and of the cursor.
    pub(in crate::routes) fn read(
        conn: &mut Conn,
        cx: &Context,
        filter: PayoutFilter,
        limit: Option<u8>,
        cursor: Option<&str>,
    ) -> Result<Reply, Problem> {
        let secrets = cx.app.tokens.secrets();
        let request = PageRequest::read(limit, cursor, format!("payouts {filter:?}"), secrets)?;
        let found = list(conn, filter, request.after, request.fetch())?;
        let (payouts, next_cursor) = request.cut(found, position, secrets);
        let items = payouts.iter().map(|payout| Payout::of(payout, cx)).collect::<Result<_, _>>()?;
        Reply::ok(&Self { items, next_cursor })
    }
}

/// Which payouts to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PayoutQuery {
    /// Only those with this status.
    #[param(inline)]
    status: Option<PayoutState>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
    /// The `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

/// The caller's payouts, newest first
#[utoipa::path(tag = "money", params(PayoutQuery), responses((status = 200, description = "Payouts", body = PayoutPage)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/payouts")]
pub(super) async fn list_my_payouts(call: Call, query: Filter<PayoutQuery>) -> Answer {
    call.read(move |conn, cx| {
        cx.permit(Operation::ReadOwnMoney, cx.standing_outside())?;
        let PayoutQuery { status, limit, cursor } = query.0;
        let (worker, state) = (Some(cx.member()?), status.map(|word| word.0));
        PayoutPage::read(conn, cx, PayoutFilter { worker, state, ..PayoutFilter::default() }, limit, cursor.as_deref())
    })
    .await
}

/// Which payouts of all to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AllPayoutsQuery {
    /// Only those with this status.
    #[param(inline)]
    status: Option<PayoutState>,
    /// Only those to be paid on this day.
    #[param(example = "2026-05-15")]
    #[serde(default, deserialize_with = "crate::dates::read_optional")]
    pay_on: Option<NaiveDate>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
    /// The `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

/// All payouts, newest first
#[utoipa::path(tag = "staff", params(AllPayoutsQuery), responses((status = 200, description = "Payouts", body = PayoutPage)),
    extensions(("x-errors" = json!(["not_permitted", "not_found"]))))]
#[get("/v1/admin/payouts")]
pub(super) async fn list_payouts(call: Call, query: Filter<AllPayoutsQuery>) -> Answer {
    call.read(move |conn, cx| {
        cx.permit(Operation::HandlePayouts, cx.standing_outside())?;
        let AllPayoutsQuery { status, pay_on, limit, cursor } = query.0;
        let filter = PayoutFilter { state: status.map(|word| word.0), pay_on, ..PayoutFilter::default() };
        PayoutPage::read(conn, cx, filter, limit, cursor.as_deref())
    })
    .await
}
