//! Accounts elsewhere that log in to a member's account here.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::ids::{IdentityId, MemberId};

use crate::{
    error::StoreError,
    schema::identities,
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

/// An account at a provider: nobody else there ever has this subject (OpenID Connect Core, section 5.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its id here.
    pub id: IdentityId,
    /// Whose it is.
    pub member: MemberId,
    /// Who says so.
    pub issuer: String,
    /// Whom they mean.
    pub subject: String,
    /// When it was linked.
    pub created_at: DateTime<Utc>,
}

type Row = (Key, Key, String, String, Moment);

impl From<Row> for Identity {
    fn from((id, member, issuer, subject, created_at): Row) -> Self {
        Self { id: id.into(), member: member.into(), issuer, subject, created_at: created_at.into() }
    }
}

/// Whose account this is.
///
/// # Errors
/// Only those of the database.
pub fn find(conn: &mut Conn, issuer: &str, subject: &str) -> Result<Option<Identity>, StoreError> {
    let one = identities::table.filter(identities::issuer.eq(issuer).and(identities::subject.eq(subject)));
    Ok(one.get_result::<Row>(conn).optional()?.map(Identity::from))
}

/// What is linked with a member, oldest first.
///
/// # Errors
/// Only those of the database.
pub fn of(conn: &mut Conn, member: MemberId) -> Result<Vec<Identity>, StoreError> {
    let own = identities::table.filter(identities::member_id.eq(Key::from(member)));
    let rows: Vec<Row> = own.order((identities::created_at, identities::id)).load(conn)?;
    Ok(rows.into_iter().map(Identity::from).collect())
}

/// Links one.
///
/// # Errors
/// [`StoreError::Transient`] when somebody has just linked the same: trying again will find it.
pub fn insert(tx: &mut Tx<'_>, identity: &Identity) -> Result<(), StoreError> {
    diesel::insert_into(identities::table)
        .values((
            identities::id.eq(Key::from(identity.id)),
            identities::member_id.eq(Key::from(identity.member)),
            identities::issuer.eq(&identity.issuer),
            identities::subject.eq(&identity.subject),
            identities::created_at.eq(Moment::from(identity.created_at)),
        ))
        .write(tx)
        .map_err(StoreError::raced)?;
    Ok(())
}

/// Unlinks one.
///
/// # Errors
/// Only those of the database.
pub fn remove(tx: &mut Tx<'_>, id: IdentityId) -> Result<(), StoreError> {
    diesel::delete(identities::table.find(Key::from(id))).write(tx)?;
    Ok(())
}

/// Unlinks all of a member's.
///
/// # Errors
/// Only those of the database.
pub(crate) fn forget_member(tx: &mut Tx<'_>, member: MemberId) -> Result<(), StoreError> {
    diesel::delete(identities::table.filter(identities::member_id.eq(Key::from(member)))).write(tx)?;
    Ok(())
}
