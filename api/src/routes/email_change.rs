//! Another e-mail address, confirmed on both ends.

use actix_web::{delete, get, post};
use garde::Validate;
use persistence::email_change;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    date_time::DateTime,
    email,
    reply::Reply,
    usecases::email_change as usecase,
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(ask_for_email_change).service(read_email_change).service(cancel_email_change);
    config.service(confirm_email_change);
}

/// The address to be.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct EmailChangeRequest {
    #[schema(format = Email, max_length = 254)]
    #[garde(email, length(max = email::MOST))]
    email: String,
}

/// A change that waits for both ends.
#[derive(Debug, Serialize, ToSchema)]
struct EmailChange {
    /// The address to be.
    email: String,
    /// Whether the owner of the present address has agreed.
    present_confirmed: bool,
    /// Whether the owner of the address to be has confirmed.
    next_confirmed: bool,
    /// Until when both may.
    expires_at: DateTime,
}

impl From<email_change::EmailChange> for EmailChange {
    fn from(change: email_change::EmailChange) -> Self {
        Self {
            email: change.email,
            present_confirmed: change.old_confirmed_at.is_some(),
            next_confirmed: change.new_confirmed_at.is_some(),
            expires_at: change.expires_at.into(),
        }
    }
}

/// Ask for another e-mail address
///
/// Mails a token to the present address and one to the next; the address changes when both were sent back, within 24 hours. The answer does not tell whether the address is somebody's already. Replaces a change that waits. At most three times a day for one address.
#[utoipa::path(tag = "access", request_body = EmailChangeRequest, responses((status = 202, description = "Two mails are on their way", body = EmailChange)),
    extensions(("x-errors" = json!(["recent_login_required"]))))]
#[post("/v1/me/email-change")]
async fn ask_for_email_change(call: Call, body: Body<EmailChangeRequest>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Optional, &canonical, move |tx, cx| {
        Reply::accepted(&EmailChange::from(usecase::ask(tx, cx, &value.email)?))
    })
    .await
}

/// The change of the caller's address that waits
#[utoipa::path(tag = "access", responses((status = 200, description = "The change", body = EmailChange)),
    extensions(("x-errors" = json!(["not_found"]))))]
#[get("/v1/me/email-change")]
async fn read_email_change(call: Call) -> Answer {
    call.read(|conn, cx| Reply::ok(&EmailChange::from(usecase::read(conn, cx)?))).await
}

/// Drop the change of the caller's address
#[utoipa::path(tag = "access", responses((status = 204, description = "It is dropped")), extensions(("x-errors" = json!(["not_found"]))))]
#[delete("/v1/me/email-change")]
async fn cancel_email_change(call: Call) -> Answer {
    call.act(Key::Optional, "", |tx, cx| {
        usecase::cancel(tx, cx)?;
        Ok(Reply::empty())
    })
    .await
}

/// One of the two mailed tokens.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct EmailChangeConfirmation {
    #[schema(max_length = 100, example = "aze_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    #[garde(length(chars, max = 100))]
    token: String,
}

/// Confirm one end of a change of address
///
/// Takes either of the mailed tokens, from whoever has it. With the second the address is changed, and both are told.
#[utoipa::path(tag = "access", request_body = EmailChangeConfirmation, responses((status = 200, description = "How the change stands", body = EmailChange)), security(()),
    extensions(("x-errors" = json!(["invalid_token"]))))]
#[post("/v1/me/email-change/confirm")]
async fn confirm_email_change(call: Call, body: Body<EmailChangeConfirmation>) -> Answer {
    let Body { value, canonical } = body;
    call.act_open(&canonical, move |tx, cx| Reply::ok(&EmailChange::from(usecase::confirm(tx, cx, &value.token)?)))
        .await
}
