//! What waits for staff, so that nothing waits for ever.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    calendar::{after, end_of_day, tokyo_date},
    ids::{BankReceiptId, MilestoneId},
    names,
    policy::Operation,
};
use persistence::{store::Conn, worklist};

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

/// What has waited longest, at most so many.
///
/// # Errors
/// Not staff's to see.
pub fn read(conn: &mut Conn, cx: &Context, most: u8) -> Result<Vec<Task>, Problem> {
    cx.permit(Operation::ReadWorklist, cx.standing_outside())?;
    let mut tasks = disputes(conn, most)?;
    tasks.extend(redeliveries(conn, cx, most)?);
    tasks.extend(receipts(conn, most)?);
    tasks.sort_by(|one, other| (one.since, &one.subject).cmp(&(other.since, &other.subject)));
    tasks.truncate(most.into());
    Ok(tasks)
}

fn disputes(conn: &mut Conn, most: u8) -> Result<Vec<Task>, Problem> {
    let found = worklist::mediated(conn, most.into())?;
    let task = |dispute: worklist::Mediated| {
        let kind = if dispute.is_escalated { TaskKind::DisputeEscalated } else { TaskKind::DisputeInMediation };
        Task { kind, subject: dispute.id.to_string(), since: dispute.opened_at }
    };
    Ok(found.into_iter().map(task).collect())
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

fn receipts(conn: &mut Conn, most: u8) -> Result<Vec<Task>, Problem> {
    let unmatched = worklist::unmatched(conn, most.into())?;
    let task = |(id, since): (BankReceiptId, DateTime<Utc>)| Task {
        kind: TaskKind::ReceiptUnmatched,
        subject: id.to_string(),
        since,
    };
    Ok(unmatched.into_iter().map(task).collect())
}
