//! Failed guesses at passwords and codes, by keyed hashes of whom and from where.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::guessing::Tally;

use crate::{
    error::StoreError,
    locked::for_update,
    row::forgotten_by_age,
    schema::guesses,
    store::{Conn, Tx, WriteNow},
    types::Moment,
};

/// What is remembered of subjects; of some perhaps nothing.
///
/// # Errors
/// Only those of the database.
pub fn tallies(conn: &mut Conn, subjects: &[&[u8]]) -> Result<Vec<(Vec<u8>, Tally)>, StoreError> {
    let rows: Vec<(Vec<u8>, i32, Moment)> = guesses::table
        .filter(guesses::subject.eq_any(subjects))
        .select((guesses::subject, guesses::failures, guesses::last_at))
        .load(conn)?;
    let tally = |(subject, failures, last_at): (_, _, Moment)| (subject, Tally { failures, last_at: last_at.into() });
    Ok(rows.into_iter().map(tally).collect())
}

/// Counts one more failure; those before `forgotten` no longer count.
///
/// # Errors
/// Only those of the database.
pub fn failed(tx: &mut Tx<'_>, subject: &[u8], now: DateTime<Utc>, forgotten: DateTime<Utc>) -> Result<(), StoreError> {
    let query = guesses::table.find(subject).select((guesses::failures, guesses::last_at));
    let known: Option<(i32, Moment)> = for_update(query).get_result(&mut **tx).optional()?;
    let Some((failures, last_at)) = known else {
        let first = (guesses::subject.eq(subject), guesses::failures.eq(1), guesses::last_at.eq(Moment::from(now)));
        diesel::insert_into(guesses::table).values(first).write(tx).map_err(StoreError::raced)?;
        return Ok(());
    };
    let failures = if DateTime::from(last_at) <= forgotten { 1 } else { failures.saturating_add(1) };
    diesel::update(guesses::table.find(subject))
        .set((guesses::failures.eq(failures), guesses::last_at.eq(Moment::from(now))))
        .write(tx)?;
    Ok(())
}

/// Forgets the failures of those who have succeeded.
///
/// # Errors
/// Only those of the database.
pub fn forgive(tx: &mut Tx<'_>, subjects: &[Vec<u8>]) -> Result<(), StoreError> {
    diesel::delete(guesses::table.filter(guesses::subject.eq_any(subjects))).write(tx)?;
    Ok(())
}

forgotten_by_age!(guesses, last_at);
