//! What was ever released between a client and a worker, where fees accumulate over all their contracts.

use std::collections::HashMap;

use diesel::prelude::*;
use domain::{
    ids::MemberId,
    money::{Currency, Money},
};

use crate::{
    error::StoreError,
    locked::for_update,
    row::{corrupt, money, saved},
    schema::relations,
    store::{Conn, Tx, WriteNow, on_each},
    types::Key,
};

/// A client, a worker, and the currency of their contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pair {
    /// Who pays.
    pub client: MemberId,
    /// Who works.
    pub worker: MemberId,
    /// In which currency.
    pub currency: Currency,
}

/// Locks what was released between the two: nothing, if it is the first time that anything is. It comes after contract,
/// milestones and escrows in the order of locks, and before the accounts of the ledger.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock(tx: &mut Tx<'_>, pair: Pair) -> Result<Money, StoreError> {
    let first = (
        relations::client_id.eq(Key::from(pair.client)),
        relations::worker_id.eq(Key::from(pair.worker)),
        relations::currency.eq(pair.currency.as_str()),
        relations::released.eq(0),
    );
    on_each!(*tx, conn => {
        diesel::insert_into(relations::table).values(first).on_conflict_do_nothing().execute(conn)
    })?;
    let query = relations::table
        .find((Key::from(pair.client), Key::from(pair.worker), pair.currency.as_str()))
        .select(relations::released);
    let released: i64 = for_update(query).get_result(&mut **tx)?;
    money(released, pair.currency, "relations", pair.client)
}

/// Adds a release to what was released between the two, after [`lock`] in the same transaction.
///
/// # Errors
/// [`StoreError::LostRace`] if it was not locked before.
pub fn add(tx: &mut Tx<'_>, client: MemberId, worker: MemberId, released: Money) -> Result<(), StoreError> {
    let row = relations::table.find((Key::from(client), Key::from(worker), released.currency().as_str()));
    let changed = diesel::update(row).set(relations::released.eq(relations::released + released.amount())).write(tx)?;
    saved(changed, "relations")
}

/// What was released so far between these and those, without locking. Pairs without anything are not in it.
///
/// # Errors
/// Those of the database, or rows that make no sense.
pub fn released(conn: &mut Conn, pairs: &[(MemberId, MemberId)]) -> Result<HashMap<Pair, Money>, StoreError> {
    let (clients, workers): (Vec<Key>, Vec<Key>) =
        pairs.iter().map(|(client, worker)| (Key::from(*client), Key::from(*worker))).unzip();
    let rows: Vec<(Key, Key, String, i64)> = relations::table
        .filter(relations::client_id.eq_any(clients).and(relations::worker_id.eq_any(workers)))
        .load(conn)?;
    let read = |(client, worker, currency, amount): (Key, Key, String, i64)| {
        let client: MemberId = client.into();
        let currency = currency.parse().map_err(corrupt("relations", client))?;
        let pair = Pair { client, worker: worker.into(), currency };
        Ok((pair, money(amount, currency, "relations", client)?))
    };
    rows.into_iter().map(read).collect()
}
