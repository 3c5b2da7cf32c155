//! The keys that sign access tokens: going on to the next generation without logging anybody out.

use std::sync::Arc;

use chrono::TimeDelta;
use persistence::{instance, store::Intent};

use crate::{
    clock,
    problem::{Code, Problem},
    state::App,
};

/// How long one generation signs at least. Only the one before is still accepted, so it must outlive its last token.
pub const LEAST: TimeDelta = TimeDelta::hours(1);

/// Goes on to the next generation, on every replica within a moment. None if the last step was less than [`LEAST`] ago.
///
/// # Errors
/// Only those of the store.
pub fn rotate(app: &Arc<App>) -> Result<Option<i32>, Problem> {
    let now = clock::real_now();
    let generation = app.store.write(Intent::Keep, move |tx| instance::rotate_keys(tx, now, now - LEAST))?;
    follow(app)?;
    Ok(generation)
}

/// Signs with the generation that the database names.
///
/// # Errors
/// Only those of the store.
pub fn follow(app: &App) -> Result<(), Problem> {
    let generation = app.store.read(instance::read)?.key_generation;
    app.tokens.turn_to(generation).map_err(|_| Problem::new(Code::Internal))
}
