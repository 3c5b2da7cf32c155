//! Payouts on their way to the bank: which are due, and which are in a batch.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl::{exists, not},
    prelude::*,
};
use domain::{
    bank_account::{BankAccount, BankAccountState},
    ids::PayoutBatchId,
    payout::{Payout, PayoutState},
};

use super::Row;
use crate::{
    bank_account,
    error::StoreError,
    locked::for_update,
    schema::{bank_accounts, payouts},
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

/// A payout that can go to the bank, and where it goes.
pub type Due = (Payout, BankAccount);

/// The payouts that wait and are due by a day, the earliest first, each with the usable account of its worker; locked.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn due(tx: &mut Tx<'_>, by: NaiveDate, most: i64) -> Result<Vec<Due>, StoreError> {
    let query = payouts::table
        .inner_join(bank_accounts::table.on(bank_accounts::member_id.eq(payouts::worker_id)))
        .filter(payouts::state.eq(PayoutState::Requested.as_str()).and(payouts::pay_on.le(by)))
        .filter(bank_accounts::state.eq(BankAccountState::Usable.as_str()))
        .order((payouts::pay_on, payouts::created_at, payouts::id))
        .limit(most)
        .select((Row::as_select(), bank_account::Row::as_select()));
    let rows: Vec<(Row, bank_account::Row)> = for_update(query).load(&mut **tx)?;
    rows.into_iter().map(|(payout, account)| Ok((payout.try_into()?, account.try_into()?))).collect()
}

/// How many payouts wait and are due by a day, but cannot go to the bank, because their workers have no usable account.
///
/// # Errors
/// Only those of the database.
pub fn unusable(conn: &mut Conn, by: NaiveDate) -> Result<i64, StoreError> {
    let usable = bank_accounts::table
        .filter(bank_accounts::member_id.eq(payouts::worker_id))
        .filter(bank_accounts::state.eq(BankAccountState::Usable.as_str()));
    let query = payouts::table
        .filter(payouts::state.eq(PayoutState::Requested.as_str()).and(payouts::pay_on.le(by)))
        .filter(not(exists(usable)));
    Ok(query.count().get_result(conn)?)
}

/// How many payouts wait and are due by a day.
///
/// # Errors
/// Only those of the database.
pub fn waiting(conn: &mut Conn, by: NaiveDate) -> Result<i64, StoreError> {
    let query = payouts::table.filter(payouts::state.eq(PayoutState::Requested.as_str()).and(payouts::pay_on.le(by)));
    Ok(query.count().get_result(conn)?)
}

/// The payouts of a batch for which the bank has not answered, locked. The batch is locked before.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock_processing(tx: &mut Tx<'_>, batch: PayoutBatchId) -> Result<Vec<Payout>, StoreError> {
    let query = payouts::table
        .filter(payouts::batch_id.eq(Key::from(batch)))
        .filter(payouts::state.eq(PayoutState::Processing.as_str()))
        .order(payouts::id)
        .select(Row::as_select());
    for_update(query).load::<Row>(&mut **tx)?.into_iter().map(Payout::try_from).collect()
}

/// How many payouts of a batch the bank has not answered for.
///
/// # Errors
/// Only those of the database.
pub fn processing(conn: &mut Conn, batch: PayoutBatchId) -> Result<i64, StoreError> {
    let query = payouts::table
        .filter(payouts::batch_id.eq(Key::from(batch)))
        .filter(payouts::state.eq(PayoutState::Processing.as_str()));
    Ok(query.count().get_result(conn)?)
}

/// Notes with each payout of a batch that the bank has it now. The batch is locked before.
///
/// # Errors
/// Only those of the database.
pub fn mark_sent(tx: &mut Tx<'_>, batch: PayoutBatchId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let own = payouts::table
        .filter(payouts::batch_id.eq(Key::from(batch)))
        .filter(payouts::state.eq(PayoutState::Processing.as_str()));
    diesel::update(own)
        .set((
            payouts::sent_at.eq(Some(Moment::from(now))),
            payouts::version.eq(payouts::version + 1),
            payouts::updated_at.eq(Moment::from(now)),
        ))
        .write(tx)?;
    Ok(())
}
