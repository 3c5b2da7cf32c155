//! When banks are open, and when payday is.

use chrono::NaiveDate;
use domain::policy::Operation;
use persistence::{
    business_calendar::{self, Override},
    store::{Conn, Tx},
};
use serde_json::json;

use super::commit::Audience;
use crate::{context::Context, problem::Problem, trail::Change};

/// The payday of what is released by the end of a month.
///
/// # Errors
/// The date is not the last day of a month.
pub fn pay_on(conn: &mut Conn, cx: &Context, closed_on: NaiveDate) -> Result<NaiveDate, Problem> {
    Ok(business_calendar::read(conn)?.pay_on(closed_on, cx.app.rules.payout.shift)?)
}

/// A page of what staff know better than the law, by day.
///
/// # Errors
/// Not the caller's to see.
pub fn overrides(
    conn: &mut Conn,
    cx: &Context,
    after: Option<NaiveDate>,
    fetch: i64,
) -> Result<Vec<Override>, Problem> {
    cx.permit(Operation::ManageCalendar, cx.standing_outside())?;
    Ok(business_calendar::overrides(conn, after, fetch)?)
}

/// Says of a day whether banks are open. Paydays that were reckoned before stay as they are.
///
/// # Errors
/// Not the caller's to say.
pub fn put(
    tx: &mut Tx<'_>,
    cx: &Context,
    day: NaiveDate,
    is_business_day: bool,
    note: String,
) -> Result<Override, Problem> {
    cx.permit(Operation::ManageCalendar, cx.standing_outside())?;
    trace(cx, day, business_calendar::find(tx, day)?, Some(is_business_day));
    let said = Override { day, is_business_day, note, author_id: cx.person()?, updated_at: cx.now };
    business_calendar::put(tx, &said)?;
    Ok(said)
}

/// Takes back what was said of a day: the law holds again.
///
/// # Errors
/// Not the caller's to say, or nothing was said.
pub fn remove(tx: &mut Tx<'_>, cx: &Context, day: NaiveDate) -> Result<(), Problem> {
    cx.permit(Operation::ManageCalendar, cx.standing_outside())?;
    trace(cx, day, business_calendar::find(tx, day)?, None);
    if business_calendar::remove(tx, day)? { Ok(()) } else { Err(Problem::not_found()) }
}

/// What was said of a day, and what is.
fn trace(cx: &Context, day: NaiveDate, before: Option<bool>, after: Option<bool>) {
    let told = |open: bool| json!({"status": if open { "business_day" } else { "closed" }});
    let (before, after) = (before.map(told), after.map(told));
    let resource = format!("calendar-overrides/{day}");
    cx.trail().note(Change { resource, audience: Audience::default(), before, after });
}
