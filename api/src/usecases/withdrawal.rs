//! Leaving for good (退会): what stands in the way, going, and what happens after.

use domain::{
    actor::Party,
    decision::Decision,
    event::EventKind,
    ids::MemberId,
    job::JobState,
    ledger::{Account, AccountKind, JournalEntry},
    member::{Member, MemberAction, MemberState},
    money::{Currency, Money},
    policy::Operation,
    proposal::ProposalState,
    timer::{TimerChange, TimerKind},
    withdrawal::{LeavingReason, Readiness, Tie, Tied, Warning, WayOut, assess},
};
use persistence::{
    app as apps, bank_account, ledger, mail, member, release, session,
    store::{Conn, Tx},
    timer::{self, Timer},
    withdrawal::{self, Kept, Withdrawal},
};

use super::{
    access, app,
    commit::{Audience, announce},
    job,
    member::lock_proven,
    payout, proposal, refund, username,
};
use crate::{
    clock,
    context::Context,
    locale::Locale,
    mailer,
    problem::{Code, Problem},
};

/// What somebody who leaves says.
#[derive(Debug, Clone)]
pub struct Farewell {
    /// Why.
    pub reason: Option<LeavingReason>,
    /// In their own words.
    pub comment: Option<String>,
    /// The warnings they have read.
    pub acknowledged: Vec<Warning>,
}

/// Whether the caller can leave, and everything that stands in the way.
///
/// # Errors
/// Staff have nothing to leave.
pub fn readiness(conn: &mut Conn, cx: &Context) -> Result<Readiness, Problem> {
    let id = cx.person()?;
    cx.permit(Operation::ReadWithdrawal, cx.standing_to_oneself())?;
    let member = member::find(conn, id)?.ok_or_else(Problem::not_found)?;
    assess_member(conn, &member)
}

/// The same of a member who was read already.
///
/// # Errors
/// Only those of the store.
pub fn assess_member(conn: &mut Conn, member: &Member) -> Result<Readiness, Problem> {
    Ok(assess(&ties(conn, member)?))
}

/// What runs is read before what is owned: an obligation that ends in between has become money by then.
fn ties(conn: &mut Conn, member: &Member) -> Result<Vec<Tied>, Problem> {
    let mut ties = withdrawal::ties(conn, member.id)?;
    ties.extend(holdings(conn, member.id)?);
    ties.push(Tied { tie: Tie::Registration(member.state), since: member.created_at });
    ties.push(Tied { tie: Tie::Password(member::has_password(conn, member.id)?), since: member.created_at });
    Ok(ties)
}

/// What the member's accounts hold, and how it could leave with them.
fn holdings(conn: &mut Conn, id: MemberId) -> Result<Vec<Tied>, Problem> {
    let held = ledger::balances(conn, id.uuid())?;
    let has_account = bank_account::find(conn, id)?.is_some_and(|account| account.is_usable());
    let mut ties = Vec::new();
    for balance in held.iter().filter(|balance| !balance.amount.is_zero()) {
        let since = ledger::last_change(conn, balance.account, balance.amount.currency())?;
        let way_out = if balance.account == Account::ClientFunds(id) {
            refund::way_out(conn, id, balance.amount, has_account)?
        } else {
            WayOut::of_earnings(balance.amount.currency(), has_account)
        };
        let tie = Tie::Balance(balance.account.kind(), balance.amount, way_out);
        ties.extend(since.map(|since| Tied { tie, since }));
    }
    Ok(ties)
}

/// Leaves for good. Everything is looked at again here, under the lock that whoever would bind the member needs, too.
///
/// # Errors
/// Something stands in the way, a warning was not acknowledged, the log-in was too long ago, or they have left already.
pub fn leave(tx: &mut Tx<'_>, cx: &Context, farewell: &Farewell) -> Result<Member, Problem> {
    cx.permit(Operation::Member(MemberAction::Withdraw), cx.standing_to_oneself())?;
    let member = lock_proven(tx, cx)?;
    let id = member.id;
    cx.check_version(member.version)?;
    let ties = ties(tx, &member)?;
    check(cx, &assess(&ties), farewell)?;
    discard(tx, cx, &ties)?;
    let kept = pay_out(tx, cx, id, &ties)?;
    let decision = member.withdraw(withdrawal::is_money_on_its_way(tx, id)?, cx.now)?;
    withdrawal::insert(
        tx,
        &Withdrawal {
            member: id,
            reason: farewell.reason,
            comment: farewell.comment.clone(),
            acknowledged: farewell.acknowledged.clone(),
            requested_at: cx.now,
        },
    )?;
    session::revoke_all(tx, id, clock::real_now())?;
    apps::ids(tx, id)?.into_iter().try_for_each(|own| app::end(tx, cx, own))?;
    save(tx, cx, &member, &decision, &kept)
}

fn check(cx: &Context, readiness: &Readiness, farewell: &Farewell) -> Result<(), Problem> {
    if !readiness.is_ready() {
        return Err(Problem::new(Code::WithdrawalBlocked).blockers(readiness.blockers.clone()));
    }
    let unread = readiness.unacknowledged(&farewell.acknowledged);
    if !unread.is_empty() {
        let names: Vec<&str> = unread.iter().map(|warning| warning.as_str()).collect();
        return Err(Problem::new(Code::WarningsNotAcknowledged).with("warnings", names));
    }
    if farewell.reason.is_none() && cx.app.rules.leaving_reason_required {
        return Err(Problem::new(Code::InvalidBody).at("/reason", "say why you leave", "退会理由を選んでください。"));
    }
    Ok(())
}

