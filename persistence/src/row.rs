//! What reading and saving rows have in common.

use std::fmt::Display;

use domain::money::{Currency, Money};

use crate::error::StoreError;

/// Turns "this text makes no sense" into an error that says where it stands.
pub(crate) fn corrupt<E: Display>(table: &'static str, id: impl Display) -> impl Fn(E) -> StoreError {
    let id = id.to_string();
    move |what| StoreError::Corrupt { table, id: id.clone(), what: what.to_string() }
}

/// A guarded update must have hit exactly its row.
pub(crate) fn saved(changed: usize, table: &'static str) -> Result<(), StoreError> {
    if changed == 1 { Ok(()) } else { Err(StoreError::LostRace { table }) }
}

/// An amount column and the row's currency as money.
pub(crate) fn money(
    amount: i64,
    currency: Currency,
    table: &'static str,
    id: impl Display,
) -> Result<Money, StoreError> {
    Money::new(amount, currency).map_err(corrupt(table, id))
}

/// How many rows of a table are forgotten at once, so that what has piled up holds nobody else up.
pub(crate) const FORGOTTEN_AT_ONCE: i64 = 1_000;

/// Gives a table whose rows are kept for a while two functions: whether any is too old, which is asked first because a
/// write costs more, and forgetting those. Both go by the oldest: of whatever is below a value that it does not know,
/// PostgreSQL expects a third of the table, and reads all of it.
macro_rules! forgotten_by_age {
    ($table:ident, $column:ident) => {
        #[doc = concat!("Whether any row is older than `before`, by its `", stringify!($column), "`.")]
        ///
        /// # Errors
        /// Only those of the database.
        pub fn any_before(
            conn: &mut $crate::store::Conn,
            before: chrono::DateTime<chrono::Utc>,
        ) -> Result<bool, $crate::error::StoreError> {
            let by_age = $table::table.order($table::$column).select($table::$column);
            let oldest: Option<$crate::types::Moment> = by_age.first(conn).optional()?;
            Ok(oldest.is_some_and(|oldest| oldest < before.into()))
        }

        #[doc = concat!("Forgets what is older than `before`, by its `", stringify!($column), "`; of much, the oldest.")]
        ///
        /// # Errors
        /// Only those of the database.
        pub fn forget(
            tx: &mut $crate::store::Tx<'_>,
            before: chrono::DateTime<chrono::Utc>,
        ) -> Result<(), $crate::error::StoreError> {
            let before = $crate::types::Moment::from(before);
            let old = $table::table.filter($table::$column.lt(before));
            let by_age = old.order($table::$column).select($table::$column);
            let Some(oldest) = by_age.first::<$crate::types::Moment>(&mut **tx).optional()? else { return Ok(()) };
            let last = by_age.offset($crate::row::FORGOTTEN_AT_ONCE - 1).first(&mut **tx).optional()?;
            let some = $table::table.filter($table::$column.between(oldest, last.unwrap_or(before)));
            $crate::store::WriteNow::write(diesel::delete(some), tx)?;
            Ok(())
        }
    };
}
pub(crate) use forgotten_by_age;
