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

/// A dispute that staff mediate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mediated {
    /// Which.
    pub id: DisputeId,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// Whether it takes too long.
    pub is_escalated: bool,
}

/// The disputes that staff mediate, the oldest first.
///
/// # Errors
/// Only those of the database.
pub fn mediated(conn: &mut Conn, most: i64) -> Result<Vec<Mediated>, StoreError> {
    let rows: Vec<(Key, Moment, bool)> = disputes::table
        .filter(disputes::state.eq(DisputeState::Mediation.as_str()))
        .order((disputes::created_at, disputes::id))
        .limit(most)
        .select((disputes::id, disputes::created_at, disputes::escalated_at.is_not_null()))
        .load(conn)?;
    let read = |(id, opened_at, is_escalated): (Key, Moment, bool)| Mediated {
        id: id.into(),
        opened_at: opened_at.into(),
        is_escalated,
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The milestones whose redelivery was due before that date, the oldest first, with their due dates.
///
/// # Errors
/// Only those of the database.
pub fn overdue(conn: &mut Conn, before: NaiveDate, most: i64) -> Result<Vec<(MilestoneId, NaiveDate)>, StoreError> {
    let rows: Vec<(Key, NaiveDate)> = milestones::table
        .filter(milestones::state.eq(MilestoneState::ChangesRequested.as_str()).and(milestones::due_on.lt(before)))
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
