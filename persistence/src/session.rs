//! Sessions and their refresh tokens; and who arrives with one, which the first query of a request tells.

mod arrival;
pub mod devices;
pub mod ended;
pub mod held;

use chrono::{DateTime, Utc};
use diesel::{
    dsl::sql,
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment},
    sql_types::BigInt,
};
use domain::{
    ids::{AppId, MemberId, SessionId},
    policy::Role,
    scope::{Holder, Scopes},
};

use crate::{
    error::StoreError,
    idempotency::{self, Claim, KeyUse, take_key},
    locked::for_update,
    row::corrupt,
    schema::{refresh_tokens, sessions},
    store::{Conn, Kept, Rows, Tx, WriteNow},
    types::{Key, Moment},
};

pub use arrival::{Arrived, Ticket, arrive};

/// Who a live session belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Live {
    /// The role of the member behind it.
    pub role: Role,
    /// Whether they are staff, and have no second factor.
    pub lacks_factor: bool,
    /// When its owner last proved who they are, by logging in or stepping up. Renewing tokens proves nothing.
    pub authenticated_at: DateTime<Utc>,
    /// Who has it in the member's place, and what they may do; none if it is the member's own.
    pub held: Option<(Holder, Scopes)>,
}

/// Takes a key and looks up who arrives, by one statement where the engine can. Nobody arrives with a key that was used
/// before.
///
/// # Errors
/// As [`idempotency::claim`] and [`arrival::arrive`].
pub fn arrive_claiming(
    tx: &mut Tx<'_>,
    ticket: Ticket,
    use_of: &KeyUse,
) -> Result<(Claim, Option<Arrived>), StoreError> {
    let Conn::Pg(pg) = &mut **tx else {
        let claim = idempotency::claim(tx, use_of, ticket.now)?;
        let arrived = if claim == Claim::Fresh { Some(arrival::arrive(tx, ticket)?) } else { None };
        return Ok((claim, arrived));
    };
    let found = diesel::select((ticket.arriving(), sql::<BigInt>("(SELECT COUNT(*) FROM claimed)")));
    let claiming = Claiming { insert: take_key!(use_of, ticket.now), query: found };
    let (arrived, claimed): (Arrived, i64) = Kept(claiming).get_result(pg).map_err(idempotency::waited)?;
    if claimed == 1 {
        return Ok((Claim::Fresh, Some(arrived)));
    }
    Ok((idempotency::known(tx, use_of)?, None))
}

/// A query that also takes a key.
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

/// A session that begins.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub member: MemberId,
    /// What the client says it is.
    pub device: String,
    /// The hash of the token that tells the device from others.
    pub device_hash: Vec<u8>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
}

/// Opens a session with its first refresh token.
///
/// # Errors
/// Only those of the database.
pub fn open(tx: &mut Tx<'_>, new: &NewSession, token_hash: &[u8], now: DateTime<Utc>) -> Result<(), StoreError> {
    let insert = diesel::insert_into(sessions::table).values((
        sessions::id.eq(Key::from(new.id)),
        sessions::member_id.eq(Key::from(new.member)),
        sessions::created_at.eq(Moment::from(now)),
        sessions::expires_at.eq(Moment::from(new.expires_at)),
        sessions::device.eq(new.device.clone()),
        sessions::device_hash.eq(Some(new.device_hash.clone())),
    ));
    tx.later(Rows::New, insert)?;
    add_token(tx, new.id, token_hash)
}

/// Adds a refresh token to a session.
///
/// # Errors
/// Only those of the database.
pub fn add_token(tx: &mut Tx<'_>, session: SessionId, token_hash: &[u8]) -> Result<(), StoreError> {
    let token = (refresh_tokens::token_hash.eq(token_hash.to_vec()), refresh_tokens::session_id.eq(Key::from(session)));
    tx.later(Rows::New, diesel::insert_into(refresh_tokens::table).values(token))
}

/// A refresh token as found, with its session.
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
    /// Who has the session in the member's place; none if it is the member's own.
    pub holder: Option<Holder>,
    /// The app that has it.
    pub app: Option<AppId>,
    /// What the app may do.
    pub scopes: Scopes,
}

type TokenRow = (Key, Key, Option<Moment>, Moment, Option<Moment>, Option<String>, Option<Key>, Option<String>);

macro_rules! token {
    ($hash:expr) => {
        refresh_tokens::table.inner_join(sessions::table).filter(refresh_tokens::token_hash.eq($hash)).select((
            sessions::id,
            sessions::member_id,
            refresh_tokens::used_at,
            sessions::expires_at,
            sessions::revoked_at,
            sessions::holder,
            sessions::app_id,
            sessions::scopes,
        ))
    };
}

/// Finds a refresh token by its hash.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn find_token(conn: &mut Conn, token_hash: &[u8]) -> Result<Option<FoundToken>, StoreError> {
    let row: Option<TokenRow> = token!(token_hash).get_result(conn).optional()?;
    row.map(found).transpose()
}

/// The same, and locks it together with its session.
///
/// # Errors
/// As [`find_token`].
pub fn lock_token(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<Option<FoundToken>, StoreError> {
    let row: Option<TokenRow> = for_update(token!(token_hash)).get_result(&mut **tx).optional()?;
    row.map(found).transpose()
}

fn found(
    (session, member, used_at, expires_at, revoked_at, holder, app, scopes): TokenRow,
) -> Result<FoundToken, StoreError> {
    let session = SessionId::from(session);
    let bad = corrupt("sessions", session);
    Ok(FoundToken {
        session,
        member: member.into(),
        used: used_at.is_some(),
        expires_at: expires_at.into(),
        revoked: revoked_at.is_some(),
        holder: holder.map(|holder| holder.parse().map_err(&bad)).transpose()?,
        app: app.map(AppId::from),
        scopes: scopes.unwrap_or_default().parse().map_err(&bad)?,
    })
}

/// Marks a refresh token as used.
///
/// # Errors
/// Only those of the database.
pub fn use_token(tx: &mut Tx<'_>, token_hash: &[u8], now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(refresh_tokens::table.find(token_hash))
        .set(refresh_tokens::used_at.eq(Some(Moment::from(now))))
        .write(tx)?;
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
        .write(tx)?;
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
        .write(tx)?;
    Ok(())
}
