//! Timers: what is due, when, and taking it exactly once.

use chrono::{DateTime, Utc};
use diesel::{prelude::*, upsert::excluded};
use domain::timer::{TimerChange, TimerKind};
use uuid::Uuid;

use crate::{
    error::StoreError,
    row::corrupt,
    schema::timers,
    store::{Conn, Rows, Tx, WriteNow},
    types::{Key, Moment},
};

/// A timer that is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    /// Whose it is.
    pub subject: Uuid,
    /// What it does.
    pub kind: TimerKind,
    /// When.
    pub due_at: DateTime<Utc>,
}

/// New timers, each instead of what stood there before.
macro_rules! instead {
    ($rows:expr) => {
        diesel::insert_into(timers::table).values($rows).on_conflict((timers::subject, timers::kind)).do_update().set((
            timers::due_at.eq(excluded(timers::due_at)),
            timers::attempts.eq(excluded(timers::attempts)),
            timers::retry_at.eq(excluded(timers::retry_at)),
            timers::last_error.eq(excluded(timers::last_error)),
        ))
    };
}

/// Sets and clears timers of one subject.
///
/// # Errors
/// Only those of the database.
pub fn apply(tx: &mut Tx<'_>, subject: Uuid, changes: &[TimerChange]) -> Result<(), StoreError> {
    let (mut set, mut cleared) = (Vec::new(), Vec::new());
    for change in changes {
        match change {
            TimerChange::Set(kind, due_at) => set.push((kind.as_str(), *due_at)),
            TimerChange::Clear(kind) => cleared.push(kind.as_str()),
        }
    }
    if !cleared.is_empty() {
        let gone = timers::table.filter(timers::subject.eq(Key(subject))).filter(timers::kind.eq_any(cleared.clone()));
        tx.later(Rows::Named("timers", subject, cleared), diesel::delete(gone))?;
    }
    let named = Rows::Named("timers", subject, set.iter().map(|(kind, _)| *kind).collect());
    let row = |(kind, due_at): (&'static str, DateTime<Utc>)| {
        (
            timers::subject.eq(Key(subject)),
            timers::kind.eq(kind),
            timers::due_at.eq(Moment::from(due_at)),
            timers::attempts.eq(0),
            timers::retry_at.eq(Moment::from(due_at)),
            timers::last_error.eq(None::<String>),
        )
    };
    let rows = set.into_iter().map(row).collect();
    tx.insert_later(named, rows, |row| instead!(row), |rows| instead!(rows))
}

/// What is due by `now`, in due order. Timers that failed before wait for their next try.
///
/// # Errors
/// Those of the database, or a kind that makes no sense.
pub fn due(conn: &mut Conn, now: DateTime<Utc>, most: i64) -> Result<Vec<Timer>, StoreError> {
    let rows: Vec<(Key, String, Moment)> = timers::table
        .filter(timers::due_at.le(Moment::from(now)).and(timers::retry_at.le(Moment::from(now))))
        .order((timers::due_at, timers::subject, timers::kind))
        .limit(most)
        .select((timers::subject, timers::kind, timers::due_at))
        .load(conn)?;
    rows.into_iter().map(read).collect()
}

fn read((subject, kind, due_at): (Key, String, Moment)) -> Result<Timer, StoreError> {
    let kind = kind.parse().map_err(corrupt("timers", subject.0))?;
    Ok(Timer { subject: subject.0, kind, due_at: due_at.into() })
}

/// Takes a timer out, inside the transaction that does what it stands for and after that has locked its subject.
/// False if somebody else was first, or it was moved.
///
/// # Errors
/// Only those of the database.
pub fn take(tx: &mut Tx<'_>, timer: &Timer) -> Result<bool, StoreError> {
    let found = timers::table
        .find((Key(timer.subject), timer.kind.as_str()))
        .filter(timers::due_at.eq(Moment::from(timer.due_at)));
    Ok(diesel::delete(found).write(tx)? == 1)
}

/// Whether something of this kind is still to come.
///
/// # Errors
/// Only those of the database.
pub fn is_set(conn: &mut Conn, subject: Uuid, kind: TimerKind) -> Result<bool, StoreError> {
    let found = timers::table.find((Key(subject), kind.as_str()));
    Ok(diesel::select(diesel::dsl::exists(found)).get_result(conn)?)
}

/// For which of these something of this kind is still to come.
///
/// # Errors
/// Only those of the database.
pub fn set_among(conn: &mut Conn, subjects: &[Uuid], kind: TimerKind) -> Result<Vec<Uuid>, StoreError> {
    let found: Vec<Key> = timers::table
        .filter(timers::subject.eq_any(subjects.iter().copied().map(Key)).and(timers::kind.eq(kind.as_str())))
        .select(timers::subject)
        .load(conn)?;
    Ok(found.into_iter().map(|key| key.0).collect())
}

/// Puts a timer off that could not be fired, so that the others go on; one that was moved meanwhile is left as it is.
///
/// # Errors
/// Only those of the database.
pub fn put_off(tx: &mut Tx<'_>, timer: &Timer, until: DateTime<Utc>, why: &str) -> Result<(), StoreError> {
    let failed = timers::table
        .find((Key(timer.subject), timer.kind.as_str()))
        .filter(timers::due_at.eq(Moment::from(timer.due_at)));
    diesel::update(failed)
        .set((
            timers::attempts.eq(timers::attempts + 1),
            timers::retry_at.eq(Moment::from(until)),
            timers::last_error.eq(Some(why)),
        ))
        .write(tx)?;
    Ok(())
}
