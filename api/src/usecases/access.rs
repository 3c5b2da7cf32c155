//! Joining: by an address, and again by one that somebody left with.

use chrono::TimeDelta;
use domain::{
    event::EventKind,
    ids::MemberId,
    member::{Member, MemberKind, MemberState},
    policy::{Operation, Role},
    username::Username,
    withdrawal::ComingBack,
};
use persistence::{
    credential, email_change,
    email_confirmation::{self, Confirmation},
    mail,
    member::{self, Credentials},
    store::{Conn, Tx},
    withdrawal,
};

use super::{
    commit::{Audience, announce, tell},
    guess::Guess,
    unasked, username,
};
use crate::{
    clock,
    context::Context,
    locale::Locale,
    mailer,
    problem::{Code, Problem},
    secrets,
};

/// What somebody who joins tells us.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Where to reach them.
    pub email: String,
    /// What others see.
    pub display_name: String,
    /// A person or a company.
    pub kind: MemberKind,
    /// The handle they would like, which is theirs once the address is confirmed.
    pub username: Option<Username>,
    /// The hash of the password, made before the transaction because it takes long; none for who joins by a provider.
    pub password_hash: Option<String>,
    /// The language of our mail.
    pub locale: Locale,
}

/// A password that came with a confirmation and is right, compared outside any transaction, because that takes long.
#[derive(Debug, Clone)]
pub struct Right {
    /// The guess that it was.
    pub guess: Guess,
    /// The hash of the password.
    pub hash: String,
}

/// How many tokens of one kind may be on their way to an address, so that nobody fills a mailbox with them.
pub const MOST_UNDER_WAY: usize = 3;

/// How long after the last one more goes out where there are enough: whoever asks then, its reader has one that is good.
const NEXT_MAIL: TimeDelta = TimeDelta::hours(1);

/// How often it is looked whose an address is, when it is another's each time its owner is locked.
const HANDS: usize = 3;

/// An address as it is compared: two spellings of one mailbox are one.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Registers a member and mails the confirmation token. The answer is the same when the address is taken, whose owner
/// gets a mail that says so: strangers do not learn who is a member. What was told of an address that nobody has confirmed
/// yet is replaced, so that nobody can keep it from its owner; and whoever confirms it then has to know the password that it
/// was registered with last, so that nobody can plant one there (decision 0022).
///
/// # Errors
/// [`Code::UsernameTaken`].
pub fn register(tx: &mut Tx<'_>, cx: &Context, form: &Registration) -> Result<(), Problem> {
    // Before the address is looked at, and of names that are given for good only, so that it tells nothing of addresses.
    form.username.as_ref().map_or(Ok(()), |name| username::require_free(tx, cx, name))?;
    let id = match lock_holder(tx, &form.email)? {
        Some(known) if known.state == MemberState::Active => {
            let mail = mailer::already_member(cx, &known.email, form.locale);
            return unasked::write(tx, cx, &mail);
        }
        Some(known) if known.state == MemberState::Closing => {
            let mail = mailer::not_yet_back(cx, &known.email, form.locale, None);
            return unasked::write(tx, cx, &mail);
        }
        Some(pending) => register_anew(tx, cx, pending, form)?.id,
        None => match coming_back(tx, cx, &form.email)? {
            ComingBack::Free => register_first(tx, cx, form)?.id,
            ComingBack::NotYet(when) => {
                let mail = mailer::not_yet_back(cx, &form.email, form.locale, when);
                return unasked::write(tx, cx, &mail);
            }
        },
    };
    send_confirmation(tx, cx, id, &form.email, form.locale)
}

/// Mails a token that confirms an address, unless there are enough of them in its mailbox, which are as good; then one an hour.
///
/// # Errors
/// Those of the store; a system without randomness.
pub fn send_confirmation(
    tx: &mut Tx<'_>,
    cx: &Context,
    id: MemberId,
    email: &str,
    locale: Locale,
) -> Result<(), Problem> {
    let now = clock::real_now();
    let under_way = email_confirmation::under_way(tx, id, now)?;
    let newest = under_way.first().map(|expires| *expires - mailer::CONFIRMATION_LIFE);
    if under_way.len() >= MOST_UNDER_WAY && newest.is_some_and(|sent| now - sent < NEXT_MAIL) {
        return Ok(());
    }
    let (token, hash) = secrets::bearer("azc_")?;
    email_confirmation::expect(tx, id, email, &hash, now + mailer::CONFIRMATION_LIFE)?;
    let mail = mailer::confirmation(cx, email, &token, locale);
    Ok(mail::queue(tx, &mail)?)
}

