//! Milestones: funding, delivering, asking for changes, accepting.

mod resource;

use actix_web::{get, post};
use chrono::NaiveDate;
use domain::{
    ids::{DeliveryId, MilestoneId, MilestoneKind},
    policy::Operation,
};
use garde::Validate;
use persistence::{
    milestone,
    store::{Conn, Tx},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    context::Context,
    extract::PathId,
    problem::{Code, Problem},
    reply::Reply,
    usecases::{
        milestone::{self as usecase, Handover},
        work::{Begun, Work},
    },
    words::PaymentMethod,
};
use resource::MilestoneDetail;
pub(super) use resource::{Milestone, ReleaseBreakdown};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(read_milestone).service(start_funding).service(deliver).service(request_changes).service(accept);
}

fn reply(tx: &mut Tx<'_>, cx: &Context, work: &Work, id: MilestoneId) -> Result<Reply, Problem> {
    let stored = work.milestone(id)?;
    Ok(Reply::ok(&Milestone::of(stored, work, &Begun::of(tx, stored)?, cx))?.version(stored.milestone.version))
}

fn detail(conn: &mut Conn, cx: &Context, work: &Work, id: MilestoneId) -> Result<Reply, Problem> {
    let stored = work.milestone(id)?;
    Ok(Reply::ok(&MilestoneDetail::of(conn, cx, work, stored)?)?.version(stored.milestone.version))
}

/// One milestone, with everything handed over for it
#[utoipa::path(tag = "work", responses((status = 200, description = "The milestone", body = MilestoneDetail)))]
#[get("/v1/milestones/{id}")]
async fn read_milestone(call: Call, id: PathId<MilestoneKind>) -> Answer {
    call.read(move |conn, cx| {
        let contract = milestone::find(conn, id.0)?.ok_or_else(Problem::not_found)?.milestone.contract;
        let work = Work::find(conn, cx, contract)?;
        cx.permit(Operation::ReadContract, work.standing(cx))?;
        detail(conn, cx, &work, id.0)
    })
    .await
}

/// How the missing money is paid.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct FundingStart {
    /// For what your client funds don't cover.
    #[garde(skip)]
    method: PaymentMethod,
}

/// Start funding a milestone
///
/// Sets aside your client funds, up to the amount. If they cover it, the milestone is funded at once; otherwise a payment for the rest waits for 7 days: pay it by card (`/v1/payments/{id}/pay` in a sandbox) or by a bank transfer with its reference.
#[utoipa::path(tag = "work", request_body = FundingStart, responses((status = 200, description = "The milestone, funding or funded, with its payments", body = MilestoneDetail)),
    extensions(("x-key" = json!("required"))))]
#[post("/v1/milestones/{id}/start-funding")]
async fn start_funding(call: Call, id: PathId<MilestoneKind>, body: Body<FundingStart>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Required, &canonical, move |tx, cx| {
        let work = usecase::start_funding(tx, cx, id.0, value.method.0)?;
        detail(tx, cx, &work, id.0)
    })
    .await
}

/// What is handed over: a message, links, or both.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct DeliveryPost {
    /// What you want to say, or the work itself.
    #[schema(max_length = 20000)]
    #[garde(length(chars, max = 20_000))]
    #[serde(default)]
    message: String,
    /// Where the work is: https addresses.
    #[schema(max_items = 20)]
    #[garde(length(max = 20), inner(length(chars, min = 1, max = 2000), prefix("https://")))]
    #[serde(default)]
    links: Vec<String>,
}

/// Deliver a milestone
///
/// Starts the acceptance window: unless the client decides before `auto_accept_at`, the delivery is accepted.
#[utoipa::path(tag = "work", request_body = DeliveryPost, responses((status = 200, description = "The milestone, delivered", body = Milestone)),
    extensions(("x-key" = json!("required"))))]
#[post("/v1/milestones/{id}/deliver")]
async fn deliver(call: Call, id: PathId<MilestoneKind>, body: Body<DeliveryPost>) -> Answer {
    let Body { value, canonical } = body;
    if value.message.trim().is_empty() && value.links.is_empty() {
        return Err(Problem::new(Code::InvalidBody).at(
            "/message",
            "a delivery needs a message or a link",
            "納品にはメッセージかリンクが必要です。",
        ));
    }
    let handover = Handover { message: value.message, links: value.links };
    call.act(Key::Required, &canonical, move |tx, cx| {
        let work = usecase::deliver(tx, cx, id.0, handover.clone())?;
        reply(tx, cx, &work, id.0)
    })
    .await
}

/// What is to change, and by when.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct ChangesPost {
    /// What is to change; the worker reads it.
    #[schema(min_length = 1, max_length = 5000)]
    #[garde(length(chars, min = 1, max = 5000))]
    reason: String,
    /// When the redelivery is due, a date in Asia/Tokyo.
    #[serde(deserialize_with = "crate::dates::read")]
    #[garde(skip)]
    due_on: NaiveDate,
}

/// Ask for changes
///
/// Uses one of the agreed revision rounds and stops the acceptance window.
#[utoipa::path(tag = "work", request_body = ChangesPost, responses((status = 200, description = "The milestone, with changes requested", body = Milestone)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["revisions_exhausted"]))))]
#[post("/v1/milestones/{id}/request-changes")]
async fn request_changes(call: Call, id: PathId<MilestoneKind>, body: Body<ChangesPost>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Required, &canonical, move |tx, cx| {
        let work = usecase::request_changes(tx, cx, id.0, value.reason.clone(), value.due_on)?;
        reply(tx, cx, &work, id.0)
    })
    .await
}

/// Which delivery is accepted.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Acceptance {
    /// The delivery you looked at. If a newer one has come since, this is refused.
    #[schema(max_length = 64)]
    #[garde(length(chars, max = 64))]
    delivery_id: String,
}

/// Accept a delivery
///
/// Releases the escrow: the worker earns the amount less the fee, at once and for good. With `?preview=true` it shows the journal entry, fee and net to the yen, and changes nothing.
#[utoipa::path(tag = "work", request_body = Acceptance, responses((status = 200, description = "The milestone, accepted", body = Milestone)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["balance_too_large", "stale_delivery"]))))]
#[post("/v1/milestones/{id}/accept")]
async fn accept(call: Call, id: PathId<MilestoneKind>, body: Body<Acceptance>) -> Answer {
    let Body { value, canonical } = body;
    let delivery: DeliveryId = value.delivery_id.parse()?;
    call.act(Key::Required, &canonical, move |tx, cx| {
        let work = usecase::accept(tx, cx, id.0, delivery)?;
        reply(tx, cx, &work, id.0)
    })
    .await
}
