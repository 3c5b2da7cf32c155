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
