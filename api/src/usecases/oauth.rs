//! Apps that members allow to act for them (OAuth 2.1; RFC 6749, 7636, 9207).

pub mod introspect;
pub mod token;

use chrono::TimeDelta;
use domain::{
    ids::{MemberId, SessionId},
    member::Member,
    policy::{self, Operation},
    scope::Scopes,
};
use persistence::{
    app::{self, App},
    authorization_code::{self, AuthorizationCode},
    member,
    session::held,
    store::{Conn, Tx},
};

use super::{
    member::bind,
    session::{self, Device, TokenPair},
};
use crate::{
    clock,
    context::Context,
    locale::Text,
    oauth::error::ErrorCode,
    problem::{Code, Problem},
    secrets,
};

/// How long an authorization code is good for.
pub const CODE_LIFE: TimeDelta = TimeDelta::seconds(60);

/// What a request to decide says, as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// Must be `code`.
    pub response_type: Option<String>,
    /// Which app.
    pub client_id: Option<String>,
    /// Where to send the answer.
    pub redirect_uri: Option<String>,
    /// What is wanted.
    pub scope: Option<String>,
    /// What comes back untouched.
    pub state: Option<String>,
    /// The hash of what will prove that who brings the code asked for it.
    pub code_challenge: Option<String>,
    /// Must be `S256`.
    pub code_challenge_method: Option<String>,
}

/// A request that a member can decide on.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The app.
    pub app: App,
    /// Who registered it, as others see them.
    pub owner: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// What is wanted.
    pub scopes: Scopes,
    challenge: String,
}

/// Why there is nothing to decide.
#[derive(Debug, Clone)]
pub enum Refusal {
    /// The app or its address cannot be trusted: the browser is sent nowhere.
    Here(Text),
    /// The app is told.
    Back {
        /// Where.
        redirect_uri: String,
        /// What.
        error: ErrorCode,
    },
}

fn here(en: &str, ja: &str) -> Refusal {
    Refusal::Here(Text { en: en.to_owned(), ja: ja.to_owned() })
}

/// Whether a request can be decided on. Nothing is sent to an address before that is known to be the app's own.
///
/// # Errors
/// Those of the store; the inner one if it cannot.
pub fn examine(conn: &mut Conn, request: &Request) -> Result<Result<Asked, Refusal>, Problem> {
    let unknown = here("There is no such app.", "そのようなアプリはありません。");
    let Some(id) = request.client_id.as_deref().and_then(|id| id.parse().ok()) else { return Ok(Err(unknown)) };
    let Some(app) = app::find(conn, id)? else { return Ok(Err(unknown)) };
    let given = request.redirect_uri.clone().filter(|given| app.redirect_uris.iter().any(|own| own.allows(given)));
    let Some(redirect_uri) = given else {
        return Ok(Err(here(
            "The app has not registered the address it wants you to be sent to.",
            "アプリが指定した戻り先のアドレスは登録されていません。",
        )));
    };
    let owner = member::find(conn, app.owner)?.map(|owner| owner.display_name).unwrap_or_default();
    let asked = wanted(request).map(|(scopes, challenge)| Asked {
        app,
        owner,
        redirect_uri: redirect_uri.clone(),
        scopes,
        challenge,
    });
    Ok(asked.map_err(|error| Refusal::Back { redirect_uri, error }))
}

fn wanted(request: &Request) -> Result<(Scopes, String), ErrorCode> {
    if request.response_type.as_deref() != Some("code") {
        let missing = request.response_type.is_none();
        return Err(if missing { ErrorCode::InvalidRequest } else { ErrorCode::UnsupportedResponseType });
    }
    // Every app proves that it asked, and never by a challenge that is its own answer (RFC 9700 section 2.1.1).
    let challenge = request.code_challenge.clone().filter(|challenge| token::is_challenge(challenge));
    let hashed = request.code_challenge_method.as_deref() == Some("S256");
    let challenge = challenge.filter(|_| hashed).ok_or(ErrorCode::InvalidRequest)?;
    if request.state.as_ref().is_some_and(|state| state.len() > 1000) {
        return Err(ErrorCode::InvalidRequest);
    }
    let scopes: Scopes = request.scope.as_deref().unwrap_or_default().parse().map_err(|_| ErrorCode::InvalidScope)?;
    if scopes.is_empty() { Err(ErrorCode::InvalidScope) } else { Ok((scopes, challenge)) }
}

/// Who is logged in on a page of ours, by the hash of its cookie: a member, since staff have nothing that an app could do.
///
/// # Errors
/// Only those of the store.
pub fn browsing(conn: &mut Conn, cookie_hash: &[u8]) -> Result<Option<(SessionId, MemberId, String)>, Problem> {
    let Some((session, id)) = held::browsing(conn, cookie_hash, clock::real_now())? else { return Ok(None) };
    let may_decide = |member: &Member| policy::check(Operation::ManageApps, member.role.standing()).is_ok();
    let member = member::find(conn, id)?.filter(may_decide);
    Ok(member.map(|member| (session, id, member.email)))
}

/// Opens a session for a page of ours, which lasts as long as a proof does and can do nothing but decide. Its refresh token
/// is the value of the cookie.
///
/// # Errors
/// [`Code::NotPermitted`] for staff.
pub fn log_in(tx: &mut Tx<'_>, cx: &Context, id: MemberId, device: &Device) -> Result<TokenPair, Problem> {
    let member = member::find(tx, id)?.ok_or_else(Problem::not_found)?;
    cx.permit(Operation::ManageApps, member.role.standing())?;
    let opened = session::log_in(tx, cx, id, device)?;
    held::give_to_browser(tx, opened.session, clock::real_now() + cx.app.rules.recent_login)?;
    Ok(opened)
}

/// The member allows it: a code for the app.
///
/// # Errors
/// The session of the page is over, or its member has left.
pub fn allow(tx: &mut Tx<'_>, cookie_hash: &[u8], asked: &Asked) -> Result<String, Problem> {
    let (_, member, _) = browsing(tx, cookie_hash)?.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    bind(tx, &[member])?;
    // Under the lock: it may have been revoked meanwhile.
    browsing(tx, cookie_hash)?.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    let (shown, hash) = secrets::bearer("aza_")?;
    let code = AuthorizationCode {
        app: asked.app.id,
        member,
        redirect_uri: asked.redirect_uri.clone(),
        scopes: asked.scopes,
        challenge: asked.challenge.clone(),
        expires_at: clock::real_now() + CODE_LIFE,
        session: None,
    };
    authorization_code::insert(tx, &hash, &code)?;
    Ok(shown)
}
