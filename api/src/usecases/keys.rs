//! The keys that sign access tokens: going on to the next generation without logging anybody out; and the secret that they
//! are derived from.

use std::sync::Arc;

use chrono::TimeDelta;
use persistence::instance::{self, Instance};
use serde_json::json;

use super::{
    audit_log::{Deed, at_console},
    commit::Audience,
};
use crate::{
    clock,
    context::Context,
    problem::{Code, Problem},
    state::App,
    trail::Change,
};

/// How long one generation signs at least. Only the one before is still accepted, so it must outlive its last token.
pub const LEAST: TimeDelta = TimeDelta::hours(1);

/// Goes on to the next generation, on every replica within a moment. None if the last step was less than [`LEAST`] ago.
///
/// # Errors
/// Those of the store; keys that cannot be derived.
pub fn rotate(app: &Arc<App>) -> Result<Option<i32>, Problem> {
    let now = clock::real_now();
    let rotated = at_console(app, Deed::command("keys rotate", None), move |tx, cx| {
        let generation = instance::rotate_keys(tx, now, now - LEAST)?.ok_or_else(|| Problem::new(Code::TooEarly))?;
        note(cx, "signing-key", "signing", generation);
        Ok(generation)
    });
    follow(app)?;
    match rotated {
        Ok(generation) => Ok(Some(generation)),
        Err(problem) if problem.code() == Code::TooEarly => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Makes the present secret the one to which the database belongs; whoever runs with another ends within a moment. Whether
/// it was another before.
///
/// # Errors
/// Those of the store; keys that cannot be derived.
pub fn adopt(app: &Arc<App>) -> Result<bool, Problem> {
    if belong(app, &app.store.read(instance::read)?)? {
        return Ok(false);
    }
    let id = app.tokens.secrets().id()?;
    at_console(app, Deed::command("keys adopt", None), move |tx, cx| {
        let adopted = instance::adopt_secret(tx, &id)?;
        note(cx, "secret", "adopted", adopted.key_generation);
        Ok(true)
    })
}

fn note(cx: &Context, resource: &str, status: &str, generation: i32) {
    let after = Some(json!({"status": status, "version": generation}));
    let resource = resource.to_owned();
    cx.trail().note(Change { resource, audience: Audience::default(), before: None, after });
}

/// Whether our keys are of the secret to which the database belongs.
///
/// # Errors
/// Keys that cannot be derived.
pub fn belong(app: &App, instance: &Instance) -> Result<bool, Problem> {
    let own = app.tokens.secrets().id()?;
    Ok(instance.first_key_id.as_ref().is_none_or(|known| *known == own))
}

/// Signs with the generation that the database names; lets the server end when the database belongs to another secret.
///
/// # Errors
/// Those of the store; keys that cannot be derived.
pub fn follow(app: &App) -> Result<(), Problem> {
    let instance = app.store.read(instance::read)?;
    if !belong(app, &instance)? {
        app.disowned.notify_one();
        return Ok(());
    }
    Ok(app.tokens.turn_to(instance.key_generation)?)
}
