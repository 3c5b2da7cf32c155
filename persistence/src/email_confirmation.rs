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

/// What a token confirms.
#[derive(Debug, Clone)]
pub struct Confirmation {
    /// Who registered.
    pub member: MemberId,
    /// The address that it was mailed to, as it was spelled; none of tokens from before that was kept.
    pub email: Option<String>,
}

/// Keeps the hash of a token that confirms an e-mail address.
///
/// # Errors
/// Only those of the database.
pub fn expect(
    tx: &mut Tx<'_>,
    id: MemberId,
    email: &str,
    token_hash: &[u8],
    expires_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::insert_into(email_confirmations::table)
        .values((
            email_confirmations::token_hash.eq(token_hash),
            email_confirmations::member_id.eq(Key::from(id)),
            email_confirmations::expires_at.eq(Moment::from(expires_at)),
            email_confirmations::email.eq(Some(email)),
        ))
        .write(tx)?;
    Ok(())
}

/// When the confirmation tokens of a member expire that are still good, the newest first.
///
/// # Errors
/// Only those of the database.
pub fn under_way(conn: &mut Conn, id: MemberId, now: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>, StoreError> {
    let good = email_confirmations::table
        .filter(email_confirmations::member_id.eq(Key::from(id)))
        .filter(email_confirmations::expires_at.gt(Moment::from(now)));
    let expiries: Vec<Moment> =
        good.select(email_confirmations::expires_at).order(email_confirmations::expires_at.desc()).load(conn)?;
    Ok(expiries.into_iter().map(DateTime::from).collect())
}

/// What a token confirms, if it is still good; unlocked: members come first in the order of locks.
///
/// # Errors
/// Only those of the database.
pub fn find(conn: &mut Conn, token_hash: &[u8], now: DateTime<Utc>) -> Result<Option<Confirmation>, StoreError> {
    let found: Option<(Key, Option<String>)> = email_confirmations::table
        .find(token_hash)
        .filter(email_confirmations::expires_at.gt(Moment::from(now)))
        .select((email_confirmations::member_id, email_confirmations::email))
        .first(conn)
        .optional()?;
    Ok(found.map(|(member, email)| Confirmation { member: member.into(), email }))
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
