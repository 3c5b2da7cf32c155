//! OAuth 2: the page on which members decide, tokens, and what a client library must know.

mod authorize;
mod consent;
mod token;

use actix_web::{HttpResponse, get};
use domain::scope::Scope as DomainScope;
use serde::Serialize;
use utoipa::ToSchema;

use super::Routes;
use crate::{
    call::{Answer, Call},
    oauth::issuer,
    words::{Scope, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(token::give_token).service(token::revoke_token).service(token::introspect_token);
    config.service(authorize::authorize).service(authorize::decide).service(authorization_server);
}

/// A refusal as OAuth clients understand it (RFC 6749 section 5.2), in place of a problem.
#[derive(Debug, Serialize, ToSchema)]
struct OauthRefusal {
    /// For programs.
    #[schema(example = "invalid_grant")]
    error: String,
    /// For developers.
    #[schema(example = "It is unknown, used, expired, revoked, or was given to another app.")]
    error_description: String,
}

/// What this authorization server can do (RFC 8414).
#[derive(Debug, Serialize, ToSchema)]
struct AuthorizationServer {
    #[schema(example = "https://azukari.example")]
    issuer: String,
    #[schema(example = "https://azukari.example/oauth/authorize")]
    authorization_endpoint: String,
    #[schema(example = "https://azukari.example/oauth/token")]
    token_endpoint: String,
    #[schema(example = "https://azukari.example/oauth/revoke")]
    revocation_endpoint: String,
    #[schema(example = "https://azukari.example/oauth/introspect")]
    introspection_endpoint: String,
    #[schema(example = "https://azukari.example/.well-known/jwks.json")]
    jwks_uri: String,
    #[schema(example = "https://azukari.example/docs/")]
    service_documentation: String,
    scopes_supported: Vec<Scope>,
    #[schema(example = json!(["code"]))]
    response_types_supported: [&'static str; 1],
    #[schema(example = json!(["query"]))]
    response_modes_supported: [&'static str; 1],
    #[schema(example = json!(["authorization_code", "refresh_token", "client_credentials"]))]
    grant_types_supported: [&'static str; 3],
    #[schema(example = json!(["client_secret_basic", "client_secret_post", "none"]))]
    token_endpoint_auth_methods_supported: [&'static str; 3],
    #[schema(example = json!(["client_secret_basic", "client_secret_post", "none"]))]
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    #[schema(example = json!(["client_secret_basic", "client_secret_post"]))]
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    #[schema(example = json!(["S256"]))]
    code_challenge_methods_supported: [&'static str; 1],
    #[schema(example = json!(["en", "ja"]))]
    ui_locales_supported: [&'static str; 2],
    /// RFC 9207.
    #[schema(example = true)]
    authorization_response_iss_parameter_supported: bool,
}

/// What the authorization server can do
///
/// For client libraries (RFC 8414).
#[utoipa::path(tag = "apps", responses((status = 200, description = "The metadata", body = AuthorizationServer)), security(()))]
#[get("/.well-known/oauth-authorization-server")]
async fn authorization_server(call: Call) -> Answer {
    let issuer = issuer(call.app(), call.request());
    let at = |path: &str| format!("{issuer}{path}");
    Ok(HttpResponse::Ok().json(AuthorizationServer {
        authorization_endpoint: at("/oauth/authorize"),
        token_endpoint: at("/oauth/token"),
        revocation_endpoint: at("/oauth/revoke"),
        introspection_endpoint: at("/oauth/introspect"),
        jwks_uri: at("/.well-known/jwks.json"),
        service_documentation: at("/docs/"),
        scopes_supported: DomainScope::ALL.iter().copied().map(Word).collect(),
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
        token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
        revocation_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
        introspection_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
        code_challenge_methods_supported: ["S256"],
        ui_locales_supported: ["en", "ja"],
        authorization_response_iss_parameter_supported: true,
        issuer,
    }))
}
