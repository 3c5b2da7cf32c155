//! Choosing another password, by who knows the present one or has forgotten it.

use domain::{event::EventKind, ids::MemberId, member::MemberState, password::Password};
use persistence::{
    credential, email_change, member, second_factor,
    session::devices,
    store::{Conn, Tx},
};

use super::{
    commit::{Audience, tell},
    guess::Guess,
    identity,
    member::{lock_proven, write},
};
use crate::{
    clock,
    context::Context,
    mailer, password,
    problem::{Code, Problem},
    secrets,
};

/// A password that may be kept: its hash, which is made outside any transaction because it takes long.
#[derive(Debug, Clone)]
pub struct Chosen {
    hash: String,
    is_short: bool,
}

impl Chosen {
    /// The hash of a password.
    ///
    /// # Errors
    /// Only if the hashing itself fails.
    pub fn of(password: &Password) -> Result<Self, Problem> {
        Ok(Self { hash: password::hash(password)?, is_short: password.is_short() })
    }
}

/// What a password of somebody is judged by.
#[derive(Debug, Clone)]
pub struct Judged {
    second_factor: bool,
    context: Vec<String>,
}

impl Judged {
    /// What is known of a member.
    ///
    /// # Errors
    /// Those of the store; [`Code::NotFound`] when there is no such member.
    pub fn of(conn: &mut Conn, id: MemberId) -> Result<Self, Problem> {
        let member = member::find(conn, id)?.ok_or_else(Problem::not_found)?;
        let name = member.username.map(|name| name.as_str().to_owned());
        let context = [Some(member.email), Some(member.display_name), name].into_iter().flatten().collect();
        Ok(Self { second_factor: second_factor::is_set(conn, id)?, context })
    }

    /// The password, if it may be chosen. Takes long.
    ///
    /// # Errors
    /// [`Code::InvalidBody`] that says why not.
    pub fn choose(&self, password: &str) -> Result<Chosen, Problem> {
        let context: Vec<&str> = self.context.iter().map(String::as_str).collect();
        Chosen::of(&Password::choose(password, self.second_factor, &context)?)
    }
}

/// The caller takes another password. Every other session ends, and every other device is forgotten.
///
/// # Errors
/// The last proof is too long ago, or the second factor that lets a password be short is gone since.
pub fn change(tx: &mut Tx<'_>, cx: &Context, chosen: &Chosen) -> Result<(), Problem> {
    let me = lock_proven(tx, cx)?.id;
    set(tx, cx, me, chosen)?;
    Ok(devices::revoke_others(tx, me, cx.session, clock::real_now())?)
}

/// Whose token this is.
///
/// # Errors
/// [`Code::InvalidToken`] when it is unknown, used or expired.
pub fn owner_of_reset(conn: &mut Conn, token: &str) -> Result<MemberId, Problem> {
    let found = credential::reset_of(conn, &secrets::hash(token.as_bytes()), clock::real_now())?;
    found.ok_or_else(|| Problem::new(Code::InvalidToken))
}

/// Replaces a forgotten password with the mailed token, which shows whose address it is: every session ends, and no account
/// elsewhere logs in any more (decision 0035). Answers with a token that makes the device known, so that nobody's guessing
/// keeps its owner from logging in; what was guessed before is forgotten, for where no such token is sent along.
///
/// # Errors
/// [`Code::InvalidToken`] when it is unknown, used or expired.
pub fn reset(tx: &mut Tx<'_>, cx: &Context, token: &str, chosen: &Chosen) -> Result<String, Problem> {
    let (invalid, now) = (|| Problem::new(Code::InvalidToken), clock::real_now());
    let hash = secrets::hash(token.as_bytes());
    // Members come first in the order of locks.
    let id = credential::reset_of(tx, &hash, now)?.ok_or_else(invalid)?;
    let member = member::lock(tx, id)?.filter(|one| one.state == MemberState::Active).ok_or_else(invalid)?;
    credential::take_reset(tx, &hash, now)?.ok_or_else(invalid)?;
    cx.recognize(&member);
    set(tx, cx, member.id, chosen)?;
    devices::revoke_others(tx, id, None, now)?;
    identity::unlink_all(tx, cx, id)?;
    email_change::cancel(tx, id)?;
    Guess::from_anywhere(&cx.app, &member.email).forgive(tx)?;
    let (device, device_hash) = secrets::bearer("azd_")?;
    devices::remember(tx, id, &device_hash, now)?;
    Ok(device)
}

fn set(tx: &mut Tx<'_>, cx: &Context, id: MemberId, chosen: &Chosen) -> Result<(), Problem> {
    if chosen.is_short && !second_factor::is_set(tx, id)? {
        return Err(Problem::new(Code::LongerPasswordNeeded));
    }
    credential::set_password(tx, id, &chosen.hash, chosen.is_short)?;
    credential::void_resets(tx, id)?;
    tell(tx, cx, id, Audience::only(id), EventKind::MemberPasswordChanged)?;
    write(tx, id, |to, locale| mailer::password_changed(cx, to, locale))
}
