//! Bank transfers, for finance.

use actix_web::{get, post};
use chrono::NaiveDate;
use domain::{
    bank_receipt::{self, StatementLine},
    ids::{BankReceiptKind, PaymentId},
    policy::Operation,
};
use garde::Validate;
use persistence::{page::Position, payment as rows};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    context::Context,
    date_time::DateTime,
    extract::{Filter, PathId},
    money::{Money, positive},
    page::PageRequest,
    problem::Problem,
    reply::Reply,
    routes::preview::Preview,
    usecases::bank_receipt as usecase,
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(record_receipt).service(read_receipt).service(match_receipt).service(list_receipts);
}

/// A line of the bank's statement.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct BankReceiptPost {
    /// The bank's own number of the transfer; the same number is never booked twice.
    #[schema(min_length = 1, max_length = 100, example = "20260401-000123")]
    #[garde(length(chars, min = 1, max = 100))]
    bank_reference: String,
    /// What the sender wrote. If it names a payment, the money is booked for that.
    #[schema(max_length = 100, example = "AZ7JFDWPHT7GG")]
    #[garde(inner(length(chars, max = 100)))]
    transfer_reference: Option<String>,
    /// Who sent it, as the bank shows it.
    #[schema(min_length = 1, max_length = 100)]
    #[garde(length(chars, min = 1, max = 100))]
    sender: String,
    /// What arrived.
    #[garde(dive)]
    amount: Money,
    /// The value date, in Asia/Tokyo; not later than today.
    #[serde(deserialize_with = "crate::dates::read")]
    #[garde(skip)]
    received_on: NaiveDate,
}

/// A transfer that arrived.
#[derive(Debug, Serialize, ToSchema)]
struct BankReceipt {
    id: String,
    #[schema(example = "20260401-000123")]
    bank_reference: String,
    #[schema(required = true, example = "AZ7JFDWPHT7GG")]
    transfer_reference: Option<String>,
    sender: String,
    amount: Money,
    received_on: NaiveDate,
    /// The payment it was for; null while nobody knows.
    #[schema(required = true)]
    payment_id: Option<String>,
    allowed_actions: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
    /// With `?preview=true`: what would be posted. Nothing has been.
    #[schema(required = true)]
    preview: Option<Preview>,
}

impl BankReceipt {
    fn of(receipt: &bank_receipt::BankReceipt, cx: &Context) -> Self {
        let (line, open) = (&receipt.line, receipt.payment.is_none());
        Self {
            id: receipt.id.to_string(),
            bank_reference: line.bank_reference.clone(),
            transfer_reference: line.transfer_reference.clone(),
            sender: line.sender.clone(),
            amount: line.amount.into(),
            received_on: line.received_on,
            payment_id: receipt.payment.map(|id| id.to_string()),
            allowed_actions: if open { vec!["match".into()] } else { Vec::new() },
            version: receipt.version,
            created_at: receipt.created_at.into(),
            updated_at: receipt.updated_at.into(),
            preview: Preview::of(cx),
        }
    }
}

/// Record a bank transfer
///
/// Books it for the payment its reference names, also when it is partial or late; without one it is booked as unmatched.
#[utoipa::path(tag = "staff", request_body = BankReceiptPost, responses((status = 201, description = "The receipt", body = BankReceipt)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["balance_too_large", "already_recorded", "not_permitted", "not_found"]))))]
#[post("/v1/admin/bank-receipts")]
async fn record_receipt(call: Call, body: Body<BankReceiptPost>) -> Answer {
    let Body { value, canonical } = body;
    let line = StatementLine {
        bank_reference: value.bank_reference,
        transfer_reference: value.transfer_reference,
        sender: value.sender,
        amount: positive(value.amount, "/amount/amount")?,
        received_on: value.received_on,
    };
    call.act(Key::Required, &canonical, move |tx, cx| {
        let receipt = usecase::record(tx, cx, line.clone())?;
        let location = format!("/v1/admin/bank-receipts/{}", receipt.id);
        Ok(Reply::created(&BankReceipt::of(&receipt, cx), location)?.version(receipt.version))
    })
    .await
}

/// One bank transfer
#[utoipa::path(tag = "staff", responses((status = 200, description = "The receipt", body = BankReceipt)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/admin/bank-receipts/{id}")]
async fn read_receipt(call: Call, id: PathId<BankReceiptKind>) -> Answer {
    call.read(move |conn, cx| {
        cx.permit(Operation::ReadBankReceipts, cx.standing_outside())?;
        let receipt = rows::find_receipt(conn, id.0)?.ok_or_else(Problem::not_found)?;
        Ok(Reply::ok(&BankReceipt::of(&receipt, cx))?.version(receipt.version))
    })
    .await
}

/// Whose it is.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct BankReceiptMatch {
    /// The payment by bank transfer that it was for.
    #[schema(max_length = 64)]
    #[garde(length(chars, max = 64))]
    payment_id: String,
}

/// Match an unmatched transfer with a payment
#[utoipa::path(tag = "staff", request_body = BankReceiptMatch, responses((status = 200, description = "The receipt, matched", body = BankReceipt)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["balance_too_large"]))))]
#[post("/v1/admin/bank-receipts/{id}/match")]
async fn match_receipt(call: Call, id: PathId<BankReceiptKind>, body: Body<BankReceiptMatch>) -> Answer {
    let Body { value, canonical } = body;
    let payment: PaymentId = value.payment_id.parse()?;
    call.act(Key::Required, &canonical, move |tx, cx| {
        let receipt = usecase::assign(tx, cx, id.0, payment)?;
        Ok(Reply::ok(&BankReceipt::of(&receipt, cx))?.version(receipt.version))
    })
    .await
}

/// Which receipts to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BankReceiptQuery {
    /// Only those nobody has been found for.
    #[param(default = false)]
    unmatched: Option<bool>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
    /// The `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

/// Receipts, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct BankReceiptPage {
    items: Vec<BankReceipt>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Bank transfers, newest first
#[utoipa::path(tag = "staff", params(BankReceiptQuery), responses((status = 200, description = "Receipts", body = BankReceiptPage)),
    extensions(("x-errors" = json!(["not_permitted", "not_found"]))))]
#[get("/v1/admin/bank-receipts")]
async fn list_receipts(call: Call, query: Filter<BankReceiptQuery>) -> Answer {
    call.read(move |conn, cx| {
        cx.permit(Operation::ReadBankReceipts, cx.standing_outside())?;
        let (secrets, unmatched) = (cx.app.tokens.secrets(), query.0.unmatched.unwrap_or(false));
        let list = format!("receipts {unmatched}");
        let page = PageRequest::read(query.0.limit, query.0.cursor.as_deref(), list, secrets)?;
        let found = rows::receipts(conn, unmatched, page.after, page.fetch())?;
        let position = |receipt: &bank_receipt::BankReceipt| Position { at: receipt.created_at, id: receipt.id.uuid() };
        let (found, next_cursor) = page.cut(found, position, secrets);
        let items = found.iter().map(|receipt| BankReceipt::of(receipt, cx)).collect();
        Reply::ok(&BankReceiptPage { items, next_cursor })
    })
    .await
}
