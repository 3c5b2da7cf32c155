//! Joining, logging in and out.

use chrono::{DateTime, Utc};
use domain::{
    event::EventKind,
    ids::{MemberId, SessionId},
    member::{Member, MemberKind, MemberState},
    policy::{Operation, Role},
    username::Username,
    withdrawal::ComingBack,
};
use persistence::{
    credential::{self, Secret},
    email_confirmation, mail,
    member::{self, Credentials},
    session::{self, NewSession, devices},
    store::Tx,
    withdrawal,
};

use super::{
    commit::{Audience, announce, tell},
    member::bind,
    second_factor, unasked, username,
};
use crate::{
    auth::{ACCESS_TOKEN_LIFE, Claims, SESSION_LIFE},
    clock,
    context::Context,
    forgetting::SESSION_MEMORY,
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

/// How often it is looked whose an address is, when it is another's each time its owner is locked.
const HANDS: usize = 3;

/// An address as it is compared: two spellings of one mailbox are one.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Registers a member and mails the confirmation token. The answer is the same when the address is taken, whose owner
/// gets a mail that says so: strangers do not learn who is a member. An address that nobody has confirmed yet belongs to
/// whoever registers it last, so that nobody can keep it from its owner, or plant a password there.
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

/// Mails a token that confirms an address.
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
    let (token, hash) = secrets::bearer("azc_")?;
    email_confirmation::expect(tx, id, &hash, clock::real_now() + mailer::CONFIRMATION_LIFE)?;
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
    // As they spell it: to their mail server upper and lower case may be two mailboxes (RFC 5321 section 2.4).
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
    if member::by_email(tx, &email_key(&form.email))?.is_some() {
        return Err(Problem::new(Code::InvalidBody).at("/email", "the address is taken", "すでに使われています。"));
    }
    let registered =
        Member::register(cx.new_id(), form.kind, form.email.clone(), form.display_name.clone(), cx.now).next;
    let confirmed = registered.confirm(cx.now)?.next;
    let member = Member { role, ..confirmed };
    insert(tx, cx, &member, form)?;
    Ok(member)
}

/// Confirms an e-mail address with the mailed token.
///
/// # Errors
/// [`Code::InvalidToken`] when the token is unknown, used or expired.
pub fn confirm_email(tx: &mut Tx<'_>, cx: &Context, token: &str) -> Result<Member, Problem> {
    let (invalid, hash) = (|| Problem::new(Code::InvalidToken), secrets::hash(token.as_bytes()));
    let id = email_confirmation::member_of(tx, &hash, clock::real_now())?.ok_or_else(invalid)?;
    let member = member::lock(tx, id)?.ok_or_else(invalid)?;
    if !email_confirmation::take(tx, &hash)? {
        return Err(invalid());
    }
    let decision = member.confirm(cx.now)?;
    announce(tx, cx, id, Audience::only(id), &decision)?;
    let saved = member::save(tx, &decision.next)?;
    email_confirmation::void(tx, id)?;
    username::grant_wish(tx, cx, saved)
}

/// What a client app needs to act for a member.
#[derive(Debug, Clone)]
pub struct TokenPair {
    /// Good for 15 minutes.
    pub access: String,
    /// Good for one renewal, within the session's life.
    pub refresh: String,
    /// Seconds until the access token expires.
    pub expires_in: i64,
    /// The session both belong to.
    pub session: SessionId,
    /// The member.
    pub member: MemberId,
    /// What tells the device from others at the next log-in; none when tokens are only renewed.
    pub device_token: Option<String>,
}

/// Makes sure, under a lock, that all is as it was when the password was compared: it is still the one and still enough,
/// and its owner here. The device is a new one if it is none that is known of them.
///
/// # Errors
/// [`Code::InvalidCredentials`] when the password was changed meanwhile, [`Code::SecondFactorRequired`] when a factor was
/// added.
pub fn require_as_compared(
    tx: &mut Tx<'_>,
    cx: &Context,
    member: MemberId,
    hash: &str,
    device: &Device,
) -> Result<Device, Problem> {
    bind(tx, &[member])?;
    let (secret, known) = credential::with_device(tx, member, &device.hash())?.unzip();
    let same = |secret: &Secret| secret.password_hash.as_deref() == Some(hash);
    let secret = secret.filter(same).ok_or_else(|| Problem::new(Code::InvalidCredentials))?;
    if secret.has_second_factor {
        let challenge = second_factor::challenge(tx, &cx.app, member, hash)?;
        return Err(second_factor::needed(tx, member, challenge)?);
    }
    Ok(device.clone().if_known(known.unwrap_or_default()))
}

