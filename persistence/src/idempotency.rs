//! Answers already given, kept with the effect they answered for.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{
    error::{LOCK_TIMEOUT, StoreError},
    schema::idempotency_keys,
    store::{Conn, Rows, Tx, on_each},
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

/// A key that a request comes with.
#[derive(Debug, Clone)]
pub struct KeyUse {
    /// Whose key it is.
    pub caller: String,
    /// The key.
    pub key: String,
    /// What tells this request from another under the same key.
    pub fingerprint: Vec<u8>,
}

impl KeyUse {
    /// What is kept of it.
    pub(crate) fn row(&self, now: DateTime<Utc>) -> Row {
        Row {
            caller: self.caller.clone(),
            idempotency_key: self.key.clone(),
            fingerprint: self.fingerprint.clone(),
            created_at: now.into(),
        }
    }

    fn place(&self) -> (String, String) {
        (self.caller.clone(), self.key.clone())
    }
}

#[derive(Debug, Insertable)]
#[diesel(table_name = idempotency_keys)]
pub(crate) struct Row {
    caller: String,
    idempotency_key: String,
    fingerprint: Vec<u8>,
    created_at: Moment,
}

/// Takes a key, unless it is taken.
macro_rules! take_key {
    ($use_of:expr, $now:expr) => {
        diesel::insert_into($crate::schema::idempotency_keys::table).values($use_of.row($now)).on_conflict_do_nothing()
    };
}
pub(crate) use take_key;

/// Takes a key for this transaction. Somebody else's transaction on the same key is waited for.
///
/// # Errors
/// [`StoreError::StillRunning`] when it takes too long; those of the database.
pub fn claim(tx: &mut Tx<'_>, use_of: &KeyUse, now: DateTime<Utc>) -> Result<Claim, StoreError> {
    let claimed = on_each!(*tx, conn => take_key!(use_of, now).execute(conn)).map_err(waited)?;
    if claimed == 1 { Ok(Claim::Fresh) } else { known(tx, use_of) }
}

/// What waiting for a key ends in if not in having it: nothing else can be waited for there than the same key.
pub(crate) fn waited(error: diesel::result::Error) -> StoreError {
    let error = StoreError::from(error);
    let is_wait = matches!(&error, StoreError::Unavailable(message) if message.contains(LOCK_TIMEOUT));
    if is_wait { StoreError::StillRunning } else { error }
}

/// What a key that is taken was taken for.
pub(crate) fn known(tx: &mut Tx<'_>, use_of: &KeyUse) -> Result<Claim, StoreError> {
    let (known, answer): (Vec<u8>, Option<Document>) = idempotency_keys::table
        .find(use_of.place())
        .select((idempotency_keys::fingerprint, idempotency_keys::answer))
        .first(&mut **tx)?;
    if known == use_of.fingerprint {
        return Ok(Claim::Answered(answer.map(|document| document.0)));
    }
    Ok(Claim::OtherRequest)
}

/// Keeps the answer under a key claimed in this transaction.
///
/// # Errors
/// Those of the database; [`StoreError::LostRace`] when the key was not claimed.
pub fn complete(tx: &mut Tx<'_>, use_of: &KeyUse, answer: serde_json::Value) -> Result<(), StoreError> {
    let row = idempotency_keys::table.find(use_of.place());
    tx.later(Rows::Only("idempotency_keys"), diesel::update(row).set(idempotency_keys::answer.eq(Document(answer))))
}

/// Forgets keys older than `before`.
///
/// # Errors
/// Only those of the database.
pub fn forget(tx: &mut Tx<'_>, before: DateTime<Utc>) -> Result<(), StoreError> {
    let old = idempotency_keys::table.filter(idempotency_keys::created_at.lt(Moment::from(before)));
    diesel::delete(old).execute(&mut **tx)?;
    Ok(())
}

/// Whether there is a key older than `before`.
///
/// # Errors
/// Only those of the database.
pub fn any_before(conn: &mut Conn, before: DateTime<Utc>) -> Result<bool, StoreError> {
    let old = idempotency_keys::table.filter(idempotency_keys::created_at.lt(Moment::from(before)));
    Ok(diesel::select(diesel::dsl::exists(old)).get_result(conn)?)
}
