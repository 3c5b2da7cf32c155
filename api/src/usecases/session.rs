//! A member's sessions: opening, renewing and ending them, and which there are.

use chrono::{DateTime, Utc};
use domain::{
    ids::{MemberId, SessionId},
    policy::{Operation, Role},
};
use persistence::{
    credential::{self, Secret},
    email_change, mail, member,
    session::{
        self, NewSession,
        devices::{self, Session},
    },
    store::{Conn, Tx},
};

use super::{commit::Audience, identity, member::hold, second_factor};
use crate::{
    auth::{ACCESS_TOKEN_LIFE, Claims, SESSION_LIFE},
    clock,
    context::Context,
    forgetting::SESSION_MEMORY,
    locale::Locale,
    mailer,
    page::PageRequest,
    problem::{Code, Problem},
    secrets,
};

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
    // Who has left has no password any more.
    let wrong = || Problem::new(Code::InvalidCredentials);
    hold(tx, &[member]).map_err(|problem| if problem.code() == Code::MemberLeft { wrong() } else { problem })?;
    let (secret, known) = credential::with_device(tx, member, &device.hash())?.unzip();
    let same = |secret: &Secret| secret.password_hash.as_deref() == Some(hash);
    let secret = secret.filter(same).ok_or_else(wrong)?;
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
    let found = session::lock_token(tx, &hash)?.filter(|found| found.holder.is_none());
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

/// A page of the caller's live sessions, one more than it holds.
///
/// # Errors
/// Those of the store; [`Code::Unauthenticated`] if the caller is nobody.
pub fn list(conn: &mut Conn, cx: &Context, request: &PageRequest) -> Result<Vec<Session>, Problem> {
    Ok(devices::list(conn, cx.person()?, clock::real_now(), request.after, request.fetch())?)
}

/// One live session of the caller.
///
/// # Errors
/// There is none.
pub fn find(conn: &mut Conn, cx: &Context, id: SessionId) -> Result<Session, Problem> {
    devices::find(conn, cx.person()?, id, clock::real_now())?.ok_or_else(Problem::not_found)
}

/// Ends one session of the caller, at once and everywhere.
///
/// # Errors
/// There is none.
pub fn revoke(tx: &mut Tx<'_>, cx: &Context, id: SessionId) -> Result<(), Problem> {
    let ended = devices::revoke_one(tx, cx.person()?, id, clock::real_now())?;
    if ended { Ok(()) } else { Err(Problem::not_found()) }
}

/// Ends every session of the caller, this one included.
///
/// # Errors
/// Those of the store; [`Code::Unauthenticated`] if the caller is nobody.
pub fn log_out_everywhere(tx: &mut Tx<'_>, cx: &Context) -> Result<(), Problem> {
    let me = cx.person()?;
    // Whoever is making something that would outlive this waits, and sees that the session is over.
    member::lock(tx, me)?.ok_or_else(Problem::not_found)?;
    Ok(devices::revoke_others(tx, me, None, clock::real_now())?)
}

/// Staff end every session of somebody whose account is in wrong hands, and of the apps and keys that act for them, and
/// unlink what else logs in (decision 0035).
///
/// # Errors
/// Not the caller's to do, nobody has this id, or the caller saw another version of the account.
pub fn end_all(tx: &mut Tx<'_>, cx: &Context, id: MemberId) -> Result<(), Problem> {
    cx.permit(Operation::EndSessions, cx.standing_to_owner(id))?;
    let member = member::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    if member.role != Role::Member {
        cx.permit(Operation::EndSessionsOfStaff, cx.standing_to_owner(id))?;
    }
    cx.check_version(member.version)?;
    devices::revoke_others(tx, member.id, None, clock::real_now())?;
    identity::unlink_all(tx, cx, member.id)?;
    email_change::cancel(tx, member.id)?;
    cx.changed(&member.id.to_string(), Audience::only(member.id), &());
    Ok(())
}
