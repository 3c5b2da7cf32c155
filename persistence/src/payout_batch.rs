//! Batches of payouts.

use chrono::NaiveDate;
use diesel::prelude::*;
use domain::{ids::PayoutBatchId, money::Currency, payout_batch::PayoutBatch};

use crate::{
    error::StoreError,
    locked::for_update,
    page::{Position, newest_first},
    row::{corrupt, money, saved},
    schema::payout_batches,
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = payout_batches, treat_none_as_null = true)]
struct Row {
    id: Key,
    pay_on: NaiveDate,
    state: String,
    payouts: i64,
    currency: String,
    total: i64,
    preparer_id: Key,
    sent_at: Option<Moment>,
    settled_at: Option<Moment>,
    version: i32,
    created_at: Moment,
    updated_at: Moment,
}

impl From<&PayoutBatch> for Row {
    fn from(batch: &PayoutBatch) -> Self {
        Self {
            id: batch.id.into(),
            pay_on: batch.pay_on,
            state: batch.state.to_string(),
            payouts: batch.payouts,
            currency: batch.total.currency().to_string(),
            total: batch.total.amount(),
            preparer_id: batch.preparer_id.into(),
            sent_at: batch.sent_at.map(Moment::from),
            settled_at: batch.settled_at.map(Moment::from),
            version: batch.version,
            created_at: batch.created_at.into(),
            updated_at: batch.updated_at.into(),
        }
    }
}

impl TryFrom<Row> for PayoutBatch {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = PayoutBatchId::from(row.id);
        let bad = corrupt("payout_batches", id);
        let currency: Currency = row.currency.parse().map_err(&bad)?;
        Ok(Self {
            id,
            pay_on: row.pay_on,
            state: row.state.parse().map_err(&bad)?,
            payouts: row.payouts,
            total: money(row.total, currency, "payout_batches", id)?,
            preparer_id: row.preparer_id.into(),
            sent_at: row.sent_at.map(Into::into),
            settled_at: row.settled_at.map(Into::into),
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}

/// Adds a batch.
///
/// # Errors
/// Only those of the database.
pub fn insert(tx: &mut Tx<'_>, batch: &PayoutBatch) -> Result<(), StoreError> {
    diesel::insert_into(payout_batches::table).values(Row::from(batch)).write(tx)?;
    Ok(())
}

/// Reads a batch.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn find(conn: &mut Conn, id: PayoutBatchId) -> Result<Option<PayoutBatch>, StoreError> {
    let row = payout_batches::table.find(Key::from(id)).select(Row::as_select()).first(conn).optional()?;
    row.map(PayoutBatch::try_from).transpose()
}

/// Reads and locks a batch, before its payouts.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock(tx: &mut Tx<'_>, id: PayoutBatchId) -> Result<Option<PayoutBatch>, StoreError> {
    let query = payout_batches::table.find(Key::from(id)).select(Row::as_select());
    for_update(query).get_result::<Row>(&mut **tx).optional()?.map(PayoutBatch::try_from).transpose()
}

/// Saves a changed batch if it is still as it was read.
///
/// # Errors
/// [`StoreError::LostRace`] otherwise.
pub fn save(tx: &mut Tx<'_>, batch: &PayoutBatch) -> Result<PayoutBatch, StoreError> {
    let next = PayoutBatch { version: batch.version + 1, ..batch.clone() };
    let changed = diesel::update(payout_batches::table.find(Key::from(batch.id)))
        .filter(payout_batches::version.eq(batch.version))
        .set(Row::from(&next))
        .write(tx)?;
    saved(changed, "payout_batches")?;
    Ok(next)
}

/// A page of batches, newest first.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn list(conn: &mut Conn, after: Option<Position>, fetch: i64) -> Result<Vec<PayoutBatch>, StoreError> {
    let query = payout_batches::table.select(Row::as_select()).into_boxed();
    let rows: Vec<Row> = newest_first!(query, payout_batches, after, fetch).load(conn)?;
    rows.into_iter().map(PayoutBatch::try_from).collect()
}
