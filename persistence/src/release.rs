//! What workers earned, escrow by escrow, and how much of it waits to be paid out.

use chrono::NaiveDate;
use diesel::prelude::*;
use domain::{
    ids::{EscrowId, MemberId},
    money::Currency,
    release::Release,
};

use crate::{
    error::StoreError,
    row::{corrupt, money},
    schema::releases,
    store::Tx,
    types::{Key, Moment},
};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = releases)]
struct Row {
    escrow_id: Key,
    worker_id: Key,
    contract_id: Key,
    currency: String,
    net: i64,
    remaining: i64,
    released_at: Moment,
    pay_by: NaiveDate,
}

impl TryFrom<Row> for Release {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let escrow = EscrowId::from(row.escrow_id);
        let currency: Currency = row.currency.parse().map_err(corrupt("releases", escrow))?;
        Ok(Self {
            escrow,
            worker: row.worker_id.into(),
            contract: row.contract_id.into(),
            net: money(row.net, currency, "releases", escrow)?,
            remaining: money(row.remaining, currency, "releases", escrow)?,
            released_at: row.released_at.into(),
            pay_by: row.pay_by,
        })
    }
}

/// Notes what an escrow has released.
///
/// # Errors
/// Only those of the database.
pub fn insert(tx: &mut Tx<'_>, release: &Release) -> Result<(), StoreError> {
    let row = Row {
        escrow_id: release.escrow.into(),
        worker_id: release.worker.into(),
        contract_id: release.contract.into(),
        currency: release.net.currency().to_string(),
        net: release.net.amount(),
        remaining: release.remaining.amount(),
        released_at: release.released_at.into(),
        pay_by: release.pay_by,
    };
    diesel::insert_into(releases::table).values(row).execute(&mut **tx)?;
    Ok(())
}

/// Leaves nothing to be paid out to somebody in a currency: it is set aside as unclaimed.
///
/// # Errors
/// Only those of the database.
pub fn set_aside(tx: &mut Tx<'_>, worker: MemberId, currency: Currency) -> Result<(), StoreError> {
    let left = releases::table
        .filter(releases::worker_id.eq(Key::from(worker)).and(releases::currency.eq(currency.as_str())))
        .filter(releases::remaining.gt(0));
    diesel::update(left).set(releases::remaining.eq(0)).execute(&mut **tx)?;
    Ok(())
}
