//! Logging in and joining by an account at a provider.

use actix_web::{get, post};
use domain::username::Username;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Routes, access::require_current_terms, session::Tokens};
use crate::{
    body::Body,
    call::{Answer, Call, Caller},
    date_time::DateTime,
    device,
    locale::Locale,
    problem::{Code, Problem},
    reply::Reply,
    social::{Account, Brought},
    usecases::{
        session::Device,
        social::{self, Begun, Joining},
    },
    words::MemberKind,
};

pub(super) fn configure(config: &mut impl Routes) {
    config
        .service(list_social_providers)
        .service(begin_social_log_in)
        .service(complete_social_log_in)
        .service(join_by_provider);
}

/// Somebody who vouches for people.
#[derive(Debug, Serialize, ToSchema)]
struct SocialProvider {
    /// What to name in requests.
    #[schema(example = "google")]
    provider: String,
    /// What to show.
    #[schema(example = "Google")]
    name: String,
}

/// All of them.
#[derive(Debug, Serialize, ToSchema)]
struct SocialProviders {
    items: Vec<SocialProvider>,
}

/// By which providers people can log in
///
/// None, if the operator has set none.
#[utoipa::path(tag = "access", responses((status = 200, description = "The providers", body = SocialProviders)), security(()))]
#[get("/v1/social-providers")]
async fn list_social_providers(call: Call) -> Answer {
    let known = call.app().settings.social.iter();
    let items = known.map(|(id, one)| SocialProvider { provider: id.clone(), name: one.name.clone() }).collect();
    Ok(Reply::ok(&SocialProviders { items })?.send(call.request(), false))
}

/// By whom, and where to come back to.
#[derive(Debug, Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct SocialVisit {
    /// As `/v1/social-providers` names it.
    #[schema(max_length = 40, example = "google")]
    #[garde(length(chars, max = 40))]
    pub provider: String,
    /// Where the provider sends the person back to: one of those that the operator has set for it.
    #[schema(max_length = 500, example = "https://app.example/back-from-google")]
    #[garde(length(chars, max = 500))]
    pub redirect_uri: String,
}

/// Where to send the person, and what to keep meanwhile.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SocialVisitBegun {
    /// Open it in the person's browser.
    authorization_url: String,
    /// Keep it in the app, and send it with what comes back; it is in no address, so nobody else can bring it.
    #[schema(example = "azf_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    flow_token: String,
    /// When it is too late to come back.
    expires_at: DateTime,
}

/// Begins a visit for whoever calls.
pub(super) async fn begin(call: Call, caller: Caller, asked: SocialVisit) -> Answer {
    if caller == Caller::Person {
        // Before anything is said of the provider.
        call.look(|_, _| Ok(()), drop).await?;
    }
    let app = call.app().clone();
    let provider = app.providers.get(&asked.provider)?;
    if !provider.knows(&asked.redirect_uri) {
        let (en, ja) = ("this provider may not send anybody there", "この連携先のredirect_uriではありません。");
        return Err(Problem::new(Code::InvalidBody).at("/redirect_uri", en, ja));
    }
    let (name, redirect) = (asked.provider.clone(), asked.redirect_uri.clone());
    let begun = call.attempt(caller, move |tx, cx| social::begin(tx, cx, &name, &redirect)).await?;
    let Begun { flow_token, visit, expires_at } = begun;
    let authorization_url = provider.authorization_url(&visit, &asked.redirect_uri).await?;
    Ok(Reply::ok(&SocialVisitBegun { authorization_url, flow_token, expires_at: expires_at.into() })?
        .send(call.request(), false))
}

/// What the provider sent the person back with.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct SocialReturn {
    /// From the beginning.
    #[schema(max_length = 100)]
    #[garde(length(chars, max = 100))]
    pub flow_token: String,
    /// The parameter `state` of the address.
    #[schema(max_length = 200)]
    #[garde(length(chars, max = 200))]
    pub state: String,
    /// The parameter `code` of the address.
    #[schema(max_length = 4000)]
    #[garde(length(chars, max = 4000))]
    pub code: String,
    /// The parameter `iss` of the address, if it has one (RFC 9207).
    #[schema(max_length = 500)]
    #[garde(length(chars, max = 500))]
    pub iss: Option<String>,
}

/// For whom the provider vouches. The visit is over whatever comes of it; nothing of ours waits for the provider.
pub(super) async fn account(call: &Call, caller: Caller, back: SocialReturn) -> Result<Account, Problem> {
    let SocialReturn { flow_token, state, code, iss } = back;
    let taken = call.attempt(caller, move |tx, cx| social::take(tx, cx, &flow_token, &state)).await?;
    let (flow, visit) = taken.ok_or_else(|| Problem::new(Code::SocialLoginRefused))?;
    let app = call.app().clone();
    let brought = Brought { code, redirect_uri: flow.redirect_uri, issuer: iss };
    Ok(app.providers.get(&flow.provider)?.account(&visit, brought).await?)
}

