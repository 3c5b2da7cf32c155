//! Bank transfers, as staff see them arrive.

use chrono::NaiveDate;
use domain::{
    calendar::tokyo_date,
    decision::Decision,
    event::EventKind,
    ids::{BankReceiptId, PaymentId},
    ledger::JournalEntry,
    money::Money,
    payment::PaymentMethod,
    policy::Operation,
};
use persistence::{
    error::StoreError,
    payment::{self, BankReceipt},
    store::Tx,
};

use super::{
    commit::{Audience, announce, tell},
    funding::{self, Source},
};
use crate::{
    context::Context,
    problem::{Code, Problem},
};

/// A line of the bank's statement.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The bank's own number.
    pub bank_reference: String,
    /// What the sender wrote.
    pub transfer_reference: Option<String>,
    /// Who sent it.
    pub sender: String,
    /// How much.
    pub amount: Money,
    /// The value date.
    pub received_on: NaiveDate,
}

/// Books a transfer: for the payment its reference names, or as unmatched.
///
/// # Errors
/// Not staff's to do, a date to come, or the bank's reference was recorded before.
pub fn record(tx: &mut Tx<'_>, cx: &Context, arrival: Arrival) -> Result<BankReceipt, Problem> {
    cx.permit(Operation::RecordBankReceipt, cx.standing_outside())?;
    if arrival.received_on > tokyo_date(cx.now) {
        return Err(Problem::new(Code::InvalidBody).at(
            "/received_on",
            "the date is yet to come",
            "未来の日付は指定できません。",
        ));
    }
    let payment = named_payment(tx, &arrival)?;
    let receipt = BankReceipt {
        id: cx.new_id(),
        bank_reference: arrival.bank_reference,
        transfer_reference: arrival.transfer_reference,
        sender: arrival.sender,
        amount: arrival.amount,
        received_on: arrival.received_on,
        payment,
        recorded_by: cx.person()?,
        version: 1,
        created_at: cx.now,
        updated_at: cx.now,
    };
    // The payment's contract is locked before the receipt is written, as everywhere.
    match payment {
        Some(payment) => drop(funding::receive(tx, cx, payment, receipt.amount, Source::Outside)?),
        None => book_unmatched(tx, cx, &receipt)?,
    }
    payment::add_receipt(tx, &receipt).map_err(already_recorded)?;
    tell(tx, cx, receipt.id, Audience::default(), EventKind::BankReceiptRecorded)?;
    Ok(receipt)
}

/// The payment whose reference stands somewhere in what the sender wrote. One of another currency is left to a person.
fn named_payment(tx: &mut Tx<'_>, arrival: &Arrival) -> Result<Option<PaymentId>, Problem> {
    let upper = arrival.transfer_reference.as_deref().unwrap_or_default().to_uppercase();
    for word in upper.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.starts_with(funding::REFERENCE)) {
        if let Some(found) = payment::by_reference(tx, word, arrival.amount.currency())? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn book_unmatched(tx: &mut Tx<'_>, cx: &Context, receipt: &BankReceipt) -> Result<(), Problem> {
    let entry = JournalEntry::bank_received_unmatched(receipt.amount)?;
    announce(tx, cx, receipt.id, Audience::default(), &Decision::silent(()).book(entry))
}

fn already_recorded(error: StoreError) -> Problem {
    match error {
        StoreError::Taken { .. } => Problem::new(Code::AlreadyRecorded),
        StoreError::LostRace { .. }
        | StoreError::Insufficient
        | StoreError::OutOfRange
        | StoreError::Corrupt { .. }
        | StoreError::Missing { .. }
        | StoreError::StillRunning
        | StoreError::Unavailable(_)
        | StoreError::Transient(_)
        | StoreError::Database(_) => error.into(),
    }
}

/// Says which payment an unmatched receipt was for.
///
/// # Errors
/// Not staff's to do, no such payment, or matched already.
pub fn assign(tx: &mut Tx<'_>, cx: &Context, id: BankReceiptId, payment: PaymentId) -> Result<BankReceipt, Problem> {
    cx.permit(Operation::MatchBankReceipt, cx.standing_outside())?;
    let receipt = payment::find_receipt(tx, id)?.ok_or_else(Problem::not_found)?;
    cx.check_version(receipt.version)?;
    check_unmatched(&receipt)?;
    check_by_transfer(tx, payment)?;
    funding::receive(tx, cx, payment, receipt.amount, Source::Suspense)?;
    // It comes last in the order of locks, so only now is it certain that nobody else was first.
    let receipt = payment::lock_receipt(tx, id)?.ok_or_else(Problem::not_found)?;
    check_unmatched(&receipt)?;
    let receipt = payment::assign_receipt(tx, &receipt, payment, cx.now)?;
    tell(tx, cx, id, Audience::default(), EventKind::BankReceiptMatched)?;
    Ok(receipt)
}

/// A card is charged by the gateway; a transfer was never meant for it.
fn check_by_transfer(tx: &mut Tx<'_>, id: PaymentId) -> Result<(), Problem> {
    match payment::find(tx, id)?.ok_or_else(Problem::not_found)?.method {
        PaymentMethod::BankTransfer => Ok(()),
        PaymentMethod::Card => Err(Problem::new(Code::InvalidBody).at(
            "/payment_id",
            "is a card payment; name one by bank transfer",
            "カード支払いです。銀行振込の支払いを指定してください。",
        )),
    }
}

fn check_unmatched(receipt: &BankReceipt) -> Result<(), Problem> {
    match receipt.payment {
        None => Ok(()),
        Some(_) => Err(Problem::new(Code::ActionRefused)
            .detail("This receipt is matched already.", "この入金はすでに照合済みです。")),
    }
}
