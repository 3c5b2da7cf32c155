//! A member's sessions as they see them, and the devices that logged in before.

use chrono::{DateTime, Utc};
use diesel::{dsl::exists, prelude::*};
use domain::{
    ids::{MemberId, SessionId},
    scope::Holder,
};

use crate::{
    authorization_code,
    error::StoreError,
    locked::for_update,
    page::{Position, newest_first},
    row::forgotten_by_age,
    schema::{devices, members, sessions},
    store::{Conn, Rows, Tx, WriteNow},
    types::{Key, Moment},
};

/// A session that can still be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// What it was opened with, as far as the client told.
    pub device: String,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When its tokens were last renewed.
    pub refreshed_at: Option<DateTime<Utc>>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
}

type Row = (Key, String, Moment, Option<Moment>, Moment);

impl From<Row> for Session {
    fn from((id, device, created_at, refreshed_at, expires_at): Row) -> Self {
        Self {
            id: id.into(),
            device,
            created_at: created_at.into(),
            refreshed_at: refreshed_at.map(Into::into),
            expires_at: expires_at.into(),
        }
    }
}

const COLUMNS: (sessions::id, sessions::device, sessions::created_at, sessions::refreshed_at, sessions::expires_at) =
    (sessions::id, sessions::device, sessions::created_at, sessions::refreshed_at, sessions::expires_at);

/// Those that the member opened, here or on a page of ours; what apps and keys have is listed elsewhere.
macro_rules! of_devices {
    ($query:expr) => {
        $query.filter(sessions::holder.is_null().or(sessions::holder.eq(Holder::Browser.as_str())))
    };
}

