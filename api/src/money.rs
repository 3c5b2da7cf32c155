//! Money in JSON: integer minor units and a currency, both ways.

use domain::money;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    problem::{Code, Problem},
    words::{Currency, Word},
};

/// An amount of money in minor units (yen for JPY, cents for USD), below 2^53.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units.
    #[schema(minimum = 0, maximum = 9007199254740991_i64, example = 11000)]
    #[garde(range(min = 0, max = money::MAX_AMOUNT))]
    pub amount: i64,
    /// ISO 4217.
    #[garde(skip)]
    pub currency: Currency,
}

impl From<money::Money> for Money {
    fn from(money: money::Money) -> Self {
        Self { amount: money.amount(), currency: Word(money.currency()) }
    }
}

impl TryFrom<Money> for money::Money {
    type Error = Problem;

    fn try_from(money: Money) -> Result<Self, Problem> {
        Self::new(money.amount, money.currency.0).map_err(Problem::from)
    }
}

/// Wants more than nothing.
///
/// # Errors
/// [`Code::InvalidBody`] at `pointer`.
pub fn positive(money: Money, pointer: &str) -> Result<money::Money, Problem> {
    let money = money::Money::try_from(money)?;
    if money.is_positive() {
        return Ok(money);
    }
    Err(Problem::new(Code::InvalidBody).at(pointer, "must be more than zero", "0より大きい金額を指定してください。"))
}
