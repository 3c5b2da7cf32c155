//! Paying out earnings: asking for it, and what becomes of a payout on its way.

mod bank;
mod staff;

use chrono::NaiveDate;
use domain::{
    bank_account::BankAccount,
    business_calendar::Shift,
    calendar::tokyo_date,
    decision::Decision,
    ids::{MemberId, PayoutId},
    money::{Currency, Money},
    payout::{Asked, Payout, PayoutAction},
    policy::Operation,
    release::{self as releases, Release},
    rules::PayoutMode,
};
use persistence::{
    bank_account, business_calendar, member, payout, release,
    store::{Conn, Tx},
};

pub use self::{
    bank::{fail, mark_failing, pay, send_back, settle},
    staff::{cancel_by_staff, hold, resume},
};
use super::{
    commit::{Audience, announce},
    member::bind,
    withdrawal,
};
use crate::{
    context::Context,
    problem::{Code, Problem},
};

/// What a worker wants.
#[derive(Debug, Clone, Copy)]
pub enum Wish {
    /// This much at once, for a fee.
    Quick(Money),
    /// All there is, on the next payday.
    Scheduled,
}

/// Asks for a payout, to the account in the version that the worker has seen.
///
/// # Errors
/// Staff, no such account, too little or too much, or payouts are made without asking.
pub fn request(tx: &mut Tx<'_>, cx: &Context, wish: Wish, account_version: i32) -> Result<Payout, Problem> {
    let me = cx.member()?;
    cx.permit(Operation::RequestPayout, cx.standing_outside())?;
    bind(tx, &[me])?;
    let account = usable_account(tx, me)?;
    if account.version != account_version {
        return Err(Problem::new(Code::BankAccountChanged));
    }
    let unpaid = release::lock_unpaid(tx, &[me], Currency::Jpy, None)?;
    let (available, rules) = (sum(&unpaid)?, &cx.app.rules.payout);
    let decision = match wish {
        Wish::Quick(amount) => {
            let asked = asked(cx, &account, next_business_day(tx, cx)?);
            Payout::quick(asked, amount, available, cx.now, rules)?
        }
        Wish::Scheduled if rules.mode == PayoutMode::Automatic => {
            return Err(Problem::new(Code::ActionRefused).detail(
                "Earnings are paid out by themselves every month here; there is nothing to ask for.",
                "報酬は毎月自動的に出金されるため、申請は不要です。",
            ));
        }
        Wish::Scheduled => {
            let payday = business_calendar::read(tx)?.next_payday(tokyo_date(cx.now), rules.shift)?;
            let asked = asked(cx, &account, payday);
            Payout::scheduled(asked, available, cx.now, rules)?
        }
    };
    begin(tx, cx, &decision, &unpaid)
}

/// Pays out all that somebody has who leaves, however little, free of charge; none if there is nothing.
///
/// # Errors
/// There is no usable account.
pub fn pay_everything(tx: &mut Tx<'_>, cx: &Context, worker: MemberId) -> Result<Option<Payout>, Problem> {
    let account = usable_account(tx, worker)?;
    let unpaid = release::lock_unpaid(tx, &[worker], Currency::Jpy, None)?;
    let available = sum(&unpaid)?;
    if available.is_zero() {
        return Ok(None);
    }
    let asked = asked(cx, &account, next_business_day(tx, cx)?);
    let decision = Payout::last(asked, available, cx.now, &cx.app.rules.payout)?;
    begin(tx, cx, &decision, &unpaid).map(Some)
}

/// The worker takes back what they asked for.
///
/// # Errors
/// Not theirs, not asked for by them, or on its way already.
pub fn cancel(tx: &mut Tx<'_>, cx: &Context, id: PayoutId) -> Result<Payout, Problem> {
    // Staff have a way of their own, on which they say why.
    cx.permit(Operation::RequestPayout, cx.standing_outside())?;
    let payout = lock_for(tx, cx, id, PayoutAction::Cancel)?;
    let decision = payout.cancel(cx.standing_to_worker(payout.worker), None, cx.now)?;
    commit(tx, cx, &decision)
}

/// Reads a payout for one who may.
///
/// # Errors
/// None of the caller's business.
pub fn read(conn: &mut Conn, cx: &Context, id: PayoutId) -> Result<Payout, Problem> {
    let payout = payout::find(conn, id)?.ok_or_else(Problem::not_found)?;
    cx.permit(Operation::ReadPayout, cx.standing_to_worker(payout.worker))?;
    Ok(payout)
}

fn asked(cx: &Context, account: &BankAccount, pay_on: NaiveDate) -> Asked {
    Asked { id: cx.new_id(), worker: account.member, closed_on: None, pay_on, bank: account.details.bank }
}

/// The account that somebody's money can go to, locked.
///
/// # Errors
/// There is none, or the bank refused it.
pub fn usable_account(tx: &mut Tx<'_>, worker: MemberId) -> Result<BankAccount, Problem> {
    let account = bank_account::lock(tx, worker)?.ok_or_else(|| Problem::new(Code::BankAccountMissing))?;
    if account.is_usable() { Ok(account) } else { Err(Problem::new(Code::BankAccountFailing)) }
}

fn sum(unpaid: &[Release]) -> Result<Money, Problem> {
    Ok(Money::sum(Currency::Jpy, unpaid.iter().map(|release| release.remaining))?)
}

/// Today, if the banks are open.
fn next_business_day(tx: &mut Tx<'_>, cx: &Context) -> Result<NaiveDate, Problem> {
    Ok(business_calendar::read(tx)?.shifted(tokyo_date(cx.now), Shift::Next))
}

fn begin(tx: &mut Tx<'_>, cx: &Context, decision: &Decision<Payout>, unpaid: &[Release]) -> Result<Payout, Problem> {
    let payout = decision.next.clone();
    let lines = releases::take(unpaid, payout.taken()?)?;
    release::take(tx, &lines)?;
    announce(tx, cx, payout.id, Audience::worker(payout.worker), decision)?;
    payout::insert(tx, &[(payout.clone(), lines)])?;
    Ok(payout)
}

/// Reads a payout under lock for a step that the caller wants to take.
fn lock_for(tx: &mut Tx<'_>, cx: &Context, id: PayoutId, action: PayoutAction) -> Result<Payout, Problem> {
    // Whose it is is locked first, so that nobody leaves while it comes to rest.
    let worker = payout::find(tx, id)?.ok_or_else(Problem::not_found)?.worker;
    member::lock_shared(tx, &[worker])?;
    let payout = payout::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    let allowed = cx.actor.map(|actor| payout.allowed_actions(actor)).unwrap_or_default();
    cx.admit(Operation::Payout(action), cx.standing_to_worker(payout.worker), payout.version, &allowed)?;
    cx.remember(id, &payout);
    Ok(payout)
}

/// Saves a step. What came back waits to be paid out again; and somebody who leaves may have waited for this one only.
fn commit(tx: &mut Tx<'_>, cx: &Context, decision: &Decision<Payout>) -> Result<Payout, Problem> {
    let back = decision.next.given_back()?;
    if back.is_positive() {
        let lines = payout::lines(tx, &decision.next)?;
        release::give_back(tx, &releases::give_back(&lines, back)?)?;
    }
    announce(tx, cx, decision.next.id, Audience::worker(decision.next.worker), decision)?;
    let saved = payout::save(tx, &decision.next)?;
    if saved.state.is_under_way() {
        return Ok(saved);
    }
    for worker in member::lock_shared(tx, &[saved.worker])? {
        withdrawal::look_again(tx, cx, &worker)?;
    }
    Ok(saved)
}
