//! What waits for staff, so that nothing waits for ever.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    calendar::{after, end_of_day, plus_days, tokyo_date},
    ids::{Id, Kind, MilestoneId},
    names,
    policy::Operation,
    release::near_limit_since,
};
use persistence::{escrow::Purpose, store::Conn, worklist};

use crate::{context::Context, problem::Problem};

names! {
    /// Why something waits for staff.
    pub enum TaskKind {
        /// A dispute that the parties could not settle.
        DisputeInMediation = "dispute_in_mediation",
        /// A dispute that takes too long.
        DisputeEscalated = "dispute_escalated",
        /// A redelivery that should have come long ago.
        RedeliveryOverdue = "redelivery_overdue",
        /// Money that came, and nobody knows what for.
        ReceiptUnmatched = "receipt_unmatched",
        /// Earnings in no payout that the law gives only a few days more.
        EarningsNearLimit = "earnings_near_limit",
        /// A payout under way of such earnings.
        PayoutNearLimit = "payout_near_limit",
        /// A payout that somebody held, and has to decide on.
        PayoutHeld = "payout_held",
        /// A refund that has to be sent by bank.
        RefundRequested = "refund_requested",
        /// An entry by hand that another person has to decide on.
        ManualEntryDrafted = "manual_entry_drafted",
    }
}

/// Something that waits for staff.
#[derive(Debug, Clone)]
pub struct Task {
    /// Why.
    pub kind: TaskKind,
    /// The id of what waits.
    pub subject: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// What has waited longest, of one kind or of all, at most so many.
///
/// # Errors
/// Not staff's to see.
pub fn read(conn: &mut Conn, cx: &Context, kind: Option<TaskKind>, most: u8) -> Result<Vec<Task>, Problem> {
    cx.permit(Operation::ReadWorklist, cx.standing_outside())?;
    let mut tasks = Vec::new();
    tasks.extend(waiting(TaskKind::DisputeInMediation, worklist::mediated(conn, false, most.into())?));
    tasks.extend(waiting(TaskKind::DisputeEscalated, worklist::mediated(conn, true, most.into())?));
    tasks.extend(redeliveries(conn, cx, most)?);
    tasks.extend(waiting(TaskKind::ReceiptUnmatched, worklist::unmatched(conn, most.into())?));
    tasks.extend(near_limit(conn, cx, most)?);
    tasks.extend(waiting(TaskKind::PayoutHeld, worklist::held(conn, most.into())?));
    tasks.extend(waiting(TaskKind::RefundRequested, worklist::refunds(conn, most.into())?));
    tasks.extend(waiting(TaskKind::ManualEntryDrafted, worklist::drafts(conn, most.into())?));
    // Each kind has given its longest waiting, so that none hides another.
    tasks.retain(|task| kind.is_none_or(|kind| kind == task.kind));
    tasks.sort_by(|one, other| (one.since, &one.subject).cmp(&(other.since, &other.subject)));
    tasks.truncate(most.into());
    Ok(tasks)
}

fn redeliveries(conn: &mut Conn, cx: &Context, most: u8) -> Result<Vec<Task>, Problem> {
    let wait = cx.app.rules.redelivery_overdue;
    let overdue = worklist::overdue(conn, tokyo_date(after(cx.now, -wait)), most.into())?;
    let task = |(id, due_on): (MilestoneId, NaiveDate)| Task {
        kind: TaskKind::RedeliveryOverdue,
        subject: id.to_string(),
        since: after(end_of_day(due_on), wait),
    };
    Ok(overdue.into_iter().map(task).collect())
}

/// What must be paid within a few days, or should have been: it waits since it came so near.
fn near_limit(conn: &mut Conn, cx: &Context, most: u8) -> Result<Vec<Task>, Problem> {
    let rules = &cx.app.rules.payout;
    let by = plus_days(tokyo_date(cx.now), rules.lawful_warning.into());
    let since = |payment_due_on: NaiveDate| near_limit_since(payment_due_on, rules);
    let earnings = worklist::unpaid(conn, by, most.into())?.into_iter().map(|(source, payment_due_on)| {
        let subject = match source {
            Purpose::Milestone(id) => id.to_string(),
            Purpose::TerminationFee(id) => id.to_string(),
        };
        Task { kind: TaskKind::EarningsNearLimit, subject, since: since(payment_due_on) }
    });
    let payouts = worklist::under_way(conn, by, most.into())?.into_iter().map(|(payout, payment_due_on)| Task {
        kind: TaskKind::PayoutNearLimit,
        subject: payout.to_string(),
        since: since(payment_due_on),
    });
    Ok(earnings.chain(payouts).collect())
}

fn waiting<K: Kind>(kind: TaskKind, found: Vec<(Id<K>, DateTime<Utc>)>) -> impl Iterator<Item = Task> {
    found.into_iter().map(move |(id, since)| Task { kind, subject: id.to_string(), since })
}
