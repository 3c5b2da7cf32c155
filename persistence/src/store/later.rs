//! Writes that nobody waits for until the transaction ends, or until it reads again.
//!
//! On PostgreSQL a round trip costs more than most statements, so these are kept and sent as one statement with a `WITH`
//! for each. On SQLite, where there is no way to go, each runs at once. Either way its prepared form is kept.

use diesel::{
    PgConnection, QueryResult, RunQueryDsl, SqliteConnection,
    backend::Backend,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Integer},
    sqlite::Sqlite,
};
use uuid::Uuid;

use super::{Conn, Tx};
use crate::{error::StoreError, row::saved};

/// Which rows a statement writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Exactly this one, or somebody else was first.
    One(&'static str, Uuid),
    /// Exactly one of this table, of which nothing else is written meanwhile.
    Only(&'static str),
    /// Those of these names that belong to this one, as far as they are there.
    Named(&'static str, Uuid, Vec<&'static str>),
    /// Rows that are new, or that nothing else writes meanwhile; however many there are.
    New,
}

impl Rows {
    fn check(&self, written: usize) -> Result<(), StoreError> {
        match self {
            Self::One(table, _) | Self::Only(table) => saved(written, table),
            Self::Named(..) | Self::New => Ok(()),
        }
    }

    /// Whether it matters how many were written.
    const fn has_count(&self) -> bool {
        matches!(self, Self::One(..) | Self::Only(_))
    }

    /// Whether both may touch one row, which PostgreSQL does only once in a statement.
    fn overlap(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::One(table, id), Self::One(other, other_id)) => table == other && id == other_id,
            (Self::Named(table, id, names), Self::Named(other, other_id, others)) => {
                table == other && id == other_id && names.iter().any(|name| others.contains(name))
            }
            (Self::Only(table), Self::Only(other)) => table == other,
            (Self::Only(_), Self::One(..) | Self::Named(..))
            | (Self::One(..) | Self::Named(..), Self::Only(_))
            | (Self::One(..), Self::Named(..))
            | (Self::Named(..), Self::One(..))
            | (Self::New, _)
            | (_, Self::New) => false,
        }
    }
}

struct Write {
    rows: Rows,
    statement: Box<dyn QueryFragment<Pg>>,
}

/// What waits to be written.
#[derive(Default)]
pub(super) struct Waiting(Vec<Write>);

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Waiting({})", self.0.len())
    }
}

impl Waiting {
    pub(super) fn send(&mut self, pg: &mut PgConnection) -> Result<(), StoreError> {
        let writes = std::mem::take(&mut self.0);
        let written = together(pg, writes.iter().map(|write| &*write.statement).collect())?;
        writes.iter().zip(written).try_for_each(|(write, rows)| write.rows.check(rows))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Tx<'_> {
    /// Writes before the transaction reads again, or ends.
    ///
    /// # Errors
    /// Those of the database, of this or of earlier writes; [`StoreError::LostRace`] when a row that must be there is not.
    pub(crate) fn later<S>(&mut self, rows: Rows, statement: S) -> Result<(), StoreError>
    where
        S: QueryFragment<Pg> + QueryFragment<Sqlite> + 'static,
    {
        if let Conn::Sqlite(sqlite) = &mut *self.conn {
            run_now(sqlite, &statement)?;
            return if rows.has_count() { rows.check(written(sqlite)?) } else { Ok(()) };
        }
        self.wait(rows, statement);
        Ok(())
    }

    /// Writes a row for each of these values, by one statement where that is better.
    ///
    /// # Errors
    /// As [`Tx::later`].
    pub(crate) fn insert_later<R, One, Many>(
        &mut self,
        rows: Rows,
        values: Vec<R>,
        one: impl Fn(R) -> One,
        many: impl FnOnce(Vec<R>) -> Many,
    ) -> Result<(), StoreError>
    where
        One: QueryFragment<Sqlite>,
        Many: QueryFragment<Pg> + 'static,
    {
        if values.is_empty() {
            return Ok(());
        }
        if let Conn::Sqlite(sqlite) = &mut *self.conn {
            return values.into_iter().try_for_each(|row| run_now(sqlite, &one(row)));
        }
        self.wait(rows, many(values));
        Ok(())
    }

    fn wait(&mut self, rows: Rows, statement: impl QueryFragment<Pg> + 'static) {
        if self.waiting.0.iter().any(|write| write.rows.overlap(&rows)) {
            self.send_waiting();
        }
        self.waiting.0.push(Write { rows, statement: Box::new(statement) });
    }
}

/// A statement that writes, of which the prepared form is kept like that of those which wait. Not for lists of any length:
/// to SQLite each length is another text.
pub(crate) trait WriteNow: QueryFragment<Pg> + QueryFragment<Sqlite> + Sized {
    /// Writes at once; how many rows.
    ///
    /// # Errors
    /// Those of the database.
    fn write(self, tx: &mut Tx<'_>) -> Result<usize, StoreError> {
        match &mut **tx {
            Conn::Pg(pg) => Ok(together(pg, vec![&self])?.into_iter().sum()),
            Conn::Sqlite(sqlite) => {
                run_now(sqlite, &self)?;
                written(sqlite)
            }
        }
    }
}

impl<S: QueryFragment<Pg> + QueryFragment<Sqlite>> WriteNow for S {}

/// A query whose prepared form is worth keeping, though the engine cannot see that it always has the same text. It must be
/// loaded: what is executed is looked at through a reference, which hides what this says of itself.
pub(crate) struct Kept<Q>(pub(crate) Q);

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for Kept<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q> QueryId for Kept<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Kept<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Kept<Q> {}

/// A statement that answers nothing.
struct Silent<'s>(&'s dyn QueryFragment<Sqlite>);

impl QueryFragment<Sqlite> for Silent<'_> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

impl Query for Silent<'_> {
    type SqlType = Integer;
}

fn run_now(sqlite: &mut SqliteConnection, statement: &dyn QueryFragment<Sqlite>) -> Result<(), StoreError> {
    Kept(Silent(statement)).load::<i32>(sqlite)?;
    Ok(())
}

diesel::define_sql_function! {
    /// How many rows the last statement has written.
    fn changes() -> BigInt;
}

fn written(sqlite: &mut SqliteConnection) -> Result<usize, StoreError> {
    let rows: i64 = diesel::select(changes()).get_result(sqlite)?;
    Ok(usize::try_from(rows).unwrap_or_default())
}

/// How many rows each of these has written.
fn together(pg: &mut PgConnection, statements: Vec<&dyn QueryFragment<Pg>>) -> Result<Vec<usize>, StoreError> {
    let written: Vec<i64> = Kept(Together(statements)).get_result(pg)?;
    Ok(written.into_iter().map(|rows| usize::try_from(rows).unwrap_or_default()).collect())
}

/// Several statements as one.
struct Together<'s>(Vec<&'s dyn QueryFragment<Pg>>);

impl QueryFragment<Pg> for Together<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (place, statement) in self.0.iter().enumerate() {
            out.push_sql(if place == 0 { "WITH " } else { ", " });
            out.push_sql(&format!("w{place} AS ("));
            statement.walk_ast(out.reborrow())?;
            out.push_sql(" RETURNING 1)");
        }
        for place in 0..self.0.len() {
            out.push_sql(if place == 0 { " SELECT ARRAY[" } else { ", " });
            out.push_sql(&format!("(SELECT COUNT(*) FROM w{place})"));
        }
        out.push_sql("]");
        Ok(())
    }
}

impl Query for Together<'_> {
    type SqlType = Array<BigInt>;
}
