//! Changes of e-mail addresses that wait to be confirmed on both ends.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::ids::MemberId;

use crate::{
    error::StoreError,
    locked::for_update,
    schema::{email_changes, members},
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

/// A change that waits.
#[derive(Debug, Clone)]
pub struct EmailChange {
    /// Whose.
    pub member: MemberId,
    /// The address to be.
    pub email: String,
    /// When the owner of the present address agreed.
    pub old_confirmed_at: Option<DateTime<Utc>>,
    /// When the owner of the new one did.
    pub new_confirmed_at: Option<DateTime<Utc>>,
    /// Until when both may.
    pub expires_at: DateTime<Utc>,
}

type Row = (Key, String, Option<Moment>, Option<Moment>, Moment);

impl From<Row> for EmailChange {
    fn from((member, email, old, new, expires_at): Row) -> Self {
        Self {
            member: member.into(),
            email,
            old_confirmed_at: old.map(Into::into),
            new_confirmed_at: new.map(Into::into),
            expires_at: expires_at.into(),
        }
    }
}

type Columns = (
    email_changes::member_id,
    email_changes::email,
    email_changes::old_confirmed_at,
    email_changes::new_confirmed_at,
    email_changes::expires_at,
);

const COLUMNS: Columns = (
    email_changes::member_id,
    email_changes::email,
    email_changes::old_confirmed_at,
    email_changes::new_confirmed_at,
    email_changes::expires_at,
);

/// The hashes of the two mailed tokens. Without that of the new end the change can never be completed.
#[derive(Debug, Clone)]
pub struct Ends {
    /// Of the token mailed to the present address.
    pub old: Vec<u8>,
    /// Of the token mailed to the new one, unless it is somebody else's already.
    pub new: Option<Vec<u8>>,
}

/// Keeps a change, in place of one asked for before.
///
/// # Errors
/// Only those of the database.
pub fn begin(tx: &mut Tx<'_>, change: &EmailChange, ends: &Ends) -> Result<(), StoreError> {
    cancel(tx, change.member)?;
    diesel::insert_into(email_changes::table)
        .values((
            email_changes::member_id.eq(Key::from(change.member)),
            email_changes::email.eq(&change.email),
            email_changes::old_hash.eq(&ends.old),
            email_changes::new_hash.eq(&ends.new),
            email_changes::expires_at.eq(Moment::from(change.expires_at)),
        ))
        .write(tx)
        .map_err(StoreError::raced)?;
    Ok(())
}

/// The change of a member that waits.
///
/// # Errors
/// Only those of the database.
pub fn find(conn: &mut Conn, member: MemberId, now: DateTime<Utc>) -> Result<Option<EmailChange>, StoreError> {
    let query = email_changes::table.find(Key::from(member)).filter(email_changes::expires_at.gt(Moment::from(now)));
    let row: Option<Row> = query.select(COLUMNS).first(conn).optional()?;
    Ok(row.map(EmailChange::from))
}

/// Drops the change of a member.
///
/// # Errors
/// Only those of the database.
pub fn cancel(tx: &mut Tx<'_>, member: MemberId) -> Result<(), StoreError> {
    diesel::delete(email_changes::table.find(Key::from(member))).write(tx)?;
    Ok(())
}

/// Whose change a mailed token belongs to, unlocked: members come first in the order of locks.
///
/// # Errors
/// Only those of the database.
pub fn owner_of(conn: &mut Conn, token_hash: &[u8], now: DateTime<Utc>) -> Result<Option<MemberId>, StoreError> {
    let either = email_changes::old_hash.eq(token_hash).or(email_changes::new_hash.eq(token_hash).assume_not_null());
    let found: Option<Key> = email_changes::table
        .filter(either)
        .filter(email_changes::expires_at.gt(Moment::from(now)))
        .select(email_changes::member_id)
        .first(conn)
        .optional()?;
    Ok(found.map(MemberId::from))
}

/// Notes that the end a token was mailed to has confirmed, and answers with the change as it then is.
///
/// # Errors
/// Only those of the database.
pub fn confirm(
    tx: &mut Tx<'_>,
    member: MemberId,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<EmailChange>, StoreError> {
    let at = Some(Moment::from(now));
    let own = email_changes::table.find(Key::from(member));
    let row: Option<(Vec<u8>, Option<Vec<u8>>)> =
        for_update(own.select((email_changes::old_hash, email_changes::new_hash))).get_result(&mut **tx).optional()?;
    let Some((old, new)) = row else { return Ok(None) };
    if old == token_hash {
        diesel::update(own).set(email_changes::old_confirmed_at.eq(at)).write(tx)?;
    } else if new.as_deref() == Some(token_hash) {
        diesel::update(own).set(email_changes::new_confirmed_at.eq(at)).write(tx)?;
    } else {
        return Ok(None);
    }
    find(tx, member, now)
}

/// Writes a member's new address as it is compared, beside the one that is shown.
///
/// # Errors
/// [`StoreError::Transient`] when somebody else has just taken it: trying again will find them.
pub fn set_address(tx: &mut Tx<'_>, member: MemberId, email: &str, email_key: &str) -> Result<(), StoreError> {
    diesel::update(members::table.find(Key::from(member)))
        .set((members::email.eq(email), members::email_key.eq(email_key)))
        .write(tx)
        .map_err(StoreError::raced)?;
    Ok(())
}
