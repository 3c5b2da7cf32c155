//! Sending payouts to the bank in batches.

use chrono::NaiveDate;
use domain::{
    calendar::{plus_days, tokyo_date},
    decision::Decision,
    ids::PayoutBatchId,
    machine::State,
    money::{Currency, Money},
    payout_batch::{PayoutBatch, PayoutBatchAction, PayoutBatchState},
    policy::Operation,
    settlement::Settlement,
};
use persistence::{
    payout, payout_batch,
    store::{Conn, Tx},
};

use super::{
    commit::{Audience, announce},
    payout as payouts,
};
use crate::{
    context::Context,
    problem::{Code, Problem},
};

/// How far ahead payouts can be put into a batch, in days: a slip of the pen must not take those of years.
const FARTHEST: u64 = 31;

/// A new batch, and what it left behind.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The batch.
    pub batch: PayoutBatch,
    /// How many payouts are due that it had no room for.
    pub remaining: i64,
    /// How many are due that cannot go, because their workers have no usable bank account.
    pub skipped: i64,
}

/// Gathers the payouts that are due by a day, the earliest first, as many as a batch may have. Each goes to the account
/// that its worker has now.
///
/// # Errors
/// Not the caller's to do, or nothing is due that could go.
pub fn prepare(tx: &mut Tx<'_>, cx: &Context, pay_on: NaiveDate) -> Result<Prepared, Problem> {
    cx.permit(Operation::HandlePayouts, cx.standing_outside())?;
    if pay_on > plus_days(tokyo_date(cx.now), FARTHEST) {
        return Err(Problem::new(Code::InvalidBody).at(
            "/pay_on",
            format!("at most {FARTHEST} days from today"),
            format!("今日から{FARTHEST}日以内の日付を指定してください。"),
        ));
    }
    let rules = &cx.app.rules.payout;
    let due = payout::due(tx, pay_on, rules.batch_max.into())?;
    let id = cx.new_id();
    due.iter().for_each(|(payout, _)| cx.remember(payout.id, payout));
    let decisions: Vec<_> = due
        .into_iter()
        .map(|(payout, account)| payout.process(id, account.details, cx.now, rules))
        .collect::<Result<_, _>>()?;
    let transferred = decisions.iter().map(|decision| decision.next.transferred()).collect::<Result<Vec<_>, _>>()?;
    let (count, total) = (count(decisions.len()), Money::sum(Currency::Jpy, transferred)?);
    if count == 0 {
        return Err(Problem::new(Code::NothingDue));
    }
    let batch = PayoutBatch::prepare(id, pay_on, (count, total), cx.person()?, cx.now);
    announce(tx, cx, id, Audience::default(), &batch)?;
    payout_batch::insert(tx, &batch.next)?;
    for decision in &decisions {
        announce(tx, cx, decision.next.id, Audience::worker(decision.next.worker), decision)?;
        payout::save(tx, &decision.next)?;
    }
    let skipped = payout::unusable(tx, pay_on)?;
    let remaining = payout::waiting(tx, pay_on)? - skipped;
    Ok(Prepared { batch: batch.next, remaining, skipped })
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// Reads a batch for one who may.
///
/// # Errors
/// None of the caller's business.
pub fn read(conn: &mut Conn, cx: &Context, id: PayoutBatchId) -> Result<PayoutBatch, Problem> {
    cx.permit(Operation::HandlePayouts, cx.standing_outside())?;
    payout_batch::find(conn, id)?.ok_or_else(Problem::not_found)
}

/// The batch goes to the bank. It is never empty: what is in a batch leaves it by the bank's answer only.
///
/// # Errors
/// Not the caller's to do, or not in this state.
pub fn send(tx: &mut Tx<'_>, cx: &Context, id: PayoutBatchId) -> Result<PayoutBatch, Problem> {
    let batch = lock_for(tx, cx, id, PayoutBatchAction::Send)?;
    let sent = commit(tx, cx, &batch.send(cx.now)?)?;
    payout::mark_sent(tx, id, cx.now)?;
    Ok(sent)
}

/// The bank has paid all that it has not refused.
///
/// # Errors
/// Not the caller's to do, not in this state, or not on that date.
pub fn settle(
    tx: &mut Tx<'_>,
    cx: &Context,
    id: PayoutBatchId,
    settlement: &Settlement,
) -> Result<PayoutBatch, Problem> {
    let batch = lock_for(tx, cx, id, PayoutBatchAction::Settle)?;
    let decision = batch.settle(cx.now)?;
    for payout in payout::lock_processing(tx, id)? {
        cx.remember(payout.id, &payout);
        payouts::settle(tx, cx, &payout, settlement)?;
    }
    commit(tx, cx, &decision)
}

/// Settles a batch that is locked, once the bank has answered for each of its payouts.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn finish(tx: &mut Tx<'_>, cx: &Context, id: Option<PayoutBatchId>) -> Result<(), Problem> {
    let batch = id.map(|id| payout_batch::find(tx, id)).transpose()?.flatten();
    let Some(batch) = batch.filter(|batch| batch.state == PayoutBatchState::Sent) else { return Ok(()) };
    if payout::processing(tx, batch.id)? == 0 {
        cx.remember(batch.id, &batch);
        commit(tx, cx, &batch.settle(cx.now)?)?;
    }
    Ok(())
}

fn lock_for(
    tx: &mut Tx<'_>,
    cx: &Context,
    id: PayoutBatchId,
    action: PayoutBatchAction,
) -> Result<PayoutBatch, Problem> {
    let standing = cx.standing_outside();
    cx.permit(Operation::PayoutBatch(action), standing)?;
    let batch = payout_batch::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    cx.admit(Operation::PayoutBatch(action), standing, batch.version, &batch.state.allowed(standing))?;
    cx.remember(id, &batch);
    Ok(batch)
}

fn commit(tx: &mut Tx<'_>, cx: &Context, decision: &Decision<PayoutBatch>) -> Result<PayoutBatch, Problem> {
    announce(tx, cx, decision.next.id, Audience::default(), decision)?;
    Ok(payout_batch::save(tx, &decision.next)?)
}
