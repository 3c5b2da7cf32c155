//! The keys that sign access tokens: going on to the next generation without logging anybody out.

use std::sync::Arc;

use chrono::TimeDelta;
use persistence::instance;
use serde_json::json;

use super::{
    audit_log::{Deed, at_console},
    commit::Audience,
};
use crate::{
    clock,
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
        let after = Some(json!({"status": "signing", "version": generation}));
        let resource = "signing-key".to_owned();
        cx.trail().note(Change { resource, audience: Audience::default(), before: None, after });
        Ok(generation)
    });
    follow(app)?;
    match rotated {
        Ok(generation) => Ok(Some(generation)),
        Err(problem) if problem.code() == Code::TooEarly => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Signs with the generation that the database names.
///
/// # Errors
/// Those of the store; keys that cannot be derived.
pub fn follow(app: &App) -> Result<(), Problem> {
    let generation = app.store.read(instance::read)?.key_generation;
    Ok(app.tokens.turn_to(generation)?)
}