/// Sends everything that has a way out on its way, and sets aside what has none.
fn pay_out(tx: &mut Tx<'_>, cx: &Context, id: MemberId, ties: &[Tied]) -> Result<Vec<Money>, Problem> {
    let holds = |kind| ties.iter().any(|tied| matches!(tied.tie, Tie::Balance(of, _, WayOut::Payable) if of == kind));
    if holds(AccountKind::Earnings) {
        payout::pay_everything(tx, cx, id)?;
    }
    refund::request_all(tx, cx, id)?;
    // Warned of; all else is on its way by now.
    set_aside(tx, cx, id)
}

/// Ends what the warnings told of.
fn discard(tx: &mut Tx<'_>, cx: &Context, ties: &[Tied]) -> Result<(), Problem> {
    ties.iter().try_for_each(|tied| match tied.tie {
        Tie::Job(id, JobState::Draft) => job::discard(tx, cx, id),
        Tie::Proposal(id, Party::Worker, ProposalState::SetAside) => proposal::discard(tx, cx, id),
        Tie::Job(..)
        | Tie::Proposal(..)
        | Tie::Contract(..)
        | Tie::Milestone(..)
        | Tie::Dispute(..)
        | Tie::Charge(_)
        | Tie::Payout(..)
        | Tie::Refund(..)
        | Tie::Balance(..)
        | Tie::Registration(_)
        | Tie::Password(_) => Ok(()),
    })
}

/// Saves a step of somebody who leaves; with the last one, who they were is forgotten.
fn save(
    tx: &mut Tx<'_>,
    cx: &Context,
    before: &Member,
    decision: &Decision<Member>,
    kept: &[Money],
) -> Result<Member, Problem> {
    announce(tx, cx, before.id, Audience::only(before.id), decision)?;
    let saved = member::save(tx, &decision.next)?;
    let address = member::address(tx, saved.id)?;
    let closed = saved.state == MemberState::Closed;
    if closed {
        let username = before.username.as_ref().map(|name| username::hash(cx, name));
        let kept = Kept { email: access::address_hash(cx, &before.email), username };
        withdrawal::complete(tx, saved.id, &kept, cx.now)?;
        if let Some(account) = bank_account::lock(tx, saved.id)? {
            bank_account::remove(tx, &account)?;
        }
        member::forget(tx, saved.id)?;
    }
    if let Some((email, locale)) = address {
        let locale = Locale::stored(&locale);
        let mail = match closed {
            true => mailer::closed(cx, &email, locale, saved.id, kept),
            false => mailer::closing(cx, &email, locale),
        };
        mail::queue(tx, &mail)?;
    }
    Ok(saved)
}

/// Money of somebody who has left, or is leaving, came to rest: the clock looks whether anything is still on its way.
/// It is looked at later, because members come first in the order of locks.
///
/// # Errors
/// Only those of the store.
pub fn look_again(tx: &mut Tx<'_>, cx: &Context, member: &Member) -> Result<(), Problem> {
    match member.state {
        MemberState::Pending | MemberState::Active => Ok(()),
        MemberState::Closing | MemberState::Closed => {
            let set = TimerChange::Set(TimerKind::AccountCompletion, cx.now);
            Ok(timer::apply(tx, member.id.uuid(), &[set])?)
        }
    }
}

/// Nothing may be on its way any more: what could not be paid is set aside as unclaimed, and the account closes.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn complete(tx: &mut Tx<'_>, cx: &Context, due: &Timer) -> Result<(), Problem> {
    let id = MemberId::from_uuid(due.subject);
    let member = member::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    let taken = timer::take(tx, due)?;
    if !taken || member.state == MemberState::Active || withdrawal::is_money_on_its_way(tx, id)? {
        return Ok(());
    }
    let kept = set_aside(tx, cx, id)?;
    if member.state == MemberState::Closing {
        save(tx, cx, &member, &member.complete(cx.now)?, &kept)?;
    }
    Ok(())
}

/// What is left and cannot be paid is unclaimed from now on, in every currency. Answers with how much that is.
fn set_aside(tx: &mut Tx<'_>, cx: &Context, id: MemberId) -> Result<Vec<Money>, Problem> {
    let mut kept = Vec::new();
    let held = ledger::balances(tx, id.uuid())?;
    for currency in Currency::ALL.iter().copied() {
        let of = |account: Account| {
            let own = held.iter().find(|held| held.account == account && held.amount.currency() == currency);
            own.map_or(Money::zero(currency), |held| held.amount)
        };
        let (earnings, funds) = (of(Account::Earnings(id)), of(Account::ClientFunds(id)));
        if earnings.is_positive() || funds.is_positive() {
            let entry = JournalEntry::unclaimed(id, earnings, funds)?;
            let decision = Decision::new((), EventKind::MemberMoneyUnclaimed).book(entry);
            announce(tx, cx, id, Audience::only(id), &decision)?;
            release::set_aside(tx, id, currency)?;
            kept.push(earnings.plus(funds)?);
        }
    }
    Ok(kept)
}
