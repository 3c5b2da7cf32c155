//! How often something was done of late, such as guessing wrong, by keyed hashes of what is counted.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::guessing::Tally;

use crate::{
    error::StoreError,
    locked::for_update,
    row::forgotten_by_age,
    schema::tallies,
    store::{Conn, Tx, WriteNow},
    types::Moment,
};

/// What is remembered of subjects; of some perhaps nothing.
///
/// # Errors
/// Only those of the database.
pub fn read(conn: &mut Conn, subjects: &[&[u8]]) -> Result<Vec<(Vec<u8>, Tally)>, StoreError> {
    let rows: Vec<(Vec<u8>, i32, Moment)> = tallies::table
        .filter(tallies::subject.eq_any(subjects))
        .select((tallies::subject, tallies::times, tallies::last_at))
        .load(conn)?;
    let tally = |(subject, times, last_at): (_, _, Moment)| (subject, Tally { times, last_at: last_at.into() });
    Ok(rows.into_iter().map(tally).collect())
}

/// Counts one time more, unless `enough` says of those that still count that it was done often enough: then what it says.
/// Who counts the same at the same moment waits. Those before `forgotten` no longer count.
///
/// # Errors
/// Only those of the database.
pub fn add<T>(
    tx: &mut Tx<'_>,
    subject: &[u8],
    now: DateTime<Utc>,
    forgotten: DateTime<Utc>,
    enough: impl FnOnce(Tally) -> Option<T>,
) -> Result<Option<T>, StoreError> {
    let query = tallies::table.find(subject).select((tallies::times, tallies::last_at));
    let known: Option<(i32, Moment)> = for_update(query).get_result(&mut **tx).optional()?;
    let Some((times, last_at)) = known else {
        let first = (tallies::subject.eq(subject), tallies::times.eq(1), tallies::last_at.eq(Moment::from(now)));
        diesel::insert_into(tallies::table).values(first).write(tx).map_err(StoreError::raced)?;
        return Ok(None);
    };
    let tally = Some(Tally { times, last_at: last_at.into() }).filter(|tally| tally.last_at > forgotten);
    if let Some(said) = tally.and_then(enough) {
        return Ok(Some(said));
    }
    diesel::update(tallies::table.find(subject))
        .set((
            tallies::times.eq(tally.map_or(0, |tally| tally.times).saturating_add(1)),
            tallies::last_at.eq(Moment::from(now)),
        ))
        .write(tx)?;
    Ok(None)
}

/// Forgets what was counted for these.
///
/// # Errors
/// Only those of the database.
pub fn clear(tx: &mut Tx<'_>, subjects: &[&[u8]]) -> Result<(), StoreError> {
    diesel::delete(tallies::table.filter(tallies::subject.eq_any(subjects))).write(tx)?;
    Ok(())
}

forgotten_by_age!(tallies, last_at);
