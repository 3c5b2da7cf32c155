//! The second step of a log-in, and proving again who one is within a session.

use actix_web::post;
use garde::Validate;
use persistence::{credential, store::Conn};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Tokens;
use crate::{
    body::Body,
    call::{Answer, Call, Caller},
    context::Context,
    date_time::DateTime,
    device, password,
    problem::{Code, Problem},
    reply::Reply,
    usecases::{
        guess::Guess,
        proof::{self, Proof},
        second_step::{self, SecondStep},
        session::Device,
    },
};

/// The challenge of the log-in, and one of `code` and `recovery_code`.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"challenge_token": "azm_bWVtYmVy", "code": "492039"}))]
struct SecondFactor {
    /// From the refusal of the log-in; good for five minutes.
    #[schema(max_length = 400)]
    #[garde(length(chars, max = 400))]
    challenge_token: String,
    /// Six digits from the app; each works once.
    #[schema(max_length = 20)]
    #[garde(length(chars, max = 20))]
    code: Option<String>,
    /// One of the recovery codes; it is used up.
    #[schema(max_length = 40)]
    #[garde(length(chars, max = 40))]
    recovery_code: Option<String>,
    /// As in the first step.
    #[schema(max_length = 100, example = "azd_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    #[garde(length(chars, max = 100))]
    device_token: Option<String>,
}

/// Exactly one proof, of the kinds that are allowed here.
fn one_of(code: Option<String>, recovery_code: Option<String>) -> Result<Proof, Problem> {
    match (code, recovery_code) {
        (Some(code), None) => Ok(Proof::Code(code)),
        (None, Some(code)) => Ok(Proof::Recovery(code)),
        (Some(_), Some(_)) | (None, None) => Err(one_only()),
    }
}

fn one_only() -> Problem {
    Problem::new(Code::InvalidBody).at("", "send exactly one factor", "factorは一つだけ送ってください。")
}

/// Log in, second step
///
/// For who has a second factor: the challenge of the first step, with a code of the app or a recovery code.
#[utoipa::path(tag = "access", request_body = SecondFactor, responses((status = 201, description = "A session", body = Tokens)), security(()),
    extensions(("x-key" = json!("none")), ("x-errors" = json!(["invalid_token", "invalid_code", "guessing_too_fast"]))))]
#[post("/v1/sessions/second-factor")]
pub(super) async fn second_factor(call: Call, body: Body<SecondFactor>) -> Answer {
    let SecondFactor { challenge_token, code, recovery_code, device_token } = body.value;
    let proof = one_of(code, recovery_code)?;
    let device = Device { label: device::label(call.request().headers()), token: device_token };
    let step = SecondStep { challenge: challenge_token, proof, device };
    let pair = call.attempt(Caller::Anyone, move |tx, cx| second_step::log_in(tx, cx, &step)).await?;
    let pair = pair.ok_or_else(|| Problem::new(Code::InvalidCode))?;
    Ok(Tokens::created(pair)?.send(call.request(), false))
}

/// One of the factors that the refusal named.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"password": "correct horse battery staple"}))]
struct StepUp {
    /// Where there is no second factor.
    #[schema(max_length = 128)]
    #[garde(length(chars, max = 128))]
    password: Option<String>,
    /// Six digits from the app.
    #[schema(max_length = 20)]
    #[garde(length(chars, max = 20))]
    code: Option<String>,
    /// One of the recovery codes; it is used up.
    #[schema(max_length = 40)]
    #[garde(length(chars, max = 40))]
    recovery_code: Option<String>,
}

/// Until when the proof counts.
#[derive(Debug, Serialize, ToSchema)]
struct SteppedUp {
    /// What needs a recent proof can be done until then.
    expires_at: DateTime,
}

/// Prove again who you are
///
/// What a stolen token must not do (the bank account, address, password, second factor, leaving) needs a proof of the last ten minutes: a log-in, or this. It holds for the session of the token. Who has a second factor proves themselves by that.
#[utoipa::path(tag = "access", request_body = StepUp, responses((status = 200, description = "Proved", body = SteppedUp)),
    extensions(("x-key" = json!("none")), ("x-errors" = json!(["invalid_credentials", "invalid_code", "second_factor_required", "recent_login_required", "guessing_too_fast"]))))]
#[post("/v1/sessions/step-up")]
pub(super) async fn step_up(call: Call, body: Body<StepUp>) -> Answer {
    let StepUp { password, code, recovery_code } = body.value;
    let (proof, refusal) = match password {
        Some(_) if code.is_some() || recovery_code.is_some() => return Err(one_only()),
        Some(password) => (compare(&call, password).await?, Code::InvalidCredentials),
        None => (one_of(code, recovery_code)?, Code::InvalidCode),
    };
    let proved = call.attempt(Caller::Person, move |tx, cx| proof::step_up(tx, cx, &proof)).await?;
    let expires_at = proved.ok_or_else(|| Problem::new(refusal))?;
    Ok(Reply::ok(&SteppedUp { expires_at: expires_at.into() })?.send(call.request(), false))
}

async fn compare(call: &Call, password: String) -> Result<Proof, Problem> {
    let look = |conn: &mut Conn, cx: &Context| {
        let session = cx.session.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
        Guess::in_session(&cx.app, session).check(conn)?;
        Ok(credential::find(conn, cx.person()?)?.and_then(|secret| secret.password_hash))
    };
    let compare = move |stored: Option<String>| password::verify(&password, stored.as_deref());
    let right = call.look(look, compare).await?;
    Ok(Proof::Password { right })
}
