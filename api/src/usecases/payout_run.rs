//! The close of a month: earnings leave for the next payday, some workers at a time.
//!
//! Each step is one transaction that ends by noting how far it came, and the next is a timer. Whatever stops the run, it
//! goes on where it was, and nobody is paid twice.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    bank_account::BankAccount,
    business_calendar::BusinessCalendar,
    calendar::{end_of_day, last_month_end, month_end, plus_days, tokyo_date},
    ids::MemberId,
    money::{Currency, Money},
    payout::{Asked, Payout, due},
    policy::Operation,
    release::{PayoutLine, Release},
    timer::{TimerChange, TimerKind},
};
use persistence::{
    bank_account, business_calendar, member, payout,
    payout_run::{self, Run},
    release,
    store::{Conn, Tx},
    timer::{self, Timer},
};
use uuid::Uuid;

use super::commit::{Audience, announce};
use crate::{context::Context, problem::Problem};

/// What the timer of the close belongs to: nobody, so to the calendar itself.
const CALENDAR: Uuid = Uuid::from_u128(0x7a1d_3c5e_90b2_4f68_8c47_d15e_0a93_b2f6);

/// Makes sure that the running month will be closed.
///
/// # Errors
/// Only those of the store.
pub fn schedule(tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<(), Problem> {
    if !timer::is_set(tx, CALENDAR, TimerKind::PayoutClose)? {
        set(tx, end_of_day(month_end(tokyo_date(now))))?;
    }
    Ok(())
}

fn set(tx: &mut Tx<'_>, at: DateTime<Utc>) -> Result<(), Problem> {
    Ok(timer::apply(tx, CALENDAR, &[TimerChange::Set(TimerKind::PayoutClose, at)])?)
}

/// A page of runs, newest first.
///
/// # Errors
/// Not the caller's to see.
pub fn list(conn: &mut Conn, cx: &Context, after: Option<NaiveDate>, fetch: i64) -> Result<Vec<Run>, Problem> {
    cx.permit(Operation::HandlePayouts, cx.standing_outside())?;
    Ok(payout_run::list(conn, after, fetch)?)
}

/// Takes the next step of the run: pays some workers, or finds that nobody is left. What was released before the close
/// is paid, however late the run.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn step(tx: &mut Tx<'_>, cx: &Context, fired: &Timer) -> Result<(), Problem> {
    let running = payout_run::lock_running(tx)?;
    if !timer::take(tx, fired)? {
        return Ok(());
    }
    let calendar = business_calendar::read(tx)?;
    let run = match running {
        Some(run) => run,
        None => begin(tx, cx, &calendar, last_month_end(tokyo_date(fired.due_at)))?,
    };
    let (close, most) = (end_of_day(run.closed_on), cx.app.rules.payout.run_chunk);
    let workers = release::unpaid_workers(tx, Currency::Jpy, close, run.last_worker, most.into())?;
    let Some(last) = workers.last().copied() else {
        payout_run::save(tx, &Run { finished_at: Some(cx.now), ..run.clone() })?;
        return set(tx, end_of_day(month_end(plus_days(run.closed_on, 1))));
    };
    let (payouts, total) = pay(tx, cx, &calendar, &run, &workers)?;
    let (payouts, total) = (run.payouts + payouts, run.total.plus(total)?);
    payout_run::save(tx, &Run { last_worker: Some(last), payouts, total, ..run })?;
    // At the same moment again, so that a clock that is set forward does not pass the rest of the run by.
    set(tx, fired.due_at)
}

fn begin(tx: &mut Tx<'_>, cx: &Context, calendar: &BusinessCalendar, closed_on: NaiveDate) -> Result<Run, Problem> {
    let pay_on = calendar.pay_on(closed_on, cx.app.rules.payout.shift)?;
    let total = Money::zero(Currency::Jpy);
    let run = Run { closed_on, pay_on, last_worker: None, payouts: 0, total, started_at: cx.now, finished_at: None };
    payout_run::insert(tx, &run)?;
    Ok(run)
}

/// Pays what is due to these workers. Answers with how many payouts that made, of how much in all.
fn pay(
    tx: &mut Tx<'_>,
    cx: &Context,
    calendar: &BusinessCalendar,
    run: &Run,
    workers: &[MemberId],
) -> Result<(i64, Money), Problem> {
    let rules = &cx.app.rules.payout;
    let next_payday = calendar.pay_on(month_end(plus_days(run.closed_on, 1)), rules.shift)?;
    member::lock_shared(tx, workers)?;
    let accounts = bank_account::usable(tx, workers)?;
    let unpaid = release::lock_unpaid(tx, workers, Currency::Jpy, Some(end_of_day(run.closed_on)))?;
    let (mut made, mut taken, mut total) = (Vec::new(), Vec::new(), Money::zero(Currency::Jpy));
    for (account, own) in pair(&accounts, &unpaid) {
        let Some(amount) = due(own, next_payday, rules)? else { continue };
        let asked = Asked {
            id: cx.new_id(),
            worker: account.member,
            closed_on: Some(run.closed_on),
            pay_on: run.pay_on,
            bank: account.details.bank,
        };
        let decision = Payout::monthly(asked, amount, cx.now, rules)?;
        total = total.plus(amount)?;
        taken.extend_from_slice(own);
        made.push((decision, own.iter().map(whole).collect::<Vec<_>>()));
    }
    release::take_all(tx, &taken)?;
    let rows: Vec<_> = made.iter().map(|(decision, lines)| (decision.next.clone(), lines.clone())).collect();
    for (decision, _) in &made {
        announce(tx, cx, decision.next.id, Audience::worker(decision.next.worker), decision)?;
    }
    payout::insert(tx, &rows)?;
    Ok((i64::try_from(made.len()).unwrap_or(i64::MAX), total))
}

/// What each worker who can be paid has left, together with where it goes.
fn pair<'a>(
    accounts: &'a BTreeMap<MemberId, BankAccount>,
    unpaid: &'a [Release],
) -> impl Iterator<Item = (&'a BankAccount, &'a [Release])> {
    let of_one = unpaid.chunk_by(|one, other| one.worker == other.worker);
    of_one.filter_map(|own| Some((accounts.get(&own.first()?.worker)?, own)))
}

const fn whole(release: &Release) -> PayoutLine {
    PayoutLine { escrow: release.escrow, amount: release.remaining }
}
