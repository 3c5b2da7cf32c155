//! Visits to a provider that are under way. Of their secrets only a hash is kept.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::ids::MemberId;

use crate::{
    error::StoreError,
    locked::for_update,
    row::forgotten_by_age,
    schema::social_flows,
    store::{Tx, WriteNow},
    types::{Key, Moment},
};

/// A visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// To whom.
    pub provider: String,
    /// Where the provider sends the visitor back to.
    pub redirect_uri: String,
    /// Who wants to link what comes back; nobody, when it is to log in or to join.
    pub member: Option<MemberId>,
    /// When it is too late to come back.
    pub expires_at: DateTime<Utc>,
}

/// Keeps a visit.
///
/// # Errors
/// Only those of the database.
pub fn insert(tx: &mut Tx<'_>, token_hash: &[u8], flow: &Flow) -> Result<(), StoreError> {
    diesel::insert_into(social_flows::table)
        .values((
            social_flows::token_hash.eq(token_hash),
            social_flows::provider.eq(&flow.provider),
            social_flows::redirect_uri.eq(&flow.redirect_uri),
            social_flows::member_id.eq(flow.member.map(Key::from)),
            social_flows::expires_at.eq(Moment::from(flow.expires_at)),
        ))
        .write(tx)?;
    Ok(())
}

/// Takes a visit out, so that nobody comes back twice.
///
/// # Errors
/// Only those of the database.
pub fn take(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<Option<Flow>, StoreError> {
    let query = social_flows::table.find(token_hash).select((
        social_flows::provider,
        social_flows::redirect_uri,
        social_flows::member_id,
        social_flows::expires_at,
    ));
    let row: Option<(String, String, Option<Key>, Moment)> = for_update(query).get_result(&mut **tx).optional()?;
    diesel::delete(social_flows::table.find(token_hash)).write(tx)?;
    Ok(row.map(|(provider, redirect_uri, member, expires_at)| Flow {
        provider,
        redirect_uri,
        member: member.map(MemberId::from),
        expires_at: expires_at.into(),
    }))
}

forgotten_by_age!(social_flows, expires_at);

/// Forgets the visits of a member.
///
/// # Errors
/// Only those of the database.
pub(crate) fn forget_member(tx: &mut Tx<'_>, member: MemberId) -> Result<(), StoreError> {
    diesel::delete(social_flows::table.filter(social_flows::member_id.eq(Key::from(member)))).write(tx)?;
    Ok(())
}
