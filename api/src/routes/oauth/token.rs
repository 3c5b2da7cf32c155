//! Tokens for apps: given, given up, and asked about.

use std::convert::identity;

use actix_web::{HttpResponse, ResponseError, post};
use persistence::store::Conn;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::OauthRefusal;
use crate::{
    call::{Answer, Call, Caller},
    oauth::{
        client::Presented,
        error::{ErrorCode, OauthError},
        form::Form,
    },
    problem::Problem,
    state::App,
    usecases::oauth::{
        introspect,
        token::{self, Brought, Issued},
    },
};

/// What is to be traded for a token. The app authenticates by HTTP Basic, or by `client_id` and `client_secret` here; one that keeps no secret sends its `client_id` alone.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct TokenRequest {
    /// `authorization_code`, `refresh_token` or `client_credentials`.
    #[schema(value_type = String, example = "authorization_code")]
    grant_type: Option<String>,
    /// The code, with `authorization_code`.
    #[schema(example = "aza_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    code: Option<String>,
    /// As in the request for the code.
    #[schema(example = "https://calendar.example/callback")]
    redirect_uri: Option<String>,
    /// What was hashed for the `code_challenge` (RFC 7636).
    #[schema(example = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")]
    code_verifier: Option<String>,
    /// The refresh token, with `refresh_token`.
    refresh_token: Option<String>,
    /// Fewer scopes than were given, separated by spaces.
    #[schema(example = "profile:read contracts:read")]
    scope: Option<String>,
    #[schema(example = "app_01k30dwqgzfgx9p7jfdwpht7gg")]
    client_id: Option<String>,
    #[schema(example = "azs_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    client_secret: Option<String>,
}

/// A token for an app.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AppTokens {
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until it expires.
    expires_in: i64,
    /// Good once, for 90 days from the member's consent; not with `client_credentials`.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// What it can be used for.
    #[schema(example = "profile:read contracts:read")]
    scope: String,
}

impl From<Issued> for AppTokens {
    fn from(issued: Issued) -> Self {
        Self {
            access_token: issued.access,
            token_type: "Bearer",
            expires_in: issued.expires_in,
            refresh_token: issued.refresh,
            scope: issued.scopes.to_string(),
        }
    }
}

/// An answer that nobody may keep.
fn answer(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).insert_header(("Pragma", "no-cache")).json(body)
}

fn missing() -> OauthError {
    OauthError::new(ErrorCode::InvalidRequest, "A parameter is missing.")
}

/// One of the ways to a token, with what it needs.
#[derive(Debug, Clone)]
enum Way {
    Code(Brought),
    Refresh { token: String, scope: Option<String> },
    ForItself { scope: Option<String> },
}

impl Way {
    fn of(form: TokenRequest) -> Result<Self, OauthError> {
        match form.grant_type.as_deref() {
            Some("authorization_code") => Ok(Self::Code(Brought {
                code: form.code.ok_or_else(missing)?,
                redirect_uri: form.redirect_uri.ok_or_else(missing)?,
                verifier: form.code_verifier.ok_or_else(missing)?,
            })),
            Some("refresh_token") => {
                Ok(Self::Refresh { token: form.refresh_token.ok_or_else(missing)?, scope: form.scope })
            }
            Some("client_credentials") => Ok(Self::ForItself { scope: form.scope }),
            Some(_) => Err(OauthError::new(ErrorCode::UnsupportedGrantType, "There is no such grant type here.")),
            None => Err(missing()),
        }
    }
}

/// Get a token for an app
///
/// Trades a code (with its PKCE verifier), a refresh token (which works once), or the app's own credentials (for a token without a member, which reads what anybody may read). Refusals are those of RFC 6749, not problems.
#[utoipa::path(tag = "apps", request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"), security(()),
    responses((status = 200, description = "A token", body = AppTokens), (status = 400, description = "Refused", body = OauthRefusal), (status = 401, description = "The app is not who it says", body = OauthRefusal)),
    extensions(("x-key" = json!("none"))))]
#[post("/oauth/token")]
pub(super) async fn give_token(call: Call, form: Result<Form<TokenRequest>, OauthError>) -> Answer {
    let traded = trade(&call, form).await?;
    Ok(traded.map_or_else(|refused| refused.error_response(), |issued| answer(&AppTokens::from(issued))))
}

async fn trade(call: &Call, form: Result<Form<TokenRequest>, OauthError>) -> token::Traded {
    let read = form.and_then(|Form(form)| {
        let client = Presented::of(call.request().headers(), form.client_id.as_deref(), form.client_secret.clone())?;
        Ok((client, Way::of(form)?))
    });
    let (client, way) = match read {
        Ok(read) => read,
        Err(refused) => return Ok(Err(refused)),
    };
    call.attempt(Caller::Anyone, move |tx, cx| {
        let app = match client.recognize(tx)? {
            Ok(app) => app,
            Err(refused) => return Ok(Err(refused)),
        };
        match &way {
            Way::Code(brought) => token::exchange(tx, cx, &app, brought),
            Way::Refresh { token, scope } => token::refresh(tx, cx, &app, token, scope.as_deref()),
            Way::ForItself { scope } => token::for_itself(tx, cx, &app, scope.as_deref()),
        }
    })
    .await
}

