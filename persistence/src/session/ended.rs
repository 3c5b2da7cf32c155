//! Forgetting sessions that ended long ago, with all that belonged to them (decision 0031).

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{
    error::StoreError,
    locked::for_update,
    row::FORGOTTEN_AT_ONCE,
    schema::{api_keys, refresh_tokens, sessions},
    store::{Conn, Tx},
    types::{Key, Moment},
};

/// How many sessions are looked at once. Each may have thousands of refresh tokens, which count for themselves.
const SESSIONS: i64 = 100;

/// Whether any session ended by itself before `before`.
///
/// # Errors
/// Only those of the database.
pub fn any_before(conn: &mut Conn, before: DateTime<Utc>) -> Result<bool, StoreError> {
    let by_age = sessions::table.order(sessions::expires_at).select(sessions::expires_at);
    let oldest: Option<Moment> = by_age.first(conn).optional()?;
    Ok(oldest.is_some_and(|oldest| oldest < before.into()))
}

/// Forgets the oldest of the sessions that ended by themselves before `before`: their refresh tokens first, and when few
/// enough are left, the sessions and the API keys that they stand for. Codes for sessions are forgotten long before.
///
/// # Errors
/// Only those of the database.
pub fn forget(tx: &mut Tx<'_>, before: DateTime<Utc>) -> Result<(), StoreError> {
    let oldest = sessions::table
        .filter(sessions::expires_at.lt(Moment::from(before)))
        .order(sessions::expires_at)
        .limit(SESSIONS)
        .select(sessions::id);
    let ids: Vec<Key> = for_update(oldest).load(&mut **tx)?;
    let tokens: Vec<Vec<u8>> = refresh_tokens::table
        .filter(refresh_tokens::session_id.eq_any(&ids))
        .limit(FORGOTTEN_AT_ONCE)
        .select(refresh_tokens::token_hash)
        .load(&mut **tx)?;
    let count = i64::try_from(tokens.len()).unwrap_or(FORGOTTEN_AT_ONCE);
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::token_hash.eq_any(tokens))).execute(&mut **tx)?;
    if count < FORGOTTEN_AT_ONCE {
        diesel::delete(api_keys::table.filter(api_keys::id.eq_any(&ids))).execute(&mut **tx)?;
        diesel::delete(sessions::table.filter(sessions::id.eq_any(&ids))).execute(&mut **tx)?;
    }
    Ok(())
}
