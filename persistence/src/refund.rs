//! Refunds, and what of a payment can still go back.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use domain::{
    ids::{MemberId, PaymentId, RefundId},
    money::{Currency, Money},
    payment::Payment,
    refund::{self, Refund, RefundState},
};

use crate::{
    bank_account,
    error::StoreError,
    locked::for_update,
    page::{Position, newest_first},
    payment,
    row::{corrupt, money, saved},
    schema::{bank_receipts, payments, refunds},
    store::{Conn, Tx, WriteNow},
    types::{Document, Key, Moment},
};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = refunds, treat_none_as_null = true)]
struct Row {
    id: Key,
    payment_id: Key,
    client_id: Key,
    method: String,
    currency: String,
    amount: i64,
    state: String,
    bank_account: Option<Document>,
    reference: Option<String>,
    value_on: Option<NaiveDate>,
    reason: Option<String>,
    version: i32,
    created_at: Moment,
    updated_at: Moment,
}

impl Row {
    fn new(refund: &Refund) -> Result<Self, StoreError> {
        let account = refund.account.as_ref().map(bank_account::write).transpose();
        Ok(Self {
            id: refund.id.into(),
            payment_id: refund.payment.into(),
            client_id: refund.client.into(),
            method: refund.method.to_string(),
            currency: refund.amount.currency().to_string(),
            amount: refund.amount.amount(),
            state: refund.state.to_string(),
            bank_account: account.map_err(corrupt("refunds", refund.id))?,
            reference: refund.reference.clone(),
            value_on: refund.value_on,
            reason: refund.reason.clone(),
            version: refund.version,
            created_at: refund.created_at.into(),
            updated_at: refund.updated_at.into(),
        })
    }
}

impl TryFrom<Row> for Refund {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = RefundId::from(row.id);
        let bad = corrupt("refunds", id);
        let currency: Currency = row.currency.parse().map_err(&bad)?;
        Ok(Self {
            id,
            payment: row.payment_id.into(),
            client: row.client_id.into(),
            method: row.method.parse().map_err(&bad)?,
            amount: money(row.amount, currency, "refunds", id)?,
            state: row.state.parse().map_err(&bad)?,
            account: row.bank_account.map(bank_account::read).transpose().map_err(corrupt("refunds", id))?,
            reference: row.reference,
            value_on: row.value_on,
            reason: row.reason,
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}

/// Adds a refund.
///
/// # Errors
/// Only those of the database.
pub fn insert(tx: &mut Tx<'_>, refund: &Refund) -> Result<(), StoreError> {
    diesel::insert_into(refunds::table).values(Row::new(refund)?).write(tx)?;
    Ok(())
}

/// Reads a refund.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn find(conn: &mut Conn, id: RefundId) -> Result<Option<Refund>, StoreError> {
    let row = refunds::table.find(Key::from(id)).select(Row::as_select()).first(conn).optional()?;
    row.map(Refund::try_from).transpose()
}

/// Reads and locks a refund, after its client and before the accounts of the ledger.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock(tx: &mut Tx<'_>, id: RefundId) -> Result<Option<Refund>, StoreError> {
    let query = refunds::table.find(Key::from(id)).select(Row::as_select());
    for_update(query).get_result::<Row>(&mut **tx).optional()?.map(Refund::try_from).transpose()
}

/// Saves a changed refund if it is still as it was read.
///
/// # Errors
/// [`StoreError::LostRace`] otherwise.
pub fn save(tx: &mut Tx<'_>, refund: &Refund) -> Result<Refund, StoreError> {
    let next = Refund { version: refund.version + 1, ..refund.clone() };
    let changed = diesel::update(refunds::table.find(Key::from(refund.id)))
        .filter(refunds::version.eq(refund.version))
        .set(Row::new(&next)?)
        .write(tx)?;
    saved(changed, "refunds")?;
    Ok(next)
}

/// Which refunds to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct RefundFilter {
    /// Of one client.
    pub client: Option<MemberId>,
    /// In one state.
    pub state: Option<RefundState>,
}

