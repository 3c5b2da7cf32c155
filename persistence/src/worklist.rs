//! What waits for staff.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use domain::{
    dispute::DisputeState,
    ids::{BankReceiptId, DisputeId, MilestoneId},
    milestone::MilestoneState,
};

use crate::{
    error::StoreError,
    schema::{bank_receipts, disputes, milestones},
    store::Conn,
    types::{Key, Moment},
};

/// The disputes that staff mediate, the oldest first: since when, and when it was escalated if it was.
///
/// # Errors
/// Only those of the database.
pub fn mediated(
    conn: &mut Conn,
    most: i64,
) -> Result<Vec<(DisputeId, DateTime<Utc>, Option<DateTime<Utc>>)>, StoreError> {
    let rows: Vec<(Key, Moment, Option<Moment>)> = disputes::table
        .filter(disputes::state.eq(DisputeState::Mediation.as_str()))
        .order((disputes::created_at, disputes::id))
        .limit(most)
        .select((disputes::id, disputes::created_at, disputes::escalated_at))
        .load(conn)?;
    let read = |(id, at, escalated): (Key, Moment, Option<Moment>)| (id.into(), at.into(), escalated.map(Into::into));
    Ok(rows.into_iter().map(read).collect())
}

/// The milestones whose redelivery was due on `latest` or before, the oldest first, with that date.
///
/// # Errors
/// Only those of the database.
pub fn overdue(conn: &mut Conn, latest: NaiveDate, most: i64) -> Result<Vec<(MilestoneId, NaiveDate)>, StoreError> {
    let rows: Vec<(Key, NaiveDate)> = milestones::table
        .filter(milestones::state.eq(MilestoneState::ChangesRequested.as_str()).and(milestones::due_on.le(latest)))
        .order((milestones::due_on, milestones::id))
        .limit(most)
        .select((milestones::id, milestones::due_on))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, due_on)| (id.into(), due_on)).collect())
}

/// The receipts that belong to no payment yet, the oldest first, with when they were recorded.
///
/// # Errors
/// Only those of the database.
pub fn unmatched(conn: &mut Conn, most: i64) -> Result<Vec<(BankReceiptId, DateTime<Utc>)>, StoreError> {
    let rows: Vec<(Key, Moment)> = bank_receipts::table
        .filter(bank_receipts::payment_id.is_null())
        .order((bank_receipts::created_at, bank_receipts::id))
        .limit(most)
        .select((bank_receipts::id, bank_receipts::created_at))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, at)| (id.into(), at.into())).collect())
}
