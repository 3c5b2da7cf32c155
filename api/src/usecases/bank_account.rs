//! Where a member's payouts go.

use domain::{
    bank_account::{AccountDetails, BankAccount},
    event::EventKind,
    ids::MemberId,
    policy::Operation,
};
use persistence::{
    bank_account, event, mail, member,
    store::{Conn, Tx},
};

use super::{
    commit::{Audience, announce, tell},
    member::bind,
};
use crate::{clock, context::Context, mailer, problem::Problem};

/// What tells of each version that an account has had.
const BANK_ACCOUNT_EVENTS: &[EventKind] =
    &[EventKind::BankAccountChanged, EventKind::BankAccountRemoved, EventKind::BankAccountFailed];

/// The caller's own account.
///
/// # Errors
/// Staff, or none was named.
pub fn read(conn: &mut Conn, cx: &Context) -> Result<BankAccount, Problem> {
    cx.permit(Operation::ReadBankAccount, cx.standing_outside())?;
    bank_account::find(conn, cx.member()?)?.ok_or_else(Problem::not_found)
}

/// Names or corrects the account; payouts that are not with the bank yet go there, and the member is told by mail. The
/// same account again changes nothing, and tells nothing.
///
/// # Errors
/// Staff, a log-in too long ago, or another version than was seen.
pub fn put(tx: &mut Tx<'_>, cx: &Context, details: AccountDetails) -> Result<BankAccount, Problem> {
    cx.permit(Operation::ChangeBankAccount, cx.standing_outside())?;
    let me = cx.member()?;
    cx.require_recent_login(tx)?;
    bind(tx, &[me])?;
    let (account, decision) = match bank_account::lock(tx, me)? {
        Some(known) => {
            cx.check_version(known.version)?;
            let Some(decision) = known.change(details, cx.now) else { return Ok(known) };
            (bank_account::save(tx, &decision.next)?, decision)
        }
        None => {
            // A version that was seen of an account since removed must not fit this one.
            let version = event::count(tx, me, BANK_ACCOUNT_EVENTS)? + 1;
            let decision = BankAccount::first(me, version, details, cx.now);
            bank_account::insert(tx, &decision.next)?;
            (decision.next.clone(), decision)
        }
    };
    announce(tx, cx, me, Audience::only(me), &decision)?;
    warn(tx, cx, me, &account.details)?;
    Ok(account)
}

/// Names no account any more. Payouts wait until there is another.
///
/// # Errors
/// Staff, a log-in too long ago, another version than was seen, or none was named.
pub fn remove(tx: &mut Tx<'_>, cx: &Context) -> Result<(), Problem> {
    cx.permit(Operation::ChangeBankAccount, cx.standing_outside())?;
    let me = cx.member()?;
    cx.require_recent_login(tx)?;
    let account = bank_account::lock(tx, me)?.ok_or_else(Problem::not_found)?;
    cx.check_version(account.version)?;
    bank_account::remove(tx, &account)?;
    if let Some((email, locale)) = member::address(tx, me)? {
        mail::queue(tx, &mailer::bank_account_removed(cx, &email, &locale), clock::real_now())?;
    }
    tell(tx, cx, me, Audience::only(me), EventKind::BankAccountRemoved)
}

fn warn(tx: &mut Tx<'_>, cx: &Context, me: MemberId, details: &AccountDetails) -> Result<(), Problem> {
    if let Some((email, locale)) = member::address(tx, me)? {
        let mail = mailer::bank_account_changed(cx, &email, &locale, &details.hint());
        mail::queue(tx, &mail, clock::real_now())?;
    }
    Ok(())
}