/// A page of refunds, newest first.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn list(
    conn: &mut Conn,
    filter: RefundFilter,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<Refund>, StoreError> {
    let mut query = refunds::table.select(Row::as_select()).into_boxed();
    if let Some(client) = filter.client {
        query = query.filter(refunds::client_id.eq(Key::from(client)));
    }
    if let Some(state) = filter.state {
        query = query.filter(refunds::state.eq(state.as_str()));
    }
    let rows: Vec<Row> = newest_first!(query, refunds, after, fetch).load(conn)?;
    rows.into_iter().map(Refund::try_from).collect()
}

/// What the rows of each payment add up to.
fn sums(rows: Vec<(Key, i64)>) -> HashMap<Key, i64> {
    rows.into_iter().fold(HashMap::new(), |mut sums, (payment, amount)| {
        *sums.entry(payment).or_default() += amount;
        sums
    })
}

/// What each payment brought in by its own way, less what went back of it or is on its way. Transfers that came for a
/// payment when it was over count, too. With the payments locked it stays so until the transaction ends.
///
/// # Errors
/// Those of the database, or rows that make no sense.
pub fn left(conn: &mut Conn, payments: &[Payment]) -> Result<HashMap<PaymentId, Money>, StoreError> {
    let ids: Vec<Key> = payments.iter().map(|payment| payment.id.into()).collect();
    let went_back: Vec<(Key, i64)> = refunds::table
        .filter(refunds::payment_id.eq_any(ids.clone()).and(refunds::state.eq_any(counting())))
        .select((refunds::payment_id, refunds::amount))
        .load(conn)?;
    let transferred: Vec<(Key, i64)> = bank_receipts::table
        .filter(bank_receipts::payment_id.eq_any(ids.into_iter().map(Some).collect::<Vec<_>>()))
        .select((bank_receipts::payment_id.assume_not_null(), bank_receipts::amount))
        .load(conn)?;
    let (went_back, transferred) = (sums(went_back), sums(transferred));
    let left = |payment: &Payment| Ok((payment.id, left_of(payment, &transferred, &went_back)?));
    payments.iter().map(left).collect()
}

/// The states of refunds whose amount has left its payment.
fn counting() -> Vec<&'static str> {
    RefundState::ALL.iter().filter(|state| state.counts()).map(|state| state.as_str()).collect()
}

fn left_of(
    payment: &Payment,
    transferred: &HashMap<Key, i64>,
    went_back: &HashMap<Key, i64>,
) -> Result<Money, StoreError> {
    let sum = |sums: &HashMap<Key, i64>| {
        let sum = sums.get(&Key::from(payment.id)).copied().unwrap_or(0);
        money(sum, payment.amount.currency(), "payments", payment.id)
    };
    refund::left(payment, sum(transferred)?, sum(went_back)?).map_err(corrupt("payments", payment.id))
}

/// A client's payments of which something is left that can go back, newest first, each with how much.
///
/// # Errors
/// Those of the database, or rows that make no sense.
pub fn refundable(conn: &mut Conn, client: MemberId, currency: Currency) -> Result<Vec<(Payment, Money)>, StoreError> {
    let payments = payment::of_client(conn, client, currency)?;
    // By the client: their payments may be more than a statement can name.
    let me = Key::from(client);
    let went_back: Vec<(Key, i64)> = refunds::table
        .filter(refunds::client_id.eq(me).and(refunds::state.eq_any(counting())))
        .select((refunds::payment_id, refunds::amount))
        .load(conn)?;
    let transferred: Vec<(Key, i64)> = bank_receipts::table
        .inner_join(payments::table.on(bank_receipts::payment_id.eq(payments::id.nullable())))
        .filter(payments::client_id.eq(me))
        .select((payments::id, bank_receipts::amount))
        .load(conn)?;
    let (went_back, transferred) = (sums(went_back), sums(transferred));
    let mut refundable = Vec::new();
    for payment in payments {
        let left = left_of(&payment, &transferred, &went_back)?;
        if left.is_positive() {
            refundable.push((payment, left));
        }
    }
    Ok(refundable)
}
