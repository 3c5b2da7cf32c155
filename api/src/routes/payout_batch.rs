//! Batches of payouts and monthly runs, for finance.

use actix_web::{get, post};
use chrono::NaiveDate;
use domain::{ids::PayoutBatchKind, payout_batch, policy::Operation, settlement::Settlement};
use garde::Validate;
use persistence::{page::Position, payout::PayoutFilter, payout_batch as rows, payout_run::Run};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Routes;
use super::payout::{PayoutPage, SettlementPost};
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    context::Context,
    date_time::DateTime,
    extract::{Filter, PathId},
    money::Money,
    page::{PageFilter, of_day},
    problem::Problem,
    reply::Reply,
    routes::preview::Preview,
    usecases::{payout_batch as usecase, payout_run},
    words::{PayoutBatchState, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(prepare_batch).service(list_batches).service(read_batch).service(list_batch_payouts);
    config.service(send_batch).service(settle_batch).service(list_runs);
}

/// Payouts that go to the bank together.
#[derive(Debug, Serialize, ToSchema)]
struct PayoutBatch {
    id: String,
    /// The day the bank is to pay on.
    #[schema(example = "2026-05-15")]
    pay_on: NaiveDate,
    status: PayoutBatchState,
    /// How many payouts it has.
    #[schema(example = 12)]
    payouts: i64,
    /// What the bank is to transfer in all.
    total: Money,
    /// Who gathered it.
    preparer_id: String,
    #[schema(required = true)]
    sent_at: Option<DateTime>,
    #[schema(required = true)]
    settled_at: Option<DateTime>,
    /// What you may do now.
    allowed_actions: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
    /// With `?preview=true`: what would be posted. Nothing has been.
    #[schema(required = true)]
    preview: Option<Preview>,
}

impl PayoutBatch {
    fn of(batch: &payout_batch::PayoutBatch, cx: &Context) -> Self {
        use domain::machine::State;
        let allowed = batch.state.allowed(cx.standing_outside());
        Self {
            id: batch.id.to_string(),
            pay_on: batch.pay_on,
            status: Word(batch.state),
            payouts: batch.payouts,
            total: batch.total.into(),
            preparer_id: batch.preparer_id.to_string(),
            sent_at: batch.sent_at.map(Into::into),
            settled_at: batch.settled_at.map(Into::into),
            allowed_actions: allowed.into_iter().map(|action| action.to_string()).collect(),
            version: batch.version,
            created_at: batch.created_at.into(),
            updated_at: batch.updated_at.into(),
            preview: Preview::of(cx),
        }
    }
}

fn reply(batch: &payout_batch::PayoutBatch, cx: &Context) -> Result<Reply, Problem> {
    Ok(Reply::ok(&PayoutBatch::of(batch, cx))?.version(batch.version))
}

/// For which payday.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct PayoutBatchPost {
    /// Payouts due by this day are taken, the earliest first.
    #[schema(example = "2026-05-15")]
    #[serde(deserialize_with = "crate::dates::read")]
    #[garde(skip)]
    pay_on: NaiveDate,
}

/// A new batch, and what it left behind.
#[derive(Debug, Serialize, ToSchema)]
struct PreparedBatch {
    #[serde(flatten)]
    batch: PayoutBatch,
    /// How many payouts are due that it had no room for: prepare another.
    #[schema(example = 0)]
    remaining: i64,
    /// How many are due that cannot go, because their workers have no usable bank account. They wait.
    #[schema(example = 0)]
    skipped: i64,
}

/// Gather the payouts that are due
///
/// At most as many as a batch may have. Each goes to the bank account that its worker has now.
#[utoipa::path(tag = "staff", request_body = PayoutBatchPost, responses((status = 201, description = "The batch, prepared", body = PreparedBatch)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["nothing_due", "not_permitted", "not_found"]))))]
#[post("/v1/admin/payout-batches")]
async fn prepare_batch(call: Call, body: Body<PayoutBatchPost>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Required, &canonical, move |tx, cx| {
        let prepared = usecase::prepare(tx, cx, value.pay_on)?;
        let location = format!("/v1/admin/payout-batches/{}", prepared.batch.id);
        let batch = PayoutBatch::of(&prepared.batch, cx);
        let body = PreparedBatch { batch, remaining: prepared.remaining, skipped: prepared.skipped };
        Ok(Reply::created(&body, location)?.version(prepared.batch.version))
    })
    .await
}

/// Batches, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct PayoutBatchPage {
    items: Vec<PayoutBatch>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Batches of payouts, newest first
#[utoipa::path(tag = "staff", params(PageFilter), responses((status = 200, description = "Batches", body = PayoutBatchPage)),
    extensions(("x-errors" = json!(["not_permitted", "not_found"]))))]
