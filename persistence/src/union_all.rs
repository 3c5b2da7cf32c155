//! Many queries of one shape in one statement.

use diesel::{
    QueryResult, RunQueryDsl,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
};

use crate::store::MultiBackend;

/// `UNION ALL`: the rows of each query, all as of one moment.
#[derive(Debug, Clone)]
pub(crate) struct UnionAll<Q>(Vec<Q>);

/// A query for each of some words, as of the states of a machine. Where a column is only compared with a list of them,
/// PostgreSQL, which plans without the values, may read all that another index finds, and leave out the others row by row.
pub(crate) fn for_each<Q>(words: &[&'static str], query: impl Fn(&'static str) -> Q) -> UnionAll<Q> {
    UnionAll(words.iter().copied().map(query).collect())
}

impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for UnionAll<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        for (place, query) in self.0.iter().enumerate() {
            if place > 0 {
                out.push_sql(" UNION ALL ");
            }
            query.walk_ast(out.reborrow())?;
        }
        Ok(())
    }
}

/// How many queries there are is not in the type, so that the text tells which statement it is.
impl<Q> QueryId for UnionAll<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for UnionAll<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for UnionAll<Q> {}