/// Begin to log in by a provider
///
/// Answers the address to send the person to, good for ten minutes. They come back to `redirect_uri` with `code` and `state`, to be sent to `/v1/sessions/social/complete`.
#[utoipa::path(tag = "access", request_body = SocialVisit, responses((status = 200, description = "Where to send the person", body = SocialVisitBegun)), security(()),
    extensions(("x-key" = json!("none")), ("x-errors" = json!(["provider_unavailable"]))))]
#[post("/v1/sessions/social")]
async fn begin_social_log_in(call: Call, body: Body<SocialVisit>) -> Answer {
    begin(call, Caller::Anyone, body.value).await
}

/// The return, and the device.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct SocialLogIn {
    /// From the beginning.
    #[schema(max_length = 100)]
    #[garde(length(chars, max = 100))]
    flow_token: String,
    /// The parameter `state` of the address.
    #[schema(max_length = 200)]
    #[garde(length(chars, max = 200))]
    state: String,
    /// The parameter `code` of the address.
    #[schema(max_length = 4000)]
    #[garde(length(chars, max = 4000))]
    code: String,
    /// The parameter `iss` of the address, if it has one (RFC 9207).
    #[schema(max_length = 500)]
    #[garde(length(chars, max = 500))]
    iss: Option<String>,
    /// What an earlier log-in of this member on this device was answered.
    #[schema(max_length = 100, example = "azd_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    #[garde(length(chars, max = 100))]
    device_token: Option<String>,
}

/// Log in by a provider
///
/// With what the person came back with. Who is no member yet is refused with `registration_needed` and a `join_token` for `/v1/accounts/social`; who is a member that has not linked this account, with `link_needed`: log in as usual, then link it at `/v1/me/identities`. Who has a second factor goes on as after a password.
#[utoipa::path(tag = "access", request_body = SocialLogIn, responses((status = 201, description = "A session", body = Tokens)), security(()),
    extensions(("x-key" = json!("none")), ("x-errors" = json!(["provider_unavailable", "social_login_refused", "email_not_verified", "registration_needed", "link_needed", "account_closing", "second_factor_required"]))))]
#[post("/v1/sessions/social/complete")]
async fn complete_social_log_in(call: Call, body: Body<SocialLogIn>) -> Answer {
    let SocialLogIn { flow_token, state, code, iss, device_token } = body.value;
    let account = account(&call, Caller::Anyone, SocialReturn { flow_token, state, code, iss }).await?;
    let device = Device { label: device::label(call.request().headers()), token: device_token };
    let pair = call.attempt(Caller::Anyone, move |tx, cx| social::log_in(tx, cx, &account, &device)).await?;
    Ok(Tokens::created(pair)?.send(call.request(), false))
}

/// Who joins by a provider.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct SocialRegistration {
    /// From the refusal of the log-in; good for 30 minutes.
    #[schema(max_length = 2000)]
    #[garde(length(chars, max = 2000))]
    join_token: String,
    /// What others see.
    #[schema(min_length = 1, max_length = 60)]
    #[garde(length(chars, min = 1, max = 60))]
    display_name: String,
    /// A handle of your own. Choose it now, later, or never; it does not change.
    #[schema(min_length = 3, max_length = 30, example = "hanako.yamada")]
    #[garde(length(chars, max = 200))]
    username: Option<String>,
    /// Whether a person or a company joins.
    #[garde(skip)]
    kind: MemberKind,
    /// The version of the terms of use that is agreed to; `/version` names the current one.
    #[schema(example = "2026-04-01", max_length = 40)]
    #[garde(length(chars, max = 40))]
    terms_version: String,
}

/// Join by a provider
///
/// Makes the account and opens a session. The address is the one that the provider has verified; a password can be set later.
#[utoipa::path(tag = "access", request_body = SocialRegistration, responses((status = 201, description = "A session", body = Tokens)), security(()),
    extensions(("x-errors" = json!(["invalid_token", "username_taken", "identity_taken", "link_needed", "not_back_yet", "answer_not_repeatable"]))))]
#[post("/v1/accounts/social")]
async fn join_by_provider(call: Call, body: Body<SocialRegistration>) -> Answer {
    let Body { value: form, canonical } = body;
    require_current_terms(&call, &form.terms_version)?;
    let form = Joining {
        join_token: form.join_token,
        display_name: form.display_name,
        kind: form.kind.0,
        username: form.username.as_deref().map(Username::parse).transpose()?,
        locale: Locale::of(call.request().headers()),
        device: device::label(call.request().headers()),
    };
    call.act_open(&canonical, move |tx, cx| Tokens::created(social::join(tx, cx, &form)?)).await
}