/// A token of the app.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct TokenInQuestion {
    /// An access or a refresh token.
    #[schema(value_type = String)]
    token: Option<String>,
    /// Not needed.
    #[schema(example = "refresh_token")]
    #[expect(dead_code, reason = "RFC 7009 section 2.1: both kinds are looked for anyway")]
    token_type_hint: Option<String>,
    #[schema(example = "app_01k30dwqgzfgx9p7jfdwpht7gg")]
    client_id: Option<String>,
    #[schema(example = "azs_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    client_secret: Option<String>,
}

/// The app and the token it asks about.
fn asked(call: &Call, form: Result<Form<TokenInQuestion>, OauthError>) -> Result<(Presented, String), OauthError> {
    let Form(form) = form?;
    let client = Presented::of(call.request().headers(), form.client_id.as_deref(), form.client_secret)?;
    Ok((client, form.token.ok_or_else(missing)?))
}

/// Give up a token
///
/// All that came of the same consent ends at once, whichever of its tokens it is (RFC 7009). The answer is the same for a token that is worth nothing, or somebody else's.
#[utoipa::path(tag = "apps", request_body(content = TokenInQuestion, content_type = "application/x-www-form-urlencoded"), security(()),
    responses((status = 200, description = "It is worth nothing now"), (status = 400, description = "Refused", body = OauthRefusal), (status = 401, description = "The app is not who it says", body = OauthRefusal)),
    extensions(("x-key" = json!("none"))))]
#[post("/oauth/revoke")]
pub(super) async fn revoke_token(call: Call, form: Result<Form<TokenInQuestion>, OauthError>) -> Answer {
    let (client, token) = match asked(&call, form) {
        Ok(asked) => asked,
        Err(refused) => return Ok(refused.error_response()),
    };
    let revoked: Result<(), OauthError> = call
        .attempt(Caller::Anyone, move |tx, cx| match client.recognize(tx)? {
            Ok(app) => introspect::revoke(tx, &cx.app.tokens, &app, &token).map(Ok),
            Err(refused) => Ok(Err(refused)),
        })
        .await?;
    let done = |()| HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).finish();
    Ok(revoked.map_or_else(|refused| refused.error_response(), done))
}

/// Whether a token is good, and what for.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct Introspection {
    #[schema(example = true)]
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "profile:read contracts:read")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "app_01k30dwqgzfgx9p7jfdwpht7gg")]
    client_id: Option<String>,
    /// The member, or the app if it acts for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "member_01k30dwqgzfgx9p7jfdwpht7gg")]
    sub: Option<String>,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    /// `Bearer` for an access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Bearer")]
    token_type: Option<&'static str>,
}

/// Ask about a token
///
/// Whether a token that this app was given is good, and what for (RFC 7662). Of all other tokens it learns nothing but `"active": false`. For apps that keep a secret.
#[utoipa::path(tag = "apps", request_body(content = TokenInQuestion, content_type = "application/x-www-form-urlencoded"), security(()),
    responses((status = 200, description = "How it stands", body = Introspection), (status = 400, description = "Refused", body = OauthRefusal), (status = 401, description = "The app is not who it says", body = OauthRefusal)),
    extensions(("x-key" = json!("none"))))]
#[post("/oauth/introspect")]
pub(super) async fn introspect_token(call: Call, form: Result<Form<TokenInQuestion>, OauthError>) -> Answer {
    let (client, token) = match asked(&call, form) {
        Ok(asked) => asked,
        Err(refused) => return Ok(refused.error_response()),
    };
    let look = move |conn: &mut Conn, here: &App| {
        let app = match client.recognize(conn)? {
            Ok(app) if app.secret_hash.is_some() => app,
            Ok(_) => return Ok(Err(OauthError::client())),
            Err(refused) => return Ok(Err(refused)),
        };
        let found = introspect::introspect(conn, &here.tokens, &app, &token)?;
        Ok::<_, Problem>(Ok(found.map_or_else(Introspection::default, |standing| Introspection {
            active: true,
            scope: Some(standing.scopes.to_string()),
            client_id: Some(app.id.to_string()),
            sub: Some(standing.subject),
            exp: Some(standing.expires),
            token_type: standing.is_access.then_some("Bearer"),
        })))
    };
    let told: Result<Introspection, OauthError> = call.look_up(look, identity).await?;
    Ok(told.map_or_else(|refused| refused.error_response(), |told| answer(&told)))
}
