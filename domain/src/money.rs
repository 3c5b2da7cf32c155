//! Amounts of money: integer minor units and a currency, checked arithmetic, never a float.

use crate::names;

/// Below this an integer survives every JSON parser (2^53, RFC 8259 section 6).
pub const MAX_AMOUNT: i64 = (1 << 53) - 1;

names! {
    /// An ISO 4217 currency.
    pub enum Currency {
        /// Yen, without decimals.
        Jpy = "JPY",
        /// US dollar, two decimals.
        Usd = "USD",
    }
}

impl Currency {
    /// How many decimal digits the minor unit stands for.
    pub const fn decimals(self) -> u32 {
        match self {
            Self::Jpy => 0,
            Self::Usd => 2,
        }
    }
}

/// Minor units of one currency. May be negative only as a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    amount: i64,
    currency: Currency,
}

/// Arithmetic that has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Past what can be held or sent exactly.
    #[error("the amount is out of range")]
    OutOfRange,
    /// Two currencies met in one sum.
    #[error("cannot combine {0} with {1}")]
    CurrencyMismatch(Currency, Currency),
}

impl Money {
    /// An amount whose absolute value is below 2^53.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] otherwise.
    pub fn new(amount: i64, currency: Currency) -> Result<Self, MoneyError> {
        if amount.checked_abs().is_none_or(|size| size > MAX_AMOUNT) {
            return Err(MoneyError::OutOfRange);
        }
        Ok(Self { amount, currency })
    }

    /// Nothing.
    pub const fn zero(currency: Currency) -> Self {
        Self { amount: 0, currency }
    }

    /// The minor units.
    pub const fn amount(self) -> i64 {
        self.amount
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is exactly nothing.
    pub const fn is_zero(self) -> bool {
        self.amount == 0
    }

    /// Whether it is more than nothing.
    pub const fn is_positive(self) -> bool {
        self.amount > 0
    }

    /// The sum.
    ///
    /// # Errors
    /// Another currency, or out of range.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        Self::new(self.amount.checked_add(other.amount).ok_or(MoneyError::OutOfRange)?, self.currency)
    }

    /// The difference, negative if `other` is larger.
    ///
    /// # Errors
    /// Another currency, or out of range.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        Self::new(self.amount.checked_sub(other.amount).ok_or(MoneyError::OutOfRange)?, self.currency)
    }

    /// The smaller of the two.
    ///
    /// # Errors
    /// Another currency.
    pub fn min(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        Ok(Self { amount: self.amount.min(other.amount), ..self })
    }

    /// The sum of all; nothing if there are none.
    ///
    /// # Errors
    /// Another currency, or out of range.
    pub fn sum(currency: Currency, parts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        parts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }

    fn same(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::CurrencyMismatch(self.currency, other.currency))
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let major = rust_decimal::Decimal::new(self.amount, self.currency.decimals());
        write!(f, "{major} {}", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yen(amount: i64) -> Money {
        Money::new(amount, Currency::Jpy).unwrap()
    }

    #[test]
    fn sums_past_two_to_the_53_are_refused() {
        assert_eq!(yen(MAX_AMOUNT).plus(yen(1)), Err(MoneyError::OutOfRange));
        assert_eq!(Money::new(i64::MIN, Currency::Jpy), Err(MoneyError::OutOfRange));
    }

    #[test]
    fn currencies_do_not_mix() {
        let dollars = Money::new(1, Currency::Usd).unwrap();
        assert_eq!(yen(1).plus(dollars), Err(MoneyError::CurrencyMismatch(Currency::Jpy, Currency::Usd)));
    }

    #[test]
    fn a_person_reads_major_units() {
        assert_eq!(yen(11_000).to_string(), "11000 JPY");
        assert_eq!(Money::new(1_234, Currency::Usd).unwrap().to_string(), "12.34 USD");
    }
}
