//! What workers earned, escrow by escrow, and how much of it waits to be paid out.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{dsl::sql, prelude::*, sql_types::Bool};
use domain::{
    ids::{EscrowId, MemberId},
    money::Currency,
    release::{PayoutLine, Release},
};
use uuid::Uuid;

use crate::{
    error::StoreError,
    locked::for_update,
    row::{corrupt, money, saved},
    schema::releases,
    store::{Conn, Rows, Tx, WriteNow},
    types::{Key, Moment},
};

/// Written out, so that both engines see that the index of what is unpaid holds all that is looked for.
pub(crate) const UNPAID: &str = "releases.remaining > 0";

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
    payment_due_on: NaiveDate,
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
            payment_due_on: row.payment_due_on,
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
        payment_due_on: release.payment_due_on,
    };
    tx.later(Rows::New, diesel::insert_into(releases::table).values(row))
}

/// Leaves nothing to be paid out to somebody in a currency: it is set aside as unclaimed.
///
/// # Errors
/// Only those of the database.
pub fn set_aside(tx: &mut Tx<'_>, worker: MemberId, currency: Currency) -> Result<(), StoreError> {
    let left = releases::table
        .filter(releases::worker_id.eq(Key::from(worker)).and(sql::<Bool>(UNPAID)))
        .filter(releases::currency.eq(currency.as_str()));
    diesel::update(left).set(releases::remaining.eq(0)).write(tx)?;
    Ok(())
}

/// What these workers have left to be paid out in a currency and was released before a moment, if one is given: worker
/// by worker, the oldest first, and locked.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock_unpaid(
    tx: &mut Tx<'_>,
    workers: &[MemberId],
    currency: Currency,
    before: Option<DateTime<Utc>>,
) -> Result<Vec<Release>, StoreError> {
    let workers: Vec<Key> = workers.iter().copied().map(Key::from).collect();
    let before = before.unwrap_or(DateTime::<Utc>::MAX_UTC);
    let query = releases::table
        .filter(releases::worker_id.eq_any(workers).and(sql::<Bool>(UNPAID)))
        .filter(releases::currency.eq(currency.as_str()).and(releases::released_at.lt(Moment::from(before))))
        .order((releases::worker_id, releases::released_at, releases::escrow_id))
        .select(Row::as_select());
    for_update(query).load::<Row>(&mut **tx)?.into_iter().map(Release::try_from).collect()
}

/// The next workers by id who have something left to be paid out that was released before a moment.
///
/// # Errors
/// Only those of the database.
pub fn unpaid_workers(
    conn: &mut Conn,
    currency: Currency,
    before: DateTime<Utc>,
    after: Option<MemberId>,
    most: i64,
) -> Result<Vec<MemberId>, StoreError> {
    let after = Key(after.map_or(Uuid::nil(), MemberId::uuid));
    let workers: Vec<Key> = releases::table
        .filter(releases::worker_id.gt(after).and(sql::<Bool>(UNPAID)))
        .filter(releases::currency.eq(currency.as_str()).and(releases::released_at.lt(Moment::from(before))))
        .select(releases::worker_id)
        .distinct()
        .order(releases::worker_id)
        .limit(most)
        .load(conn)?;
    Ok(workers.into_iter().map(MemberId::from).collect())
}

/// Takes what is in a payout out of what is left of its releases, which are locked.
///
/// # Errors
/// [`StoreError::LostRace`] when there is not that much.
pub fn take(tx: &mut Tx<'_>, lines: &[PayoutLine]) -> Result<(), StoreError> {
    for line in lines {
        let taken = diesel::update(releases::table.find(Key::from(line.escrow)))
            .filter(releases::remaining.ge(line.amount.amount()))
            .set(releases::remaining.eq(releases::remaining - line.amount.amount()))
            .write(tx)?;
        saved(taken, "releases")?;
    }
    Ok(())
}

/// Takes all that is left of releases, which are locked.
///
/// # Errors
/// [`StoreError::LostRace`] when nothing is left of one of them.
pub fn take_all(tx: &mut Tx<'_>, releases: &[Release]) -> Result<(), StoreError> {
    let ids: Vec<Key> = releases.iter().map(|release| release.escrow.into()).collect();
    let whole = releases::table.filter(releases::escrow_id.eq_any(ids).and(sql::<Bool>(UNPAID)));
    let taken = diesel::update(whole).set(releases::remaining.eq(0)).write(tx)?;
    if taken == releases.len() { Ok(()) } else { Err(StoreError::LostRace { table: "releases" }) }
}

/// Gives back what came back of a payout.
///
/// # Errors
/// Those of the database, which refuses more than was released; [`StoreError::LostRace`] when one is not there.
pub fn give_back(tx: &mut Tx<'_>, lines: &[PayoutLine]) -> Result<(), StoreError> {
    for line in lines {
        let given = diesel::update(releases::table.find(Key::from(line.escrow)))
            .set(releases::remaining.eq(releases::remaining + line.amount.amount()))
            .write(tx)?;
        saved(given, "releases")?;
    }
    Ok(())
}
