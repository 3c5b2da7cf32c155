//! Who arrives: one expression, which is a query of its own, or a column of the query that reads first.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate},
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::Text,
    sqlite::Sqlite,
};
use domain::{
    ids::{MemberId, SessionId},
    names::UnknownName,
};
use uuid::Uuid;

use super::Live;
use crate::{
    error::StoreError,
    store::{Conn, MultiBackend, on_each},
    types::{Key, Moment, sql},
};

/// With what somebody arrives, and when.
#[derive(Debug, Clone, Copy)]
pub struct Ticket {
    /// The member and the session that their token names, if they have one.
    pub bearer: Option<(MemberId, SessionId)>,
    /// Real time.
    pub now: DateTime<Utc>,
}

/// Who has arrived, and what time it is for them.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub struct Arrived {
    /// The session, if it is theirs and alive: neither revoked nor expired, and its owner still here.
    pub live: Option<Live>,
    /// How far the test clock is ahead.
    pub clock_offset: TimeDelta,
}

/// Asks who arrives.
///
/// # Errors
/// Only those of the database.
pub fn arrive(conn: &mut Conn, ticket: Ticket) -> Result<Arrived, StoreError> {
    Ok(on_each!(conn, conn => diesel::select(ticket.arriving()).get_result(conn))?)
}

impl Ticket {
    /// As a column of a query.
    pub(crate) fn arriving(self) -> Arriving {
        let nobody = (MemberId::from_uuid(Uuid::nil()), SessionId::from_uuid(Uuid::nil()));
        let (member, session) = self.bearer.unwrap_or(nobody);
        Arriving { member: member.into(), session: session.into(), now: self.now.into() }
    }
}

/// The expression. It looks at nothing of the query that it is a column of, and so is evaluated once for all its rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arriving {
    member: Key,
    session: Key,
    now: Moment,
}

/// Role, whether it is one of staff who have no second factor, moment of the last proof in microseconds, offset of the
/// clock; then, if the session is not its member's own, who has it and the scopes: none, if it has none, rather than all
/// that its member may do. Where there is no role there is no live session, and nothing else counts but the offset.
macro_rules! arriving {
    ($backend:ty, $microseconds:literal) => {
        impl QueryFragment<$backend> for Arriving {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, $backend>) -> QueryResult<()> {
                out.push_sql(concat!(
                    "(SELECT COALESCE(m.role, '') || ' ' || CASE WHEN m.role <> 'member' AND NOT EXISTS (SELECT 1 FROM \
                     second_factors f WHERE f.member_id = m.id AND f.confirmed_at IS NOT NULL) THEN 1 ELSE 0 END || ' ' || COALESCE(",
                    $microseconds,
                    ", 0) || ' ' || i.clock_offset || ' ' || COALESCE(s.holder || ' ' || COALESCE(s.scopes, ''), '') FROM instance i \
                     LEFT JOIN sessions s ON s.revoked_at IS NULL AND s.id = "
                ));
                out.push_bind_param::<sql::Identifier, _>(&self.session)?;
                out.push_sql(" AND s.member_id = ");
                out.push_bind_param::<sql::Identifier, _>(&self.member)?;
                out.push_sql(" AND s.expires_at > ");
                out.push_bind_param::<sql::Instant, _>(&self.now)?;
                // One after the other: SQLite would write a join of its own into a table first.
                out.push_sql(" LEFT JOIN members m ON m.id = s.member_id AND m.state = 'active')");
                Ok(())
            }
        }
    };
}

arriving!(Pg, "(EXTRACT(EPOCH FROM COALESCE(s.stepped_up_at, s.created_at)) * 1000000)::bigint");
arriving!(Sqlite, "COALESCE(s.stepped_up_at, s.created_at)");

impl QueryFragment<MultiBackend> for Arriving {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(self, out)
    }
}

impl QueryId for Arriving {
    type QueryId = Self;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Expression for Arriving {
    type SqlType = Text;
}

impl<From> AppearsOnTable<From> for Arriving {}

impl<From> SelectableExpression<From> for Arriving {}

impl<Group> ValidGrouping<Group> for Arriving {
    type IsAggregate = is_aggregate::Never;
}

impl<DB: Backend> FromSql<Text, DB> for Arrived
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let text = String::from_sql(value)?;
        let mut parts = text.splitn(5, ' ');
        let mut next = || parts.next().ok_or("who arrives is told in five parts");
        let (role, lacks_factor, authenticated_at, offset, held) = (next()?, next()?, next()?, next()?, next()?);
        let live = if role.is_empty() {
            None
        } else {
            let at = DateTime::from_timestamp_micros(authenticated_at.parse()?).ok_or("no such moment")?;
            let held =
                held.split_once(' ').map(|(holder, scopes)| Ok::<_, UnknownName>((holder.parse()?, scopes.parse()?)));
            let (role, lacks_factor) = (role.parse()?, lacks_factor == "1");
            Some(Live { role, lacks_factor, authenticated_at: at, held: held.transpose()? })
        };
        Ok(Self { live, clock_offset: TimeDelta::microseconds(offset.parse()?) })
    }
}
