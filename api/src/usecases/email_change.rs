//! Another e-mail address, confirmed on both ends: by who is reached at the present one and at the next.

use domain::{
    member::{Member, MemberState},
    withdrawal::ComingBack,
};
use persistence::{
    credential,
    email_change::{self, EmailChange, Ends},
    mail, member,
    store::{Conn, Tx},
};

use super::{
    access::{coming_back, email_key, lock_holder},
    commit::{Audience, announce},
    member::{lock_proven, write},
    unasked,
};
use crate::{
    clock,
    context::Context,
    locale::Locale,
    mailer,
    problem::{Code, Problem},
    secrets,
};

/// Asks for another address. The answer does not tell whether it is somebody's: its owner gets a mail that says so.
///
/// # Errors
/// The last proof is too long ago, it is the present address, or the caller has asked for it too often.
pub fn ask(tx: &mut Tx<'_>, cx: &Context, email: &str) -> Result<EmailChange, Problem> {
    let member = lock_proven(tx, cx)?;
    let me = member.id;
    if email_key(email) == email_key(&member.email) {
        return Err(Problem::new(Code::InvalidBody).at(
            "/email",
            "is your address already",
            "すでに登録されているアドレスです。",
        ));
    }
    unasked::name(tx, cx, email)?;
    let (expires_at, locale) = (clock::real_now() + mailer::EMAIL_CHANGE_LIFE, language_of(tx, &member)?);
    let (old_token, old) = secrets::bearer("aze_")?;
    let new = invite(tx, cx, email, locale)?;
    let change =
        EmailChange { member: me, email: email.to_owned(), old_confirmed_at: None, new_confirmed_at: None, expires_at };
    email_change::begin(tx, &change, &Ends { old, new })?;
    write(tx, me, |to, locale| mailer::email_change_asked(cx, to, locale, email, &old_token))?;
    Ok(change)
}

fn language_of(tx: &mut Tx<'_>, member: &Member) -> Result<Locale, Problem> {
    Ok(member::address(tx, member.id)?.map_or_else(Locale::default, |(_, locale)| Locale::stored(&locale)))
}

/// Writes to the address to be; the hash of the token, unless the address cannot be taken.
fn invite(tx: &mut Tx<'_>, cx: &Context, email: &str, locale: Locale) -> Result<Option<Vec<u8>>, Problem> {
    let holder = member::by_email(tx, &email_key(email))?;
    let Some(taken) = blocked(tx, cx, email, holder)? else {
        let (token, hash) = secrets::bearer("aze_")?;
        mail::queue(tx, &mailer::email_change_confirmation(cx, email, locale, &token))?;
        return Ok(Some(hash));
    };
    let mail = match taken {
        Taken::By(holder) => mailer::email_wanted(cx, &holder.email, locale),
        Taken::Left(when) => mailer::not_yet_back(cx, email, locale, when),
    };
    unasked::write(tx, cx, &mail)?;
    Ok(None)
}

enum Taken {
    /// A member has it.
    By(Member),
    /// Who had it has left, and it may join from then on.
    Left(Option<chrono::DateTime<chrono::Utc>>),
}

/// Why an address cannot be taken. One that somebody registered and never confirmed can.
fn blocked(tx: &mut Tx<'_>, cx: &Context, email: &str, holder: Option<Member>) -> Result<Option<Taken>, Problem> {
    if let Some(member) = holder.filter(|one| matches!(one.state, MemberState::Active | MemberState::Closing)) {
        return Ok(Some(Taken::By(member)));
    }
    Ok(match coming_back(tx, cx, email)? {
        ComingBack::Free => None,
        ComingBack::NotYet(when) => Some(Taken::Left(when)),
    })
}

/// The change of the caller that waits.
///
/// # Errors
/// There is none.
pub fn read(conn: &mut Conn, cx: &Context) -> Result<EmailChange, Problem> {
    email_change::find(conn, cx.person()?, clock::real_now())?.ok_or_else(Problem::not_found)
}

/// Drops the change of the caller that waits.
///
/// # Errors
/// There is none.
pub fn cancel(tx: &mut Tx<'_>, cx: &Context) -> Result<(), Problem> {
    let change = read(tx, cx)?;
    Ok(email_change::cancel(tx, change.member)?)
}

/// One end confirms with its token. With the second, the address is changed.
///
/// # Errors
/// [`Code::InvalidToken`] when the token is unknown or expired, or the address was taken meanwhile.
pub fn confirm(tx: &mut Tx<'_>, cx: &Context, token: &str) -> Result<EmailChange, Problem> {
    let (invalid, now) = (|| Problem::new(Code::InvalidToken), clock::real_now());
    let hash = secrets::hash(token.as_bytes());
    let owner = email_change::owner_of(tx, &hash, now)?.ok_or_else(invalid)?;
    let member = member::lock(tx, owner)?.filter(|one| one.state == MemberState::Active).ok_or_else(invalid)?;
    let change = email_change::confirm(tx, owner, &hash, now)?.ok_or_else(invalid)?;
    cx.recognize(&member);
    if change.old_confirmed_at.is_some() && change.new_confirmed_at.is_some() {
        complete(tx, cx, &member, &change)?;
    }
    Ok(change)
}

fn complete(tx: &mut Tx<'_>, cx: &Context, member: &Member, change: &EmailChange) -> Result<(), Problem> {
    // Locked before it is judged: somebody else may just be confirming the same address.
    let holder = lock_holder(tx, &change.email)?;
    if blocked(tx, cx, &change.email, holder.clone())?.is_some() {
        return Err(Problem::new(Code::InvalidToken));
    }
    // Who registered with the address and did not confirm it does not own it; who confirmed it now does.
    if let Some(pending) = holder {
        member::forget(tx, pending.id)?;
    }
    email_change::cancel(tx, member.id)?;
    let decision = member.change_email(change.email.clone(), cx.now);
    announce(tx, cx, member.id, Audience::only(member.id), &decision)?;
    member::save(tx, &decision.next)?;
    email_change::set_address(tx, member.id, &change.email, &email_key(&change.email))?;
    credential::void_resets(tx, member.id)?;
    let locale = language_of(tx, member)?;
    for to in [&member.email, &change.email] {
        let mail = mailer::email_changed(cx, to, locale, &change.email);
        mail::queue(tx, &mail)?;
    }
    Ok(())
}