/// A member's live sessions, newest first.
///
/// # Errors
/// Only those of the database.
pub fn list(
    conn: &mut Conn,
    member: MemberId,
    now: DateTime<Utc>,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<Session>, StoreError> {
    let query = of_devices!(sessions::table)
        .filter(sessions::member_id.eq(Key::from(member)).and(sessions::revoked_at.is_null()))
        .filter(sessions::expires_at.gt(Moment::from(now)))
        .into_boxed();
    let rows: Vec<Row> = newest_first!(query, sessions, after, fetch).select(COLUMNS).load(conn)?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// One live session of a member.
///
/// # Errors
/// Only those of the database.
pub fn find(
    conn: &mut Conn,
    member: MemberId,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<Option<Session>, StoreError> {
    let row: Option<Row> = of_devices!(sessions::table)
        .filter(sessions::id.eq(Key::from(id)).and(sessions::member_id.eq(Key::from(member))))
        .filter(sessions::expires_at.gt(Moment::from(now)).and(sessions::revoked_at.is_null()))
        .select(COLUMNS)
        .first(conn)
        .optional()?;
    Ok(row.map(Session::from))
}

/// Where to tell a member of a new device, and in which language, if they may have logged in before: there is a session,
/// or they joined before `forgotten`, since when one that ended may have been forgotten.
///
/// # Errors
/// Only those of the database.
pub fn whom_to_tell(
    conn: &mut Conn,
    member: MemberId,
    forgotten: DateTime<Utc>,
) -> Result<Option<(String, String)>, StoreError> {
    let session = sessions::table.filter(sessions::member_id.eq(members::id));
    let long_here = members::created_at.lt(Moment::from(forgotten));
    let found = members::table.find(Key::from(member)).filter(long_here.or(exists(session)));
    Ok(found.select((members::email, members::locale)).first(conn).optional()?)
}

/// Ends the sessions of a member but one, and forgets the devices behind them. Where one is kept, so are those of apps and
/// keys, which were not opened by the password that was changed; where none is, nothing is left that could act, nor a code
/// that an app could trade for a new session.
///
/// # Errors
/// Only those of the database.
pub fn revoke_others(
    tx: &mut Tx<'_>,
    member: MemberId,
    but: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let me = Key::from(member);
    let kept: Option<Vec<u8>> = match but {
        Some(id) => sessions::table.find(Key::from(id)).select(sessions::device_hash).first(&mut **tx)?,
        None => None,
    };
    let others = sessions::table.filter(sessions::member_id.eq(me).and(sessions::revoked_at.is_null()));
    let revoked = sessions::revoked_at.eq(Some(Moment::from(now)));
    match but {
        Some(id) => {
            diesel::update(of_devices!(others).filter(sessions::id.ne(Key::from(id)))).set(revoked).write(tx)?
        }
        None => {
            authorization_code::forget_member(tx, member)?;
            diesel::update(others).set(revoked).write(tx)?
        }
    };
    let known = devices::table.filter(devices::member_id.eq(me));
    match kept {
        Some(hash) => diesel::delete(known.filter(devices::token_hash.ne(hash))).write(tx)?,
        None => diesel::delete(known).write(tx)?,
    };
    Ok(())
}

/// Ends one session of a member, and forgets its device; whether there was one to end.
///
/// # Errors
/// Only those of the database.
pub fn revoke_one(tx: &mut Tx<'_>, member: MemberId, id: SessionId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let own = of_devices!(sessions::table)
        .filter(sessions::id.eq(Key::from(id)).and(sessions::member_id.eq(Key::from(member))))
        .filter(sessions::expires_at.gt(Moment::from(now)).and(sessions::revoked_at.is_null()))
        .select(sessions::device_hash);
    let Some(device) = for_update(own).get_result::<Option<Vec<u8>>>(&mut **tx).optional()? else {
        return Ok(false);
    };
    super::revoke(tx, id, now)?;
    if let Some(hash) = device {
        diesel::delete(devices::table.find(hash)).write(tx)?;
    }
    Ok(true)
}

/// Notes that a session's tokens were renewed.
///
/// # Errors
/// Only those of the database.
pub fn refreshed(tx: &mut Tx<'_>, id: SessionId, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(sessions::table.find(Key::from(id)))
        .set(sessions::refreshed_at.eq(Some(Moment::from(now))))
        .write(tx)?;
    Ok(())
}

/// Notes that the owner of a session proved again who they are.
///
/// # Errors
/// Only those of the database.
pub fn stepped_up(tx: &mut Tx<'_>, id: SessionId, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(sessions::table.find(Key::from(id)))
        .set(sessions::stepped_up_at.eq(Some(Moment::from(now))))
        .write(tx)?;
    Ok(())
}

/// Notes that a member logged in on a device.
///
/// # Errors
/// Only those of the database.
pub fn seen(tx: &mut Tx<'_>, member: MemberId, token_hash: &[u8], now: DateTime<Utc>) -> Result<(), StoreError> {
    let known = devices::table.find(token_hash.to_vec()).filter(devices::member_id.eq(Key::from(member)));
    tx.later(Rows::New, diesel::update(known).set(devices::seen_at.eq(Moment::from(now))))
}

/// Remembers a device of a member.
///
/// # Errors
/// Only those of the database.
pub fn remember(tx: &mut Tx<'_>, member: MemberId, token_hash: &[u8], now: DateTime<Utc>) -> Result<(), StoreError> {
    let insert = diesel::insert_into(devices::table).values((
        devices::token_hash.eq(token_hash.to_vec()),
        devices::member_id.eq(Key::from(member)),
        devices::seen_at.eq(Moment::from(now)),
    ));
    tx.later(Rows::New, insert)
}

/// Whether a device token was given to this member.
///
/// # Errors
/// Only those of the database.
pub fn is_known(conn: &mut Conn, member: MemberId, token_hash: &[u8]) -> Result<bool, StoreError> {
    let known = members::table.find(Key::from(member)).select(is_theirs(token_hash)).first(conn).optional()?;
    Ok(known.unwrap_or_default())
}

/// The same of a member whom a query finds, as a column of it.
#[diesel::dsl::auto_type]
pub(crate) fn is_theirs<'h>(token_hash: &'h [u8]) -> _ {
    let known = devices::table.filter(devices::member_id.eq(members::id)).filter(devices::token_hash.eq(token_hash));
    exists(known)
}

forgotten_by_age!(devices, seen_at);
