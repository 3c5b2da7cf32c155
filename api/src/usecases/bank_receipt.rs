//! Bank transfers, as staff see them arrive.

use domain::{
    bank_receipt::{BankReceipt, StatementLine},
    decision::Decision,
    event::EventKind,
    ids::{BankReceiptId, PaymentId},
    ledger::JournalEntry,
    payment::PaymentMethod,
    policy::Operation,
};
use persistence::{error::StoreError, payment, store::Tx};

use super::{
    commit::{Audience, announce, tell},
    payment::{self as payments, Source},
};
use crate::{
    context::Context,
    problem::{Code, Problem},
};

/// Books a transfer: for the payment its reference names, or as unmatched.
///
/// # Errors
/// Not staff's to do, a date to come, or the bank's reference was recorded before.
pub fn record(tx: &mut Tx<'_>, cx: &Context, line: StatementLine) -> Result<BankReceipt, Problem> {
    cx.permit(Operation::RecordBankReceipt, cx.standing_outside())?;
    let receipt = BankReceipt::record(cx.new_id(), line, cx.person()?, cx.now)?;
    let receipt = match named_payment(tx, &receipt.line)? {
        Some(payment) => receipt.matched(payment, cx.now)?,
        None => receipt,
    };
    // The payment's contract is locked before the receipt is written, as everywhere.
    match receipt.payment {
        Some(payment) => drop(payments::receive(tx, cx, payment, receipt.line.amount, Source::Outside)?),
        None => book_unmatched(tx, cx, &receipt)?,
    }
    payment::add_receipt(tx, &receipt).map_err(already_recorded)?;
    cx.changed(&receipt.id.to_string(), Audience::default(), &receipt);
    tell(tx, cx, receipt.id, Audience::default(), EventKind::BankReceiptRecorded)?;
    Ok(receipt)
}

/// The payment whose reference stands somewhere in what the sender wrote. One of another currency is left to a person.
fn named_payment(tx: &mut Tx<'_>, line: &StatementLine) -> Result<Option<PaymentId>, Problem> {
    let upper = line.transfer_reference.as_deref().unwrap_or_default().to_uppercase();
    for word in upper.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.starts_with(payments::REFERENCE)) {
        if let Some(found) = payment::by_reference(tx, word, line.amount.currency())? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn book_unmatched(tx: &mut Tx<'_>, cx: &Context, receipt: &BankReceipt) -> Result<(), Problem> {
    let entry = JournalEntry::bank_received_unmatched(receipt.line.amount)?;
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
        | StoreError::Panicked
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
    cx.remember(id, &receipt);
    receipt.matched(payment, cx.now)?;
    check_by_transfer(tx, payment)?;
    payments::receive(tx, cx, payment, receipt.line.amount, Source::Suspense)?;
    // It comes last in the order of locks, so only now is it certain that nobody else was first.
    let receipt = payment::lock_receipt(tx, id)?.ok_or_else(Problem::not_found)?;
    let matched = receipt.matched(payment, cx.now)?;
    cx.changed(&id.to_string(), Audience::default(), &matched);
    let receipt = payment::save_receipt(tx, &matched)?;
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
