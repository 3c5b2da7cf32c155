//! Events: one for every observable change, written with it, and numbered such that none appears behind one already read.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{BigInt, Nullable},
};
use domain::{
    event::EventKind,
    ids::{EventId, MemberId},
};

use crate::{
    error::StoreError,
    row::corrupt,
    schema::events,
    store::{Conn, Rows, Tx, on_each},
    types::{Document, Key, Moment},
};

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// What happened, as in `milestone.accepted`.
    pub kind: String,
    /// The id of the resource it happened to.
    pub subject: String,
    /// The client who may read it.
    pub client: Option<MemberId>,
    /// The worker who may read it.
    pub worker: Option<MemberId>,
    /// What else is worth knowing, as small as possible.
    pub data: serde_json::Value,
    /// When it happened, by the marketplace's clock.
    pub occurred_at: DateTime<Utc>,
}

/// An event with its place in the one order that all readers see.
#[derive(Debug, Clone)]
pub struct NumberedEvent {
    /// Its place.
    pub number: i64,
    /// What happened.
    pub event: Event,
}

#[derive(Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = events)]
struct Row {
    id: Key,
    kind: String,
    subject: String,
    client_id: Option<Key>,
    worker_id: Option<Key>,
    data: Document,
    occurred_at: Moment,
}

impl From<Event> for Row {
    fn from(event: Event) -> Self {
        Self {
            id: event.id.into(),
            kind: event.kind,
            subject: event.subject,
            client_id: event.client.map(Key::from),
            worker_id: event.worker.map(Key::from),
            data: Document(event.data),
            occurred_at: event.occurred_at.into(),
        }
    }
}

/// Writes events. On SQLite, where one transaction follows the other, each has its number at once; on PostgreSQL they wait
/// for [`assign_numbers`].
///
/// # Errors
/// Only those of the database.
pub fn record(tx: &mut Tx<'_>, events: Vec<Event>) -> Result<(), StoreError> {
    let insert = || diesel::insert_into(events::table);
    let next = || events::number.eq(sql::<Nullable<BigInt>>("(SELECT COALESCE(MAX(number), 0) + 1 FROM events)"));
    let rows = events.into_iter().map(Row::from).collect();
    tx.insert_later(Rows::New, rows, |row: Row| insert().values((row, next())), |rows| insert().values(rows))
}

/// Whether committed events wait for their number.
///
/// # Errors
/// Only those of the database.
pub fn unnumbered(conn: &mut Conn) -> Result<bool, StoreError> {
    Ok(diesel::select(diesel::dsl::exists(events::table.filter(events::number.is_null()))).get_result(conn)?)
}

/// Numbers every committed event that has no number yet: those of PostgreSQL, and what an older version left on SQLite.
///
/// Numbers are given after commit and by one at a time, so no event can ever appear behind a number already read.
///
/// # Errors
/// Only those of the database.
pub fn assign_numbers(tx: &mut Tx<'_>) -> Result<usize, StoreError> {
    if let Conn::Pg(pg) = &mut **tx {
        diesel::sql_query("SELECT pg_advisory_xact_lock(7310593858020254331)").execute(pg)?;
    }
    let numbering = diesel::sql_query(
        "UPDATE events SET number = fresh.number FROM (
             SELECT id, (SELECT COALESCE(MAX(number), 0) FROM events) + ROW_NUMBER() OVER (ORDER BY id) AS number
             FROM events WHERE number IS NULL
         ) AS fresh WHERE events.id = fresh.id",
    );
    Ok(on_each!(*tx, conn => numbering.execute(conn))?)
}

/// The events that a member may see after a number, in order. Each side is asked for by its own index, or the engine would
/// sort all that the member has yet to read; but both by one statement: of two queries the second may find what was
/// numbered after something that the first would have found, and whoever went on from there never saw that.
///
/// # Errors
/// Only those of the database.
pub fn after(conn: &mut Conn, member: MemberId, number: i64, most: i64) -> Result<Vec<NumberedEvent>, StoreError> {
    let me = Key::from(member);
    let rows: QueryResult<Vec<(Option<i64>, Row)>> = on_each!(conn, conn => {
        let page = || {
            let later = events::table.filter(events::number.gt(number)).order(events::number).limit(most);
            later.select((events::number, Row::as_select()))
        };
        page().filter(events::client_id.eq(me)).union_all(page().filter(events::worker_id.eq(me))).load(conn)
    });
    let numbered = |(number, row): (Option<i64>, Row)| Some(NumberedEvent { number: number?, event: row.into() });
    let mut found: Vec<NumberedEvent> = rows?.into_iter().filter_map(numbered).collect();
    found.sort_unstable_by_key(|event| event.number);
    found.dedup_by_key(|event| event.number);
    found.truncate(usize::try_from(most).unwrap_or_default());
    Ok(found)
}

impl From<Row> for Event {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            kind: row.kind,
            subject: row.subject,
            client: row.client_id.map(Into::into),
            worker: row.worker_id.map(Into::into),
            data: row.data.0,
            occurred_at: row.occurred_at.into(),
        }
    }
}

/// How many events of these kinds concern a member as their own.
///
/// # Errors
/// Those of the database; more of them than a version can count.
pub fn count(conn: &mut Conn, member: MemberId, kinds: &[EventKind]) -> Result<i32, StoreError> {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    let found: i64 = events::table
        .filter(events::client_id.eq(Key::from(member)).and(events::kind.eq_any(kinds)))
        .count()
        .get_result(conn)?;
    i32::try_from(found).map_err(corrupt("events", member))
}
