//! API keys: each is a session that somebody has for long, with a name.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::{
    ids::{ApiKeyId, MemberId, SessionId},
    scope::Scopes,
};

use crate::{
    error::StoreError,
    page::{Position, newest_first},
    row::corrupt,
    schema::{api_keys, sessions},
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

/// A key, without what opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id; that of its session has the same number.
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub name: String,
    /// How it begins and ends, for telling keys apart.
    pub hint: String,
    /// What may be done with it.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// When it was last used, to within a minute or so.
    pub used_at: Option<DateTime<Utc>>,
}

type Row = (Key, String, String, Moment, Option<String>, Moment, Option<Moment>);

impl TryFrom<Row> for ApiKey {
    type Error = StoreError;

    fn try_from((id, name, hint, created_at, scopes, expires_at, used_at): Row) -> Result<Self, StoreError> {
        let id = ApiKeyId::from(id);
        let scopes = scopes.ok_or_else(|| corrupt("sessions", session_of(id))("a key without scopes"))?;
        Ok(Self {
            id,
            name,
            hint,
            scopes: scopes.parse().map_err(corrupt("sessions", session_of(id)))?,
            created_at: created_at.into(),
            expires_at: expires_at.into(),
            used_at: used_at.map(Into::into),
        })
    }
}

type Columns = (
    api_keys::id,
    api_keys::name,
    api_keys::hint,
    api_keys::created_at,
    sessions::scopes,
    sessions::expires_at,
    sessions::used_at,
);

const COLUMNS: Columns = (
    api_keys::id,
    api_keys::name,
    api_keys::hint,
    api_keys::created_at,
    sessions::scopes,
    sessions::expires_at,
    sessions::used_at,
);

/// The session of a key.
pub fn session_of(id: ApiKeyId) -> SessionId {
    SessionId::from_uuid(id.uuid())
}

/// Keeps a key, whose session has been opened.
///
/// # Errors
/// Only those of the database.
pub fn insert(tx: &mut Tx<'_>, member: MemberId, key: &ApiKey, key_hash: &[u8]) -> Result<(), StoreError> {
    diesel::insert_into(api_keys::table)
        .values((
            api_keys::id.eq(Key::from(key.id)),
            api_keys::member_id.eq(Key::from(member)),
            api_keys::name.eq(&key.name),
            api_keys::key_hash.eq(key_hash),
            api_keys::hint.eq(&key.hint),
            api_keys::created_at.eq(Moment::from(key.created_at)),
        ))
        .write(tx)?;
    Ok(())
}

/// Whose key this is, by its hash, and when it ends. Whether it was revoked is asked of its session, each time.
///
/// # Errors
/// Only those of the database.
pub fn owner(conn: &mut Conn, key_hash: &[u8]) -> Result<Option<(MemberId, SessionId, DateTime<Utc>)>, StoreError> {
    let row: Option<(Key, Key, Moment)> = api_keys::table
        .inner_join(sessions::table)
        .filter(api_keys::key_hash.eq(key_hash))
        .select((api_keys::member_id, sessions::id, sessions::expires_at))
        .first(conn)
        .optional()?;
    Ok(row.map(|(member, session, expires_at)| (member.into(), session.into(), expires_at.into())))
}

/// How many live keys a member has.
///
/// # Errors
/// Only those of the database.
pub fn count(conn: &mut Conn, member: MemberId, now: DateTime<Utc>) -> Result<i64, StoreError> {
    let live = api_keys::table
        .inner_join(sessions::table)
        .filter(api_keys::member_id.eq(Key::from(member)).and(sessions::revoked_at.is_null()))
        .filter(sessions::expires_at.gt(Moment::from(now)));
    Ok(live.count().get_result(conn)?)
}

/// A member's live keys, newest first; or the one that is asked for.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn list(
    conn: &mut Conn,
    member: MemberId,
    only: Option<ApiKeyId>,
    now: DateTime<Utc>,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<ApiKey>, StoreError> {
    let mut query = api_keys::table
        .inner_join(sessions::table)
        .filter(api_keys::member_id.eq(Key::from(member)).and(sessions::revoked_at.is_null()))
        .filter(sessions::expires_at.gt(Moment::from(now)))
        .into_boxed();
    if let Some(id) = only {
        query = query.filter(api_keys::id.eq(Key::from(id)));
    }
    let rows: Vec<Row> = newest_first!(query, api_keys, after, fetch).select(COLUMNS).load(conn)?;
    rows.into_iter().map(ApiKey::try_from).collect()
}

/// Forgets what somebody who has left called their keys, which are dead.
///
/// # Errors
/// Only those of the database.
pub(crate) fn forget_member(tx: &mut Tx<'_>, member: MemberId) -> Result<(), StoreError> {
    diesel::delete(api_keys::table.filter(api_keys::member_id.eq(Key::from(member)))).write(tx)?;
    Ok(())
}
