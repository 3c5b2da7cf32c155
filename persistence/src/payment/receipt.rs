//! What the bank says has arrived.

use chrono::NaiveDate;
use diesel::prelude::*;
use domain::{
    bank_receipt::{BankReceipt, StatementLine},
    ids::BankReceiptId,
    money::Currency,
};

use crate::{
    error::StoreError,
    locked::for_update,
    page::{Position, newest_first},
    row::{corrupt, money, saved},
    schema::bank_receipts,
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = bank_receipts)]
struct Row {
    id: Key,
    bank_reference: String,
    transfer_reference: Option<String>,
    sender: String,
    currency: String,
    amount: i64,
    received_on: NaiveDate,
    payment_id: Option<Key>,
    recorded_by: Key,
    version: i32,
    created_at: Moment,
    updated_at: Moment,
}

impl TryFrom<Row> for BankReceipt {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = BankReceiptId::from(row.id);
        let currency: Currency = row.currency.parse().map_err(corrupt("bank_receipts", id))?;
        Ok(Self {
            id,
            line: StatementLine {
                bank_reference: row.bank_reference,
                transfer_reference: row.transfer_reference,
                sender: row.sender,
                amount: money(row.amount, currency, "bank_receipts", id)?,
                received_on: row.received_on,
            },
            payment: row.payment_id.map(Into::into),
            recorded_by: row.recorded_by.into(),
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}

/// Records a receipt.
///
/// # Errors
/// [`StoreError::Taken`] when the bank's reference was recorded before.
pub fn add_receipt(tx: &mut Tx<'_>, receipt: &BankReceipt) -> Result<(), StoreError> {
    let line = &receipt.line;
    let row = Row {
        id: receipt.id.into(),
        bank_reference: line.bank_reference.clone(),
        transfer_reference: line.transfer_reference.clone(),
        sender: line.sender.clone(),
        currency: line.amount.currency().to_string(),
        amount: line.amount.amount(),
        received_on: line.received_on,
        payment_id: receipt.payment.map(Key::from),
        recorded_by: receipt.recorded_by.into(),
        version: receipt.version,
        created_at: receipt.created_at.into(),
        updated_at: receipt.updated_at.into(),
    };
    diesel::insert_into(bank_receipts::table).values(row).write(tx)?;
    Ok(())
}

/// Reads a receipt.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn find_receipt(conn: &mut Conn, id: BankReceiptId) -> Result<Option<BankReceipt>, StoreError> {
    let row = bank_receipts::table.find(Key::from(id)).select(Row::as_select()).first(conn).optional()?;
    row.map(BankReceipt::try_from).transpose()
}

/// Reads and locks a receipt, after the payment it is to be matched with.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock_receipt(tx: &mut Tx<'_>, id: BankReceiptId) -> Result<Option<BankReceipt>, StoreError> {
    let query = bank_receipts::table.find(Key::from(id)).select(Row::as_select());
    for_update(query).get_result::<Row>(&mut **tx).optional()?.map(BankReceipt::try_from).transpose()
}

/// Writes which payment a receipt was for.
///
/// # Errors
/// [`StoreError::LostRace`] when it was matched meanwhile.
pub fn save_receipt(tx: &mut Tx<'_>, receipt: &BankReceipt) -> Result<BankReceipt, StoreError> {
    let version = receipt.version + 1;
    let changed = diesel::update(bank_receipts::table.find(Key::from(receipt.id)))
        .filter(bank_receipts::version.eq(receipt.version))
        .set((
            bank_receipts::payment_id.eq(receipt.payment.map(Key::from)),
            bank_receipts::version.eq(version),
            bank_receipts::updated_at.eq(Moment::from(receipt.updated_at)),
        ))
        .write(tx)?;
    saved(changed, "bank_receipts")?;
    Ok(BankReceipt { version, ..receipt.clone() })
}

/// A page of receipts, newest first; those nobody has been found for, if asked.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn receipts(
    conn: &mut Conn,
    unmatched: bool,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<BankReceipt>, StoreError> {
    let mut query = bank_receipts::table.select(Row::as_select()).into_boxed();
    if unmatched {
        query = query.filter(bank_receipts::payment_id.is_null());
    }
    let rows: Vec<Row> = newest_first!(query, bank_receipts, after, fetch).load(conn)?;
    rows.into_iter().map(BankReceipt::try_from).collect()
}
