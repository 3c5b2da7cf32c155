//! Asking about a token, and giving it up (RFC 7662, RFC 7009): an app's own tokens only.

use domain::{
    ids::{AppId, MemberId, SessionId},
    scope::Scopes,
};
use persistence::{
    app::App,
    session::{self, held},
    store::{Conn, Tx},
};

use crate::{auth::Tokens, clock, problem::Problem, secrets};

/// What a good token is.
#[derive(Debug, Clone)]
pub struct Standing {
    /// What it can be used for.
    pub scopes: Scopes,
    /// Whose it is: a member, or the app itself.
    pub subject: String,
    /// When it expires, in seconds since 1970.
    pub expires: i64,
    /// Whether it is for requests, rather than for renewing.
    pub is_access: bool,
}

struct Found {
    session: SessionId,
    standing: Standing,
}

fn subject(app: AppId, member: MemberId, alone: bool) -> String {
    if alone { app.to_string() } else { member.to_string() }
}

/// Whichever kind of token it is, if this app was given it and has not used it up.
fn find(conn: &mut Conn, tokens: &Tokens, app: &App, token: &str) -> Result<Option<Found>, Problem> {
    if let Some((claims, expires)) = tokens.inspect(token) {
        let given = claims.given.filter(|given| given.app == Some(app.id));
        return Ok(given.map(|given| {
            let subject = subject(app.id, claims.member, given.alone);
            let standing = Standing { scopes: given.scopes, subject, expires, is_access: true };
            Found { session: claims.session, standing }
        }));
    }
    let found = session::find_token(conn, &secrets::hash(token.as_bytes()))?;
    let own = found.filter(|found| found.app == Some(app.id) && !found.used);
    Ok(own.map(|found| {
        let (scopes, expires) = (found.scopes, found.expires_at.timestamp());
        let standing = Standing { scopes, subject: found.member.to_string(), expires, is_access: false };
        Found { session: found.session, standing }
    }))
}

/// What a token is; none if it is worth nothing, or nothing to this app.
///
/// # Errors
/// Only those of the store.
pub fn introspect(conn: &mut Conn, tokens: &Tokens, app: &App, token: &str) -> Result<Option<Standing>, Problem> {
    let Some(found) = find(conn, tokens, app, token)? else { return Ok(None) };
    let live = held::is_live(conn, found.session, clock::real_now())?;
    Ok(live.then_some(found.standing))
}

/// Ends all that came of the same consent. What is worth nothing already stays so, and nothing is said about it.
///
/// # Errors
/// Only those of the store.
pub fn revoke(tx: &mut Tx<'_>, tokens: &Tokens, app: &App, token: &str) -> Result<(), Problem> {
    match find(tx, tokens, app, token)? {
        Some(found) => Ok(session::revoke(tx, found.session, clock::real_now())?),
        None => Ok(()),
    }
}
