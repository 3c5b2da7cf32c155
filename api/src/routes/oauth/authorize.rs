//! The page on which a member decides about an app: what it is asked with, and its two operations.

use actix_web::{HttpRequest, get, post};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::consent;
use crate::{
    call::{Answer, Call},
    locale::Locale,
    oauth::error::OauthError,
    oauth::form::{self, Form},
    usecases::oauth::Request,
};

/// What an app sends a member's browser with.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuthorizationRequest {
    /// Must be `code`.
    #[param(required = true, max_length = 20, example = "code")]
    response_type: Option<String>,
    /// Which app.
    #[param(required = true, max_length = 30, example = "app_01k30dwqgzfgx9p7jfdwpht7gg")]
    client_id: Option<String>,
    /// One of those registered, to the letter.
    #[param(required = true, max_length = 500, example = "https://calendar.example/callback")]
    redirect_uri: Option<String>,
    /// What is wanted, separated by spaces.
    #[param(required = true, max_length = 400, example = "profile:read contracts:read")]
    scope: Option<String>,
    /// Comes back untouched; use it against forged answers.
    #[param(max_length = 1000, example = "af0ifjsldkj")]
    state: Option<String>,
    /// The SHA-256 of the verifier, in base64url (RFC 7636).
    #[param(required = true, max_length = 43, example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")]
    code_challenge: Option<String>,
    /// Must be `S256`.
    #[param(required = true, max_length = 5, example = "S256")]
    code_challenge_method: Option<String>,
    /// In which language to ask, as in `ja en`; otherwise the browser's.
    #[param(max_length = 100, example = "ja")]
    ui_locales: Option<String>,
}

/// What the page sends. It is not for apps.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(super) struct Decision {
    /// From the form, for this browser and this request.
    #[schema(max_length = 100)]
    pub(super) csrf_token: Option<String>,
    #[schema(max_length = 254, example = "hanako@example.com")]
    pub(super) email: Option<String>,
    #[schema(max_length = 512)]
    pub(super) password: Option<String>,
    #[schema(max_length = 400)]
    pub(super) challenge_token: Option<String>,
    /// Of the member's app, or a recovery code.
    #[schema(max_length = 40, example = "492039")]
    pub(super) code: Option<String>,
    /// `allow`, `deny`, or `switch` to log in as somebody else.
    #[schema(max_length = 10, example = "allow")]
    pub(super) decision: Option<String>,
}

/// A request that was read, with the language to answer in.
pub(super) struct Read {
    /// Nothing if it cannot be read.
    pub(super) request: Option<Request>,
    pub(super) locale: Locale,
    pub(super) query: String,
}

fn read(request: &HttpRequest) -> Read {
    let query = request.query_string().to_owned();
    let asked = form::parse::<AuthorizationRequest>(&query);
    let wished = asked.as_ref().and_then(|asked| asked.ui_locales.as_deref()).and_then(Locale::wished);
    let locale = wished.unwrap_or_else(|| Locale::of(request.headers()));
    let request = asked.map(|asked| Request {
        response_type: asked.response_type,
        client_id: asked.client_id,
        redirect_uri: asked.redirect_uri,
        scope: asked.scope,
        state: asked.state,
        code_challenge: asked.code_challenge,
        code_challenge_method: asked.code_challenge_method,
    });
    Read { request, locale, query }
}

/// Ask a member to allow an app
///
/// Send the member's browser here, not your own. The page asks them to log in and to decide, then sends them to `redirect_uri` with `code`, `state` and `iss` (RFC 9207), or with `error`. An app or address that is unknown is told on the page alone. Parameters that are unknown are ignored.
#[utoipa::path(tag = "apps", params(AuthorizationRequest), security(()),
    responses((status = 200, description = "The page", body = String, content_type = "text/html"), (status = 303, description = "Back to the app, which asked wrongly", headers(("Location" = String))), (status = 400, description = "A page that says what is wrong", body = String, content_type = "text/html")))]
#[get("/oauth/authorize")]
pub(super) async fn authorize(call: Call) -> Answer {
    let read = read(call.request());
    consent::show(&call, read).await
}

/// Decide about an app
///
/// What the page itself posts; nothing else can, because of the token in its form.
#[utoipa::path(tag = "apps", params(AuthorizationRequest), request_body(content = Decision, content_type = "application/x-www-form-urlencoded"), security(()),
    responses((status = 303, description = "Back to the app, or on to the next page", headers(("Location" = String))), (status = 200, description = "The next page", body = String, content_type = "text/html"), (status = 400, description = "A page that says what is wrong", body = String, content_type = "text/html"), (status = 401, description = "The page again: it was the wrong password or code", body = String, content_type = "text/html"), (status = 403, description = "A page that says why not: the form is of another browser, or this account cannot decide", body = String, content_type = "text/html"), (status = 429, description = "The page again: too many failed attempts", body = String, content_type = "text/html")),
    extensions(("x-key" = json!("none"))))]
#[post("/oauth/authorize")]
pub(super) async fn decide(call: Call, form: Result<Form<Decision>, OauthError>) -> Answer {
    let read = read(call.request());
    consent::decide(call, read, form.ok().map(|Form(decision)| decision)).await
}
