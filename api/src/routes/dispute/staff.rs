//! Deciding a dispute, which takes two of staff.

use actix_web::post;
use domain::ids::DisputeKind;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    WorkerShare,
    resource::{Dispute, reply},
};
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    extract::PathId,
    money::Money,
    usecases::dispute as usecase,
};

/// How you would decide, and why.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct RulingPost {
    /// What the worker gets, before the fee; the client gets the rest back.
    #[garde(dive)]
    worker_share: Money,
    /// What the parties will read.
    #[schema(min_length = 1, max_length = 10000)]
    #[garde(length(chars, min = 1, max = 10_000))]
    reasoning: String,
}

/// Propose a ruling
///
/// For staff who mediate, in place of any that waits. It takes effect when another of them confirms it.
#[utoipa::path(tag = "staff", request_body = RulingPost, responses((status = 200, description = "The dispute with the ruling", body = Dispute)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["shares_refused"]))))]
#[post("/v1/admin/disputes/{id}/propose-ruling")]
pub(super) async fn propose_ruling(call: Call, id: PathId<DisputeKind>, body: Body<RulingPost>) -> Answer {
    let Body { value, canonical } = body;
    let share = value.worker_share.try_into()?;
    call.act(Key::Required, &canonical, move |tx, cx| {
        reply(&usecase::propose_ruling(tx, cx, id.0, share, value.reasoning.clone())?, cx)
    })
    .await
}

/// Confirm a ruling
///
/// For another of staff than its writer, naming its share. What is held is shared at once and for good; with `?preview=true` it shows the journal entry and changes nothing.
#[utoipa::path(tag = "staff", request_body = WorkerShare, responses((status = 200, description = "The dispute, ruled", body = Dispute)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["balance_too_large", "four_eyes", "stale_ruling"]))))]
#[post("/v1/admin/disputes/{id}/rule")]
pub(super) async fn rule(call: Call, id: PathId<DisputeKind>, body: Body<WorkerShare>) -> Answer {
    let Body { value, canonical } = body;
    let share = value.worker_share.try_into()?;
    call.act(Key::Required, &canonical, move |tx, cx| reply(&usecase::rule(tx, cx, id.0, share)?, cx)).await
}
