//! Accounts at providers that are linked with the caller's.

use actix_web::{delete, get, post};
use persistence::identity;
use serde::Serialize;
use utoipa::ToSchema;

use super::Routes;
use super::social::{self, SocialReturn, SocialVisit, SocialVisitBegun};
use crate::{
    body::Body,
    call::{Answer, Call, Caller, Key},
    date_time::DateTime,
    extract::PathId,
    problem::Problem,
    reply::Reply,
    state::App,
    usecases::identity as usecase,
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(list_identities).service(begin_to_link).service(complete_link).service(unlink_identity);
}

/// An account at a provider that logs in to this one.
#[derive(Debug, Serialize, ToSchema)]
struct Identity {
    id: String,
    /// As `/v1/social-providers` names it; null if the operator no longer has it.
    #[schema(required = true, example = "google")]
    provider: Option<String>,
    created_at: DateTime,
}

impl Identity {
    fn of(app: &App, one: &identity::Identity) -> Self {
        let provider = app.providers.of_issuer(&one.issuer).map(str::to_owned);
        Self { id: one.id.to_string(), provider, created_at: one.created_at.into() }
    }
}

/// All of them, oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct Identities {
    items: Vec<Identity>,
}

/// What logs in to the caller's account besides a password
#[utoipa::path(tag = "access", responses((status = 200, description = "The linked accounts", body = Identities)))]
#[get("/v1/me/identities")]
async fn list_identities(call: Call) -> Answer {
    call.read(|conn, cx| {
        let items = usecase::list(conn, cx)?.iter().map(|one| Identity::of(&cx.app, one)).collect();
        Reply::ok(&Identities { items })
    })
    .await
}

/// Begin to link an account at a provider
///
/// As with a log-in. What comes back goes to `/v1/me/identities/complete`.
#[utoipa::path(tag = "access", request_body = SocialVisit, responses((status = 200, description = "Where to send the person", body = SocialVisitBegun)),
    extensions(("x-key" = json!("none")), ("x-errors" = json!(["recent_login_required", "provider_unavailable"]))))]
#[post("/v1/me/identities")]
async fn begin_to_link(call: Call, body: Body<SocialVisit>) -> Answer {
    social::begin(call, Caller::Person, body.value).await
}

/// Link an account at a provider
///
/// From now on it logs in to the caller's account, whatever its address is. The member is told by mail. A refusal with `recent_login_required` leaves the visit open: prove again who you are, and send the same once more.
#[utoipa::path(tag = "access", request_body = SocialReturn, responses((status = 201, description = "Linked", body = Identity)),
    extensions(("x-key" = json!("none")), ("x-errors" = json!(["recent_login_required", "provider_unavailable", "social_login_refused", "email_not_verified", "identity_taken"]))))]
#[post("/v1/me/identities/complete")]
async fn complete_link(call: Call, body: Body<SocialReturn>) -> Answer {
    // Before the visit is over and the provider's code spent: the person can come back with a proof.
    call.look(|conn, cx| cx.require_recent_login(conn), |()| ()).await?;
    let account = social::account(&call, Caller::Person, body.value).await?;
    let linked = call.attempt(Caller::Person, move |tx, cx| usecase::link(tx, cx, &account)).await?;
    let body = Identity::of(call.app(), &linked);
    Ok(Reply::created(&body, "/v1/me/identities".to_owned())?.send(call.request(), false))
}

/// Unlink an account at a provider
///
/// Refused with `last_way_in` if nothing else logs in: set a password first. The member is told by mail.
#[utoipa::path(tag = "access", responses((status = 204, description = "Unlinked")),
    extensions(("x-errors" = json!(["recent_login_required", "last_way_in"]))))]
#[delete("/v1/me/identities/{id}")]
async fn unlink_identity(call: Call, id: PathId<domain::ids::IdentityKind>) -> Answer {
    let id = id.0;
    call.act(Key::Optional, "", move |tx, cx| {
        usecase::unlink(tx, cx, id)?;
        Ok::<_, Problem>(Reply::empty())
    })
    .await
}
