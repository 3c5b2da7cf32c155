//! Sessions that somebody else has in the place of a member: pages of ours, apps and API keys.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::{
    ids::{AppId, MemberId, SessionId},
    scope::{Holder, Scopes},
};

use crate::{
    authorization_code,
    error::StoreError,
    schema::{refresh_tokens, sessions},
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

/// A session to be opened for somebody else.
#[derive(Debug, Clone, Copy)]
pub struct HeldSession {
    /// Its id.
    pub id: SessionId,
    /// In whose place; of an app that acts for itself, who registered it.
    pub member: MemberId,
    /// Who has it.
    pub holder: Holder,
    /// The app.
    pub app: Option<AppId>,
    /// What may be done with it.
    pub scopes: Scopes,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
}

/// Opens it, without a refresh token.
///
/// # Errors
/// Only those of the database.
pub fn open(tx: &mut Tx<'_>, new: &HeldSession, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(Key::from(new.id)),
            sessions::member_id.eq(Key::from(new.member)),
            sessions::created_at.eq(Moment::from(now)),
            sessions::expires_at.eq(Moment::from(new.expires_at)),
            sessions::holder.eq(Some(new.holder.as_str())),
            sessions::app_id.eq(new.app.map(Key::from)),
            sessions::scopes.eq(Some(new.scopes.to_string())),
        ))
        .write(tx)?;
    Ok(())
}

/// Gives a session that has just been opened to a page of ours.
///
/// # Errors
/// Only those of the database.
pub fn give_to_browser(tx: &mut Tx<'_>, id: SessionId, expires_at: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(sessions::table.find(Key::from(id)))
        .set((
            sessions::holder.eq(Some(Holder::Browser.as_str())),
            sessions::scopes.eq(Some("")),
            sessions::expires_at.eq(Moment::from(expires_at)),
        ))
        .write(tx)?;
    Ok(())
}

/// The live session of a page of ours, by the hash of its cookie, and whose it is.
///
/// # Errors
/// Only those of the database.
pub fn browsing(
    conn: &mut Conn,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<(SessionId, MemberId)>, StoreError> {
    let row: Option<(Key, Key)> = refresh_tokens::table
        .inner_join(sessions::table)
        .filter(refresh_tokens::token_hash.eq(token_hash))
        .filter(sessions::holder.eq(Holder::Browser.as_str()).and(sessions::revoked_at.is_null()))
        .filter(sessions::expires_at.gt(Moment::from(now)))
        .select((sessions::id, sessions::member_id))
        .first(conn)
        .optional()?;
    Ok(row.map(|(session, member)| (session.into(), member.into())))
}

/// The live session of an app that acts for itself: it has one at a time.
///
/// # Errors
/// Only those of the database.
pub fn of_client(conn: &mut Conn, app: AppId, now: DateTime<Utc>) -> Result<Option<SessionId>, StoreError> {
    let row: Option<Key> = sessions::table
        .filter(sessions::app_id.eq(Key::from(app)).and(sessions::holder.eq(Holder::Client.as_str())))
        .filter(sessions::revoked_at.is_null().and(sessions::expires_at.gt(Moment::from(now))))
        .select(sessions::id)
        .first(conn)
        .optional()?;
    Ok(row.map(SessionId::from))
}

/// Lets a session live longer.
///
/// # Errors
/// Only those of the database.
pub fn prolong(tx: &mut Tx<'_>, id: SessionId, expires_at: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(sessions::table.find(Key::from(id)))
        .set(sessions::expires_at.eq(Moment::from(expires_at)))
        .write(tx)?;
    Ok(())
}

/// Whether a session is neither revoked nor expired.
///
/// # Errors
/// Only those of the database.
pub fn is_live(conn: &mut Conn, id: SessionId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let live = sessions::table
        .find(Key::from(id))
        .filter(sessions::revoked_at.is_null().and(sessions::expires_at.gt(Moment::from(now))));
    Ok(diesel::select(diesel::dsl::exists(live)).get_result(conn)?)
}

/// Ends every session that an app has: in the place of one member, or of all.
///
/// # Errors
/// Only those of the database.
pub fn revoke_of_app(
    tx: &mut Tx<'_>,
    app: AppId,
    member: Option<MemberId>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let revoked = sessions::revoked_at.eq(Some(Moment::from(now)));
    let live = sessions::table.filter(sessions::app_id.eq(Key::from(app)).and(sessions::revoked_at.is_null()));
    match member {
        Some(member) => {
            let own = live.filter(sessions::member_id.eq(Key::from(member)));
            diesel::update(own.filter(sessions::holder.eq(Holder::App.as_str()))).set(revoked).write(tx)?
        }
        None => diesel::update(live).set(revoked).write(tx)?,
    };
    Ok(())
}

/// Ends every session that somebody else has in the place of a member, and voids what an app could trade for a new one.
///
/// # Errors
/// Only those of the database.
pub fn revoke_of_member(tx: &mut Tx<'_>, member: MemberId, now: DateTime<Utc>) -> Result<(), StoreError> {
    authorization_code::forget_member(tx, member)?;
    let held = sessions::table.filter(sessions::member_id.eq(Key::from(member)).and(sessions::holder.is_not_null()));
    diesel::update(held.filter(sessions::revoked_at.is_null()))
        .set(sessions::revoked_at.eq(Some(Moment::from(now))))
        .write(tx)?;
    Ok(())
}

/// Notes that sessions were used.
///
/// # Errors
/// Only those of the database.
pub fn used(tx: &mut Tx<'_>, ids: &[SessionId], now: DateTime<Utc>) -> Result<(), StoreError> {
    let keys: Vec<Key> = ids.iter().copied().map(Key::from).collect();
    diesel::update(sessions::table.filter(sessions::id.eq_any(keys)))
        .set(sessions::used_at.eq(Some(Moment::from(now))))
        .execute(&mut **tx)?;
    Ok(())
}
