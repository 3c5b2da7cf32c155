//! Second factors: the sealed secret of each, which codes were used, and the recovery codes.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::ids::MemberId;

use crate::{
    error::StoreError,
    locked::for_update,
    schema::{recovery_codes, second_factors},
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

/// A second factor of a member.
#[derive(Debug, Clone)]
pub struct SecondFactor {
    /// The secret, sealed.
    pub sealed: Vec<u8>,
    /// When the first code was right; before that it counts for nothing.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// The latest time step whose code was used.
    pub last_step: i64,
}

type Row = (Vec<u8>, Option<Moment>, i64);

const COLUMNS: (second_factors::secret, second_factors::confirmed_at, second_factors::last_step) =
    (second_factors::secret, second_factors::confirmed_at, second_factors::last_step);

impl From<Row> for SecondFactor {
    fn from((sealed, confirmed_at, last_step): Row) -> Self {
        Self { sealed, confirmed_at: confirmed_at.map(Into::into), last_step }
    }
}

/// The second factor of a member, set or about to be.
///
/// # Errors
/// Only those of the database.
pub fn find(conn: &mut Conn, member: MemberId) -> Result<Option<SecondFactor>, StoreError> {
    let row: Option<Row> = second_factors::table.find(Key::from(member)).select(COLUMNS).first(conn).optional()?;
    Ok(row.map(SecondFactor::from))
}

/// The same, locked.
///
/// # Errors
/// Only those of the database.
pub fn lock(tx: &mut Tx<'_>, member: MemberId) -> Result<Option<SecondFactor>, StoreError> {
    let query = second_factors::table.find(Key::from(member)).select(COLUMNS);
    Ok(for_update(query).get_result::<Row>(&mut **tx).optional()?.map(SecondFactor::from))
}

/// Whether a log-in of this member needs a second factor.
///
/// # Errors
/// Only those of the database.
pub fn is_set(conn: &mut Conn, member: MemberId) -> Result<bool, StoreError> {
    Ok(find(conn, member)?.is_some_and(|factor| factor.confirmed_at.is_some()))
}

/// Keeps a new secret, in place of one that was never confirmed.
///
/// # Errors
/// [`StoreError::Transient`] when one was just confirmed, or another begun: trying again will find it.
pub fn begin(tx: &mut Tx<'_>, member: MemberId, sealed: &[u8], now: DateTime<Utc>) -> Result<(), StoreError> {
    let unconfirmed = second_factors::table.find(Key::from(member)).filter(second_factors::confirmed_at.is_null());
    diesel::delete(unconfirmed).write(tx)?;
    diesel::insert_into(second_factors::table)
        .values((
            second_factors::member_id.eq(Key::from(member)),
            second_factors::secret.eq(sealed),
            second_factors::last_step.eq(0_i64),
            second_factors::created_at.eq(Moment::from(now)),
        ))
        .write(tx)
        .map_err(StoreError::raced)?;
    Ok(())
}

/// Notes that the factor works.
///
/// # Errors
/// Only those of the database.
pub fn confirm(tx: &mut Tx<'_>, member: MemberId, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(second_factors::table.find(Key::from(member)))
        .set(second_factors::confirmed_at.eq(Some(Moment::from(now))))
        .write(tx)?;
    Ok(())
}

/// Notes the time step whose code was used, so that no code up to it works again.
///
/// # Errors
/// Only those of the database.
pub fn used(tx: &mut Tx<'_>, member: MemberId, step: i64) -> Result<(), StoreError> {
    diesel::update(second_factors::table.find(Key::from(member))).set(second_factors::last_step.eq(step)).write(tx)?;
    Ok(())
}

/// Removes a member's factor and recovery codes.
///
/// # Errors
/// Only those of the database.
pub fn remove(tx: &mut Tx<'_>, member: MemberId) -> Result<(), StoreError> {
    diesel::delete(second_factors::table.find(Key::from(member))).write(tx)?;
    replace_recovery_codes(tx, member, &[])
}

/// Puts new recovery codes in place of the old.
///
/// # Errors
/// Only those of the database.
pub fn replace_recovery_codes(tx: &mut Tx<'_>, member: MemberId, hashes: &[Vec<u8>]) -> Result<(), StoreError> {
    let me = Key::from(member);
    diesel::delete(recovery_codes::table.filter(recovery_codes::member_id.eq(me))).write(tx)?;
    for hash in hashes {
        diesel::insert_into(recovery_codes::table)
            .values((recovery_codes::member_id.eq(me), recovery_codes::code_hash.eq(hash)))
            .write(tx)?;
    }
    Ok(())
}

/// Uses a recovery code up; whether there was such a code.
///
/// # Errors
/// Only those of the database.
pub fn take_recovery_code(tx: &mut Tx<'_>, member: MemberId, hash: &[u8]) -> Result<bool, StoreError> {
    let one = recovery_codes::table.find((Key::from(member), hash));
    Ok(diesel::delete(one).write(tx)? == 1)
}

/// The hashes of the recovery codes that are left, in an order of their own.
///
/// # Errors
/// Only those of the database.
pub fn recovery_hashes(conn: &mut Conn, member: MemberId) -> Result<Vec<Vec<u8>>, StoreError> {
    let own = recovery_codes::table.filter(recovery_codes::member_id.eq(Key::from(member)));
    Ok(own.order(recovery_codes::code_hash).select(recovery_codes::code_hash).load(conn)?)
}

/// How many recovery codes are left.
///
/// # Errors
/// Only those of the database.
pub fn recovery_codes_left(conn: &mut Conn, member: MemberId) -> Result<i64, StoreError> {
    let own = recovery_codes::table.filter(recovery_codes::member_id.eq(Key::from(member)));
    Ok(own.count().get_result(conn)?)
}
