//! Refunds: a client's money on its way back to where it came from.

mod list;
mod staff;

use actix_web::{get, post};
use chrono::NaiveDate;
use domain::{
    ids::{PaymentId, RefundKind as Kind},
    refund,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Routes, bank_account::AccountAtBank, preview::Preview};
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    context::Context,
    date_time::DateTime,
    extract::PathId,
    money::{Money, positive},
    problem::Problem,
    reply::Reply,
    usecases::refund as usecase,
    words::{PaymentMethod, RefundState, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(request_refund).service(list::list_my_refunds).service(read_refund);
    config.service(list::list_refunds).service(staff::settle_refund).service(staff::fail_refund);
}

/// A client's money on its way back to where it came from.
#[derive(Debug, Serialize, ToSchema)]
struct Refund {
    id: String,
    /// The payment that the money came by.
    payment_id: String,
    client_id: String,
    /// The way it came by, and goes back.
    method: PaymentMethod,
    amount: Money,
    status: RefundState,
    /// The account it goes to, if it goes by bank.
    #[schema(required = true)]
    bank_account: Option<AccountAtBank>,
    /// The gateway's or the bank's own number, once it arrived.
    #[schema(required = true, example = "20260515-000042")]
    reference: Option<String>,
    /// When they booked it.
    #[schema(required = true)]
    value_on: Option<NaiveDate>,
    /// Why it failed.
    #[schema(required = true, example = json!(null))]
    reason: Option<String>,
    /// What you may do now.
    allowed_actions: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
    /// With `?preview=true`: what would be posted. Nothing has been.
    #[schema(required = true)]
    preview: Option<Preview>,
}

impl Refund {
    fn of(refund: &refund::Refund, cx: &Context) -> Self {
        let allowed = domain::machine::State::allowed(refund.state, cx.standing_to_owner(refund.client));
        Self {
            id: refund.id.to_string(),
            payment_id: refund.payment.to_string(),
            client_id: refund.client.to_string(),
            method: Word(refund.method),
            amount: refund.amount.into(),
            status: Word(refund.state),
            bank_account: refund.account.as_ref().map(AccountAtBank::from),
            reference: refund.reference.clone(),
            value_on: refund.value_on,
            reason: refund.reason.clone(),
            allowed_actions: allowed.iter().map(ToString::to_string).collect(),
            version: refund.version,
            created_at: refund.created_at.into(),
            updated_at: refund.updated_at.into(),
            preview: Preview::of(cx),
        }
    }
}

fn reply(refund: &refund::Refund, cx: &Context) -> Result<Reply, Problem> {
    Ok(Reply::ok(&Refund::of(refund, cx))?.version(refund.version))
}

/// What is to go back, and the way it came.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct RefundPost {
    /// The payment that the money came by.
    #[garde(length(chars, max = 100))]
    payment_id: String,
    /// At most what the payment calls `refundable`.
    #[garde(dive)]
    amount: Money,
}

/// Send money back to where it came from
///
/// What of your client funds is free goes back by the payment it came by: to the card, or from a bank transfer to your bank account. It leaves your client funds at once; with `?preview=true` it shows the journal entry, and changes nothing.
#[utoipa::path(tag = "money", request_body = RefundPost, responses((status = 201, description = "The refund, requested", body = Refund)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!([
        "invalid_id", "not_permitted", "not_found", "refund_too_large", "insufficient_funds", "bank_account_missing", "bank_account_failing",
        "no_bank_for_currency",
    ]))))]
#[post("/v1/refunds")]
async fn request_refund(call: Call, body: Body<RefundPost>) -> Answer {
    let Body { value, canonical } = body;
    let payment: PaymentId = value.payment_id.parse()?;
    let amount = positive(value.amount, "/amount/amount")?;
    call.act(Key::Required, &canonical, move |tx, cx| {
        let refund = usecase::request(tx, cx, payment, amount)?;
        let location = format!("/v1/refunds/{}", refund.id);
        Ok(Reply::created(&Refund::of(&refund, cx), location)?.version(refund.version))
    })
    .await
}

/// One refund
#[utoipa::path(tag = "money", responses((status = 200, description = "The refund", body = Refund)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/refunds/{id}")]
async fn read_refund(call: Call, id: PathId<Kind>) -> Answer {
    call.read(move |conn, cx| reply(&usecase::read(conn, cx, id.0)?, cx)).await
}
