//! What finance does with a payout, and what it enters of the bank's answers.

use actix_web::post;
use chrono::NaiveDate;
use domain::{ids::PayoutKind as Kind, settlement::Settlement};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::resource::{Payout, reply};
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    extract::PathId,
    usecases::payout as usecase,
};

/// Why; the worker reads it.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct PayoutReason {
    #[schema(min_length = 1, max_length = 500, example = "The name of the account's holder is another")]
    #[garde(length(chars, min = 1, max = 500))]
    reason: String,
}

/// Hold a payout
///
/// It stays out of batches until it is resumed; the worker reads the reason.
#[utoipa::path(tag = "staff", request_body = PayoutReason, responses((status = 200, description = "The payout, held", body = Payout)))]
#[post("/v1/admin/payouts/{id}/hold")]
pub(super) async fn hold_payout(call: Call, id: PathId<Kind>, body: Body<PayoutReason>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Optional, &canonical, move |tx, cx| reply(&usecase::hold(tx, cx, id.0, value.reason.clone())?, cx))
        .await
}

/// Let a held payout go on
#[utoipa::path(tag = "staff", responses((status = 200, description = "The payout, requested again", body = Payout)))]
#[post("/v1/admin/payouts/{id}/resume")]
pub(super) async fn resume_payout(call: Call, id: PathId<Kind>) -> Answer {
    call.act(Key::Optional, "", move |tx, cx| reply(&usecase::resume(tx, cx, id.0)?, cx)).await
}

/// Take a payout back
///
/// Any kind of it, while it is not in a batch. The money is earnings again.
#[utoipa::path(tag = "staff", request_body = PayoutReason, responses((status = 200, description = "The payout, canceled", body = Payout)),
    extensions(("x-key" = json!("required"))))]
#[post("/v1/admin/payouts/{id}/cancel")]
pub(super) async fn cancel_payout_by_staff(call: Call, id: PathId<Kind>, body: Body<PayoutReason>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Required, &canonical, move |tx, cx| {
        reply(&usecase::cancel_by_staff(tx, cx, id.0, value.reason.clone())?, cx)
    })
    .await
}

/// How the bank booked a transfer.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(in crate::routes) struct SettlementPost {
    /// The bank's own number.
    #[schema(min_length = 1, max_length = 100, example = "20260515-000042")]
    #[garde(length(chars, min = 1, max = 100))]
    bank_reference: String,
    /// The value date, in Asia/Tokyo; not before the batch was sent, and not later than today.
    #[schema(example = "2026-05-15")]
    #[serde(deserialize_with = "crate::dates::read")]
    #[garde(skip)]
    value_on: NaiveDate,
}

impl From<SettlementPost> for Settlement {
    fn from(post: SettlementPost) -> Self {
        Self { reference: post.bank_reference, value_on: post.value_on }
    }
}

/// Enter that the bank paid
#[utoipa::path(tag = "staff", request_body = SettlementPost, responses((status = 200, description = "The payout, paid", body = Payout)),
    extensions(("x-key" = json!("required"))))]
#[post("/v1/admin/payouts/{id}/pay")]
pub(super) async fn enter_payment(call: Call, id: PathId<Kind>, body: Body<SettlementPost>) -> Answer {
    let Body { value, canonical } = body;
    let settlement = Settlement::from(value);
    call.act(Key::Required, &canonical, move |tx, cx| reply(&usecase::pay(tx, cx, id.0, &settlement)?, cx)).await
}

/// Enter that the bank did not pay
///
/// The money, and the fee of a quick payout, are earnings again. Nothing more is paid to that account until the worker corrects it.
#[utoipa::path(tag = "staff", request_body = PayoutReason, responses((status = 200, description = "The payout, failed", body = Payout)),
    extensions(("x-key" = json!("required"))))]
#[post("/v1/admin/payouts/{id}/fail")]
pub(super) async fn enter_failure(call: Call, id: PathId<Kind>, body: Body<PayoutReason>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Required, &canonical, move |tx, cx| reply(&usecase::fail(tx, cx, id.0, &value.reason)?, cx)).await
}

/// What came back, and why.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct ReturnPost {
    /// Why; the worker reads it.
    #[schema(min_length = 1, max_length = 500, example = "The account is closed")]
    #[garde(length(chars, min = 1, max = 500))]
    reason: String,
    /// The bank's own number of the transfer that brought it back.
    #[schema(min_length = 1, max_length = 100, example = "20260518-000007")]
    #[garde(length(chars, min = 1, max = 100))]
    bank_reference: String,
    /// Its value date, in Asia/Tokyo; not before that of the payout, and not later than today.
    #[schema(example = "2026-05-18")]
    #[serde(deserialize_with = "crate::dates::read")]
    #[garde(skip)]
    value_on: NaiveDate,
}

/// Enter that a paid payout came back
///
/// What reached the bank is earnings again; what the transfer had cost is not.
#[utoipa::path(tag = "staff", request_body = ReturnPost, responses((status = 200, description = "The payout, returned", body = Payout)),
    extensions(("x-key" = json!("required"))))]
#[post("/v1/admin/payouts/{id}/return")]
pub(super) async fn enter_return(call: Call, id: PathId<Kind>, body: Body<ReturnPost>) -> Answer {
    let Body { value, canonical } = body;
    let settlement = Settlement { reference: value.bank_reference, value_on: value.value_on };
    call.act(Key::Required, &canonical, move |tx, cx| {
        reply(&usecase::send_back(tx, cx, id.0, &value.reason, &settlement)?, cx)
    })
    .await
}
