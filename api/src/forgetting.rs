//! Forgetting what nobody needs any more, a little at a time (decision 0031).

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::guessing;
use persistence::{
    authorization_code, email_confirmation,
    error::StoreError,
    idempotency, mail,
    session::{devices, ended},
    social_flow,
    store::{Conn, Intent, Tx},
    tally,
};

use crate::{clock, problem::Problem, state::App, worker::Job};

/// How long keys of idempotent requests are kept.
const KEY_LIFE: TimeDelta = TimeDelta::days(7);

/// How long an authorization code that has expired is remembered, so that its second use takes back what it gave.
const CODE_MEMORY: TimeDelta = TimeDelta::days(1);

/// How long mails are kept.
const MAIL_LIFE: TimeDelta = TimeDelta::days(30);

/// How long a session is remembered from the moment on at which it ends by itself, revoked or not: with its refresh tokens,
/// and the API key that it may stand for.
pub const SESSION_MEMORY: TimeDelta = TimeDelta::days(30);

/// How long a device is known after its last log-in.
const DEVICE_MEMORY: TimeDelta = TimeDelta::days(365);

/// Each forgets some of what is too old of one kind. What is left of it is forgotten the next time.
pub const OLD: [Job<Arc<App>>; 8] = [
    ("forgetting keys of requests", |app| forget(app, KEY_LIFE, idempotency::any_before, idempotency::forget)),
    ("forgetting tallies", |app| forget(app, guessing::MEMORY, tally::any_before, tally::forget)),
    ("forgetting authorization codes", |app| {
        forget(app, CODE_MEMORY, authorization_code::any_before, authorization_code::forget)
    }),
    ("forgetting visits to providers", |app| {
        forget(app, TimeDelta::zero(), social_flow::any_before, social_flow::forget)
    }),
    ("forgetting confirmations of addresses", |app| {
        forget(app, TimeDelta::zero(), email_confirmation::any_before, email_confirmation::forget)
    }),
    ("forgetting sessions", |app| forget(app, SESSION_MEMORY, ended::any_before, ended::forget)),
    ("forgetting devices", |app| forget(app, DEVICE_MEMORY, devices::any_before, devices::forget)),
    ("forgetting mails", |app| forget(app, MAIL_LIFE, mail::any_before, mail::forget)),
];

/// Forgets what is older than `life`, after a look that costs less than a write.
fn forget(
    app: &App,
    life: TimeDelta,
    any_before: fn(&mut Conn, DateTime<Utc>) -> Result<bool, StoreError>,
    forget: fn(&mut Tx<'_>, DateTime<Utc>) -> Result<(), StoreError>,
) -> Result<(), Problem> {
    let before = clock::real_now() - life;
    if app.store.read(|conn| any_before(conn, before))? {
        app.store.write(Intent::Keep, move |tx| forget(tx, before))?;
    }
    Ok(())
}
