//! What waits for staff.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl::{min, sql},
    prelude::*,
    sql_types::Bool,
};
use domain::{
    dispute::DisputeState,
    ids::{BankReceiptId, DisputeId, ManualEntryId, MilestoneId, PayoutId, RefundId},
    manual_entry::ManualEntryState,
    milestone::MilestoneState,
    payment::PaymentMethod,
    payout::PayoutState,
    refund::RefundState,
};

use crate::{
    error::StoreError,
    escrow::Purpose,
    release::UNPAID,
    schema::{bank_receipts, disputes, escrows, manual_entries, milestones, payout_lines, payouts, refunds, releases},
    store::Conn,
    types::{Key, Moment},
};

/// The disputes that staff mediate, the oldest first, with when they were opened: those that take too long, or the others.
///
/// # Errors
/// Only those of the database.
pub fn mediated(conn: &mut Conn, is_escalated: bool, most: i64) -> Result<Vec<(DisputeId, DateTime<Utc>)>, StoreError> {
    let all = disputes::table.filter(disputes::state.eq(DisputeState::Mediation.as_str())).into_boxed();
    let of_kind = match is_escalated {
        true => all.filter(disputes::escalated_at.is_not_null()),
        false => all.filter(disputes::escalated_at.is_null()),
    };
    let rows: Vec<(Key, Moment)> = of_kind
        .order((disputes::created_at, disputes::id))
        .limit(most)
        .select((disputes::id, disputes::created_at))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, at)| (id.into(), at.into())).collect())
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

/// What was released and is in no payout, though it must be paid by that date, the most urgent first.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn unpaid(conn: &mut Conn, by: NaiveDate, most: i64) -> Result<Vec<(Purpose, NaiveDate)>, StoreError> {
    let rows: Vec<(Option<Key>, Key, NaiveDate)> = releases::table
        .inner_join(escrows::table.on(escrows::id.eq(releases::escrow_id)))
        .filter(releases::payment_due_on.le(by).and(sql::<Bool>(UNPAID)))
        .order((releases::payment_due_on, releases::escrow_id))
        .limit(most)
        .select((escrows::milestone_id, releases::contract_id, releases::payment_due_on))
        .load(conn)?;
    let read = |(milestone, contract, payment_due_on): (Option<Key>, Key, NaiveDate)| {
        let fee = Purpose::TerminationFee(contract.into());
        (milestone.map_or(fee, |id| Purpose::Milestone(id.into())), payment_due_on)
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The payouts under way of what must be paid by that date, the most urgent first.
///
/// # Errors
/// Only those of the database.
pub fn under_way(conn: &mut Conn, by: NaiveDate, most: i64) -> Result<Vec<(PayoutId, NaiveDate)>, StoreError> {
    let states: Vec<&str> =
        PayoutState::ALL.iter().filter(|state| state.is_under_way()).map(|state| state.as_str()).collect();
    let rows: Vec<(Key, Option<NaiveDate>)> = payouts::table
        .inner_join(payout_lines::table.inner_join(releases::table))
        .filter(payouts::state.eq_any(states).and(releases::payment_due_on.le(by)))
        .group_by(payouts::id)
        .order((min(releases::payment_due_on), payouts::id))
        .limit(most)
        .select((payouts::id, min(releases::payment_due_on)))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(id, payment_due_on)| Some((id.into(), payment_due_on?))).collect())
}

/// Refunds that somebody has to send by bank, the oldest first.
///
/// # Errors
/// Only those of the database.
pub fn refunds(conn: &mut Conn, most: i64) -> Result<Vec<(RefundId, DateTime<Utc>)>, StoreError> {
    let rows: Vec<(Key, Moment)> = refunds::table
        .filter(refunds::state.eq(RefundState::Requested.as_str()))
        .filter(refunds::method.eq(PaymentMethod::BankTransfer.as_str()))
        .order((refunds::created_at, refunds::id))
        .limit(most)
        .select((refunds::id, refunds::created_at))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, at)| (id.into(), at.into())).collect())
}

/// Entries by hand that wait for another person, the oldest first.
///
/// # Errors
/// Only those of the database.
pub fn drafts(conn: &mut Conn, most: i64) -> Result<Vec<(ManualEntryId, DateTime<Utc>)>, StoreError> {
    let rows: Vec<(Key, Moment)> = manual_entries::table
        .filter(manual_entries::state.eq(ManualEntryState::Drafted.as_str()))
        .order((manual_entries::created_at, manual_entries::id))
        .limit(most)
        .select((manual_entries::id, manual_entries::created_at))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, at)| (id.into(), at.into())).collect())
}

/// Payouts that are held, the longest first, and since when.
///
/// # Errors
/// Only those of the database.
pub fn held(conn: &mut Conn, most: i64) -> Result<Vec<(PayoutId, DateTime<Utc>)>, StoreError> {
    let rows: Vec<(Key, Moment)> = payouts::table
        .filter(payouts::state.eq(PayoutState::Held.as_str()))
        .order((payouts::updated_at, payouts::id))
        .limit(most)
        .select((payouts::id, payouts::updated_at))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, at)| (id.into(), at.into())).collect())
}
