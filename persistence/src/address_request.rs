//! What strangers asked for about an address, before anybody looked whose it is.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::names;
use uuid::Uuid;

use crate::{
    error::StoreError,
    locked::for_update,
    row::corrupt,
    schema::address_requests,
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

names! {
    /// What can be asked for.
    pub enum AddressRequestKind {
        /// A token that replaces a forgotten password.
        PasswordReset = "password_reset",
        /// The confirmation token once more.
        Confirmation = "confirmation",
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct AddressRequest {
    /// Its id.
    pub id: Uuid,
    /// What is asked for.
    pub kind: AddressRequestKind,
    /// The address, as it was written.
    pub email: String,
    /// The language of the answer.
    pub locale: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Keeps a request.
///
/// # Errors
/// Only those of the database.
pub fn insert(tx: &mut Tx<'_>, request: &AddressRequest) -> Result<(), StoreError> {
    diesel::insert_into(address_requests::table)
        .values((
            address_requests::id.eq(Key(request.id)),
            address_requests::kind.eq(request.kind.as_str()),
            address_requests::email.eq(&request.email),
            address_requests::locale.eq(&request.locale),
            address_requests::created_at.eq(Moment::from(request.created_at)),
        ))
        .write(tx)?;
    Ok(())
}

/// The oldest request that waits and is younger than this one.
///
/// # Errors
/// Only those of the database.
pub fn next(conn: &mut Conn, after: Uuid) -> Result<Option<Uuid>, StoreError> {
    let younger = address_requests::table.filter(address_requests::id.gt(Key(after)));
    let next: Option<Key> = younger.order(address_requests::id).select(address_requests::id).first(conn).optional()?;
    Ok(next.map(|id| id.0))
}

/// Takes a request out; none if another has.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn take(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<AddressRequest>, StoreError> {
    let query = address_requests::table.find(Key(id)).select((
        address_requests::kind,
        address_requests::email,
        address_requests::locale,
        address_requests::created_at,
    ));
    let row: Option<(String, String, String, Moment)> = for_update(query).get_result(&mut **tx).optional()?;
    let Some((kind, email, locale, created_at)) = row else { return Ok(None) };
    diesel::delete(address_requests::table.find(Key(id))).write(tx)?;
    let kind = kind.parse().map_err(corrupt("address_requests", id))?;
    Ok(Some(AddressRequest { id, kind, email, locale, created_at: created_at.into() }))
}
