//! API keys: made once, shown once, and sessions from then on.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    event::EventKind,
    ids::ApiKeyId,
    policy::Operation,
    scope::{Holder, Scopes},
};
use persistence::{
    api_key::{self, ApiKey, session_of},
    session::{
        self,
        held::{self, HeldSession},
    },
    store::{Conn, Tx},
};

use super::{
    commit::{Audience, tell},
    member::{lock_proven, write},
};
use crate::{
    auth::{Claims, Given},
    clock,
    config::Mode,
    context::Context,
    mailer,
    page::PageRequest,
    problem::{Code, Problem},
    secrets,
    state::App,
};

/// How many keys one member can have.
const MOST: i64 = 50;

/// How long a key lives at most, in days.
pub const LIFE_MOST: i64 = 366;

const PREFIXES: [(Mode, &str); 2] = [(Mode::Sandbox, "az_test_"), (Mode::Production, "az_live_")];

fn prefix(mode: Mode) -> &'static str {
    PREFIXES.iter().find(|(of, _)| *of == mode).map_or("az_test_", |(_, prefix)| prefix)
}

/// Whether a bearer token is an API key, of either mode.
pub fn looks_like_one(token: &str) -> bool {
    PREFIXES.iter().any(|(_, prefix)| token.starts_with(prefix))
}

/// Whose a key is. Whether it is still good is asked by the first query, as of any token.
///
/// # Errors
/// [`Code::InvalidToken`] for a key of the other mode, and for one that was never made.
pub fn recognize(app: &App, key: &str) -> Result<Claims, Problem> {
    let own = prefix(app.settings.mode);
    if !key.starts_with(own) {
        return Err(Problem::new(Code::InvalidToken).detail(
            format!("Keys of this installation begin with {own}."),
            format!("この環境のAPIキーは{own}で始まります。"),
        ));
    }
    let hash = secrets::hash(key.as_bytes());
    let found = app.store.read(|conn| api_key::owner(conn, &hash))?;
    let (member, session, expires_at) = found.ok_or_else(|| Problem::new(Code::InvalidToken))?;
    let given = Some(Given { app: None, alone: false, scopes: Scopes::all() });
    let claims = Claims { member, session, given };
    app.tokens.remember_key(key, claims, expires_at);
    Ok(claims)
}

/// What a key is to be.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What its owner calls it.
    pub name: String,
    /// What may be done with it.
    pub scopes: Scopes,
    /// For how many days.
    pub days: i64,
}

/// Makes a key, and shows it this once.
///
/// # Errors
/// The last proof is too long ago, or there are too many.
pub fn make(tx: &mut Tx<'_>, cx: &Context, wish: &Wish) -> Result<(ApiKey, String), Problem> {
    cx.permit(Operation::ManageApps, cx.standing_outside())?;
    // So that of several made at once each counts the one before, and nobody leaves meanwhile.
    let me = lock_proven(tx, cx)?.id;
    let now = clock::real_now();
    if api_key::count(tx, me, now)? >= MOST {
        return Err(Problem::new(Code::TooManyApps).detail(
            format!("One member can have {MOST} API keys: revoke one that is no longer used."),
            format!("作成できるAPIキーは{MOST}個までです。使わないものを無効にしてください。"),
        ));
    }
    let (shown, hash) = secrets::bearer(prefix(cx.app.settings.mode))?;
    let key = ApiKey {
        id: cx.new_id(),
        name: wish.name.clone(),
        hint: hint(&shown),
        scopes: wish.scopes,
        created_at: now,
        expires_at: now + TimeDelta::days(wish.days),
        used_at: None,
    };
    let (id, expires_at) = (session_of(key.id), key.expires_at);
    let session = HeldSession { id, member: me, holder: Holder::Key, app: None, scopes: key.scopes, expires_at };
    held::open(tx, &session, now)?;
    api_key::insert(tx, me, &key, &hash)?;
    tell(tx, cx, key.id, Audience::only(me), EventKind::ApiKeyMade)?;
    write(tx, me, |to, locale| mailer::api_key_made(cx, to, locale, &key.name, key.scopes))?;
    Ok((key, shown))
}

/// How a key begins and ends.
fn hint(key: &str) -> String {
    let end: Vec<char> = key.chars().rev().take(4).collect();
    let begin: String = key.chars().take(8).collect();
    format!("{begin}...{}", end.into_iter().rev().collect::<String>())
}

/// A page of the caller's keys, one more than it holds.
///
/// # Errors
/// Not staff's to have.
pub fn list(conn: &mut Conn, cx: &Context, request: &PageRequest) -> Result<Vec<ApiKey>, Problem> {
    cx.permit(Operation::ManageApps, cx.standing_outside())?;
    Ok(api_key::list(conn, cx.person()?, None, clock::real_now(), request.after, request.fetch())?)
}

/// One of the caller's keys.
///
/// # Errors
/// There is none.
pub fn find(conn: &mut Conn, cx: &Context, id: ApiKeyId) -> Result<ApiKey, Problem> {
    cx.permit(Operation::ManageApps, cx.standing_outside())?;
    own(conn, cx, id, clock::real_now())
}

fn own(conn: &mut Conn, cx: &Context, id: ApiKeyId, now: DateTime<Utc>) -> Result<ApiKey, Problem> {
    api_key::list(conn, cx.person()?, Some(id), now, None, 1)?.pop().ok_or_else(Problem::not_found)
}

/// Ends one of the caller's keys, at once and everywhere.
///
/// # Errors
/// There is none.
pub fn revoke(tx: &mut Tx<'_>, cx: &Context, id: ApiKeyId) -> Result<(), Problem> {
    cx.permit(Operation::ManageApps, cx.standing_outside())?;
    let now = clock::real_now();
    let key = own(tx, cx, id, now)?;
    session::revoke(tx, session_of(key.id), now)?;
    tell(tx, cx, key.id, Audience::only(cx.person()?), EventKind::ApiKeyRevoked)
}
