//! The specification: what the handlers declare, completed with everything that follows from the conventions.

mod bounds;
pub mod complete;
mod components;
mod example;

use actix_web::App;
use domain::scope::Scopes;
use serde_json::Value;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{
        AuthorizationCode, ClientCredentials, Flow, Http, HttpAuthScheme, OAuth2, Scopes as OauthScopes, SecurityScheme,
    },
};
use utoipa_actix_web::AppExt;

use self::complete::Extent;
use crate::{oauth::words, routes};

/// What no single handler says.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Azukari",
        description = "A headless marketplace for freelance work: jobs, proposals, contracts, and money held in escrow until the work is accepted.\n\nAll amounts are integer minor units. All times are RFC 3339 in UTC; calendar dates are Asia/Tokyo. Errors are `application/problem+json` with a stable `code`. Days, limits and rates in texts are those of the rules as they are shipped; an operator can set others.",
        contact(name = "Azukari", url = "https://azukari.example/", email = "developers@azukari.example"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "http://127.0.0.1:8080", description = "A sandbox on your machine")),
    security(("bearer" = [])),
    modifiers(&Schemes),
    tags(
        (name = "access", description = "Joining, logging in, and the account of the caller"),
        (name = "apps", description = "Partner apps (OAuth 2) and API keys"),
        (name = "market", description = "Jobs and proposals"),
        (name = "work", description = "Contracts, milestones, deliveries, cancellation and disputes"),
        (name = "money", description = "Fees, payments, balances and the ledger"),
        (name = "leaving", description = "Leaving for good, and what stands in the way"),
        (name = "platform", description = "Events, state machines, health and keys"),
        (name = "sandbox", description = "The test clock and the test mailbox; only in sandbox mode"),
        (name = "staff", description = "For the operator's people")
    )
)]
struct Base;

#[derive(Debug)]
struct Schemes;

impl Modify for Schemes {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        let mut staff = Http::new(HttpAuthScheme::Bearer);
        staff.description =
            Some("The token of one of the operator's people. What their role may do is checked.".into());
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        components.add_security_scheme("staff", SecurityScheme::Http(staff));
        let mut key = Http::new(HttpAuthScheme::Bearer);
        key.description = Some(
            "An API key, `az_test_...` or `az_live_...`, with the scope that is named beside it under `oauth2`.".into(),
        );
        components.add_security_scheme("api_key", SecurityScheme::Http(key));
        components.add_security_scheme("oauth2", SecurityScheme::OAuth2(oauth2()));
    }
}

/// How apps get their tokens, and what each scope is for.
fn oauth2() -> OAuth2 {
    let named = |scopes: Scopes| {
        let words = scopes.iter().map(|scope| (scope.as_str().to_owned(), words::meaning(scope).en));
        OauthScopes::from_iter(words.collect::<Vec<_>>())
    };
    let code =
        AuthorizationCode::with_refresh_url("/oauth/authorize", "/oauth/token", named(Scopes::all()), "/oauth/token");
    let own = ClientCredentials::new("/oauth/token", named(Scopes::without_member()));
    let description =
        "A partner app: for a member (with PKCE), or for itself. Its tokens are JWTs as RFC8725 wants them.";
    OAuth2::with_description([Flow::AuthorizationCode(code), Flow::ClientCredentials(own)], description)
}

/// The whole document.
///
/// # Errors
/// It cannot be written as JSON, or an operation declares what there is not.
pub fn document() -> serde_json::Result<Value> {
    let mut document = declared()?;
    complete::complete(&mut document)?;
    if let Some(server) = document.pointer_mut("/servers/0").and_then(Value::as_object_mut) {
        // A sandbox on somebody's machine is for nobody else.
        server.insert("x-internal".into(), true.into());
    }
    Ok(document)
}

/// Every operation with all that it takes, without what follows from the conventions for its answers.
///
/// # Errors
/// As [`document`].
pub fn outline() -> serde_json::Result<Value> {
    let mut document = declared()?;
    complete::operations(&mut document, Extent::Parameters)?;
    Ok(document)
}

/// What the handlers declare.
fn declared() -> serde_json::Result<Value> {
    let described = App::new().into_utoipa_app().openapi(Base::openapi()).configure(|config| routes::configure(config));
    serde_json::to_value(described.split_for_parts().1)
}
