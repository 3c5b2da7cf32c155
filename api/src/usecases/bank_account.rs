//! Where a member's payouts go.

use domain::{
    bank_account::{AccountDetails, BankAccount},
    event::EventKind,
    policy::Operation,
};
use persistence::{
    bank_account, event,
    store::{Conn, Tx},
};

use super::{
    commit::{Audience, announce, tell},
    member::{lock_proven, write},
};
use crate::{context::Context, mailer, problem::Problem};

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
    let me = lock_proven(tx, cx)?.id;
    let known = bank_account::lock(tx, me)?;
    let decision = match &known {
        Some(known) => {
            cx.check_version(known.version)?;
            let Some(decision) = known.change(details, cx.now) else { return Ok(known.clone()) };
            decision
        }
        None => {
            cx.check_absent()?;
            // A version that was seen of an account since removed must not fit this one.
            let version = event::count(tx, me, BANK_ACCOUNT_EVENTS)? + 1;
            BankAccount::first(me, version, details, cx.now)
        }
    };
    announce(tx, cx, me, Audience::only(me), &decision)?;
    let account = match known {
        Some(_) => bank_account::save(tx, &decision.next)?,
        None => {
            bank_account::insert(tx, &decision.next)?;
            decision.next
        }
    };
    let hint = account.details.hint();
    write(tx, me, |to, locale| mailer::bank_account_changed(cx, to, locale, &hint))?;
    Ok(account)
}

/// Names no account any more. Payouts wait until there is another.
///
/// # Errors
/// Staff, a log-in too long ago, another version than was seen, or none was named.
pub fn remove(tx: &mut Tx<'_>, cx: &Context) -> Result<(), Problem> {
    cx.permit(Operation::ChangeBankAccount, cx.standing_outside())?;
    let me = lock_proven(tx, cx)?.id;
    let account = bank_account::lock(tx, me)?.ok_or_else(Problem::not_found)?;
    cx.check_version(account.version)?;
    bank_account::remove(tx, &account)?;
    write(tx, me, |to, locale| mailer::bank_account_removed(cx, to, locale))?;
    tell(tx, cx, me, Audience::only(me), EventKind::BankAccountRemoved)
}
