//! Keyset pages: newest first, continued after the last one seen.

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
