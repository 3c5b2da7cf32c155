//! A payout as it is sent.

use chrono::NaiveDate;
use domain::{payout, release};
use persistence::{payout as rows, store::Conn};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    context::Context,
    date_time::DateTime,
    money::Money,
    problem::Problem,
    reply::Reply,
    routes::{bank_account::AccountAtBank, preview::Preview},
    words::{PayoutKind, PayoutState, Word},
};

/// Earnings on their way to a worker's bank.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::routes) struct Payout {
    id: String,
    worker_id: String,
    kind: PayoutKind,
    status: PayoutState,
    /// What leaves for the bank.
    amount: Money,
    /// What a quick payout costs besides, with its consumption tax.
    fee: Money,
    /// That tax.
    fee_tax: Money,
    /// What of the amount the transfer costs; reckoned anew when it goes into a batch.
    bank_fee: Money,
    /// What reaches the bank account.
    transferred: Money,
    /// The month it is of, by its last day.
    #[schema(required = true, example = "2026-04-30")]
    closed_on: Option<NaiveDate>,
    /// The day it is to be paid on.
    #[schema(example = "2026-05-15")]
    pay_on: NaiveDate,
    /// The batch it went to the bank with.
    #[schema(required = true, example = json!(null))]
    batch_id: Option<String>,
    /// Where it goes, from when it is in a batch.
    #[schema(required = true)]
    bank_account: Option<AccountAtBank>,
    /// When the bank was told.
    #[schema(required = true)]
    sent_at: Option<DateTime>,
    /// Why it is held, was taken back, failed or came back.
    #[schema(required = true, example = json!(null))]
    reason: Option<String>,
    /// The bank's own number of the transfer to the worker.
    #[schema(required = true, example = "20260515-000042")]
    bank_reference: Option<String>,
    /// When the bank booked it.
    #[schema(required = true)]
    value_on: Option<NaiveDate>,
    /// The bank's own number of the transfer that brought it back, if it came back.
    #[schema(required = true, example = json!(null))]
    return_reference: Option<String>,
    /// When the bank booked that one.
    #[schema(required = true, example = json!(null))]
    returned_on: Option<NaiveDate>,
    /// What you may do now.
    allowed_actions: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
    /// With `?preview=true`: what would be posted. Nothing has been.
    #[schema(required = true)]
    preview: Option<Preview>,
}

impl Payout {
    /// As this caller sees it now.
    pub(in crate::routes) fn of(payout: &payout::Payout, cx: &Context) -> Result<Self, Problem> {
        let allowed = cx.actor.map(|actor| payout.allowed_actions(actor)).unwrap_or_default();
        Ok(Self {
            id: payout.id.to_string(),
            worker_id: payout.worker.to_string(),
            kind: Word(payout.kind),
            status: Word(payout.state),
            amount: payout.amount.into(),
            fee: payout.fee.into(),
            fee_tax: payout.fee_tax.into(),
            bank_fee: payout.bank_fee.into(),
            transferred: payout.transferred()?.into(),
            closed_on: payout.closed_on,
            pay_on: payout.pay_on,
            batch_id: payout.batch.map(|id| id.to_string()),
            bank_account: payout.account.as_ref().map(AccountAtBank::from),
            sent_at: payout.sent_at.map(Into::into),
            reason: payout.reason.clone(),
            bank_reference: payout.bank_reference.clone(),
            value_on: payout.value_on,
            return_reference: payout.return_reference.clone(),
            returned_on: payout.returned_on,
            allowed_actions: allowed.iter().map(ToString::to_string).collect(),
            version: payout.version,
            created_at: payout.created_at.into(),
            updated_at: payout.updated_at.into(),
            preview: Preview::of(cx),
        })
    }
}

pub(super) fn reply(payout: &payout::Payout, cx: &Context) -> Result<Reply, Problem> {
    Ok(Reply::ok(&Payout::of(payout, cx)?)?.version(payout.version))
}

/// What of a release is in a payout.
#[derive(Debug, Serialize, ToSchema)]
struct PayoutLine {
    /// The escrow that was released, as its milestone or contract shows it.
    escrow_id: String,
    /// How much of it.
    amount: Money,
}

impl From<release::PayoutLine> for PayoutLine {
    fn from(line: release::PayoutLine) -> Self {
        Self { escrow_id: line.escrow.to_string(), amount: line.amount.into() }
    }
}

/// A payout with what it pays.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PayoutDetail {
    #[serde(flatten)]
    payout: Payout,
    /// The releases that it pays, and its fee with, the oldest first.
    lines: Vec<PayoutLine>,
}

impl PayoutDetail {
    /// Reads what belongs to it.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) fn of(conn: &mut Conn, cx: &Context, payout: &payout::Payout) -> Result<Self, Problem> {
        let lines = rows::lines(conn, payout)?.into_iter().map(PayoutLine::from).collect();
        Ok(Self { payout: Payout::of(payout, cx)?, lines })
    }
}
