//! Members as the two sides of something that begins, as the owners of their accounts, and as those we write to.

use domain::{actor::Actor, ids::MemberId, member::Member, policy::Role};
use persistence::{
    mail::{self, Mail},
    member,
    store::Tx,
};

use crate::{
    context::Context,
    locale::Locale,
    problem::{Code, Problem},
};

/// Makes sure that nobody leaves while something begins that would hold them: whoever creates an obligation locks both
/// sides `FOR SHARE`, and leaving locks `FOR UPDATE` (domain rules, section 4). Nor does it begin with staff, who may have
/// been given their role since they proposed, or since the request arrived (decision 0008).
///
/// # Errors
/// [`Code::MemberLeft`] when one of them has left already, or has joined the staff.
pub fn bind(tx: &mut Tx<'_>, members: &[MemberId]) -> Result<(), Problem> {
    if hold(tx, members)?.iter().any(|member| member.role != Role::Member) {
        return Err(Problem::new(Code::MemberLeft).detail(
            "Whoever works for this marketplace takes no part in it.",
            "このマーケットプレイスの運営スタッフは取引に参加できません。",
        ));
    }
    Ok(())
}

/// The same for what anybody may begin, such as a session.
///
/// # Errors
/// [`Code::MemberLeft`] when one of them has left already.
pub fn hold(tx: &mut Tx<'_>, members: &[MemberId]) -> Result<Vec<Member>, Problem> {
    let held = member::lock_shared(tx, members)?;
    held.iter().try_for_each(Member::check_here)?;
    Ok(held)
}

/// Locks the caller's own account, in a session that nobody has ended meanwhile, and in the role that they came with. Whoever
/// ends the sessions of an account, or gives it another role, locks it, too: so nothing is made that outlives it.
///
/// # Errors
/// [`Code::InvalidToken`] when the session is over, [`Code::NotPermitted`] when the role is another one.
pub fn lock_own(tx: &mut Tx<'_>, cx: &Context) -> Result<Member, Problem> {
    let member = member::lock(tx, cx.person()?)?.ok_or_else(Problem::not_found)?;
    cx.require_live(tx)?;
    check_role(cx, &member)?;
    cx.remember(member.id, &member);
    Ok(member)
}

fn check_role(cx: &Context, own: &Member) -> Result<(), Problem> {
    let came_as = match cx.actor {
        Some(Actor::Staff(_, role)) => role,
        Some(Actor::Member(_) | Actor::System) | None => Role::Member,
    };
    if own.role == came_as { Ok(()) } else { Err(Problem::new(Code::NotPermitted)) }
}

/// Locks another account than one's own, for what one does to it as staff, with the own beside it: in a session that nobody
/// has ended meanwhile, and in a role that nobody has taken away.
///
/// # Errors
/// [`Code::InvalidToken`] when the session is over, [`Code::NotPermitted`] when the role is another one,
/// [`Code::NotFound`] when there is no such account.
pub fn lock_beside_own(tx: &mut Tx<'_>, cx: &Context, other: MemberId) -> Result<Member, Problem> {
    let me = cx.person()?;
    let locked = member::lock_all(tx, &[me, other])?;
    cx.require_live(tx)?;
    locked.iter().find(|member| member.id == me).map_or(Ok(()), |own| check_role(cx, own))?;
    locked.into_iter().find(|member| member.id == other).ok_or_else(Problem::not_found)
}

/// The same as [`lock_own`] for what a stolen token must not do: with a proof of the last few minutes.
///
/// # Errors
/// [`Code::RecentLoginRequired`] when it is longer ago; as [`lock_own`].
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
