//! Another password: for who knows the present one, and for who has forgotten it.

use actix_web::{post, put};
use garde::Validate;
use persistence::{address_request::AddressRequestKind, store::Conn};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Caller, Key},
    context::Context,
    email,
    locale::Locale,
    reply::Reply,
    state::App,
    usecases::{
        address_request,
        password::{self, Judged},
    },
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(ask_for_reset).service(confirm_reset).service(change_password);
}

/// Whose password is forgotten.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct PasswordReset {
    #[schema(format = Email, max_length = 254)]
    #[garde(email, length(max = email::MOST))]
    email: String,
}

/// The same for known and unknown addresses.
#[derive(Debug, Serialize, ToSchema)]
struct PasswordResetAsked {
    /// Always `reset_sent`.
    #[schema(example = "reset_sent")]
    status: &'static str,
}

/// Ask for a new password
///
/// Mails a token, good for one hour, if the address is a member's; at most three are good at a time. Who has registered and not confirmed is told to register once more. Neither the answer nor its time tells whether the address is known.
#[utoipa::path(tag = "access", request_body = PasswordReset, responses((status = 202, description = "If the address is known, a mail is on its way", body = PasswordResetAsked)), security(()))]
#[post("/v1/password-resets")]
async fn ask_for_reset(call: Call, body: Body<PasswordReset>) -> Answer {
    let Body { value, canonical } = body;
    let locale = Locale::of(call.request().headers());
    call.act_open(&canonical, move |tx, _| {
        address_request::ask(tx, AddressRequestKind::PasswordReset, &value.email, locale)?;
        Reply::accepted(&PasswordResetAsked { status: "reset_sent" })
    })
    .await
}

/// The mailed token, and the password to be.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct PasswordResetConfirmation {
    #[schema(max_length = 100, example = "azp_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    #[garde(length(chars, max = 100))]
    token: String,
    /// At least 15 characters, or 8 if there is a second factor, and none that is easy to guess.
    #[schema(min_length = 8, max_length = 128)]
    #[garde(length(chars, max = 128))]
    password: String,
}

/// What makes this device known.
#[derive(Debug, Serialize, ToSchema)]
struct PasswordResetDone {
    /// Send it with the next log-in, as that of a known device.
    #[schema(example = "azd_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    device_token: String,
}

/// Choose a new password
///
/// Takes the token from the mail. Works once; every session of the member ends, and every linked account is unlinked: a thief may have linked it.
#[utoipa::path(tag = "access", request_body = PasswordResetConfirmation, responses((status = 200, description = "Log in with it", body = PasswordResetDone)), security(()),
    extensions(("x-key" = json!("none")), ("x-errors" = json!(["invalid_token", "longer_password_needed"]))))]
#[post("/v1/password-resets/confirm")]
async fn confirm_reset(call: Call, body: Body<PasswordResetConfirmation>) -> Answer {
    let PasswordResetConfirmation { token, password } = body.value;
    let told = token.clone();
    let look = move |conn: &mut Conn, _: &App| {
        let owner = password::owner_of_reset(conn, &told)?;
        Judged::of(conn, owner)
    };
    let chosen = call.look_up(look, move |judged| judged.choose(&password)).await??;
    let device_token = call.attempt(Caller::Anyone, move |tx, cx| password::reset(tx, cx, &token, &chosen)).await?;
    Ok(Reply::ok(&PasswordResetDone { device_token })?.send(call.request(), false))
}

/// The password to be.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct PasswordPut {
    /// At least 15 characters, or 8 if there is a second factor, and none that is easy to guess.
    #[schema(min_length = 8, max_length = 128)]
    #[garde(length(chars, max = 128))]
    password: String,
}

/// Change the password
///
/// Needs a recent proof. Every other session ends, and every other device counts as new. You are told by mail.
#[utoipa::path(tag = "access", request_body = PasswordPut, responses((status = 204, description = "Changed")),
    extensions(("x-errors" = json!(["recent_login_required", "longer_password_needed"]))))]
#[put("/v1/me/password")]
async fn change_password(call: Call, body: Body<PasswordPut>) -> Answer {
    let Body { value, canonical } = body;
    let look = |conn: &mut Conn, cx: &Context| {
        cx.require_recent_login(conn)?;
        Judged::of(conn, cx.person()?)
    };
    let chosen = call.look(look, move |judged| judged.choose(&value.password)).await??;
    call.act(Key::Optional, &canonical, move |tx, cx| {
        password::change(tx, cx, &chosen)?;
        Ok(Reply::empty())
    })
    .await
}
