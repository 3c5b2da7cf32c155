//! Accounts at providers that log in to a member's (decision 0029).

use domain::{
    event::EventKind,
    ids::{IdentityId, MemberId},
};
use persistence::{
    credential,
    identity::{self, Identity},
    store::{Conn, Tx},
};

use super::{
    commit::{Audience, tell},
    member::{lock_proven, write},
};
use crate::{
    clock,
    context::Context,
    mailer,
    problem::{Code, Problem},
    social::Account,
};

/// Links an account at a provider with a member, whom it lets in from now on.
///
/// # Errors
/// Only those of the store.
pub fn keep(tx: &mut Tx<'_>, cx: &Context, member: MemberId, account: &Account) -> Result<Identity, Problem> {
    let Account { issuer, subject, .. } = account.clone();
    let identity = Identity { id: cx.new_id(), member, issuer, subject, created_at: clock::real_now() };
    identity::insert(tx, &identity)?;
    Ok(identity)
}

/// Links an account at a provider with the caller.
///
/// # Errors
/// The last proof is too long ago, or it is linked with somebody, the caller included.
pub fn link(tx: &mut Tx<'_>, cx: &Context, account: &Account) -> Result<Identity, Problem> {
    let me = lock_proven(tx, cx)?.id;
    if identity::find(tx, &account.issuer, &account.subject)?.is_some() {
        return Err(Problem::new(Code::IdentityTaken));
    }
    let identity = keep(tx, cx, me, account)?;
    tell(tx, cx, me, Audience::only(me), EventKind::MemberIdentityLinked)?;
    write(tx, me, |to, locale| mailer::identity_linked(cx, to, locale))?;
    Ok(identity)
}

/// What is linked with the caller.
///
/// # Errors
/// Those of the store; [`Code::Unauthenticated`] if the caller is nobody.
pub fn list(conn: &mut Conn, cx: &Context) -> Result<Vec<Identity>, Problem> {
    Ok(identity::of(conn, cx.person()?)?)
}

/// Unlinks one of the caller's.
///
/// # Errors
/// The last proof is too long ago, there is none, or it is the last way in.
pub fn unlink(tx: &mut Tx<'_>, cx: &Context, id: IdentityId) -> Result<(), Problem> {
    let me = lock_proven(tx, cx)?.id;
    let own = identity::of(tx, me)?;
    if !own.iter().any(|one| one.id == id) {
        return Err(Problem::not_found());
    }
    let has_password = credential::find(tx, me)?.is_some_and(|secret| secret.password_hash.is_some());
    // An account whose provider is no longer set logs nobody in.
    let others = own.iter().filter(|one| one.id != id && cx.app.providers.of_issuer(&one.issuer).is_some());
    if !has_password && others.count() == 0 {
        return Err(Problem::new(Code::LastWayIn));
    }
    take_away(tx, cx, me, id)
}

/// Unlinks all that logs in to a member's account, which the caller has locked: a thief may have linked it (decision 0035).
///
/// # Errors
/// Only those of the store.
pub fn unlink_all(tx: &mut Tx<'_>, cx: &Context, member: MemberId) -> Result<(), Problem> {
    identity::of(tx, member)?.iter().try_for_each(|one| take_away(tx, cx, member, one.id))
}

fn take_away(tx: &mut Tx<'_>, cx: &Context, member: MemberId, id: IdentityId) -> Result<(), Problem> {
    identity::remove(tx, id)?;
    tell(tx, cx, member, Audience::only(member), EventKind::MemberIdentityUnlinked)?;
    write(tx, member, |to, locale| mailer::identity_unlinked(cx, to, locale))
}
