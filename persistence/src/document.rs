//! What JSON columns have in common: written in one form, and read strictly.

use domain::money::{Currency, Money};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::types::Document;

/// What is wrong with a document, in words for the log.
pub(crate) type Nonsense = String;

/// Reads a document as what it was written from.
///
/// # Errors
/// A member that is missing, unknown or of another kind.
pub(crate) fn understand<T: DeserializeOwned>(document: Document) -> Result<T, Nonsense> {
    serde_json::from_value(document.0).map_err(nonsense)
}

/// Any error, in words.
pub(crate) fn nonsense(error: impl std::fmt::Display) -> Nonsense {
    error.to_string()
}

/// An amount inside a document.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredMoney {
    amount: i64,
    currency: String,
}

impl StoredMoney {
    /// The amount as the domain knows it.
    ///
    /// # Errors
    /// A currency that is none, or an amount out of range.
    pub(crate) fn read(self) -> Result<Money, Nonsense> {
        let currency = self.currency.parse::<Currency>().map_err(nonsense)?;
        Money::new(self.amount, currency).map_err(nonsense)
    }
}

impl From<Money> for StoredMoney {
    fn from(money: Money) -> Self {
        Self { amount: money.amount(), currency: money.currency().to_string() }
    }
}