/// How the token of a device is kept; nothing is kept like that of one without a token.
pub fn device_hash(token: Option<&str>) -> Vec<u8> {
    token.map(|token| secrets::hash(token.as_bytes())).unwrap_or_default()
}

/// What a member logs in with.
#[derive(Debug, Clone)]
pub struct Device {
    /// What it says it is.
    pub label: String,
    /// The token it was given at an earlier log-in of this member.
    pub token: Option<String>,
}

impl Device {
    /// How its token is kept.
    pub fn hash(&self) -> Vec<u8> {
        device_hash(self.token.as_deref())
    }

    /// A new one, unless its token is known of the member who logs in.
    #[must_use]
    pub fn if_known(self, known: bool) -> Self {
        Self { token: self.token.filter(|_| known), ..self }
    }
}

/// Opens a session for a member who has proved who they are. One on a device that we do not know is told by mail, but for
/// the first of all. The token of the device, if there is one, was found to be theirs in this transaction.
///
/// # Errors
/// Those of the store; a system without randomness.
pub fn log_in(tx: &mut Tx<'_>, cx: &Context, member: MemberId, device: &Device) -> Result<TokenPair, Problem> {
    let (refresh, hash) = secrets::bearer("azr_")?;
    let (id, now) = (cx.new_id(), clock::real_now());
    let (token, device_hash) = match device.token.clone() {
        Some(token) => {
            devices::seen(tx, member, &device.hash(), now)?;
            (token, device.hash())
        }
        None => new_device(tx, cx, member, device, now)?,
    };
    let label = device.label.clone();
    let new = NewSession { id, member, device: label, device_hash, expires_at: now + SESSION_LIFE };
    session::open(tx, &new, &hash, now)?;
    Ok(TokenPair { device_token: Some(token), ..pair(cx, Claims::own(member, id), refresh)? })
}

/// The token of a device, and how it is kept.
type DeviceToken = (String, Vec<u8>);

fn new_device(
    tx: &mut Tx<'_>,
    cx: &Context,
    member: MemberId,
    device: &Device,
    now: DateTime<Utc>,
) -> Result<DeviceToken, Problem> {
    let (token, hash) = secrets::bearer("azd_")?;
    if let Some((email, locale)) = devices::whom_to_tell(tx, member, now - SESSION_MEMORY)? {
        mail::queue(tx, &mailer::new_device(cx, &email, Locale::stored(&locale), &device.label))?;
    }
    devices::remember(tx, member, &hash, now)?;
    Ok((token, hash))
}

fn pair(cx: &Context, claims: Claims, refresh: String) -> Result<TokenPair, Problem> {
    let access = cx.app.tokens.issue(claims, clock::real_now())?;
    let (expires_in, device_token) = (ACCESS_TOKEN_LIFE.num_seconds(), None);
    Ok(TokenPair { access, refresh, expires_in, session: claims.session, member: claims.member, device_token })
}

/// Trades a refresh token for a new pair. A token that comes twice has been stolen from somebody: the whole session
/// ends (RFC 9700 section 4.14.2). None means the token was refused, and what was revoked stays so.
///
/// # Errors
/// Those of the store; a system without randomness.
pub fn refresh(tx: &mut Tx<'_>, cx: &Context, token: &str) -> Result<Option<TokenPair>, Problem> {
    let (hash, now) = (secrets::hash(token.as_bytes()), clock::real_now());
    // What an app or a page of ours has is renewed, if at all, where it was given.
    let found = session::find_token(tx, &hash)?.filter(|found| found.holder.is_none());
    let Some(found) = found else { return Ok(None) };
    if found.used {
        session::revoke(tx, found.session, now)?;
    }
    if found.used || found.revoked || found.expires_at <= now {
        return Ok(None);
    }
    session::use_token(tx, &hash, now)?;
    let (next, next_hash) = secrets::bearer("azr_")?;
    session::add_token(tx, found.session, &next_hash)?;
    devices::refreshed(tx, found.session, now)?;
    pair(cx, Claims::own(found.member, found.session), next).map(Some)
}

/// Ends the session of the caller.
///
/// # Errors
/// Those of the store; [`Code::Unauthenticated`] if the caller is nobody.
pub fn log_out(tx: &mut Tx<'_>, cx: &Context) -> Result<(), Problem> {
    let session = cx.session.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    Ok(session::revoke(tx, session, clock::real_now())?)
}
