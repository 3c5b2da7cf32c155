//! Joining, logging in, and the caller's own account.

use actix_web::{delete, get, post};
use chrono::{DateTime, Utc};
use domain::{machine::State, member, policy as role};
use garde::Validate;
use persistence::store::{Conn, Intent};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    body::Body,
    call::{Answer, Call, Key, blocking},
    locale::Locale,
    password,
    problem::{Code, Problem},
    reply::Reply,
    usecases::{
        access::{self, TokenPair},
        withdrawal,
    },
    words::{MemberKind, MemberState, Role, Word},
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(register)
        .service(confirm_email)
        .service(log_in)
        .service(refresh)
        .service(read_current_session)
        .service(log_out)
        .service(me);
}

/// Who wants to join.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Registration {
    #[schema(format = Email, max_length = 254)]
    #[garde(email, length(max = 254))]
    email: String,
    /// At least 15 characters of any kind (NIST SP 800-63B).
    #[schema(min_length = 15, max_length = 128)]
    #[garde(length(chars, min = 15, max = 128))]
    password: String,
    #[schema(min_length = 1, max_length = 60)]
    #[garde(length(chars, min = 1, max = 60))]
    display_name: String,
    #[garde(skip)]
    kind: MemberKind,
    /// The version of the terms of use that is agreed to; `/version` names the current one.
    #[schema(example = "2026-04-01", max_length = 40)]
    #[garde(length(max = 40))]
    terms_version: String,
}

/// The same for known and unknown addresses.
#[derive(Debug, Serialize, ToSchema)]
struct Registered {
    /// Always `confirmation_sent`.
    #[schema(example = "confirmation_sent")]
    status: &'static str,
}

/// Register
///
/// Creates an account and mails a confirmation token. The answer does not tell whether the address is already known.
#[utoipa::path(tag = "access", request_body = Registration, responses((status = 202, description = "A mail is on its way", body = Registered)), security(()))]
#[post("/v1/accounts")]
async fn register(call: Call, body: Body<Registration>) -> Answer {
    let Body { value: form, canonical } = body;
    if form.terms_version != call.app().settings.terms_version {
        let current = &call.app().settings.terms_version;
        return Err(Problem::new(Code::InvalidBody).at(
            "/terms_version",
            format!("the current terms are {current}"),
            format!("現在の規約は{current}です。"),
        ));
    }
    let locale = Locale::of(call.request().headers());
    let password = form.password;
    let password_hash = blocking(move || password::hash(&password)).await?;
    let form = access::Registration {
        email: form.email,
        display_name: form.display_name,
        kind: form.kind.0,
        password_hash,
        locale,
    };
    call.act_open(&canonical, move |tx, cx| {
        access::register(tx, cx, &form)?;
        Reply::accepted(&Registered { status: "confirmation_sent" })
    })
    .await
}

/// The mailed token.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct EmailConfirmation {
    #[schema(max_length = 100)]
    #[garde(length(max = 100))]
    token: String,
}

/// Confirm an e-mail address
///
/// Takes the token from the mail. Works once.
#[utoipa::path(tag = "access", request_body = EmailConfirmation, responses((status = 200, description = "The account is active", body = Member)), security(()),
    extensions(("x-errors" = json!(["invalid_token", "action_refused"]))))]
#[post("/v1/accounts/confirm-email")]
async fn confirm_email(call: Call, body: Body<EmailConfirmation>) -> Answer {
    let Body { value, canonical } = body;
    call.act_open(&canonical, move |tx, cx| {
        let member = access::confirm_email(tx, cx, &value.token)?;
        Ok(Reply::ok(&Member::read(tx, &member)?)?.version(member.version))
    })
    .await
}

/// E-mail and password.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct LogIn {
    #[schema(format = Email, max_length = 254)]
    #[garde(length(max = 254))]
    email: String,
    #[schema(max_length = 128)]
    #[garde(length(chars, max = 128))]
    password: String,
}

/// What to send with every request, and how to get the next one.
#[derive(Debug, Serialize, ToSchema)]
struct Tokens {
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    expires_in: i64,
    /// Good for one call of `/v1/sessions/refresh`.
    refresh_token: String,
    session_id: String,
    member_id: String,
}

impl From<TokenPair> for Tokens {
    fn from(pair: TokenPair) -> Self {
        Self {
            access_token: pair.access,
            token_type: "Bearer",
            expires_in: pair.expires_in,
            refresh_token: pair.refresh,
            session_id: pair.session.to_string(),
            member_id: pair.member.to_string(),
        }
    }
}

/// Log in
///
/// Opens a session of 30 days. The access token is good for 15 minutes; renew it with the refresh token.
#[utoipa::path(tag = "access", request_body = LogIn, responses((status = 201, description = "A session", body = Tokens)), security(()),
    extensions(("x-errors" = json!(["invalid_credentials", "email_not_confirmed", "account_closing", "answer_not_repeatable"]))))]
