//! A client's money on its way back to where it came from.

use chrono::TimeDelta;
use domain::{
    bank_account::AccountDetails,
    calendar::{after, tokyo_date},
    decision::Decision,
    ids::{MemberId, PaymentId, RefundId},
    ledger::Account,
    machine::State,
    money::{Currency, Money},
    payment::{Payment, PaymentMethod},
    policy::Operation,
    refund::{self as refunds, Refund, RefundAction, Room},
    settlement::Settlement,
    timer::{TimerChange, TimerKind},
    withdrawal::WayOut,
};
use persistence::{
    bank_account,
    ledger::{self, Balance},
    member, payment, refund,
    store::{Conn, Tx},
    timer::{self, Timer},
};

use super::{
    commit::{Audience, announce},
    member::{bind, write},
    payment::CardToken,
    payout, withdrawal,
};
use crate::{config::Payments, context::Context, mailer, problem::Problem};

/// How long the sandbox's gateway takes to send money back.
const GATEWAY_TAKES: TimeDelta = TimeDelta::days(1);

/// Sends free money of the caller's back to where it came from: through the gateway to the card that paid, or to the
/// bank account of whoever paid by transfer.
///
/// # Errors
/// Not the caller's payment, not that much left of it or free, or no account that it could go to.
pub fn request(tx: &mut Tx<'_>, cx: &Context, id: PaymentId, amount: Money) -> Result<Refund, Problem> {
    let found = payment::find(tx, id)?.ok_or_else(Problem::not_found)?;
    // Whoever may not even see the payment does not learn that there is one.
    cx.permit(Operation::ReadPayment, cx.standing_to_owner(found.client))?;
    cx.permit(Operation::RequestRefund, cx.standing_to_owner(found.client))?;
    bind(tx, &[found.client])?;
    let payment = payment::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    let account = account_for(tx, &payment)?;
    let decision = Refund::request(cx.new_id(), &payment, amount, room(tx, &payment)?, account, cx.now)?;
    let asked = decision.next.clone();
    announce(tx, cx, asked.id, Audience::only(asked.client), &decision)?;
    refund::insert(tx, &asked)?;
    if asked.method == PaymentMethod::Card && cx.app.settings.payments() == Payments::Sandbox {
        let answer = TimerChange::Set(TimerKind::RefundSettlement, after(cx.now, GATEWAY_TAKES));
        timer::apply(tx, asked.id.uuid(), &[answer])?;
    }
    Ok(asked)
}

/// Where a transfer goes back to; a card knows its own way.
fn account_for(tx: &mut Tx<'_>, payment: &Payment) -> Result<Option<AccountDetails>, Problem> {
    match payment.method {
        PaymentMethod::Card => Ok(None),
        PaymentMethod::BankTransfer => Ok(Some(payout::usable_account(tx, payment.client)?.details)),
    }
}

/// Locks what the client has. The payment is locked before, so that nothing else goes back of it meanwhile.
fn room(tx: &mut Tx<'_>, payment: &Payment) -> Result<Room, Problem> {
    let currency = payment.amount.currency();
    let left = refund::left(tx, std::slice::from_ref(payment))?.remove(&payment.id);
    let free = ledger::lock_client_funds(tx, payment.client, currency)?.available()?;
    Ok(Room { left: left.unwrap_or(Money::zero(currency)), free })
}

/// How much of each payment of one client can go back now.
///
/// # Errors
/// Those of the store; amounts that do not add up, which would be our mistake.
pub fn refundable(conn: &mut Conn, client: MemberId, payments: &[Payment]) -> Result<Vec<Money>, Problem> {
    let left = refund::left(conn, payments)?;
    let held = ledger::balances(conn, client.uuid())?;
    let most = |payment: &Payment| {
        let currency = payment.amount.currency();
        let left = left.get(&payment.id).copied().unwrap_or(Money::zero(currency));
        Ok(Room { left, free: free(&held, client, currency)? }.most()?)
    };
    payments.iter().map(most).collect()
}

fn free(held: &[Balance], client: MemberId, currency: Currency) -> Result<Money, Problem> {
    let own = |held: &&Balance| held.account == Account::ClientFunds(client) && held.amount.currency() == currency;
    Ok(held.iter().find(own).map_or(Ok(Money::zero(currency)), |held| held.amount.minus(held.reserved))?)
}

/// Whether all that somebody who leaves has as a client can go back to where it came from.
///
/// # Errors
/// Those of the store; amounts that do not add up, which would be our mistake.
pub fn way_out(conn: &mut Conn, client: MemberId, funds: Money, has_account: bool) -> Result<WayOut, Problem> {
    let payments = refund::refundable(conn, client, funds.currency())?;
    Ok(refunds::way_out(funds, &payments, has_account)?)
}

