//! Sessions, their refresh tokens, and the first query of every authenticated request.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    dsl::sql,
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::BigInt,
};
use domain::{
    ids::{MemberId, SessionId},
    member::MemberState,
    policy::Role,
};

use crate::{
    error::StoreError,
    idempotency::{self, Claim, KeyUse, take_key},
    locked::for_update,
    row::corrupt,
    schema::{instance, members, refresh_tokens, sessions},
    store::{Conn, Tx, on_each},
    types::{Key, Moment},
};

/// Who a live session belongs to, and what time it is for them.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// The role of the member behind it.
    pub role: Role,
    /// When the session was opened, which is when its owner last proved the password. Renewing tokens proves nothing.
    pub authenticated_at: DateTime<Utc>,
    /// How far the test clock is ahead.
    pub clock_offset: TimeDelta,
}

type ArrivalRow = (Option<String>, Option<Moment>, i64);

/// The one row that says what time it is, with the live session and its owner if there are any.
macro_rules! arrival {
    ($session:expr, $member:expr, $now:expr) => {
        instance::table.left_join(
            sessions::table.inner_join(members::table).on(sessions::id
                .eq(Key::from($session))
                .and(sessions::member_id.eq(Key::from($member)))
                .and(sessions::revoked_at.is_null())
                .and(sessions::expires_at.gt(Moment::from($now)))
                .and(members::state.eq(MemberState::Active.as_str()))),
        )
    };
}

fn read(session: SessionId, (role, authenticated_at, offset): ArrivalRow) -> Result<Option<Arrival>, StoreError> {
    let Some((role, authenticated_at)) = role.zip(authenticated_at) else { return Ok(None) };
    Ok(Some(Arrival {
        role: role.parse().map_err(corrupt("members", session))?,
        clock_offset: TimeDelta::microseconds(offset),
        authenticated_at: authenticated_at.into(),
    }))
}

/// Looks up a live session of this member; none if it was revoked or has expired, or its owner has left.
///
/// # Errors
/// Those of the database, or a role that makes no sense.
pub fn arrive(
    conn: &mut Conn,
    session: SessionId,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<Option<Arrival>, StoreError> {
    let row = on_each!(conn, conn => {
        let columns = (members::role.nullable(), sessions::created_at.nullable(), instance::clock_offset);
        arrival!(session, member, now).select(columns).first(conn)
    });
    read(session, row?)
}

/// Takes a key and looks up the session, by one statement where the engine can.
///
/// # Errors
/// As [`idempotency::claim`] and [`arrive`].
pub fn arrive_claiming(
    tx: &mut Tx<'_>,
    session: SessionId,
    member: MemberId,
    use_of: &KeyUse,
    now: DateTime<Utc>,
) -> Result<(Claim, Option<Arrival>), StoreError> {
    let Conn::Pg(pg) = &mut **tx else {
        let claim = idempotency::claim(tx, use_of, now)?;
        let arrival = if claim == Claim::Fresh { arrive(tx, session, member, now)? } else { None };
        return Ok((claim, arrival));
    };
    let found = arrival!(session, member, now).select((
        (members::role.nullable(), sessions::created_at.nullable(), instance::clock_offset),
        sql::<BigInt>("(SELECT COUNT(*) FROM claimed)"),
    ));
    let claiming = Claiming { insert: take_key!(use_of, now), query: found };
    let (row, claimed): (ArrivalRow, i64) = claiming.get_result(pg).map_err(idempotency::waited)?;
    if claimed == 1 {
        return Ok((Claim::Fresh, read(session, row)?));
    }
    Ok((idempotency::known(tx, use_of)?, None))
}

/// A query that also takes a key.
#[derive(QueryId)]
struct Claiming<I, Q> {
    insert: I,
    query: Q,
}

impl<I: QueryFragment<Pg>, Q: QueryFragment<Pg>> QueryFragment<Pg> for Claiming<I, Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH claimed AS (");
        self.insert.walk_ast(out.reborrow())?;
        out.push_sql(" RETURNING 1) ");
        self.query.walk_ast(out)
    }
}