#[post("/v1/sessions")]
async fn log_in(call: Call, body: Body<LogIn>) -> Answer {
    let Body { value, canonical } = body;
    let app = call.app().clone();
    let member = blocking(move || {
        let found = app.store.read(|conn| access::account(conn, &value.email))?;
        let (member, hash) = found.map_or((None, None), |(member, hash)| (Some(member), hash));
        let right = password::verify(&value.password, hash.as_deref());
        let member = member.filter(|_| right).ok_or_else(|| Problem::new(Code::InvalidCredentials))?;
        match member.state {
            member::MemberState::Active => Ok(member.id),
            member::MemberState::Pending => Err(Problem::new(Code::EmailNotConfirmed)),
            member::MemberState::Closing => Err(Problem::new(Code::AccountClosing)),
            member::MemberState::Closed => Err(Problem::new(Code::InvalidCredentials)),
        }
    })
    .await?;
    call.act_open(&canonical, move |tx, cx| {
        let pair = access::log_in(tx, cx, member)?;
        let location = format!("/v1/sessions/{}", pair.session);
        Ok(Reply::created(&Tokens::from(pair), location)?.secret())
    })
    .await
}

/// A refresh token.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Refresh {
    #[schema(max_length = 100)]
    #[garde(length(max = 100))]
    refresh_token: String,
}

/// Renew a session's tokens
///
/// Each refresh token works once. One that comes twice ends the session: somebody else has it.
#[utoipa::path(tag = "access", request_body = Refresh, responses((status = 200, description = "New tokens", body = Tokens)), security(()),
    extensions(("x-key" = json!("none")), ("x-errors" = json!(["invalid_token"]))))]
#[post("/v1/sessions/refresh")]
async fn refresh(call: Call, body: Body<Refresh>) -> Answer {
    let app = call.app().clone();
    let token = body.value.refresh_token;
    // Revoking on reuse must outlive the refusal, so the use case commits first and the refusal comes after.
    let pair = blocking(move || {
        let inner = app.clone();
        app.store.write(Intent::Keep, move |tx| {
            let cx = crate::context::Context::anonymous(inner.clone(), tx)?;
            access::refresh(tx, &cx, &token)
        })
    })
    .await?;
    let pair = pair.ok_or_else(|| Problem::new(Code::InvalidToken))?;
    Ok(Reply::ok(&Tokens::from(pair))?.send(call.request(), false))
}

/// The session that a token belongs to.
#[derive(Debug, Serialize, ToSchema)]
struct CurrentSession {
    id: String,
    member_id: String,
    /// When its owner last proved the password.
    authenticated_at: DateTime<Utc>,
}

/// Whether this token is good, and whose it is
///
/// The cheapest way to ask: it looks at the session alone.
#[utoipa::path(tag = "access", responses((status = 200, description = "The session", body = CurrentSession)))]
#[get("/v1/sessions/current")]
async fn read_current_session(call: Call) -> Answer {
    call.read(|_, cx| {
        let (Some(session), Some(authenticated_at)) = (cx.session, cx.authenticated_at) else {
            return Err(Problem::new(Code::Unauthenticated));
        };
        Reply::ok(&CurrentSession { id: session.to_string(), member_id: cx.person()?.to_string(), authenticated_at })
    })
    .await
}

/// Log out
///
/// Ends the session of this token, on every replica, at once.
#[utoipa::path(tag = "access", responses((status = 204, description = "The session has ended")))]
#[delete("/v1/sessions/current")]
async fn log_out(call: Call) -> Answer {
    call.act(Key::Optional, "", |tx, cx| {
        access::log_out(tx, cx)?;
        Ok(Reply::empty())
    })
    .await
}

/// A member, as seen by that member.
#[derive(Debug, Serialize, ToSchema)]
struct Member {
    id: String,
    kind: MemberKind,
    role: Role,
    email: String,
    display_name: String,
    status: MemberState,
    /// What you may do now: `withdraw`, when nothing stands in the way of leaving.
    allowed_actions: Vec<String>,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Member {
    /// As its owner sees it now.
    ///
    /// # Errors
    /// Those of the store.
    fn read(conn: &mut Conn, member: &member::Member) -> Result<Self, Problem> {
        // The operator's people have no market of their own to leave.
        let mut allowed = match member.role {
            role::Role::Member => member.state.allowed(role::Standing::Client),
            role::Role::Support | role::Role::Finance | role::Role::Admin => Vec::new(),
        };
        if !allowed.is_empty() && !withdrawal::assess_member(conn, member)?.is_ready() {
            allowed.clear();
        }
        Ok(Self {
            id: member.id.to_string(),
            kind: Word(member.kind),
            role: Word(member.role),
            email: member.email.clone(),
            display_name: member.display_name.clone(),
            status: Word(member.state),
            allowed_actions: allowed.iter().map(ToString::to_string).collect(),
            version: member.version,
            created_at: member.created_at,
            updated_at: member.updated_at,
        })
    }
}

/// The caller's own account
#[utoipa::path(tag = "access", responses((status = 200, description = "The account", body = Member)))]
#[get("/v1/me")]
async fn me(call: Call) -> Answer {
    call.read(|conn, cx| {
        let member = persistence::member::find(conn, cx.person()?)?.ok_or_else(Problem::not_found)?;
        Ok(Reply::ok(&Member::read(conn, &member)?)?.version(member.version))
    })
    .await
}