/// Sends back all that somebody who leaves has as a client, the newest payment first, as far as there is a way.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn request_all(tx: &mut Tx<'_>, cx: &Context, client: MemberId) -> Result<(), Problem> {
    let has_account = bank_account::find(tx, client)?.is_some_and(|account| account.is_usable());
    for currency in Currency::ALL.iter().copied() {
        for (payment, left) in refund::refundable(tx, client, currency)? {
            let amount = left.min(free(&ledger::balances(tx, client.uuid())?, client, currency)?)?;
            if amount.is_positive() && refunds::goes_back(&payment, has_account) {
                request(tx, cx, payment.id, amount)?;
            }
        }
    }
    Ok(())
}

/// Reads a refund for one who may.
///
/// # Errors
/// None of the caller's business.
pub fn read(conn: &mut Conn, cx: &Context, id: RefundId) -> Result<Refund, Problem> {
    let refund = refund::find(conn, id)?.ok_or_else(Problem::not_found)?;
    cx.permit(Operation::ReadRefund, cx.standing_to_owner(refund.client))?;
    Ok(refund)
}

/// Finance enters that it arrived.
///
/// # Errors
/// Not the caller's to do, not in this state, or not on that date.
pub fn settle(tx: &mut Tx<'_>, cx: &Context, id: RefundId, settlement: Settlement) -> Result<Refund, Problem> {
    let refund = lock_as_staff(tx, cx, id, RefundAction::Settle)?;
    commit(tx, cx, &refund.settle(settlement, cx.now)?)
}

/// Finance enters that it did not: it is with the client's funds again, of which they are told.
///
/// # Errors
/// Not the caller's to do, or not in this state.
pub fn fail(tx: &mut Tx<'_>, cx: &Context, id: RefundId, reason: String) -> Result<Refund, Problem> {
    let refund = lock_as_staff(tx, cx, id, RefundAction::Fail)?;
    if let Some(refused) = &refund.account {
        payout::mark_failing(tx, cx, refund.client, refused, &reason)?;
    }
    did_not_arrive(tx, cx, &refund, reason)
}

fn did_not_arrive(tx: &mut Tx<'_>, cx: &Context, refund: &Refund, reason: String) -> Result<Refund, Problem> {
    write(tx, refund.client, |to, locale| mailer::refund_failed(cx, to, locale, refund.amount, &reason))?;
    commit(tx, cx, &refund.fail(reason, cx.now)?)
}

/// The sandbox's gateway answers, as the card that paid tells it to.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn gateway_answers(tx: &mut Tx<'_>, cx: &Context, due: &Timer) -> Result<(), Problem> {
    let refund = lock(tx, RefundId::from_uuid(due.subject))?;
    if !timer::take(tx, due)? {
        return Ok(());
    }
    let refused = CardToken::RefundFails.as_str();
    if payment::card(tx, refund.payment)?.as_deref() == Some(refused) {
        did_not_arrive(tx, cx, &refund, "card_refused".to_owned())?;
        return Ok(());
    }
    let settlement = Settlement { reference: format!("sandbox {}", refund.id), value_on: tokyo_date(cx.now) };
    commit(tx, cx, &refund.settle(settlement, cx.now)?).map(drop)
}

/// For staff it is no secret that there are refunds.
fn lock_as_staff(tx: &mut Tx<'_>, cx: &Context, id: RefundId, action: RefundAction) -> Result<Refund, Problem> {
    cx.permit(Operation::HandleRefunds, cx.standing_outside())?;
    let refund = lock(tx, id)?;
    let standing = cx.standing_to_owner(refund.client);
    cx.admit(Operation::Refund(action), standing, refund.version, &refund.state.allowed(standing))?;
    cx.remember(id, &refund);
    Ok(refund)
}

/// Whose it is is locked first, so that nobody leaves while it comes to rest.
fn lock(tx: &mut Tx<'_>, id: RefundId) -> Result<Refund, Problem> {
    let client = refund::find(tx, id)?.ok_or_else(Problem::not_found)?.client;
    member::lock_shared(tx, &[client])?;
    refund::lock(tx, id)?.ok_or_else(Problem::not_found)
}

/// Saves a step; somebody who leaves may have waited for this refund only.
fn commit(tx: &mut Tx<'_>, cx: &Context, decision: &Decision<Refund>) -> Result<Refund, Problem> {
    announce(tx, cx, decision.next.id, Audience::only(decision.next.client), decision)?;
    let saved = refund::save(tx, &decision.next)?;
    for client in member::lock_shared(tx, &[saved.client])? {
        withdrawal::look_again(tx, cx, &client)?;
    }
    Ok(saved)
}
