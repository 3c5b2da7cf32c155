//! Events, and the sandbox's clock.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use persistence::{event, instance, store::Intent, timer};

use crate::{
    clock,
    problem::{Code, Problem},
    state::App,
    timers,
};

/// Numbers what is committed and has no number yet, so that readers see it.
///
/// # Errors
/// Only those of the store.
pub fn number_events(app: &App) -> Result<(), Problem> {
    if app.store.read(event::unnumbered)? {
        app.store.write(Intent::Keep, event::assign_numbers)?;
    }
    Ok(())
}

/// The marketplace's time.
///
/// # Errors
/// Only those of the store.
pub fn market_now(app: &App) -> Result<DateTime<Utc>, Problem> {
    Ok(clock::market_now(app.store.read(instance::read)?.clock_offset()))
}

/// Sets the test clock forward. Stops at each timer that becomes due on the way, also at those that firing makes, and
/// fires it at its own moment.
///
/// # Errors
/// [`Code::ClockNotForward`] when `to` is not ahead.
pub fn advance_clock(app: &Arc<App>, to: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    if to <= market_now(app)? {
        return Err(Problem::new(Code::ClockNotForward));
    }
    while let Some(next) = app.store.read(|conn| timer::due(conn, to, 1))?.into_iter().next() {
        let now = forward(app, next.due_at)?;
        // One that fails waits until after this jump, or it would be the next one again for ever.
        timers::fire(app, &next, now, to + timers::RETRY)?;
    }
    forward(app, to)
}

/// Sets the clock to this moment, unless it has come that far by itself. Answers what it shows then.
fn forward(app: &App, at: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    let now = market_now(app)?;
    if at <= now {
        return Ok(now);
    }
    let offset = at - clock::real_now();
    app.store.write(Intent::Keep, move |tx| instance::set_clock_offset(tx, offset))?;
    Ok(at)
}
