//! Usernames: chosen once, unique by what they look like, and nobody's again after their member has left.

use domain::{member::Member, username::Username};
use persistence::{member, store::Tx, username};

use super::{
    commit::{Audience, announce},
    member::lock_own,
};
use crate::{
    context::Context,
    problem::{Code, Problem},
};

/// The keyed hash of what a name looks like, which is all that is kept of it when its member has left.
pub fn hash(cx: &Context, name: &Username) -> Vec<u8> {
    cx.app.tokens.secrets().sign(&format!("username {}", name.skeleton())).into_bytes()
}

/// Makes sure that no name that looks like this one was ever given.
///
/// # Errors
/// [`Code::UsernameTaken`].
pub fn require_free(tx: &mut Tx<'_>, cx: &Context, name: &Username) -> Result<(), Problem> {
    let taken = username::is_taken(tx, name, &hash(cx, name))?;
    if taken { Err(Problem::new(Code::UsernameTaken)) } else { Ok(()) }
}

/// Gives a member the name they wished for when they registered, if nobody was given it since; else they can choose
/// another.
///
/// # Errors
/// Only those of the store.
pub fn grant_wish(tx: &mut Tx<'_>, cx: &Context, member: Member) -> Result<Member, Problem> {
    let Some(wish) = &member.username else { return Ok(member) };
    if username::is_taken(tx, wish, &hash(cx, wish))? {
        username::wish(tx, member.id, None)?;
        return Ok(Member { username: None, ..member });
    }
    username::claim(tx, member.id, wish)?;
    Ok(member)
}

/// The caller chooses a name, once and for ever.
///
/// # Errors
/// They have one, or it is taken.
pub fn choose(tx: &mut Tx<'_>, cx: &Context, name: &Username) -> Result<Member, Problem> {
    let member = lock_own(tx, cx)?;
    let me = member.id;
    cx.check_version(member.version)?;
    if member.username.as_ref() == Some(name) {
        return Ok(member);
    }
    let decision = member.choose_username(name.clone(), cx.now)?;
    require_free(tx, cx, name)?;
    announce(tx, cx, me, Audience::only(me), &decision)?;
    let saved = member::save(tx, &decision.next)?;
    username::claim(tx, me, name)?;
    Ok(saved)
}
