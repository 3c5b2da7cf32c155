//! Authorization codes (RFC 6749 section 4.1): good once, for a minute.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::{
    ids::{AppId, MemberId, SessionId},
    scope::Scopes,
};

use crate::{
    error::StoreError,
    locked::for_update,
    row::{corrupt, forgotten_by_age},
    schema::authorization_codes,
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

/// What a code stands for.
#[derive(Debug, Clone)]
pub struct AuthorizationCode {
    /// Which app may use it.
    pub app: AppId,
    /// Who gave it.
    pub member: MemberId,
    /// Where it was sent.
    pub redirect_uri: String,
    /// What was allowed.
    pub scopes: Scopes,
    /// The hash of what proves that who brings it asked for it (RFC 7636).
    pub challenge: String,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
    /// The session that was given for it, if it was used.
    pub session: Option<SessionId>,
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = authorization_codes)]
struct Row {
    code_hash: Vec<u8>,
    app_id: Key,
    member_id: Key,
    redirect_uri: String,
    scopes: String,
    challenge: String,
    expires_at: Moment,
    session_id: Option<Key>,
}

/// Keeps a new code.
///
/// # Errors
/// Only those of the database.
pub fn insert(tx: &mut Tx<'_>, code_hash: &[u8], code: &AuthorizationCode) -> Result<(), StoreError> {
    let row = Row {
        code_hash: code_hash.to_vec(),
        app_id: code.app.into(),
        member_id: code.member.into(),
        redirect_uri: code.redirect_uri.clone(),
        scopes: code.scopes.to_string(),
        challenge: code.challenge.clone(),
        expires_at: code.expires_at.into(),
        session_id: code.session.map(Key::from),
    };
    diesel::insert_into(authorization_codes::table).values(row).write(tx)?;
    Ok(())
}

/// Who gave a code, unlocked: members come first in the order of locks.
///
/// # Errors
/// Only those of the database.
pub fn owner(conn: &mut Conn, code_hash: &[u8]) -> Result<Option<MemberId>, StoreError> {
    let query = authorization_codes::table.find(code_hash).select(authorization_codes::member_id);
    Ok(query.first::<Key>(conn).optional()?.map(MemberId::from))
}

/// Finds a code and locks it.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock(tx: &mut Tx<'_>, code_hash: &[u8]) -> Result<Option<AuthorizationCode>, StoreError> {
    let query = authorization_codes::table.find(code_hash).select(Row::as_select());
    let Some(row) = for_update(query).get_result::<Row>(&mut **tx).optional()? else { return Ok(None) };
    let app = AppId::from(row.app_id);
    Ok(Some(AuthorizationCode {
        app,
        member: row.member_id.into(),
        redirect_uri: row.redirect_uri,
        scopes: row.scopes.parse().map_err(corrupt("authorization_codes", app))?,
        challenge: row.challenge,
        expires_at: row.expires_at.into(),
        session: row.session_id.map(SessionId::from),
    }))
}

/// Notes what was given for a code, so that its second use takes it back.
///
/// # Errors
/// Only those of the database.
pub fn used(tx: &mut Tx<'_>, code_hash: &[u8], session: SessionId) -> Result<(), StoreError> {
    diesel::update(authorization_codes::table.find(code_hash))
        .set(authorization_codes::session_id.eq(Some(Key::from(session))))
        .write(tx)?;
    Ok(())
}

/// Makes the codes worthless that an app has of one member, or of all; how many there were.
///
/// # Errors
/// Only those of the database.
pub fn void(tx: &mut Tx<'_>, app: AppId, member: Option<MemberId>) -> Result<usize, StoreError> {
    let all = authorization_codes::table.filter(authorization_codes::app_id.eq(Key::from(app)));
    Ok(match member {
        Some(member) => diesel::delete(all.filter(authorization_codes::member_id.eq(Key::from(member)))).write(tx)?,
        None => diesel::delete(all).write(tx)?,
    })
}

/// Makes every code worthless that a member gave.
///
/// # Errors
/// Only those of the database.
pub(crate) fn forget_member(tx: &mut Tx<'_>, member: MemberId) -> Result<(), StoreError> {
    let own = authorization_codes::table.filter(authorization_codes::member_id.eq(Key::from(member)));
    diesel::delete(own).write(tx)?;
    Ok(())
}

forgotten_by_age!(authorization_codes, expires_at);
