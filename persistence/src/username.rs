//! Whose username is whose, those of members who left included.

use diesel::prelude::*;
use domain::{ids::MemberId, username::Username};

use crate::{
    error::StoreError,
    schema::{members, tombstones},
    store::{Conn, Tx, WriteNow},
    types::Key,
};

/// Whether a name that looks like this one was ever taken: by somebody who is here, or, by its keyed hash, by somebody
/// who left.
///
/// # Errors
/// Only those of the database.
pub fn is_taken(conn: &mut Conn, username: &Username, hash: &[u8]) -> Result<bool, StoreError> {
    let here = members::table.filter(members::username_skeleton.eq(username.skeleton()));
    let left = tombstones::table.filter(tombstones::username_hash.eq(hash));
    Ok(diesel::select(diesel::dsl::exists(here)).get_result(conn)?
        || diesel::select(diesel::dsl::exists(left)).get_result(conn)?)
}

/// Writes down the wish of somebody who is not confirmed, which keeps the name from nobody, or drops it.
///
/// # Errors
/// Only those of the database.
pub fn wish(tx: &mut Tx<'_>, member: MemberId, username: Option<&Username>) -> Result<(), StoreError> {
    diesel::update(members::table.find(Key::from(member)))
        .set(members::username.eq(username.map(Username::as_str)))
        .write(tx)?;
    Ok(())
}

/// Gives a member a name for ever.
///
/// # Errors
/// [`StoreError::Transient`] when somebody else has just taken it: trying again will find them.
pub fn claim(tx: &mut Tx<'_>, member: MemberId, username: &Username) -> Result<(), StoreError> {
    diesel::update(members::table.find(Key::from(member)))
        .set((members::username.eq(username.as_str()), members::username_skeleton.eq(username.skeleton())))
        .write(tx)
        .map_err(StoreError::raced)?;
    Ok(())
}
