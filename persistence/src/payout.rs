//! Payouts and what they pay.

mod due;
mod list;

use chrono::NaiveDate;
use diesel::prelude::*;
use domain::{
    ids::{EscrowId, PayoutId},
    money::Currency,
    payout::Payout,
    release::PayoutLine,
};

pub use self::{
    due::{Due, due, lock_processing, mark_sent, processing, unusable, waiting},
    list::{PayoutFilter, list},
};
use crate::{
    bank_account,
    error::StoreError,
    locked::for_update,
    row::{corrupt, money, saved},
    schema::{payout_lines, payouts},
    store::{Conn, Tx, WriteNow, on_each},
    types::{Document, Key, Moment},
};

/// How many rows one statement adds; both engines limit how much they bind at once.
const ROWS: usize = 500;

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = payouts, treat_none_as_null = true)]
struct Row {
    id: Key,
    worker_id: Key,
    kind: String,
    currency: String,
    amount: i64,
    fee: i64,
    fee_tax: i64,
    bank_fee: i64,
    state: String,
    closed_on: Option<NaiveDate>,
    pay_on: NaiveDate,
    batch_id: Option<Key>,
    bank_account: Option<Document>,
    sent_at: Option<Moment>,
    reason: Option<String>,
    bank_reference: Option<String>,
    value_on: Option<NaiveDate>,
    return_reference: Option<String>,
    returned_on: Option<NaiveDate>,
    version: i32,
    created_at: Moment,
    updated_at: Moment,
}

impl Row {
    fn new(payout: &Payout) -> Result<Self, StoreError> {
        let account = payout.account.as_ref().map(bank_account::write).transpose();
        Ok(Self {
            id: payout.id.into(),
            worker_id: payout.worker.into(),
            kind: payout.kind.to_string(),
            currency: payout.amount.currency().to_string(),
            amount: payout.amount.amount(),
            fee: payout.fee.amount(),
            fee_tax: payout.fee_tax.amount(),
            bank_fee: payout.bank_fee.amount(),
            state: payout.state.to_string(),
            closed_on: payout.closed_on,
            pay_on: payout.pay_on,
            batch_id: payout.batch.map(Key::from),
            bank_account: account.map_err(corrupt("payouts", payout.id))?,
            sent_at: payout.sent_at.map(Moment::from),
            reason: payout.reason.clone(),
            bank_reference: payout.bank_reference.clone(),
            value_on: payout.value_on,
            return_reference: payout.return_reference.clone(),
            returned_on: payout.returned_on,
            version: payout.version,
            created_at: payout.created_at.into(),
            updated_at: payout.updated_at.into(),
        })
    }
}

impl TryFrom<Row> for Payout {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = PayoutId::from(row.id);
        let bad = corrupt("payouts", id);
        let currency: Currency = row.currency.parse().map_err(&bad)?;
        let money = |amount| money(amount, currency, "payouts", id);
        Ok(Self {
            id,
            worker: row.worker_id.into(),
            kind: row.kind.parse().map_err(&bad)?,
            amount: money(row.amount)?,
            fee: money(row.fee)?,
            fee_tax: money(row.fee_tax)?,
            bank_fee: money(row.bank_fee)?,
            state: row.state.parse().map_err(&bad)?,
            closed_on: row.closed_on,
            pay_on: row.pay_on,
            batch: row.batch_id.map(Into::into),
            account: row.bank_account.map(bank_account::read).transpose().map_err(corrupt("payouts", id))?,
            sent_at: row.sent_at.map(Into::into),
            reason: row.reason,
            bank_reference: row.bank_reference,
            value_on: row.value_on,
            return_reference: row.return_reference,
            returned_on: row.returned_on,
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}

/// Adds payouts, each with what it pays.
///
/// # Errors
/// [`StoreError::Taken`] when a worker has a payout of that month already.
pub fn insert(tx: &mut Tx<'_>, made: &[(Payout, Vec<PayoutLine>)]) -> Result<(), StoreError> {
    for some in made.chunks(ROWS) {
        let rows = some.iter().map(|(payout, _)| Row::new(payout)).collect::<Result<Vec<_>, _>>()?;
        on_each!(*tx, conn => diesel::insert_into(payouts::table).values(rows).execute(conn))?;
    }
    let numbered = |(payout, lines): &(Payout, Vec<PayoutLine>)| {
        let id = payout.id;
        (0_i32..).zip(lines.clone()).map(move |(number, line)| (id, number, line)).collect::<Vec<_>>()
    };
    let lines: Vec<_> = made.iter().flat_map(numbered).collect();
    for some in lines.chunks(ROWS) {
        let row = |(payout, number, line): &(PayoutId, i32, PayoutLine)| {
            (
                payout_lines::payout_id.eq(Key::from(*payout)),
                payout_lines::line.eq(*number),
                payout_lines::escrow_id.eq(Key::from(line.escrow)),
                payout_lines::amount.eq(line.amount.amount()),
            )
        };
        let rows: Vec<_> = some.iter().map(row).collect();
        on_each!(*tx, conn => diesel::insert_into(payout_lines::table).values(rows).execute(conn))?;
    }
    Ok(())
}

/// Reads a payout.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn find(conn: &mut Conn, id: PayoutId) -> Result<Option<Payout>, StoreError> {
    let row = payouts::table.find(Key::from(id)).select(Row::as_select()).first(conn).optional()?;
    row.map(Payout::try_from).transpose()
}

/// Reads and locks a payout, after its batch and before the worker's bank account and releases.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock(tx: &mut Tx<'_>, id: PayoutId) -> Result<Option<Payout>, StoreError> {
    let query = payouts::table.find(Key::from(id)).select(Row::as_select());
    for_update(query).get_result::<Row>(&mut **tx).optional()?.map(Payout::try_from).transpose()
}

/// Saves a changed payout if it is still as it was read.
///
/// # Errors
/// [`StoreError::LostRace`] otherwise.
pub fn save(tx: &mut Tx<'_>, payout: &Payout) -> Result<Payout, StoreError> {
    let next = Payout { version: payout.version + 1, ..payout.clone() };
    let changed = diesel::update(payouts::table.find(Key::from(payout.id)))
        .filter(payouts::version.eq(payout.version))
        .set(Row::new(&next)?)
        .write(tx)?;
    saved(changed, "payouts")?;
    Ok(next)
}

/// What a payout pays, the oldest release first.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lines(conn: &mut Conn, payout: &Payout) -> Result<Vec<PayoutLine>, StoreError> {
    let rows: Vec<(Key, i64)> = payout_lines::table
        .filter(payout_lines::payout_id.eq(Key::from(payout.id)))
        .order(payout_lines::line)
        .select((payout_lines::escrow_id, payout_lines::amount))
        .load(conn)?;
    let currency = payout.amount.currency();
    let line = |(escrow, amount): (Key, i64)| {
        let escrow = EscrowId::from(escrow);
        Ok(PayoutLine { escrow, amount: money(amount, currency, "payout_lines", escrow)? })
    };
    rows.into_iter().map(line).collect()
}
