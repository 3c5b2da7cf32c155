//! Firing timers: each is an ordinary use case whose actor is the system.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::timer::TimerKind;
use persistence::{
    store::{Intent, Tx},
    timer::{self, Timer},
};

use crate::{
    context::Context,
    problem::Problem,
    state::App,
    usecases::{
        cancellation, contract, dispute, job, milestone, payment, payout_run, platform, proposal, refund, withdrawal,
    },
};

/// How many timers are looked up at once.
const BATCH: i64 = 100;
/// How long a timer that could not be fired waits for its next try.
pub const RETRY: TimeDelta = TimeDelta::minutes(5);

/// Fires everything that is due, in due order.
///
/// # Errors
/// Only those of the store itself; what a single timer runs into is logged and tried again later.
pub fn fire_due(app: &Arc<App>) -> Result<(), Problem> {
    loop {
        let now = platform::market_now(app)?;
        let due = app.store.read(|conn| timer::due(conn, now, BATCH))?;
        if due.is_empty() {
            return Ok(());
        }
        due.iter().try_for_each(|timer| fire(app, timer, now, now + RETRY))?;
    }
}

/// Fires one timer at `now`. If its use case fails it is put off until `retry_at`, so that the others go on.
///
/// # Errors
/// Only those of the store itself.
pub fn fire(app: &Arc<App>, timer: &Timer, now: DateTime<Utc>, retry_at: DateTime<Utc>) -> Result<(), Problem> {
    let (inner, due) = (app.clone(), *timer);
    let fired = app.store.write(Intent::Keep, move |tx| dispatch(tx, &Context::system(inner.clone(), now), &due));
    let Err(problem) = fired else { return Ok(()) };
    let why = format!("{problem}{}", problem.causes());
    tracing::error!(subject = %timer.subject, kind = %timer.kind, problem = %why, "a timer could not be fired");
    Ok(app.store.write(Intent::Keep, move |tx| timer::put_off(tx, &due, retry_at, &why))?)
}

/// Every use case locks its subject first, then takes the timer, and does nothing if that is gone.
fn dispatch(tx: &mut Tx<'_>, cx: &Context, timer: &Timer) -> Result<(), Problem> {
    match timer.kind {
        TimerKind::AutoAccept => milestone::auto_accept(tx, cx, timer),
        TimerKind::FirstReminder | TimerKind::SecondReminder => milestone::remind(tx, cx, timer),
        TimerKind::RedeliveryOverdue => milestone::overdue(tx, cx, timer),
        TimerKind::FundingExpiry => milestone::expire_funding(tx, cx, timer),
        TimerKind::RefundSettlement => refund::gateway_answers(tx, cx, timer),
        TimerKind::SlowCharge => payment::settle_slow_charge(tx, cx, timer),
        TimerKind::PayoutClose => payout_run::step(tx, cx, timer),
        TimerKind::FundingDue => contract::miss_funding(tx, cx, timer),
        TimerKind::AgreedLapse => contract::lapse(tx, cx, timer),
        TimerKind::ProposalExpiry => proposal::expire(tx, cx, timer),
        TimerKind::JobExpiry => job::expire(tx, cx, timer),
        TimerKind::CancellationLapse => cancellation::lapse(tx, cx, timer),
        TimerKind::DisputeAnswer => dispute::meet_silence(tx, cx, timer),
        TimerKind::DisputeNegotiation => dispute::mediate(tx, cx, timer),
        TimerKind::DisputeEscalation => dispute::escalate(tx, cx, timer),
        TimerKind::AccountCompletion => withdrawal::complete(tx, cx, timer),
    }
}
