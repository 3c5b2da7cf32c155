//! Tokens that confirm the e-mail address of somebody who joins.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::ids::MemberId;

use crate::{
    error::StoreError,
    row::forgotten_by_age,
    schema::email_confirmations,
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

/// Keeps the hash of a token that confirms an e-mail address.
///
/// # Errors
/// Only those of the database.
pub fn expect(tx: &mut Tx<'_>, id: MemberId, token_hash: &[u8], expires_at: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::insert_into(email_confirmations::table)
        .values((
            email_confirmations::token_hash.eq(token_hash),
            email_confirmations::member_id.eq(Key::from(id)),
            email_confirmations::expires_at.eq(Moment::from(expires_at)),
        ))
        .write(tx)?;
    Ok(())
}

/// How many confirmation tokens a member has that are still good.
///
/// # Errors
/// Only those of the database.
pub fn under_way(conn: &mut Conn, id: MemberId, now: DateTime<Utc>) -> Result<i64, StoreError> {
    let good = email_confirmations::table
        .filter(email_confirmations::member_id.eq(Key::from(id)))
        .filter(email_confirmations::expires_at.gt(Moment::from(now)));
    Ok(good.count().get_result(conn)?)
}

/// Whose confirmation token this is, if it is still good; unlocked: members come first in the order of locks.
///
/// # Errors
/// Only those of the database.
pub fn member_of(conn: &mut Conn, token_hash: &[u8], now: DateTime<Utc>) -> Result<Option<MemberId>, StoreError> {
    let found: Option<Key> = email_confirmations::table
        .find(token_hash)
        .filter(email_confirmations::expires_at.gt(Moment::from(now)))
        .select(email_confirmations::member_id)
        .first(conn)
        .optional()?;
    Ok(found.map(MemberId::from))
}

/// Takes a confirmation token out; false if somebody else has just taken it, or made it worthless.
///
/// # Errors
/// Only those of the database.
pub fn take(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<bool, StoreError> {
    Ok(diesel::delete(email_confirmations::table.find(token_hash)).write(tx)? == 1)
}

/// Makes every confirmation token of a member worthless.
///
/// # Errors
/// Only those of the database.
pub fn void(tx: &mut Tx<'_>, id: MemberId) -> Result<(), StoreError> {
    let own = email_confirmations::table.filter(email_confirmations::member_id.eq(Key::from(id)));
    diesel::delete(own).write(tx)?;
    Ok(())
}

forgotten_by_age!(email_confirmations, expires_at);
