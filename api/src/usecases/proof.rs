//! Proving again who one is, before what must not be done with a stolen token.

use chrono::{DateTime, Utc};
use domain::{ids::MemberId, names};
use persistence::{
    credential, identity, second_factor as stored,
    session::devices,
    store::{Conn, Tx},
};

use super::{guess::Guess, member::lock_own, second_factor};
use crate::{
    clock,
    context::Context,
    problem::{Code, Problem},
};

names! {
    /// What proves who somebody is.
    pub enum Factor {
        /// The password.
        Password = "password",
        /// A code of the member's app.
        Totp = "totp",
        /// A recovery code.
        RecoveryCode = "recovery_code",
        /// A new log-in by a provider.
        Social = "social",
    }
}

/// What a member can prove themselves by: the second factor if there is one, so that a stolen password is not enough.
///
/// # Errors
/// Only those of the store.
pub fn possible(conn: &mut Conn, member: MemberId) -> Result<Vec<Factor>, Problem> {
    if stored::is_set(conn, member)? {
        return Ok(vec![Factor::Totp, Factor::RecoveryCode]);
    }
    let password = credential::find(conn, member)?.and_then(|secret| secret.password_hash).map(|_| Factor::Password);
    let social = (!identity::of(conn, member)?.is_empty()).then_some(Factor::Social);
    Ok(password.into_iter().chain(social).collect())
}

/// Their names, for the body of a refusal.
pub fn names(factors: Vec<Factor>) -> Vec<&'static str> {
    factors.into_iter().map(Factor::as_str).collect()
}

/// Why a password proves nothing here, and what does.
fn not_by_password(factors: Vec<Factor>) -> Problem {
    let problem = if factors.contains(&Factor::Totp) {
        Problem::new(Code::SecondFactorRequired)
    } else {
        Problem::new(Code::RecentLoginRequired).detail(
            "The account has no password: log in again by a linked account, and go on with the new session.",
            "このアカウントにはパスワードがありません。連携したアカウントでもう一度ログインし、新しいセッションで続けてください。",
        )
    };
    problem.with("factors", names(factors))
}

/// What somebody sends to prove who they are.
#[derive(Debug, Clone)]
pub enum Proof {
    /// A password, compared already, because that takes long.
    Password {
        /// Whether it was right.
        right: bool,
    },
    /// A code of the app.
    Code(String),
    /// A recovery code.
    Recovery(String),
}

/// Notes that the owner of this session proved again who they are; none if the proof was wrong, which is counted.
///
/// # Errors
/// [`Code::SecondFactorRequired`] when a password is sent where there is a second factor, [`Code::RecentLoginRequired`]
/// where there is no password.
pub fn step_up(tx: &mut Tx<'_>, cx: &Context, proof: &Proof) -> Result<Option<DateTime<Utc>>, Problem> {
    // One after the other, so that those sent at once are counted as well.
    let member = lock_own(tx, cx)?.id;
    let session = cx.session.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    let guess = Guess::in_session(&cx.app, session);
    guess.check(tx)?;
    let factors = possible(tx, member)?;
    let right = match proof {
        Proof::Password { .. } if !factors.contains(&Factor::Password) => {
            return Err(not_by_password(factors));
        }
        Proof::Password { right } => *right,
        Proof::Code(code) => second_factor::use_code(tx, cx, member, code)?,
        Proof::Recovery(code) => second_factor::use_recovery_code(tx, cx, member, code)?,
    };
    if !right {
        guess.failed(tx)?;
        return Ok(None);
    }
    guess.succeeded(tx)?;
    let now = clock::real_now();
    devices::stepped_up(tx, session, now)?;
    Ok(Some(now + cx.app.rules.recent_login))
}
