//! The caller's second factor.

use actix_web::{delete, get, post};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    problem::{Code, Problem},
    reply::Reply,
    usecases::second_factor as usecase,
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(read_second_factor).service(add_second_factor).service(remove_second_factor);
    config.service(confirm_second_factor).service(renew_recovery_codes);
}

/// How the caller stands.
#[derive(Debug, Serialize, ToSchema)]
struct SecondFactorState {
    /// Whether a log-in asks for a code.
    is_set: bool,
    /// How many recovery codes are left.
    #[schema(example = 10)]
    recovery_codes_left: i64,
}

/// Whether the caller has a second factor
#[utoipa::path(tag = "access", responses((status = 200, description = "How it stands", body = SecondFactorState)))]
#[get("/v1/me/second-factor")]
async fn read_second_factor(call: Call) -> Answer {
    call.read(|conn, cx| {
        let standing = usecase::read(conn, cx)?;
        let (is_set, recovery_codes_left) = (standing.is_set, standing.recovery_codes_left);
        Reply::ok(&SecondFactorState { is_set, recovery_codes_left })
    })
    .await
}

/// For the app that shows codes.
#[derive(Debug, Serialize, ToSchema)]
struct Enrolment {
    /// To be typed into the app (base32).
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    /// The same to be shown as a QR code.
    #[schema(
        example = "otpauth://totp/Azukari:hanako%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Azukari"
    )]
    otpauth_url: String,
}

/// Begin to add a second factor
///
/// Codes by time (TOTP, RFC 6238: SHA-1, six digits, 30 seconds). It counts once a code of it was confirmed.
#[utoipa::path(tag = "access", responses((status = 201, description = "Show it to the app", body = Enrolment)),
    extensions(("x-errors" = json!(["recent_login_required", "second_factor_set", "answer_not_repeatable"]))))]
#[post("/v1/me/second-factor")]
async fn add_second_factor(call: Call) -> Answer {
    call.act(Key::Optional, "", |tx, cx| {
        let enrolment = usecase::begin(tx, cx)?;
        let body = Enrolment { secret: enrolment.secret, otpauth_url: enrolment.url };
        Ok(Reply::created(&body, "/v1/me/second-factor".to_owned())?.secret())
    })
    .await
}

/// A code of the app.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct CodeOnly {
    /// Six digits.
    #[schema(max_length = 20, example = "492039")]
    #[garde(length(chars, max = 20))]
    code: String,
}

/// For who has lost the app.
#[derive(Debug, Serialize, ToSchema)]
struct RecoveryCodes {
    /// Each works once, in place of a code. They are not shown again.
    #[schema(example = json!(["mfrg-gzdf-mztw-q2lk"]))]
    recovery_codes: Vec<String>,
}

/// Confirm the second factor with its first code
///
/// From now on a log-in asks for a code. Keep the recovery codes where the app is not.
#[utoipa::path(tag = "access", request_body = CodeOnly, responses((status = 200, description = "The recovery codes", body = RecoveryCodes)),
    extensions(("x-errors" = json!(["recent_login_required", "second_factor_set", "invalid_code", "not_found", "answer_not_repeatable"]))))]
#[post("/v1/me/second-factor/confirm")]
async fn confirm_second_factor(call: Call, body: Body<CodeOnly>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Optional, &canonical, move |tx, cx| {
        let codes = usecase::confirm(tx, cx, &value.code)?.ok_or_else(|| Problem::new(Code::InvalidCode))?;
        Ok(Reply::ok(&RecoveryCodes { recovery_codes: codes })?.secret())
    })
    .await
}

/// Make new recovery codes
///
/// Those before are void. Needs a recent proof.
#[utoipa::path(tag = "access", responses((status = 200, description = "The recovery codes", body = RecoveryCodes)),
    extensions(("x-errors" = json!(["recent_login_required", "not_found", "answer_not_repeatable"]))))]
#[post("/v1/me/second-factor/recovery-codes")]
async fn renew_recovery_codes(call: Call) -> Answer {
    call.act(Key::Optional, "", |tx, cx| {
        let recovery_codes = usecase::renew_recovery_codes(tx, cx)?;
        Ok(Reply::ok(&RecoveryCodes { recovery_codes })?.secret())
    })
    .await
}

/// Remove the second factor
///
/// The password alone logs in again, so it needs 15 characters. Needs a recent proof.
#[utoipa::path(tag = "access", responses((status = 204, description = "Removed")),
    extensions(("x-errors" = json!(["recent_login_required", "longer_password_needed", "not_found"]))))]
#[delete("/v1/me/second-factor")]
async fn remove_second_factor(call: Call) -> Answer {
    call.act(Key::Optional, "", |tx, cx| {
        usecase::remove(tx, cx)?;
        Ok(Reply::empty())
    })
    .await
}
