//! Disputes, as their parties take part in them.

mod list;
mod resource;
mod staff;

use actix_web::{get, post};
use domain::ids::{DisputeKind, MilestoneKind};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use self::resource::{Dispute, reply};
use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    extract::PathId,
    money::Money,
    reply::Reply,
    usecases::dispute as usecase,
    words::DisputeReason,
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(open_dispute).service(read_dispute).service(answer_dispute).service(offer).service(settle);
    config.service(list::list_contract_disputes).service(list::list_my_disputes).service(list::list_disputes);
    config.service(staff::propose_ruling).service(staff::rule);
}

/// What you disagree with.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct DisputePost {
    /// What kind of disagreement it is.
    #[garde(skip)]
    reason: DisputeReason,
    /// What you say about it; the other side and staff read it.
    #[schema(min_length = 1, max_length = 10000)]
    #[garde(length(chars, min = 1, max = 10_000))]
    claim: String,
}

/// Dispute a milestone
///
/// For either side, while its money is held. Silence no longer accepts it; the other side has 5 days to answer.
#[utoipa::path(tag = "work", request_body = DisputePost, responses((status = 201, description = "The dispute", body = Dispute)),
    extensions(("x-key" = json!("required"))))]
#[post("/v1/milestones/{id}/dispute")]
async fn open_dispute(call: Call, id: PathId<MilestoneKind>, body: Body<DisputePost>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Required, &canonical, move |tx, cx| {
        let dispute = usecase::open(tx, cx, id.0, value.reason.0, value.claim.clone())?;
        let location = format!("/v1/disputes/{}", dispute.id);
        Ok(Reply::created(&Dispute::of(&dispute, cx), location)?.version(dispute.version))
    })
    .await
}

/// One dispute
///
/// For its parties and staff. A proposed ruling is seen by staff only, until it is confirmed.
#[utoipa::path(tag = "work", responses((status = 200, description = "The dispute", body = Dispute)))]
#[get("/v1/disputes/{id}")]
async fn read_dispute(call: Call, id: PathId<DisputeKind>) -> Answer {
    call.read(move |conn, cx| reply(&usecase::read(conn, cx, id.0)?, cx)).await
}

/// What the other side says.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct DisputeAnswer {
    /// Your side of it; the other side and staff read it.
    #[schema(min_length = 1, max_length = 10000)]
    #[garde(length(chars, min = 1, max = 10_000))]
    answer: String,
}

/// Answer a dispute
///
/// For the side that did not open it, once. The two then have 7 days to agree before staff mediate.
#[utoipa::path(tag = "work", request_body = DisputeAnswer, responses((status = 200, description = "The dispute, negotiating", body = Dispute)))]
#[post("/v1/disputes/{id}/answer")]
async fn answer_dispute(call: Call, id: PathId<DisputeKind>, body: Body<DisputeAnswer>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Optional, &canonical, move |tx, cx| reply(&usecase::answer(tx, cx, id.0, value.answer.clone())?, cx))
        .await
}

/// What the worker gets of what is held; the client gets the rest back.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct WorkerShare {
    /// Before the fee, and at most what is held.
    #[garde(dive)]
    worker_share: Money,
}

/// Offer a share
///
/// For either side, in place of any offer that stands. It binds you as soon as the other side settles.
#[utoipa::path(tag = "work", request_body = WorkerShare, responses((status = 200, description = "The dispute with the offer", body = Dispute)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["shares_refused"]))))]
#[post("/v1/disputes/{id}/offer")]
async fn offer(call: Call, id: PathId<DisputeKind>, body: Body<WorkerShare>) -> Answer {
    let Body { value, canonical } = body;
    let share = value.worker_share.try_into()?;
    call.act(Key::Required, &canonical, move |tx, cx| reply(&usecase::offer(tx, cx, id.0, share)?, cx)).await
}

/// Accept the other side's offer
///
/// Names the offer's share, so that no other is accepted unseen. What is held is shared at once and for good; with `?preview=true` it shows the journal entry and changes nothing.
#[utoipa::path(tag = "work", request_body = WorkerShare, responses((status = 200, description = "The dispute, settled", body = Dispute)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["balance_too_large", "stale_offer"]))))]
#[post("/v1/disputes/{id}/settle")]
async fn settle(call: Call, id: PathId<DisputeKind>, body: Body<WorkerShare>) -> Answer {
    let Body { value, canonical } = body;
    let share = value.worker_share.try_into()?;
    call.act(Key::Required, &canonical, move |tx, cx| reply(&usecase::settle(tx, cx, id.0, share)?, cx)).await
}
