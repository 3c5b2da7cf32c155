//! Logging in and out, and the sessions that are open.

pub(super) mod examine;
mod list;
pub(super) mod step_up;

use actix_web::{delete, post};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Caller, Key},
    device, email,
    problem::{Code, Problem},
    reply::Reply,
    usecases::{
        second_factor,
        session::{self as usecase, Device, TokenPair},
    },
};
use examine::{Credentials, Examined, examine};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(log_in).service(step_up::second_factor).service(refresh);
    config.service(list::read_current_session).service(log_out);
    config.service(list::list_sessions).service(list::log_out_everywhere).service(list::end_sessions);
    config.service(step_up::step_up).service(list::read_session).service(list::revoke_session);
}

/// E-mail and password.
#[derive(Debug, Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct LogIn {
    #[schema(format = Email, max_length = 254)]
    #[garde(length(max = email::MOST))]
    email: String,
    #[schema(max_length = 128)]
    #[garde(length(chars, max = 128))]
    password: String,
    /// What an earlier log-in of this member on this device was answered; without it the device counts as new.
    #[schema(max_length = 100, example = "azd_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    #[garde(length(chars, max = 100))]
    device_token: Option<String>,
}

/// What to send with every request, and how to get the next one.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Tokens {
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    expires_in: i64,
    /// Good for one call of `/v1/sessions/refresh`.
    refresh_token: String,
    session_id: String,
    member_id: String,
    /// Keep it on the device beyond this session, and send it with the next log-in: the member is then not told of a new device, and does not wait for the guesses of others. It is forgotten when the device is logged out, or does not log in for a year. Null when tokens are renewed.
    #[schema(required = true, example = "azd_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    device_token: Option<String>,
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
            device_token: pair.device_token,
        }
    }
}

impl Tokens {
    /// The answer to a log-in.
    pub(super) fn created(pair: TokenPair) -> Result<Reply, Problem> {
        let location = format!("/v1/sessions/{}", pair.session);
        Ok(Reply::created(&Self::from(pair), location)?.secret())
    }
}

/// Log in
///
/// Opens a session of 30 days. The access token is good for 15 minutes; renew it with the refresh token. Who has a second factor is refused with `second_factor_required` and a `challenge_token`, to be sent with a code to `/v1/sessions/second-factor`. A log-in from a device that was not known is told to the member by mail.
#[utoipa::path(tag = "access", request_body = LogIn, responses((status = 201, description = "A session", body = Tokens)), security(()),
    extensions(("x-errors" = json!(["invalid_credentials", "account_closing", "second_factor_required", "guessing_too_fast", "answer_not_repeatable"]))))]
#[post("/v1/sessions")]
async fn log_in(call: Call, body: Body<LogIn>) -> Answer {
    let Body { value, canonical } = body;
    let LogIn { email, password, device_token } = value;
    let credentials = Credentials { email, password, device_token };
    let Examined { guess, member, hash, has_second_factor } = examine(&call, &credentials).await?;
    if has_second_factor {
        return Err(call
            .attempt(Caller::Anyone, move |tx, cx| {
                guess.succeeded(tx)?;
                let challenge = second_factor::challenge(tx, &cx.app, member.id, &hash)?;
                second_factor::needed(tx, member.id, challenge)
            })
            .await?);
    }
    let device = Device { label: device::label(call.request().headers()), token: credentials.device_token };
    call.act_open(&canonical, move |tx, cx| {
        let device = usecase::require_as_compared(tx, cx, member.id, &hash, &device)?;
        guess.succeeded(tx)?;
        Tokens::created(usecase::log_in(tx, cx, member.id, &device)?)
    })
    .await
}

/// A refresh token.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Refresh {
    #[schema(max_length = 100)]
    #[garde(length(chars, max = 100))]
    refresh_token: String,
}

/// Renew a session's tokens
///
/// Each refresh token works once. One that comes twice ends the session: somebody else has it.
#[utoipa::path(tag = "access", request_body = Refresh, responses((status = 200, description = "New tokens", body = Tokens)), security(()),
    extensions(("x-key" = json!("none")), ("x-errors" = json!(["invalid_token"]))))]
#[post("/v1/sessions/refresh")]
async fn refresh(call: Call, body: Body<Refresh>) -> Answer {
    let token = body.value.refresh_token;
    // Revoking on reuse must outlive the refusal, so the use case commits first and the refusal comes after.
    let pair = call.attempt(Caller::Anyone, move |tx, cx| usecase::refresh(tx, cx, &token)).await?;
    let pair = pair.ok_or_else(|| Problem::new(Code::InvalidToken))?;
    Ok(Reply::ok(&Tokens::from(pair))?.send(call.request(), false))
}

/// Log out
///
/// Ends the session of this token, on every replica, at once.
#[utoipa::path(tag = "access", responses((status = 204, description = "The session has ended")))]
#[delete("/v1/sessions/current")]
async fn log_out(call: Call) -> Answer {
    call.act(Key::Optional, "", |tx, cx| {
        usecase::log_out(tx, cx)?;
        Ok(Reply::empty())
    })
    .await
}