/// Whose address this is, locked: of several who want it at once, each waits for the one before, and judges what that one
/// has left. Nobody's, if its owner has left meanwhile.
///
/// # Errors
/// [`Code::LostRace`] when it has gone from hand to hand too often meanwhile.
pub fn lock_holder(tx: &mut Tx<'_>, email: &str) -> Result<Option<Member>, Problem> {
    let key = email_key(email);
    for _ in 0..HANDS {
        let Some(seen) = member::by_email(tx, &key)? else { return Ok(None) };
        let holder = member::lock(tx, seen.id)?.filter(|member| email_key(&member.email) == key);
        if let Some(holder) = holder {
            return Ok(Some(holder).filter(|member| member.state != MemberState::Closed));
        }
    }
    Err(Problem::new(Code::LostRace))
}

/// The keyed hash of an address, which is all that is kept of it when its member has left.
pub fn address_hash(cx: &Context, email: &str) -> Vec<u8> {
    cx.app.tokens.secrets().sign(&format!("address {}", email_key(email))).into_bytes()
}

/// Whether an address may join, which nobody may have left with before.
///
/// # Errors
/// Only those of the store.
pub fn coming_back(tx: &mut Tx<'_>, cx: &Context, email: &str) -> Result<ComingBack, Problem> {
    let left = withdrawal::tombstone(tx, &address_hash(cx, email))?;
    Ok(left.map_or(ComingBack::Free, |left| ComingBack::of(left.left_at, left.readmitted, cx.now, &cx.app.rules)))
}

/// Staff let the address of somebody who left join again.
///
/// # Errors
/// Not staff's to do, or nobody left with this address.
pub fn readmit(tx: &mut Tx<'_>, cx: &Context, email: &str) -> Result<(), Problem> {
    cx.permit(Operation::ReadmitAddress, cx.standing_outside())?;
    let left = withdrawal::tombstone(tx, &address_hash(cx, email))?.ok_or_else(Problem::not_found)?;
    withdrawal::readmit(tx, left.member, cx.now)?;
    tell(tx, cx, left.member, Audience::default(), EventKind::MemberReadmitted)
}

/// Adds somebody whom nobody knows yet.
///
/// # Errors
/// Only those of the store.
pub fn register_first(tx: &mut Tx<'_>, cx: &Context, form: &Registration) -> Result<Member, Problem> {
    let decision = Member::register(cx.new_id(), form.kind, form.email.clone(), form.display_name.clone(), cx.now);
    let decision = decision.map(|member| Member { username: form.username.clone(), ..member });
    // Events name only members who are there.
    insert(tx, cx, &decision.next, form)?;
    announce(tx, cx, decision.next.id, Audience::only(decision.next.id), &decision)?;
    Ok(decision.next)
}

/// Replaces what was told of somebody who has not confirmed it.
///
/// # Errors
/// Only those of the store.
pub fn register_anew(tx: &mut Tx<'_>, cx: &Context, pending: Member, form: &Registration) -> Result<Member, Problem> {
    let (display_name, username) = (form.display_name.clone(), form.username.clone());
    let email = form.email.clone();
    let member = Member { kind: form.kind, email, display_name, username, updated_at: cx.now, ..pending };
    member::register_anew(tx, &member, &credentials(cx, form))?;
    Ok(Member { version: member.version + 1, ..member })
}

fn credentials(cx: &Context, form: &Registration) -> Credentials {
    Credentials {
        email_key: email_key(&form.email),
        password_hash: form.password_hash.clone(),
        locale: form.locale.as_str().to_owned(),
        terms_version: cx.app.settings.terms_version.clone(),
    }
}

fn insert(tx: &mut Tx<'_>, cx: &Context, member: &Member, form: &Registration) -> Result<(), Problem> {
    Ok(member::insert(tx, member, &credentials(cx, form))?)
}

