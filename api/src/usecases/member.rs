//! Members as the two sides of something that begins, as the owners of their accounts, and as those we write to.

use domain::{ids::MemberId, member::Member};
use persistence::{
    mail::{self, Mail},
    member,
    store::Tx,
};

use crate::{context::Context, locale::Locale, problem::Problem};

/// Makes sure that nobody leaves while something begins that would hold them: whoever creates an obligation locks both
/// sides `FOR SHARE`, and leaving locks `FOR UPDATE` (domain rules, section 4).
///
/// # Errors
/// [`Code::MemberLeft`](crate::problem::Code::MemberLeft) when one of them has left already.
pub fn bind(tx: &mut Tx<'_>, members: &[MemberId]) -> Result<(), Problem> {
    let bound = member::lock_shared(tx, members)?;
    Ok(bound.iter().try_for_each(Member::check_here)?)
}

/// Locks the caller's own account, in a session that nobody has ended meanwhile. Whoever ends the sessions of an account
/// locks it, too: so nothing is made in one of them afterwards that outlives it.
///
/// # Errors
/// [`Code::InvalidToken`](crate::problem::Code::InvalidToken) when the session is over.
pub fn lock_own(tx: &mut Tx<'_>, cx: &Context) -> Result<Member, Problem> {
    let member = member::lock(tx, cx.person()?)?.ok_or_else(Problem::not_found)?;
    cx.require_live(tx)?;
    Ok(member)
}

/// The same for what a stolen token must not do: with a proof of the last few minutes.
///
/// # Errors
/// [`Code::RecentLoginRequired`](crate::problem::Code::RecentLoginRequired) when it is longer ago; as [`lock_own`].
pub fn lock_proven(tx: &mut Tx<'_>, cx: &Context) -> Result<Member, Problem> {
    cx.require_recent_login(tx)?;
    lock_own(tx, cx)
}

/// Writes to a member, wherever they are reached, in their language.
///
/// # Errors
/// Only those of the store.
pub fn write(tx: &mut Tx<'_>, to: MemberId, compose: impl FnOnce(&str, Locale) -> Mail) -> Result<(), Problem> {
    if let Some((email, locale)) = member::address(tx, to)? {
        mail::queue(tx, &compose(&email, Locale::stored(&locale)))?;
    }
    Ok(())
}
