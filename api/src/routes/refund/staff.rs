//! How a refund ended, as finance enters it.

use actix_web::post;
use chrono::NaiveDate;
use domain::{ids::RefundKind as Kind, settlement::Settlement};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Refund, reply};
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    extract::PathId,
    usecases::refund as usecase,
};

/// How the gateway or the bank booked it.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct RefundSettlementPost {
    /// Their own number.
    #[schema(min_length = 1, max_length = 100, example = "20260515-000042")]
    #[garde(length(chars, min = 1, max = 100))]
    reference: String,
    /// The value date, in Asia/Tokyo; not before the refund was asked for, and not later than today.
    #[schema(example = "2026-05-15")]
    #[serde(deserialize_with = "crate::dates::read")]
    #[garde(skip)]
    value_on: NaiveDate,
}

/// Enter that a refund arrived
#[utoipa::path(tag = "staff", request_body = RefundSettlementPost, responses((status = 200, description = "The refund, settled", body = Refund)),
    extensions(("x-key" = json!("required"))))]
#[post("/v1/admin/refunds/{id}/settle")]
pub(super) async fn settle_refund(call: Call, id: PathId<Kind>, body: Body<RefundSettlementPost>) -> Answer {
    let Body { value, canonical } = body;
    let settlement = Settlement { reference: value.reference, value_on: value.value_on };
    call.act(Key::Required, &canonical, move |tx, cx| reply(&usecase::settle(tx, cx, id.0, settlement.clone())?, cx))
        .await
}

/// Why; the client reads it.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct RefundReason {
    #[schema(min_length = 1, max_length = 500, example = "The account is closed")]
    #[garde(length(chars, min = 1, max = 500))]
    reason: String,
}

/// Enter that a refund did not arrive
///
/// The money is with the client's funds again. Nothing more is sent to a bank account that was refused until it is corrected.
#[utoipa::path(tag = "staff", request_body = RefundReason, responses((status = 200, description = "The refund, failed", body = Refund)),
    extensions(("x-key" = json!("required"))))]
#[post("/v1/admin/refunds/{id}/fail")]
pub(super) async fn fail_refund(call: Call, id: PathId<Kind>, body: Body<RefundReason>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Required, &canonical, move |tx, cx| reply(&usecase::fail(tx, cx, id.0, value.reason.clone())?, cx))
        .await
}
