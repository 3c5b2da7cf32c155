//! Form-encoded bodies, as OAuth 2 sends them: parameters that are unknown are ignored, those that come twice refused
//! (RFC 6749 section 3.2).

use std::fmt::Debug;

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::{ErrorCode, OauthError};
use crate::{
    extract::{is_text, pairs},
    state::App,
};

/// The largest form that is read.
const MAX_BYTES: usize = 16 * 1024;
/// The longest parameter, in characters: an access token fits.
pub const MOST: usize = 2000;

/// A form that has been read.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + Debug + 'static> FromRequest for Form<T> {
    type Error = OauthError;
    type Future = LocalBoxFuture<'static, Result<Self, OauthError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let refused = |description| OauthError::new(ErrorCode::InvalidRequest, description);
        let kind = request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let bytes = web::Payload::from_request(request, payload);
        let patience = request.app_data::<web::Data<App>>().map(|app| app.settings.body_wait).unwrap_or_default();
        Box::pin(async move {
            if !is_form {
                return Err(refused("Send application/x-www-form-urlencoded."));
            }
            let payload = bytes.await.map_err(|_| refused("The body cannot be read."))?;
            let read = tokio::time::timeout(patience, payload.to_bytes_limited(MAX_BYTES)).await;
            let read = read.map_err(|_| refused("The body came too slowly."))?;
            let bytes = read.map_err(|_| refused("The body is too large."))?;
            let bytes = bytes.map_err(|_| refused("The body cannot be read."))?;
            let text = std::str::from_utf8(&bytes).map_err(|_| refused("The body is not UTF-8."))?;
            parse(text).map(Self).ok_or_else(|| refused("A parameter comes twice, is too long, or cannot be read."))
        })
    }
}

/// Parameters of a form or a query. One without a value counts as left out (RFC 6749 section 3.2).
pub fn parse<T: DeserializeOwned>(text: &str) -> Option<T> {
    let mut members = Map::new();
    for (name, value) in pairs(text)? {
        if !is_text(&value, MOST) || members.insert(name, Value::String(value)).is_some() {
            return None;
        }
    }
    members.retain(|_, value| value != "");
    serde_json::from_value(Value::Object(members)).ok()
}
