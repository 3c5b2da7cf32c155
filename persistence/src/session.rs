//! Sessions, their refresh tokens, and the first query of every authenticated request.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use domain::{
    ids::{MemberId, SessionId},
    member::MemberState,
    policy::Role,
};

use crate::{
    error::StoreError,
    locked::for_update,
    schema::{instance, members, refresh_tokens, sessions},
    store::{Conn, Tx},
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

/// Looks up a live session; none if it was revoked or has expired, or its owner has left.
///
/// # Errors
/// Those of the database, or a role that makes no sense.
pub fn arrive(conn: &mut Conn, session: SessionId, now: DateTime<Utc>) -> Result<Option<Arrival>, StoreError> {
    let row: Option<(String, Moment, i64)> = sessions::table
        .inner_join(members::table)
        .filter(sessions::id.eq(Key::from(session)).and(sessions::revoked_at.is_null()))
        .filter(sessions::expires_at.gt(Moment::from(now)).and(members::state.eq(MemberState::Active.as_str())))
        .select((
            members::role,
            sessions::created_at,
            instance::table.select(instance::clock_offset).single_value().assume_not_null(),
        ))
        .first(conn)
        .optional()?;
    row.map(|(role, authenticated_at, offset)| {
        let corrupt = |what: domain::names::UnknownName| StoreError::Corrupt {
            table: "members",
            id: session.to_string(),
            what: what.to_string(),
        };
        Ok(Arrival {
            role: role.parse().map_err(corrupt)?,
            clock_offset: TimeDelta::microseconds(offset),
            authenticated_at: authenticated_at.into(),
        })
    })
    .transpose()
}

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
