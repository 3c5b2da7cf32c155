//! What the bank says of a payout, as finance enters it.

use domain::{
    bank_account::AccountDetails,
    ids::{MemberId, PayoutBatchId, PayoutId},
    member::MemberState,
    payout::{Payout, PayoutAction},
    policy::Operation,
    settlement::Settlement,
};
use persistence::{bank_account, member, payout, payout_batch, store::Tx};

use super::{commit, staff::lock_as_staff};
use crate::{
    context::Context,
    mailer,
    problem::Problem,
    usecases::{
        commit::{Audience, announce},
        member::write,
        payout_batch as batches,
    },
};

/// The bank paid it.
///
/// # Errors
/// Not the caller's to do, not in this state, not sent to the bank, or not on that date.
pub fn pay(tx: &mut Tx<'_>, cx: &Context, id: PayoutId, settlement: &Settlement) -> Result<Payout, Problem> {
    let batch = lock_batch(tx, cx, id)?;
    let payout = lock_as_staff(tx, cx, id, PayoutAction::Pay)?;
    let paid = settle(tx, cx, &payout, settlement)?;
    batches::finish(tx, cx, batch)?;
    Ok(paid)
}

/// The same, where the payout is locked already.
///
/// # Errors
/// Not in this state, not sent to the bank, or not on that date.
pub fn settle(tx: &mut Tx<'_>, cx: &Context, payout: &Payout, settlement: &Settlement) -> Result<Payout, Problem> {
    commit(tx, cx, &payout.pay(settlement, cx.now)?)
}

/// The bank did not pay it. Nothing more goes to that account until the worker corrects it, of which they are told.
///
/// # Errors
/// Not the caller's to do, or not in this state.
pub fn fail(tx: &mut Tx<'_>, cx: &Context, id: PayoutId, reason: &str) -> Result<Payout, Problem> {
    let batch = lock_batch(tx, cx, id)?;
    let payout = lock_as_staff(tx, cx, id, PayoutAction::Fail)?;
    let decision = payout.fail(reason.to_owned(), cx.now)?;
    distrust(tx, cx, &decision.next, reason)?;
    let failed = commit(tx, cx, &decision)?;
    batches::finish(tx, cx, batch)?;
    Ok(failed)
}

/// What the bank had paid came back. Nothing more goes to that account, either.
///
/// # Errors
/// Not the caller's to do, not in this state, or not on that date.
pub fn send_back(
    tx: &mut Tx<'_>,
    cx: &Context,
    id: PayoutId,
    reason: &str,
    settlement: &Settlement,
) -> Result<Payout, Problem> {
    let payout = lock_as_staff(tx, cx, id, PayoutAction::Return)?;
    let decision = payout.send_back(reason.to_owned(), settlement, cx.now)?;
    distrust(tx, cx, &decision.next, reason)?;
    commit(tx, cx, &decision)
}

/// The batch comes before its payouts in the order of locks.
fn lock_batch(tx: &mut Tx<'_>, cx: &Context, id: PayoutId) -> Result<Option<PayoutBatchId>, Problem> {
    cx.permit(Operation::HandlePayouts, cx.standing_outside())?;
    let batch = payout::find(tx, id)?.ok_or_else(Problem::not_found)?.batch;
    if let Some(batch) = batch {
        payout_batch::lock(tx, batch)?;
    }
    Ok(batch)
}

/// Marks the account that a payout did not reach, if it is still the worker's, and tells them.
fn distrust(tx: &mut Tx<'_>, cx: &Context, payout: &Payout, reason: &str) -> Result<(), Problem> {
    if let Some(refused) = &payout.account {
        mark_failing(tx, cx, payout.worker, refused, reason)?;
    }
    // Whoever has left cannot correct it; the last mail tells them what is kept.
    let stays = member::find(tx, payout.worker)?.is_some_and(|member| member.state == MemberState::Active);
    if !stays {
        return Ok(());
    }
    let back = payout.given_back()?;
    write(tx, payout.worker, |to, locale| mailer::payout_failed(cx, to, locale, back, reason))
}

/// Marks an account that the bank refused, if it is still this member's: nothing more goes there until it is corrected.
///
/// # Errors
/// Only those of the store.
pub fn mark_failing(
    tx: &mut Tx<'_>,
    cx: &Context,
    worker: MemberId,
    refused: &AccountDetails,
    reason: &str,
) -> Result<(), Problem> {
    let Some(account) = bank_account::lock(tx, worker)? else { return Ok(()) };
    cx.remember(worker, &account);
    let Some(decision) = account.fail(refused, reason, cx.now) else { return Ok(()) };
    announce(tx, cx, worker, Audience::only(worker), &decision)?;
    bank_account::save(tx, &decision.next)?;
    Ok(())
}