/// Adds an account that is ready to log in: one of the operator's people, or somebody in the demo.
///
/// # Errors
/// [`Code::InvalidBody`] when the address is taken.
pub fn create_confirmed(tx: &mut Tx<'_>, cx: &Context, role: Role, form: &Registration) -> Result<Member, Problem> {
    match lock_holder(tx, &form.email)? {
        // Whoever registered and did not confirm has no claim to it.
        Some(pending) if pending.state == MemberState::Pending => member::forget(tx, pending.id)?,
        Some(_) => {
            return Err(Problem::new(Code::InvalidBody).at("/email", "the address is taken", "すでに使われています。"));
        }
        None => {}
    }
    let registered =
        Member::register(cx.new_id(), form.kind, form.email.clone(), form.display_name.clone(), cx.now).next;
    let confirmed = registered.confirm(cx.now)?.next;
    let member = Member { role, ..confirmed };
    insert(tx, cx, &member, form)?;
    Ok(member)
}

/// Who registered the address that a mailed token confirms, and the hash of their password; none if it is not good.
///
/// # Errors
/// Only those of the store.
pub fn to_confirm(conn: &mut Conn, token: &str) -> Result<Option<(Member, Option<String>)>, Problem> {
    let found = email_confirmation::find(conn, &secrets::hash(token.as_bytes()), clock::real_now())?;
    let member = found.map(|found| member::find(conn, found.member)).transpose()?.flatten();
    let Some(member) = member else { return Ok(None) };
    let secret = credential::find(conn, member.id)?;
    Ok(Some((member, secret.and_then(|secret| secret.password_hash))))
}

/// Confirms an e-mail address with the mailed token; it is spelled as the mail reached it, since to its server upper and
/// lower case may be two mailboxes (RFC 5321 section 2.4).
///
/// # Errors
/// [`Code::InvalidToken`] when the token is unknown, used or expired; [`Code::PasswordNeeded`] and
/// [`Code::InvalidCredentials`] where nothing shows that who reads the mail is who registered.
pub fn confirm_email(tx: &mut Tx<'_>, cx: &Context, token: &str, password: Option<&Right>) -> Result<Member, Problem> {
    let (invalid, hash) = (|| Problem::new(Code::InvalidToken), secrets::hash(token.as_bytes()));
    let Confirmation { member: id, email } =
        email_confirmation::find(tx, &hash, clock::real_now())?.ok_or_else(invalid)?;
    let registered = member::lock(tx, id)?.ok_or_else(invalid)?;
    if !email_confirmation::take(tx, &hash)? {
        return Err(invalid());
    }
    require_own(tx, &registered, password)?;
    let member = Member { email: email.unwrap_or_else(|| registered.email.clone()), ..registered };
    let decision = member.confirm(cx.now)?;
    announce(tx, cx, id, Audience::only(id), &decision)?;
    let saved = member::save(tx, &decision.next)?;
    email_change::set_address(tx, id, &saved.email, &email_key(&saved.email))?;
    email_confirmation::void(tx, id)?;
    // What was guessed while nobody could log in keeps nobody from it now.
    Guess::from_anywhere(&cx.app, &saved.email).forgive(tx)?;
    username::grant_wish(tx, cx, saved)
}

fn require_own(tx: &mut Tx<'_>, member: &Member, password: Option<&Right>) -> Result<(), Problem> {
    let Some(Right { guess, hash }) = password else {
        return if member.is_contested() { Err(Problem::new(Code::PasswordNeeded)) } else { Ok(()) };
    };
    guess.succeeded(tx)?;
    // It may have been registered again while that was compared.
    let still = credential::find(tx, member.id)?.is_some_and(|secret| secret.password_hash.as_ref() == Some(hash));
    if still { Ok(()) } else { Err(other_password()) }
}

/// Whoever reads the mail is not who registered last.
pub fn other_password() -> Problem {
    Problem::new(Code::InvalidCredentials).detail(
        "This is not the password of the last registration with this address: register again, then send that one. The token stays good.",
        "このメールアドレスでの最後の登録のパスワードと一致しません。もう一度登録し、そのパスワードを送ってください。トークンは引き続き有効です。",
    )
}
