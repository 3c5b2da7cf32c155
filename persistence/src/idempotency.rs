//! Answers already given, kept with the effect they answered for.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{
    error::{LOCK_TIMEOUT, StoreError},
    schema::idempotency_keys,
    store::{Conn, Tx, on_each},
    types::{Document, Moment},
};

/// What became of the attempt to use a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// Nobody used it before: go on, then [`complete`] it.
    Fresh,
    /// It was used for the same request, and this was the answer; none if it may not be repeated.
    Answered(Option<serde_json::Value>),
    /// It was used for another request.
    OtherRequest,
}

/// Takes a key for this transaction. Somebody else's transaction on the same key is waited for.
///
/// # Errors
/// [`StoreError::StillRunning`] when it takes too long; those of the database.
pub fn claim(
    tx: &mut Tx<'_>,
    caller: &str,
    key: &str,
    fingerprint: &[u8],
    now: DateTime<Utc>,
) -> Result<Claim, StoreError> {
    let row = (
        idempotency_keys::caller.eq(caller),
        idempotency_keys::idempotency_key.eq(key),
        idempotency_keys::fingerprint.eq(fingerprint),
        idempotency_keys::created_at.eq(Moment::from(now)),
    );
    let claimed = on_each!(*tx, conn => {
        diesel::insert_into(idempotency_keys::table).values(row).on_conflict_do_nothing().execute(conn)
    })
    .map_err(|error| {
        let error = StoreError::from(error);
        // Nothing else can be waited for here than the same key.
        let is_wait = matches!(&error, StoreError::Unavailable(message) if message.contains(LOCK_TIMEOUT));
        if is_wait { StoreError::StillRunning } else { error }
    })?;
    if claimed == 1 {
        return Ok(Claim::Fresh);
    }
    let (known, answer): (Vec<u8>, Option<Document>) = idempotency_keys::table
        .find((caller, key))
        .select((idempotency_keys::fingerprint, idempotency_keys::answer))
        .first(&mut **tx)?;
    if known == fingerprint {
        return Ok(Claim::Answered(answer.map(|document| document.0)));
    }
    Ok(Claim::OtherRequest)
}

/// Keeps the answer under a key claimed in this transaction.
///
/// # Errors
/// Only those of the database.
pub fn complete(tx: &mut Tx<'_>, caller: &str, key: &str, answer: serde_json::Value) -> Result<(), StoreError> {
    diesel::update(idempotency_keys::table.find((caller, key)))
        .set(idempotency_keys::answer.eq(Document(answer)))
        .execute(&mut **tx)?;
    Ok(())
}

/// Forgets keys older than `before`.
///
/// # Errors
/// Only those of the database.
pub fn forget(tx: &mut Tx<'_>, before: DateTime<Utc>) -> Result<usize, StoreError> {
    let old = idempotency_keys::table.filter(idempotency_keys::created_at.lt(Moment::from(before)));
    Ok(diesel::delete(old).execute(&mut **tx)?)
}

/// Whether there is a key older than `before`.
///
/// # Errors
/// Only those of the database.
pub fn any_before(conn: &mut Conn, before: DateTime<Utc>) -> Result<bool, StoreError> {
    let old = idempotency_keys::table.filter(idempotency_keys::created_at.lt(Moment::from(before)));
    Ok(diesel::select(diesel::dsl::exists(old)).get_result(conn)?)
}
