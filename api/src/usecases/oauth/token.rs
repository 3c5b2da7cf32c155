//! Trading codes, refresh tokens and credentials for access tokens.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    event::EventKind,
    ids::SessionId,
    scope::{Holder, Scopes},
};
use persistence::{
    app::App,
    authorization_code, connection,
    session::{
        self, devices,
        held::{self, HeldSession},
    },
    store::Tx,
};

use super::super::{
    commit::{Audience, tell},
    member::{hold, write},
};
use crate::{
    auth::{ACCESS_TOKEN_LIFE, Claims, Given},
    clock,
    context::Context,
    mailer,
    oauth::error::{ErrorCode, OauthError},
    problem::{Code, Problem},
    secrets,
};

/// How long an app can renew its tokens before the member is asked again.
pub const CONNECTION_LIFE: TimeDelta = TimeDelta::days(90);

/// What an app gets.
#[derive(Debug)]
pub struct Issued {
    /// The access token.
    pub access: String,
    /// Seconds until it expires.
    pub expires_in: i64,
    /// For the next one, where there is a member behind it.
    pub refresh: Option<String>,
    /// What it can be used for.
    pub scopes: Scopes,
}

/// Refused, or not; what was written lasts either way.
pub type Traded = Result<Result<Issued, OauthError>, Problem>;

/// Whether this can be the SHA-256 of something in base64url (RFC 7636 section 4.2).
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// Whether a verifier is the one that was hashed (RFC 7636 sections 4.1 and 4.6).
fn proves(verifier: &str, challenge: &str) -> bool {
    let fits = (43..=128).contains(&verifier.len());
    let plain = verifier.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    let hashed = URL_SAFE_NO_PAD.encode(secrets::sha256(verifier.as_bytes()));
    fits && plain && aws_lc_rs::constant_time::verify_slices_are_equal(hashed.as_bytes(), challenge.as_bytes()).is_ok()
}

/// What comes with a code.
#[derive(Debug, Clone)]
pub struct Brought {
    /// The code.
    pub code: String,
    /// Where it was sent.
    pub redirect_uri: String,
    /// What was hashed.
    pub verifier: String,
}

/// Trades a code. One that comes twice has been seen by somebody else: what was given for it is taken back (RFC 6749 section
/// 4.1.2).
///
/// # Errors
/// Those of the store; a system without randomness.
pub fn exchange(tx: &mut Tx<'_>, cx: &Context, app: &App, brought: &Brought) -> Traded {
    let (hash, now) = (secrets::hash(brought.code.as_bytes()), clock::real_now());
    let Some(member) = authorization_code::owner(tx, &hash)? else { return Ok(Err(OauthError::grant())) };
    // Members come first in the order of locks.
    match hold(tx, &[member]) {
        Err(problem) if problem.code() == Code::MemberLeft => return Ok(Err(OauthError::grant())),
        held => drop(held?),
    }
    let code = authorization_code::lock(tx, &hash)?.filter(|code| code.app == app.id);
    let Some(code) = code else { return Ok(Err(OauthError::grant())) };
    if let Some(given) = code.session {
        session::revoke(tx, given, now)?;
        return Ok(Err(OauthError::grant()));
    }
    let right = code.redirect_uri == brought.redirect_uri && proves(&brought.verifier, &code.challenge);
    if !right || code.expires_at <= now {
        return Ok(Err(OauthError::grant()));
    }
    let id: SessionId = cx.new_id();
    let (holder, scopes, expires_at) = (Holder::App, code.scopes, now + CONNECTION_LIFE);
    held::open(tx, &HeldSession { id, member, holder, app: Some(app.id), scopes, expires_at }, now)?;
    authorization_code::used(tx, &hash, id)?;
    let before = connection::lock(tx, member, app.id)?;
    connection::save(tx, member, app.id, scopes.or(before.unwrap_or_default()), before.is_none(), now)?;
    tell(tx, cx, app.id, Audience::only(member), EventKind::AppConnected)?;
    write(tx, member, |to, locale| mailer::app_connected(cx, to, locale, &app.name, scopes))?;
    let given = Given { app: Some(app.id), alone: false, scopes };
    issue(tx, cx, Claims { member, session: id, given: Some(given) }, scopes, now).map(Ok)
}