impl<I, Q: Query> Query for Claiming<I, Q> {
    type SqlType = Q::SqlType;
}

impl<I, Q, C> RunQueryDsl<C> for Claiming<I, Q> {}

/// Opens a session with its first refresh token.
///
/// # Errors
/// Only those of the database.
pub fn open(
    tx: &mut Tx<'_>,
    session: SessionId,
    member: MemberId,
    token_hash: &[u8],
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(Key::from(session)),
            sessions::member_id.eq(Key::from(member)),
            sessions::created_at.eq(Moment::from(now)),
            sessions::expires_at.eq(Moment::from(expires_at)),
        ))
        .execute(&mut **tx)?;
    add_token(tx, session, token_hash)
}

/// Adds a refresh token to a session.
///
/// # Errors
/// Only those of the database.
pub fn add_token(tx: &mut Tx<'_>, session: SessionId, token_hash: &[u8]) -> Result<(), StoreError> {
    diesel::insert_into(refresh_tokens::table)
        .values((refresh_tokens::token_hash.eq(token_hash), refresh_tokens::session_id.eq(Key::from(session))))
        .execute(&mut **tx)?;
    Ok(())
}

/// A refresh token as found, locked together with its session.
#[derive(Debug, Clone, Copy)]
pub struct FoundToken {
    /// The session it renews.
    pub session: SessionId,
    /// The member behind it.
    pub member: MemberId,
    /// Whether it was used before.
    pub used: bool,
    /// When the session ends by itself.
    pub expires_at: DateTime<Utc>,
    /// Whether the session was revoked.
    pub revoked: bool,
}

type TokenRow = (Key, Key, Option<Moment>, Moment, Option<Moment>);

/// Finds a refresh token by its hash and locks it.
///
/// # Errors
/// Only those of the database.
pub fn find_token(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<Option<FoundToken>, StoreError> {
    let query =
        refresh_tokens::table.inner_join(sessions::table).filter(refresh_tokens::token_hash.eq(token_hash)).select((
            sessions::id,
            sessions::member_id,
            refresh_tokens::used_at,
            sessions::expires_at,
            sessions::revoked_at,
        ));
    let row: Option<TokenRow> = for_update(query).get_result(&mut **tx).optional()?;
    Ok(row.map(|(session, member, used_at, expires_at, revoked_at)| FoundToken {
        session: session.into(),
        member: member.into(),
        used: used_at.is_some(),
        expires_at: expires_at.into(),
        revoked: revoked_at.is_some(),
    }))
}

/// Marks a refresh token as used.
///
/// # Errors
/// Only those of the database.
pub fn use_token(tx: &mut Tx<'_>, token_hash: &[u8], now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(refresh_tokens::table.find(token_hash))
        .set(refresh_tokens::used_at.eq(Some(Moment::from(now))))
        .execute(&mut **tx)?;
    Ok(())
}

/// Ends a session: its tokens stop working at once, on every replica.
///
/// # Errors
/// Only those of the database.
pub fn revoke(tx: &mut Tx<'_>, session: SessionId, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(sessions::table.find(Key::from(session)))
        .filter(sessions::revoked_at.is_null())
        .set(sessions::revoked_at.eq(Some(Moment::from(now))))
        .execute(&mut **tx)?;
    Ok(())
}

/// Ends every session of a member.
///
/// # Errors
/// Only those of the database.
pub fn revoke_all(tx: &mut Tx<'_>, member: MemberId, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(sessions::table.filter(sessions::member_id.eq(Key::from(member))))
        .filter(sessions::revoked_at.is_null())
        .set(sessions::revoked_at.eq(Some(Moment::from(now))))
        .execute(&mut **tx)?;
    Ok(())
}
