//! How an app says who it is (RFC 6749 section 2.3): by its secret in the header or in the form; or by its id alone, if it
//! can keep no secret.

use actix_web::http::header::HeaderMap;
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::ids::AppId;
use persistence::{
    app::{self, App},
    store::Conn,
};
use serde::Deserialize;

use super::{
    error::{ErrorCode, OauthError},
    form,
};
use crate::{problem::Problem, secrets};

/// What came along.
#[derive(Debug, Clone)]
pub struct Presented {
    id: AppId,
    secret: Option<String>,
}

impl Presented {
    /// Reads it, from exactly one of the two places.
    ///
    /// # Errors
    /// Nothing came, or too much.
    pub fn of(headers: &HeaderMap, id: Option<&str>, secret: Option<String>) -> Result<Self, OauthError> {
        let header = headers.get("authorization").map(|value| value.to_str().unwrap_or_default());
        let Some(header) = header else {
            let id = id.and_then(|id| id.parse().ok()).ok_or_else(OauthError::client)?;
            return Ok(Self { id, secret });
        };
        let (own, own_secret) = basic(header).ok_or_else(OauthError::client)?;
        let two = OauthError::new(ErrorCode::InvalidRequest, "Authenticate in the header or in the form, not in both.");
        if secret.is_some() || id.is_some_and(|id| id != own) {
            return Err(two);
        }
        Ok(Self { id: own.parse().map_err(|_| OauthError::client())?, secret: Some(own_secret) })
    }

    /// The app, if it is who it says: with its secret if it was given one, and only then.
    ///
    /// # Errors
    /// Those of the store; the inner one if it is not.
    pub fn recognize(&self, conn: &mut Conn) -> Result<Result<App, OauthError>, Problem> {
        let Some(app) = app::find(conn, self.id)? else { return Ok(Err(OauthError::client())) };
        let right = match (&app.secret_hash, &self.secret) {
            (None, None) => true,
            (Some(stored), Some(given)) => {
                let given = secrets::hash(given.as_bytes());
                aws_lc_rs::constant_time::verify_slices_are_equal(stored, &given).is_ok()
            }
            (Some(_), None) | (None, Some(_)) => false,
        };
        Ok(if right { Ok(app) } else { Err(OauthError::client()) })
    }
}

/// One word of a pair that is form-encoded by itself.
#[derive(Debug, Deserialize)]
struct Word {
    word: String,
}

fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, pair) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(pair.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let decoded = |text: &str| form::parse::<Word>(&format!("word={}", text.replace('&', "%26"))).map(|one| one.word);
    Some((decoded(id)?, decoded(secret)?))
}
