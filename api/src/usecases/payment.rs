//! Payments: asking for money, its coming in by any way, and giving up waiting for it.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use domain::{
    calendar::after,
    decision::Decision,
    event::EventKind,
    ids::{MilestoneId, PaymentId},
    ledger::JournalEntry,
    member::Member,
    milestone::{MilestoneAction, MilestoneState},
    money::Money,
    names,
    payment::{Means, Payment, PaymentError, PaymentMethod, PaymentState},
    policy::Operation,
    timer::{TimerChange, TimerKind},
};
use persistence::{
    member, payment,
    store::{Conn, Tx},
    timer::{self, Timer},
};

use super::{
    commit::{Audience, announce},
    milestone::{fund, lock_funds},
    withdrawal,
    work::Work,
};
use crate::{
    config::Payments,
    context::Context,
    problem::{Code, Problem},
};

/// How long after the funding window the sandbox's slow charge comes, so that it is late whenever it was begun.
const SLOW_CHARGE_AFTER: TimeDelta = TimeDelta::days(1);

/// Asks for what is missing in another way: after a payment has failed, or instead of one for which nothing has come.
///
/// # Errors
/// Not the client's to do, nothing is being funded, or some of the pending payment has come.
pub fn ask_again(tx: &mut Tx<'_>, cx: &Context, id: MilestoneId, method: PaymentMethod) -> Result<Payment, Problem> {
    let work = Work::lock_by_milestone(tx, id)?;
    let milestone = &work.admit(tx, cx, id, Operation::Milestone(MilestoneAction::StartFunding))?.milestone;
    let pending = payment::lock_pending(tx, id)?;
    Payment::check_replaceable(milestone, pending.as_ref())?;
    expire_pending(tx, cx, id)?;
    ask(tx, cx, &work, id, method)
}

/// Asks for what a milestone is short of.
///
/// # Errors
/// Cards are not taken here, or nothing is missing.
pub(super) fn ask(
    tx: &mut Tx<'_>,
    cx: &Context,
    work: &Work,
    id: MilestoneId,
    method: PaymentMethod,
) -> Result<Payment, Problem> {
    if method == PaymentMethod::Card && cx.app.settings.payments() != Payments::Sandbox {
        return Err(Problem::new(Code::InvalidBody).at(
            "/method",
            "cards are not taken here; pay by bank_transfer",
            "カードは利用できません。bank_transferで支払ってください。",
        ));
    }
    let payment_id: PaymentId = cx.new_id();
    let transfer_reference = (method == PaymentMethod::BankTransfer).then(|| reference(payment_id));
    let means = Means { method, transfer_reference };
    let decision = Payment::request(payment_id, &work.milestone(id)?.milestone, means, cx.now)?;
    announce(tx, cx, payment_id, Audience::only(work.contract.client), &decision)?;
    payment::insert(tx, &decision.next)?;
    Ok(decision.next)
}

/// How every transfer reference begins.
pub const REFERENCE: &str = "AZ";

/// What a client writes on a transfer: short, and without characters that banks change.
fn reference(id: PaymentId) -> String {
    let text = id.to_string().to_uppercase();
    format!("{REFERENCE}{}", text.get(text.len().saturating_sub(12)..).unwrap_or_default())
}

/// How a receipt is booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// It has just arrived.
    Outside,
    /// It was booked as unmatched before.
    Suspense,
}

/// Books money that came for a payment, and funds the milestone with it if that still waits and now has all of it.
///
/// # Errors
/// No such payment; nothing came, or in another currency than was asked for; those of the store.
pub fn receive(
    tx: &mut Tx<'_>,
    cx: &Context,
    id: PaymentId,
    amount: Money,
    source: Source,
) -> Result<Payment, Problem> {
    let (client, mut work, payment) = lock_payment(tx, id)?;
    let payment = record(tx, cx, payment, amount, source)?;
    withdrawal::look_again(tx, cx, &client)?;
    let milestone = &work.milestone(payment.milestone)?.milestone;
    if milestone.state != MilestoneState::Funding {
        return Ok(payment);
    }
    let mut funds = lock_funds(tx, &work)?;
    let decision = milestone.reserve_more(amount.min(funds.available()?)?, cx.now)?;
    funds.reserve_instead(tx, milestone.reserved, decision.next.reserved)?;
    work.step(tx, cx, &decision)?;
    if decision.next.shortfall()?.is_zero() {
        // An older payment that came late leaves a newer one with nothing to wait for.
        expire_pending(tx, cx, payment.milestone)?;
        fund(tx, cx, &mut work, payment.milestone, &mut funds)?;
    }
    Ok(payment)
}

/// A payment, after who pays, who may not leave meanwhile, and the contract it belongs to.
fn lock_payment(tx: &mut Tx<'_>, id: PaymentId) -> Result<(Member, Work, Payment), Problem> {
    let found = payment::find(tx, id)?.ok_or_else(Problem::not_found)?;
    let client = member::lock_shared(tx, &[found.client])?.pop().ok_or_else(Problem::not_found)?;
    let work = Work::lock(tx, found.contract)?;
    let payment = payment::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    Ok((client, work, payment))
}

