//! What is true of the whole installation: its mode, the sandbox's secret, the test clock.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::{
    error::StoreError,
    locked::for_update,
    schema::instance,
    store::{Conn, Tx, WriteNow, on_each},
    types::Moment,
};

/// The one row that says what this installation is.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = instance)]
pub struct Instance {
    /// `sandbox` or `production`, for ever.
    pub mode: String,
    /// The sandbox's own secret; production keeps its secret in its settings.
    pub secret: Option<Vec<u8>>,
    /// Which generation of keys signs access tokens.
    pub key_generation: i32,
    /// The id of the first of them, which tells to what secret the database belongs; none before that was noted.
    pub first_key_id: Option<String>,
    clock_offset: i64,
}

impl Instance {
    /// How far the test clock is ahead of real time.
    pub const fn clock_offset(&self) -> TimeDelta {
        TimeDelta::microseconds(self.clock_offset)
    }
}

/// Marks a new installation, or reads what an older one was marked as.
///
/// # Errors
/// Only those of the database.
pub fn claim(tx: &mut Tx<'_>, mode: &str, secret: Option<&[u8]>, now: DateTime<Utc>) -> Result<Instance, StoreError> {
    let row = (
        instance::id.eq(1),
        instance::mode.eq(mode),
        instance::secret.eq(secret),
        instance::clock_offset.eq(0_i64),
        instance::created_at.eq(Moment::from(now)),
    );
    on_each!(*tx, conn => diesel::insert_into(instance::table).values(row).on_conflict_do_nothing().execute(conn))?;
    read(tx)
}

/// Notes to what secret the database belongs, unless that is known: of two that start at once, the first is noted.
///
/// # Errors
/// Only those of the database.
pub fn note_secret(tx: &mut Tx<'_>, first_key_id: &str) -> Result<Instance, StoreError> {
    let unknown = instance::table.filter(instance::first_key_id.is_null());
    diesel::update(unknown).set(instance::first_key_id.eq(Some(first_key_id))).write(tx)?;
    read(tx)
}

/// Gives the database to another secret.
///
/// # Errors
/// Only those of the database.
pub fn adopt_secret(tx: &mut Tx<'_>, first_key_id: &str) -> Result<Instance, StoreError> {
    diesel::update(instance::table).set(instance::first_key_id.eq(Some(first_key_id))).write(tx)?;
    read(tx)
}

/// Reads the installation's row.
///
/// # Errors
/// Only those of the database.
pub fn read(conn: &mut Conn) -> Result<Instance, StoreError> {
    Ok(instance::table.select(Instance::as_select()).first(conn)?)
}

/// Sets the test clock forward to `offset` ahead of real time; it never goes back.
///
/// # Errors
/// Only those of the database.
pub fn set_clock_offset(tx: &mut Tx<'_>, offset: TimeDelta) -> Result<(), StoreError> {
    let current: Instance = for_update(instance::table.select(Instance::as_select())).get_result(&mut **tx)?;
    let micros = offset.num_microseconds().unwrap_or(i64::MAX).max(current.clock_offset);
    diesel::update(instance::table).set(instance::clock_offset.eq(micros)).write(tx)?;
    Ok(())
}

/// Goes on to the next generation of signing keys, unless the last step was after `earliest`; the generation that signs
/// from now on.
///
/// # Errors
/// Only those of the database.
pub fn rotate_keys(tx: &mut Tx<'_>, now: DateTime<Utc>, earliest: DateTime<Utc>) -> Result<Option<i32>, StoreError> {
    let query = instance::table.select((instance::key_generation, instance::keys_rotated_at));
    let (generation, rotated_at): (i32, Option<Moment>) = for_update(query).get_result(&mut **tx)?;
    if rotated_at.is_some_and(|at| DateTime::from(at) > earliest) {
        return Ok(None);
    }
    diesel::update(instance::table)
        .set((instance::key_generation.eq(generation + 1), instance::keys_rotated_at.eq(Some(Moment::from(now)))))
        .write(tx)?;
    Ok(Some(generation + 1))
}
