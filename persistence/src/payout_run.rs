//! Monthly runs: which months were closed, and how far a run has come that is under way.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use domain::{
    ids::MemberId,
    money::{Currency, Money},
};

use crate::{
    error::StoreError,
    locked::for_update,
    row::{money, saved},
    schema::payout_runs,
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

/// The close of one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The last day of the month.
    pub closed_on: NaiveDate,
    /// Its payday.
    pub pay_on: NaiveDate,
    /// The last worker who was looked at; workers are taken in the order of their ids.
    pub last_worker: Option<MemberId>,
    /// How many payouts it has made.
    pub payouts: i64,
    /// Of how much in all; only yen is paid out.
    pub total: Money,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When nobody was left.
    pub finished_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = payout_runs, primary_key(closed_on), treat_none_as_null = true)]
struct Row {
    closed_on: NaiveDate,
    pay_on: NaiveDate,
    state: String,
    last_worker_id: Option<Key>,
    payouts: i64,
    total: i64,
    started_at: Moment,
    finished_at: Option<Moment>,
}

impl From<&Run> for Row {
    fn from(run: &Run) -> Self {
        Self {
            closed_on: run.closed_on,
            pay_on: run.pay_on,
            state: if run.finished_at.is_some() { "done" } else { RUNNING }.to_owned(),
            last_worker_id: run.last_worker.map(Key::from),
            payouts: run.payouts,
            total: run.total.amount(),
            started_at: run.started_at.into(),
            finished_at: run.finished_at.map(Moment::from),
        }
    }
}

impl TryFrom<Row> for Run {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            closed_on: row.closed_on,
            pay_on: row.pay_on,
            last_worker: row.last_worker_id.map(Into::into),
            payouts: row.payouts,
            total: money(row.total, Currency::Jpy, "payout_runs", row.closed_on)?,
            started_at: row.started_at.into(),
            finished_at: row.finished_at.map(Into::into),
        })
    }
}

const RUNNING: &str = "running";

/// The run that is under way, locked.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock_running(tx: &mut Tx<'_>) -> Result<Option<Run>, StoreError> {
    let query = payout_runs::table
        .filter(payout_runs::state.eq(RUNNING))
        .order(payout_runs::closed_on)
        .limit(1)
        .select(Row::as_select());
    for_update(query).get_result::<Row>(&mut **tx).optional()?.map(Run::try_from).transpose()
}

/// Begins a run.
///
/// # Errors
/// [`StoreError::Transient`] when somebody else has just begun it.
pub fn insert(tx: &mut Tx<'_>, run: &Run) -> Result<(), StoreError> {
    let begun = diesel::insert_into(payout_runs::table).values(Row::from(run)).write(tx);
    begun.map(drop).map_err(StoreError::raced)
}

/// Notes how far a run has come; it is locked.
///
/// # Errors
/// Those of the database; [`StoreError::LostRace`] when it is not there.
pub fn save(tx: &mut Tx<'_>, run: &Run) -> Result<(), StoreError> {
    let changed = diesel::update(payout_runs::table.find(run.closed_on)).set(Row::from(run)).write(tx)?;
    saved(changed, "payout_runs")
}

/// A page of runs, newest first, after the close of a month.
///
/// # Errors
/// Those of the database, or rows that make no sense.
pub fn list(conn: &mut Conn, after: Option<NaiveDate>, fetch: i64) -> Result<Vec<Run>, StoreError> {
    let mut query = payout_runs::table.select(Row::as_select()).into_boxed();
    if let Some(after) = after {
        query = query.filter(payout_runs::closed_on.lt(after));
    }
    let rows: Vec<Row> = query.order(payout_runs::closed_on.desc()).limit(fetch).load(conn)?;
    rows.into_iter().map(Run::try_from).collect()
}
