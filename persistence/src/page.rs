//! Keyset pages: newest first, continued after the last one seen.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// When the last item was made.
    pub at: DateTime<Utc>,
    /// Its id, which decides among items of one moment.
    pub id: Uuid,
}

/// Narrows a boxed query over a table with `created_at` and `id` to one page, newest first.
///
/// `created_at <= t AND (created_at < t OR id < i)` rather than the obvious `OR`, because both engines then walk the index.
macro_rules! newest_first {
    ($query:expr, $table:ident, $after:expr, $fetch:expr) => {{
        let mut query = $query;
        if let Some(after) = $after {
            let (at, id) = ($crate::types::Moment::from(after.at), $crate::types::Key(after.id));
            query = query.filter($table::created_at.le(at)).filter($table::created_at.lt(at).or($table::id.lt(id)));
        }
        query.order(($table::created_at.desc(), $table::id.desc())).limit($fetch)
    }};
}
pub(crate) use newest_first;

/// A page of rows of a table with `client_id` and `worker_id`, newest first: those with one member on either side, if there
/// is one to look for. `$page` makes the query of a page, which is then asked for each side: an index for both there cannot
/// be, and whoever asked for both at once would have the engine sort all that a member ever had.
macro_rules! of_party {
    ($conn:expr, $table:ident, $party:expr, $page:expr, $fetch:expr) => {
        match $party.map($crate::types::Key::from) {
            Some(party) => {
                let of_client: Vec<Row> = $page().filter($table::client_id.eq(party)).load($conn)?;
                let of_worker: Vec<Row> = $page().filter($table::worker_id.eq(party)).load($conn)?;
                $crate::page::merged([of_client, of_worker], |row: &Row| (row.created_at, row.id), $fetch)
            }
            None => $page().load($conn)?,
        }
    };
}
pub(crate) use of_party;

/// The first page of two that are newest first. What is in both is there once.
pub(crate) fn merged<T, P: Ord>(pages: [Vec<T>; 2], place: impl Fn(&T) -> P, fetch: i64) -> Vec<T> {
    let mut rows: Vec<T> = pages.into_iter().flatten().collect();
    rows.sort_by_key(|row| Reverse(place(row)));
    rows.dedup_by_key(|row| place(row));
    rows.truncate(usize::try_from(fetch).unwrap_or_default());
    rows
}
