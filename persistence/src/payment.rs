//! Payments, and the bank receipts that settle some of them.

mod receipt;

use std::collections::BTreeSet;

use diesel::{dsl::exists, prelude::*};
use domain::{
    ids::{MemberId, MilestoneId, PaymentId},
    money::Currency,
    payment::{Payment, PaymentState},
};

use crate::{
    error::StoreError,
    locked::for_update,
    page::{Position, newest_first},
    row::{corrupt, money, saved},
    schema::{bank_receipts, payments},
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

pub use receipt::{add_receipt, find_receipt, lock_receipt, receipts, save_receipt};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = payments, treat_none_as_null = true)]
struct Row {
    id: Key,
    contract_id: Key,
    milestone_id: Key,
    client_id: Key,
    method: String,
    currency: String,
    amount: i64,
    received: i64,
    state: String,
    transfer_reference: Option<String>,
    failure_code: Option<String>,
    expires_at: Option<Moment>,
    version: i32,
    created_at: Moment,
    updated_at: Moment,
}

impl From<&Payment> for Row {
    fn from(payment: &Payment) -> Self {
        Self {
            id: payment.id.into(),
            contract_id: payment.contract.into(),
            milestone_id: payment.milestone.into(),
            client_id: payment.client.into(),
            method: payment.method.to_string(),
            currency: payment.amount.currency().to_string(),
            amount: payment.amount.amount(),
            received: payment.received.amount(),
            state: payment.state.to_string(),
            transfer_reference: payment.transfer_reference.clone(),
            failure_code: payment.failure_code.clone(),
            expires_at: payment.expires_at.map(Moment::from),
            version: payment.version,
            created_at: payment.created_at.into(),
            updated_at: payment.updated_at.into(),
        }
    }
}

impl TryFrom<Row> for Payment {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = PaymentId::from(row.id);
        let bad = corrupt("payments", id);
        let currency: Currency = row.currency.parse().map_err(&bad)?;
        Ok(Self {
            id,
            contract: row.contract_id.into(),
            milestone: row.milestone_id.into(),
            client: row.client_id.into(),
            method: row.method.parse().map_err(&bad)?,
            amount: money(row.amount, currency, "payments", id)?,
            received: money(row.received, currency, "payments", id)?,
            state: row.state.parse().map_err(&bad)?,
            transfer_reference: row.transfer_reference,
            failure_code: row.failure_code,
            expires_at: row.expires_at.map(Into::into),
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}

/// Adds a payment.
///
/// # Errors
/// Only those of the database.
pub fn insert(tx: &mut Tx<'_>, payment: &Payment) -> Result<(), StoreError> {
    diesel::insert_into(payments::table).values(Row::from(payment)).write(tx)?;
    Ok(())
}

/// Reads a payment.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn find(conn: &mut Conn, id: PaymentId) -> Result<Option<Payment>, StoreError> {
    let row = payments::table.find(Key::from(id)).select(Row::as_select()).first(conn).optional()?;
    row.map(Payment::try_from).transpose()
}

/// Reads and locks a payment, after its contract and milestones.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock(tx: &mut Tx<'_>, id: PaymentId) -> Result<Option<Payment>, StoreError> {
    let query = payments::table.find(Key::from(id)).select(Row::as_select());
    for_update(query).get_result::<Row>(&mut **tx).optional()?.map(Payment::try_from).transpose()
}

/// The pending payment of a milestone, locked.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock_pending(tx: &mut Tx<'_>, milestone: MilestoneId) -> Result<Option<Payment>, StoreError> {
    let query = payments::table
        .filter(payments::milestone_id.eq(Key::from(milestone)))
        .filter(payments::state.eq(PaymentState::Pending.as_str()))
        .select(Row::as_select());
    for_update(query).get_result::<Row>(&mut **tx).optional()?.map(Payment::try_from).transpose()
}

/// Those of these milestones whose pending payment has come in part.
///
/// # Errors
/// Only those of the database.
pub fn begun(conn: &mut Conn, milestones: &[MilestoneId]) -> Result<BTreeSet<MilestoneId>, StoreError> {
    let found: Vec<Key> = payments::table
        .filter(payments::milestone_id.eq_any(milestones.iter().copied().map(Key::from)))
        .filter(payments::state.eq(PaymentState::Pending.as_str()).and(payments::received.gt(0)))
        .select(payments::milestone_id)
        .load(conn)?;
    Ok(found.into_iter().map(MilestoneId::from).collect())
}

/// The payments of a milestone, newest first.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn of_milestone(conn: &mut Conn, milestone: MilestoneId) -> Result<Vec<Payment>, StoreError> {
    let rows: Vec<Row> = payments::table
        .filter(payments::milestone_id.eq(Key::from(milestone)))
        .order((payments::created_at.desc(), payments::id.desc()))
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Payment::try_from).collect()
}

/// All payments of a client in a currency that have brought anything, newest first.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub(crate) fn of_client(conn: &mut Conn, client: MemberId, currency: Currency) -> Result<Vec<Payment>, StoreError> {
    let transferred = bank_receipts::table.filter(bank_receipts::payment_id.eq(payments::id.nullable()));
    let rows: Vec<Row> = payments::table
        .filter(payments::client_id.eq(Key::from(client)).and(payments::currency.eq(currency.as_str())))
        .filter(payments::received.gt(0).or(exists(transferred)))
        .order((payments::created_at.desc(), payments::id.desc()))
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Payment::try_from).collect()
}

/// Remembers which card the sandbox's gateway was shown.
///
/// # Errors
/// Only those of the database.
pub fn remember_card(tx: &mut Tx<'_>, id: PaymentId, token: &str) -> Result<(), StoreError> {
    diesel::update(payments::table.find(Key::from(id))).set(payments::card_token.eq(token)).write(tx)?;
    Ok(())
}

/// The card that the sandbox's gateway was shown last for a payment.
///
/// # Errors
/// Only those of the database.
pub fn card(conn: &mut Conn, id: PaymentId) -> Result<Option<String>, StoreError> {
    let token: Option<Option<String>> =
        payments::table.find(Key::from(id)).select(payments::card_token).first(conn).optional()?;
    Ok(token.flatten())
}

/// The payment in this currency that a transfer reference belongs to.
///
/// # Errors
/// Only those of the database.
pub fn by_reference(conn: &mut Conn, reference: &str, currency: Currency) -> Result<Option<PaymentId>, StoreError> {
    let found: Option<Key> = payments::table
        .filter(payments::transfer_reference.eq(reference).and(payments::currency.eq(currency.as_str())))
        .select(payments::id)
        .first(conn)
        .optional()?;
    Ok(found.map(PaymentId::from))
}

/// Saves a changed payment if it is still as it was read.
///
/// # Errors
/// [`StoreError::LostRace`] otherwise.
pub fn save(tx: &mut Tx<'_>, payment: &Payment) -> Result<Payment, StoreError> {
    let next = Payment { version: payment.version + 1, ..payment.clone() };
    let changed = diesel::update(payments::table.find(Key::from(payment.id)))
        .filter(payments::version.eq(payment.version))
        .set(Row::from(&next))
        .write(tx)?;
    saved(changed, "payments")?;
    Ok(next)
}

/// A page of a client's payments, newest first.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn list(
    conn: &mut Conn,
    client: MemberId,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<Payment>, StoreError> {
    let query = payments::table.filter(payments::client_id.eq(Key::from(client))).select(Row::as_select()).into_boxed();
    let rows: Vec<Row> = newest_first!(query, payments, after, fetch).load(conn)?;
    rows.into_iter().map(Payment::try_from).collect()
}
