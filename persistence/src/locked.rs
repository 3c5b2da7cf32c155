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
pub(crate) struct Locked<Q> {
    query: Q,
    lock: Lock,
}

/// `FOR UPDATE`: the caller means to change these rows.
pub(crate) fn for_update<Q>(query: Q) -> Locked<Q> {
    Locked { query, lock: Lock }
}

#[derive(Debug, Clone, Copy, QueryId)]
struct Lock;

impl QueryFragment<Pg> for Lock {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(" FOR UPDATE");
        Ok(())
    }
}

impl QueryFragment<Sqlite> for Lock {
    fn walk_ast<'b>(&'b self, _: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        Ok(())
    }
}

impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for Locked<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        MultiBackend::walk_variant_ast(&self.lock, out)
    }
}

impl<Q: Query> Query for Locked<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Locked<Q> {}