#[get("/v1/admin/payout-batches")]
async fn list_batches(call: Call, filter: Filter<PageFilter>) -> Answer {
    call.read(move |conn, cx| {
        cx.permit(Operation::HandlePayouts, cx.standing_outside())?;
        let secrets = cx.app.tokens.secrets();
        let page = filter.0.page("payout batches".to_owned(), secrets)?;
        let found = rows::list(conn, page.after, page.fetch())?;
        let position = |batch: &payout_batch::PayoutBatch| Position { at: batch.created_at, id: batch.id.uuid() };
        let (found, next_cursor) = page.cut(found, position, secrets);
        let items = found.iter().map(|batch| PayoutBatch::of(batch, cx)).collect();
        Reply::ok(&PayoutBatchPage { items, next_cursor })
    })
    .await
}

/// One batch of payouts
#[utoipa::path(tag = "staff", responses((status = 200, description = "The batch", body = PayoutBatch)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/admin/payout-batches/{id}")]
async fn read_batch(call: Call, id: PathId<PayoutBatchKind>) -> Answer {
    call.read(move |conn, cx| reply(&usecase::read(conn, cx, id.0)?, cx)).await
}

/// The payouts of a batch, newest first, each with the account it goes to
#[utoipa::path(tag = "staff", params(PageFilter), responses((status = 200, description = "Payouts", body = PayoutPage)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/admin/payout-batches/{id}/payouts")]
async fn list_batch_payouts(call: Call, id: PathId<PayoutBatchKind>, filter: Filter<PageFilter>) -> Answer {
    call.read(move |conn, cx| {
        let batch = Some(usecase::read(conn, cx, id.0)?.id);
        let (limit, cursor) = filter.0.parts();
        PayoutPage::read(conn, cx, PayoutFilter { batch, ..PayoutFilter::default() }, limit, cursor)
    })
    .await
}

/// Enter that a batch went to the bank
#[utoipa::path(tag = "staff", responses((status = 200, description = "The batch, sent", body = PayoutBatch)), extensions(("x-key" = json!("required"))))]
#[post("/v1/admin/payout-batches/{id}/send")]
async fn send_batch(call: Call, id: PathId<PayoutBatchKind>) -> Answer {
    call.act(Key::Required, "", move |tx, cx| reply(&usecase::send(tx, cx, id.0)?, cx)).await
}

/// Enter that the bank paid a batch
///
/// All of its payouts that the bank has not refused are paid. Enter refusals before, one by one.
#[utoipa::path(tag = "staff", request_body = SettlementPost, responses((status = 200, description = "The batch, settled", body = PayoutBatch)),
    extensions(("x-key" = json!("required"))))]
#[post("/v1/admin/payout-batches/{id}/settle")]
async fn settle_batch(call: Call, id: PathId<PayoutBatchKind>, body: Body<SettlementPost>) -> Answer {
    let Body { value, canonical } = body;
    let settlement = Settlement::from(value);
    call.act(Key::Required, &canonical, move |tx, cx| reply(&usecase::settle(tx, cx, id.0, &settlement)?, cx)).await
}

/// The close of one month.
#[derive(Debug, Serialize, ToSchema)]
struct PayoutRun {
    /// The last day of the month.
    #[schema(example = "2026-04-30")]
    closed_on: NaiveDate,
    /// Its payday.
    #[schema(example = "2026-05-15")]
    pay_on: NaiveDate,
    /// How many payouts it has made.
    #[schema(example = 12)]
    payouts: i64,
    /// Of how much in all.
    total: Money,
    started_at: DateTime,
    /// When nobody was left to be paid; null while it is under way.
    #[schema(required = true)]
    finished_at: Option<DateTime>,
}

impl From<Run> for PayoutRun {
    fn from(run: Run) -> Self {
        let Run { closed_on, pay_on, payouts, total, started_at, finished_at, .. } = run;
        Self {
            closed_on,
            pay_on,
            payouts,
            total: total.into(),
            started_at: started_at.into(),
            finished_at: finished_at.map(Into::into),
        }
    }
}

/// Runs, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct PayoutRuns {
    items: Vec<PayoutRun>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// The closes of months, newest first
#[utoipa::path(tag = "staff", params(PageFilter), responses((status = 200, description = "Runs", body = PayoutRuns)),
    extensions(("x-errors" = json!(["not_permitted", "not_found"]))))]
#[get("/v1/admin/payout-runs")]
async fn list_runs(call: Call, filter: Filter<PageFilter>) -> Answer {
    call.read(move |conn, cx| {
        let secrets = cx.app.tokens.secrets();
        let page = filter.0.page("payout runs".to_owned(), secrets)?;
        let found = payout_run::list(conn, cx, page.after_day(), page.fetch())?;
        let (found, next_cursor) = page.cut(found, |run| of_day(run.closed_on), secrets);
        let items = found.into_iter().map(PayoutRun::from).collect();
        Reply::ok(&PayoutRuns { items, next_cursor })
    })
    .await
}
