//! The sandbox's test clock and test mailbox. In production they answer 404.

use actix_web::{get, post};
use chrono::{Datelike, Utc};
use garde::Validate;
use persistence::mail;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, blocking},
    config::Mode,
    date_time::DateTime,
    email::is_address,
    extract::Filter,
    mailer,
    problem::{Code, Problem},
    reply::Reply,
    usecases::{address_request, platform},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(test_clock).service(advance_test_clock).service(test_mailbox);
}

/// The clock cannot go back, so a slip of the finger must not spoil a sandbox for good.
const LAST_YEAR: i32 = 2100;

fn only_in_sandbox(call: &Call) -> Result<(), Problem> {
    match call.app().settings.mode {
        Mode::Sandbox => Ok(()),
        Mode::Production => Err(Problem::not_found()),
    }
}

/// The marketplace's time.
#[derive(Debug, Serialize, ToSchema)]
struct TestClock {
    now_at: DateTime,
}

/// What time it is in this sandbox
#[utoipa::path(tag = "sandbox", responses((status = 200, description = "The time", body = TestClock)), security(()), extensions(("x-errors" = json!(["not_found"]))))]
#[get("/v1/test-clock")]
async fn test_clock(call: Call) -> Answer {
    only_in_sandbox(&call)?;
    call.read_public(|_, cx| Reply::ok(&TestClock { now_at: cx.now.into() })).await
}

/// Where to set the clock to.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Advance {
    /// Later than now.
    #[garde(skip)]
    to_at: chrono::DateTime<Utc>,
}

/// Set the test clock forward
///
/// Answers when every timer due by then, also those newly made, has fired in order. Tokens, limits and retention stay on real time.
#[utoipa::path(tag = "sandbox", request_body = Advance, responses((status = 200, description = "The new time", body = TestClock)), security(()),
    extensions(("x-key" = json!("none")), ("x-errors" = json!(["not_found", "clock_not_forward"]))))]
#[post("/v1/test-clock/advance")]
async fn advance_test_clock(call: Call, body: Body<Advance>) -> Answer {
    only_in_sandbox(&call)?;
    if body.value.to_at.year() > LAST_YEAR {
        return Err(Problem::new(Code::InvalidBody).at("/to_at", "is too far ahead", "先すぎます。"));
    }
    let app = call.app().clone();
    let now_at = blocking(move || platform::advance_clock(&app, body.value.to_at)).await?;
    Ok(Reply::ok(&TestClock { now_at: now_at.into() })?.send(call.request(), false))
}

/// Whose mail to read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MailFilter {
    /// The address.
    #[param(format = Email, max_length = 254, example = "hanako@example.com")]
    recipient: String,
}

/// A mail.
#[derive(Debug, Serialize, ToSchema)]
struct TestMail {
    id: String,
    recipient: String,
    #[schema(example = "Confirm your e-mail address")]
    subject: String,
    /// The plain text.
    body: String,
    /// The same as a page.
    html: String,
    created_at: DateTime,
}

/// The newest mails to an address.
#[derive(Debug, Serialize, ToSchema)]
struct TestMailbox {
    items: Vec<TestMail>,
}

/// Read the mail that this sandbox has written to an address, newest first
#[utoipa::path(tag = "sandbox", params(MailFilter), responses((status = 200, description = "Mails", body = TestMailbox)), security(()), extensions(("x-errors" = json!(["not_found"]))))]
#[get("/v1/test-mailbox")]
async fn test_mailbox(call: Call, filter: Filter<MailFilter>) -> Answer {
    only_in_sandbox(&call)?;
    let recipient = &filter.0.recipient;
    if !is_address(recipient) {
        return Err(Problem::new(Code::InvalidParameter)
            .detail("recipient must be an e-mail address.", "recipientにはメールアドレスを指定してください。"));
    }
    let app = call.app().clone();
    blocking(move || address_request::carry_out(&app)).await?;
    call.read_public(move |conn, _| {
        let items = mail::to(conn, &filter.0.recipient, 20)?.into_iter().map(|mail| TestMail {
            id: mail.id.to_string(),
            html: mailer::html(&mail),
            recipient: mail.recipient,
            subject: mail.subject,
            body: mail.body,
            created_at: mail.created_at.into(),
        });
        Reply::ok(&TestMailbox { items: items.collect() })
    })
    .await
}
