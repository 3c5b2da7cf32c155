//! What staff know better than the law about the days on which banks are open.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use domain::{business_calendar::BusinessCalendar, ids::MemberId};

use crate::{
    error::StoreError,
    schema::calendar_overrides,
    store::{Conn, Tx, WriteNow, on_each},
    types::{Key, Moment},
};

/// A day of which staff know better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// Which day.
    pub day: NaiveDate,
    /// Whether banks are open.
    pub is_business_day: bool,
    /// Why.
    pub note: String,
    /// Who said so.
    pub author_id: MemberId,
    /// When.
    pub updated_at: DateTime<Utc>,
}

type Row = (NaiveDate, bool, String, Key, Moment);

/// The calendar as it stands.
///
/// # Errors
/// Only those of the database.
pub fn read(conn: &mut Conn) -> Result<BusinessCalendar, StoreError> {
    let rows: Vec<(NaiveDate, bool)> = calendar_overrides::table
        .select((calendar_overrides::day_on, calendar_overrides::is_business_day))
        .load(conn)?;
    Ok(BusinessCalendar::new(rows.into_iter().collect()))
}

/// A page of overrides, by day, after one.
///
/// # Errors
/// Only those of the database.
pub fn overrides(conn: &mut Conn, after: Option<NaiveDate>, fetch: i64) -> Result<Vec<Override>, StoreError> {
    let mut query = calendar_overrides::table.select(calendar_overrides::all_columns).into_boxed();
    if let Some(after) = after {
        query = query.filter(calendar_overrides::day_on.gt(after));
    }
    let rows: Vec<Row> = query.order(calendar_overrides::day_on).limit(fetch).load(conn)?;
    let read = |(day, is_business_day, note, author_id, updated_at): Row| Override {
        day,
        is_business_day,
        note,
        author_id: author_id.into(),
        updated_at: updated_at.into(),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// What is said of a day, if anything is: whether banks are open.
///
/// # Errors
/// Only those of the database.
pub fn find(conn: &mut Conn, day: NaiveDate) -> Result<Option<bool>, StoreError> {
    let said = calendar_overrides::table.find(day).select(calendar_overrides::is_business_day);
    Ok(said.first(conn).optional()?)
}

/// Says of a day whether banks are open, in place of what was said before.
///
/// # Errors
/// Only those of the database.
pub fn put(tx: &mut Tx<'_>, said: &Override) -> Result<(), StoreError> {
    let what = (
        calendar_overrides::is_business_day.eq(said.is_business_day),
        calendar_overrides::note.eq(said.note.clone()),
        calendar_overrides::author_id.eq(Key::from(said.author_id)),
        calendar_overrides::updated_at.eq(Moment::from(said.updated_at)),
    );
    let row = (calendar_overrides::day_on.eq(said.day), what.clone());
    on_each!(*tx, conn => {
        diesel::insert_into(calendar_overrides::table)
            .values(row)
            .on_conflict(calendar_overrides::day_on)
            .do_update()
            .set(what)
            .execute(conn)
    })?;
    Ok(())
}

/// Takes back what was said of a day; false if nothing was.
///
/// # Errors
/// Only those of the database.
pub fn remove(tx: &mut Tx<'_>, day: NaiveDate) -> Result<bool, StoreError> {
    Ok(diesel::delete(calendar_overrides::table.find(day)).write(tx)? == 1)
}
