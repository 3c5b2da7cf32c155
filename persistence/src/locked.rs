//! Row locks, which only PostgreSQL needs: SQLite has one writer.

use diesel::{
    QueryResult, RunQueryDsl,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sqlite::Sqlite,
};

use crate::store::MultiBackend;

/// A query whose rows stay locked until the transaction ends.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct Locked<Q, L> {
    query: Q,
    lock: L,
}

/// `FOR UPDATE`: the caller means to change these rows.
pub(crate) fn for_update<Q>(query: Q) -> Locked<Q, Update> {
    Locked { query, lock: Update }
}

/// `FOR SHARE`: the caller relies on these rows staying as they are, as others may at the same time.
pub(crate) fn for_share<Q>(query: Q) -> Locked<Q, Share> {
    Locked { query, lock: Share }
}

macro_rules! lock {
    ($name:ident $sql:literal) => {
        #[derive(Debug, Clone, Copy, QueryId)]
        pub(crate) struct $name;

        impl QueryFragment<Pg> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql($sql);
                Ok(())
            }
        }

        impl QueryFragment<Sqlite> for $name {
            fn walk_ast<'b>(&'b self, _: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
                Ok(())
            }
        }
    };
}

lock!(Update " FOR UPDATE");
lock!(Share " FOR SHARE");

impl<Q: QueryFragment<MultiBackend>, L: QueryFragment<Pg> + QueryFragment<Sqlite>> QueryFragment<MultiBackend>
    for Locked<Q, L>
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        MultiBackend::walk_variant_ast(&self.lock, out)
    }
}

impl<Q: QueryFragment<Pg>, L: QueryFragment<Pg>> QueryFragment<Pg> for Locked<Q, L> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        self.lock.walk_ast(out)
    }
}

impl<Q: QueryFragment<Sqlite>, L> QueryFragment<Sqlite> for Locked<Q, L> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.query.walk_ast(out)
    }
}

impl<Q: Query, L> Query for Locked<Q, L> {
    type SqlType = Q::SqlType;
}

impl<Q, L, C> RunQueryDsl<C> for Locked<Q, L> {}
