//! Passwords, and the tokens by which a forgotten one is replaced.

use chrono::{DateTime, Utc};
use diesel::{dsl::exists, prelude::*};
use domain::ids::MemberId;

use crate::{
    error::StoreError,
    locked::for_update,
    schema::{members, password_resets, second_factors},
    session::devices,
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

/// How a member proves who they are.
#[derive(Debug, Clone)]
pub struct Secret {
    /// The argon2id hash.
    pub password_hash: Option<String>,
    /// Whether the password is too short to stand alone.
    pub is_short: bool,
    /// Whether a log-in needs a second factor.
    pub has_second_factor: bool,
}

pub(crate) type Row = (Option<String>, bool, bool);

impl From<Row> for Secret {
    fn from((password_hash, is_short, has_second_factor): Row) -> Self {
        Self { password_hash, is_short, has_second_factor }
    }
}

/// The columns of a [`Row`].
#[diesel::dsl::auto_type]
pub(crate) fn columns() -> _ {
    let confirmed = second_factors::table
        .filter(second_factors::member_id.eq(members::id))
        .filter(second_factors::confirmed_at.is_not_null());
    (members::password_hash, members::password_is_short, exists(confirmed))
}

/// What a member logs in with.
///
/// # Errors
/// Only those of the database.
pub fn find(conn: &mut Conn, member: MemberId) -> Result<Option<Secret>, StoreError> {
    let row: Option<Row> = members::table.find(Key::from(member)).select(columns()).first(conn).optional()?;
    Ok(row.map(Secret::from))
}

/// The same, and whether they have logged in before on the device with this token.
///
/// # Errors
/// Only those of the database.
pub fn with_device(
    conn: &mut Conn,
    member: MemberId,
    device_hash: &[u8],
) -> Result<Option<(Secret, bool)>, StoreError> {
    let columns = (columns(), devices::is_theirs(device_hash));
    let row: Option<(Row, bool)> = members::table.find(Key::from(member)).select(columns).first(conn).optional()?;
    Ok(row.map(|(secret, known)| (secret.into(), known)))
}

/// Sets a member's password.
///
/// # Errors
/// Only those of the database.
pub fn set_password(tx: &mut Tx<'_>, member: MemberId, hash: &str, is_short: bool) -> Result<(), StoreError> {
    diesel::update(members::table.find(Key::from(member)))
        .set((members::password_hash.eq(Some(hash)), members::password_is_short.eq(is_short)))
        .write(tx)?;
    Ok(())
}

/// How many tokens a member has that are still good.
///
/// # Errors
/// Only those of the database.
pub fn resets_under_way(conn: &mut Conn, member: MemberId, now: DateTime<Utc>) -> Result<i64, StoreError> {
    let good = password_resets::table
        .filter(password_resets::member_id.eq(Key::from(member)))
        .filter(password_resets::expires_at.gt(Moment::from(now)));
    Ok(good.count().get_result(conn)?)
}

/// Keeps the hash of a token that replaces a forgotten password, and forgets those of the member that have expired.
///
/// # Errors
/// Only those of the database.
pub fn expect_reset(
    tx: &mut Tx<'_>,
    member: MemberId,
    token_hash: &[u8],
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let own = password_resets::table.filter(password_resets::member_id.eq(Key::from(member)));
    diesel::delete(own.filter(password_resets::expires_at.le(Moment::from(now)))).write(tx)?;
    diesel::insert_into(password_resets::table)
        .values((
            password_resets::token_hash.eq(token_hash),
            password_resets::member_id.eq(Key::from(member)),
            password_resets::expires_at.eq(Moment::from(expires_at)),
        ))
        .write(tx)?;
    Ok(())
}

/// Whose token this is, if it is still good.
///
/// # Errors
/// Only those of the database.
pub fn reset_of(conn: &mut Conn, token_hash: &[u8], now: DateTime<Utc>) -> Result<Option<MemberId>, StoreError> {
    let found: Option<Key> = password_resets::table
        .find(token_hash)
        .filter(password_resets::expires_at.gt(Moment::from(now)))
        .select(password_resets::member_id)
        .first(conn)
        .optional()?;
    Ok(found.map(MemberId::from))
}

/// Takes a token out, and with it all others of the member; none if it is not good.
///
/// # Errors
/// Only those of the database.
pub fn take_reset(tx: &mut Tx<'_>, token_hash: &[u8], now: DateTime<Utc>) -> Result<Option<MemberId>, StoreError> {
    let query = password_resets::table
        .find(token_hash)
        .filter(password_resets::expires_at.gt(Moment::from(now)))
        .select(password_resets::member_id);
    let found: Option<Key> = for_update(query).get_result(&mut **tx).optional()?;
    let member = found.map(MemberId::from);
    member.map_or(Ok(()), |member| void_resets(tx, member))?;
    Ok(member)
}

/// Makes every token of a member worthless.
///
/// # Errors
/// Only those of the database.
pub fn void_resets(tx: &mut Tx<'_>, member: MemberId) -> Result<(), StoreError> {
    let own = password_resets::table.filter(password_resets::member_id.eq(Key::from(member)));
    diesel::delete(own).write(tx)?;
    Ok(())
}