/// A payment that is over takes no more: what still comes for it is the client's all the same.
fn record(tx: &mut Tx<'_>, cx: &Context, payment: Payment, amount: Money, source: Source) -> Result<Payment, Problem> {
    let audience = Audience::only(payment.client);
    match payment.state {
        PaymentState::Pending | PaymentState::Expired => {
            let decision = match source {
                Source::Outside => payment.receive(amount, cx.now)?,
                Source::Suspense => payment.receive_from_suspense(amount, cx.now)?,
            };
            announce(tx, cx, payment.id, audience, &decision)?;
            Ok(payment::save(tx, &decision.next)?)
        }
        PaymentState::Succeeded | PaymentState::Failed => {
            let entry = match source {
                Source::Outside => JournalEntry::bank_received(payment.client, amount),
                Source::Suspense => JournalEntry::suspense_matched(payment.client, amount),
            };
            let entry =
                entry.map_err(|error| Problem::new(Code::InvalidBody).detail(error.to_string(), "金額が不正です。"))?;
            let decision = Decision::new((), EventKind::PaymentReceived).book(entry);
            announce(tx, cx, payment.id, audience, &decision)?;
            Ok(payment)
        }
    }
}

/// Stops waiting for the payment of a milestone, if one is pending.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub(super) fn expire_pending(tx: &mut Tx<'_>, cx: &Context, id: MilestoneId) -> Result<(), Problem> {
    let Some(payment) = payment::lock_pending(tx, id)? else { return Ok(()) };
    let decision = payment.expire(cx.now)?;
    announce(tx, cx, payment.id, Audience::only(payment.client), &decision)?;
    payment::save(tx, &decision.next)?;
    Ok(())
}

names! {
    /// What the sandbox's gateway is told to do with a card.
    pub enum CardToken {
        /// The charge succeeds.
        Succeeds = "tok_succeeds",
        /// The charge is declined.
        Declined = "tok_declined",
        /// The charge succeeds, but only after the sandbox's delay.
        Slow = "tok_slow",
        /// The charge succeeds, but what is to go back to the card later does not arrive.
        RefundFails = "tok_refund_fails",
    }
}

/// The sandbox's gateway charges a card: the outcome is in the token. A card that is being charged is not charged
/// again.
///
/// # Errors
/// Not the client's to do, not a card payment, or not in this state.
pub fn charge(tx: &mut Tx<'_>, cx: &Context, id: PaymentId, card: CardToken) -> Result<Payment, Problem> {
    let (_, _, payment) = lock_payment(tx, id)?;
    let chargeable = payment.check_chargeable(timer::is_set(tx, id.uuid(), TimerKind::SlowCharge)?);
    let allowed = chargeable.is_ok().then_some("pay");
    cx.admit(Operation::ChargeCard, cx.standing_to_owner(payment.client), payment.version, allowed.as_slice())?;
    chargeable?;
    if cx.app.settings.payments() != Payments::Sandbox {
        return Err(PaymentError::NotChargeable.into());
    }
    payment::remember_card(tx, id, card.as_str())?;
    match card {
        CardToken::Succeeds | CardToken::RefundFails => receive(tx, cx, id, payment.shortfall()?, Source::Outside),
        CardToken::Declined => fail(tx, cx, &payment),
        CardToken::Slow => {
            let due_at = after(cx.now, cx.app.rules.funding_window + SLOW_CHARGE_AFTER);
            timer::apply(tx, id.uuid(), &[TimerChange::Set(TimerKind::SlowCharge, due_at)])?;
            Ok(payment)
        }
    }
}

fn fail(tx: &mut Tx<'_>, cx: &Context, payment: &Payment) -> Result<Payment, Problem> {
    let decision = payment.fail("card_declined".to_owned(), cx.now)?;
    announce(tx, cx, payment.id, Audience::only(payment.client), &decision)?;
    Ok(payment::save(tx, &decision.next)?)
}

/// The slow charge went through, perhaps after the milestone gave up waiting.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn settle_slow_charge(tx: &mut Tx<'_>, cx: &Context, due: &Timer) -> Result<(), Problem> {
    let id = PaymentId::from_uuid(due.subject);
    let (_, _, payment) = lock_payment(tx, id)?;
    let missing = payment.shortfall()?;
    if timer::take(tx, due)? && missing.is_positive() {
        receive(tx, cx, id, missing, Source::Outside)?;
    }
    Ok(())
}

/// Which of these payments of the caller's can be paid by card now.
///
/// # Errors
/// Only those of the store.
pub fn chargeable(conn: &mut Conn, cx: &Context, payments: &[Payment]) -> Result<BTreeSet<PaymentId>, Problem> {
    let may_pay = |payment: &&Payment| cx.permit(Operation::ChargeCard, cx.standing_to_owner(payment.client)).is_ok();
    let waits = payments.iter().filter(may_pay).filter(|payment| payment.check_chargeable(false).is_ok());
    let mut waiting: BTreeSet<_> = waits.map(|payment| payment.id).collect();
    if waiting.is_empty() || cx.app.settings.payments() != Payments::Sandbox {
        return Ok(BTreeSet::new());
    }
    let subjects: Vec<_> = waiting.iter().map(|id| id.uuid()).collect();
    for charged in timer::set_among(conn, &subjects, TimerKind::SlowCharge)? {
        waiting.remove(&PaymentId::from_uuid(charged));
    }
    Ok(waiting)
}