fn issue(tx: &mut Tx<'_>, cx: &Context, claims: Claims, scopes: Scopes, now: DateTime<Utc>) -> Result<Issued, Problem> {
    let (refresh, hash) = secrets::bearer("azr_")?;
    session::add_token(tx, claims.session, &hash)?;
    let access = cx.app.tokens.issue(claims, now)?;
    Ok(Issued { access, expires_in: ACCESS_TOKEN_LIFE.num_seconds(), refresh: Some(refresh), scopes })
}

/// Trades a refresh token, which works once; one that comes twice ends all that came of it. What may be done never grows.
///
/// # Errors
/// Those of the store; a system without randomness.
pub fn refresh(tx: &mut Tx<'_>, cx: &Context, app: &App, token: &str, scope: Option<&str>) -> Traded {
    let (hash, now) = (secrets::hash(token.as_bytes()), clock::real_now());
    let found = session::lock_token(tx, &hash)?;
    let own = found.filter(|found| found.holder == Some(Holder::App) && found.app == Some(app.id));
    let Some(found) = own else { return Ok(Err(OauthError::grant())) };
    if found.used {
        session::revoke(tx, found.session, now)?;
    }
    if found.used || found.revoked || found.expires_at <= now {
        return Ok(Err(OauthError::grant()));
    }
    let Some(scopes) = narrowed(scope, found.scopes) else {
        let description = "A scope that there is not, or that the member has not given.";
        return Ok(Err(OauthError::new(ErrorCode::InvalidScope, description)));
    };
    session::use_token(tx, &hash, now)?;
    devices::refreshed(tx, found.session, now)?;
    let given = Given { app: Some(app.id), alone: false, scopes };
    issue(tx, cx, Claims { member: found.member, session: found.session, given: Some(given) }, scopes, now).map(Ok)
}

/// What is asked for, if it is within what was given; all of it, if nothing is said.
fn narrowed(asked: Option<&str>, given: Scopes) -> Option<Scopes> {
    let Some(asked) = asked else { return Some(given) };
    asked.parse().ok().filter(|asked: &Scopes| asked.is_within(given) && !asked.is_empty())
}

/// A token for the app itself, without a member: it reads what anybody may read.
///
/// # Errors
/// Those of the store; a token that cannot be signed.
pub fn for_itself(tx: &mut Tx<'_>, cx: &Context, app: &App, scope: Option<&str>) -> Traded {
    if app.secret_hash.is_none() {
        let description = "Only an app that keeps a secret can act for itself.";
        return Ok(Err(OauthError::new(ErrorCode::UnauthorizedClient, description)));
    }
    let Some(scopes) = narrowed(scope, Scopes::without_member()) else {
        let description = "An app without a member can have jobs:read alone.";
        return Ok(Err(OauthError::new(ErrorCode::InvalidScope, description)));
    };
    let now = clock::real_now();
    let expires_at = now + ACCESS_TOKEN_LIFE;
    let session = match held::of_client(tx, app.id, now)? {
        Some(known) => {
            held::prolong(tx, known, expires_at)?;
            known
        }
        None => {
            let (id, all) = (cx.new_id(), Scopes::without_member());
            let (member, holder) = (app.owner, Holder::Client);
            held::open(tx, &HeldSession { id, member, holder, app: Some(app.id), scopes: all, expires_at }, now)?;
            id
        }
    };
    let given = Given { app: Some(app.id), alone: true, scopes };
    let access = cx.app.tokens.issue(Claims { member: app.owner, session, given: Some(given) }, now)?;
    Ok(Ok(Issued { access, expires_in: ACCESS_TOKEN_LIFE.num_seconds(), refresh: None, scopes }))
}
