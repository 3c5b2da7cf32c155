//! How much is paid out, and what that costs.

use chrono::NaiveDate;
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::PayoutError;
use crate::{
    money::{Currency, Money, MoneyError},
    release::Release,
    rules::{PayoutMode, PayoutRules},
};

/// A quick payout, and what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quick {
    /// What goes to the bank; the bank's fee is not taken again.
    pub amount: Money,
    /// What it costs besides, with its consumption tax.
    pub fee: Money,
    /// That tax.
    pub fee_tax: Money,
}

impl Quick {
    /// What a quick payout of an amount takes.
    ///
    /// # Errors
    /// Another currency than yen, less than the minimum, or out of range.
    pub fn of(amount: Money, rules: &PayoutRules) -> Result<Self, PayoutError> {
        check_yen(amount)?;
        check_minimum(amount, rules)?;
        let yen = |amount| Money::new(amount, Currency::Jpy);
        let fee = quick_fee(amount.amount(), rules)?;
        // Multiplied before divided: the quotient of a repeating decimal must not lose a yen.
        let fee_tax = floor(Decimal::from(fee) * rules.tax_rate / (Decimal::ONE + rules.tax_rate))?;
        let quick = Self { amount, fee: yen(fee)?, fee_tax: yen(fee_tax)? };
        quick.total()?;
        Ok(quick)
    }

    /// The largest that earnings allow, with its fee.
    ///
    /// # Errors
    /// Another currency than yen, or the earnings do not even allow the minimum.
    pub fn most(earnings: Money, rules: &PayoutRules) -> Result<Self, PayoutError> {
        check_yen(earnings)?;
        let fits = |amount: i64| {
            let fee = quick_fee(amount, rules).unwrap_or(i64::MAX);
            amount.checked_add(fee).is_some_and(|total| total <= earnings.amount())
        };
        // The total only rises with the amount, so the search halves.
        let (mut low, mut high) = (0, earnings.amount());
        while low < high {
            let middle = low + (high - low + 1) / 2;
            if fits(middle) { low = middle } else { high = middle - 1 }
        }
        Self::of(Money::new(low, Currency::Jpy)?, rules)
    }

    /// What leaves the worker's earnings.
    ///
    /// # Errors
    /// Out of range.
    pub fn total(&self) -> Result<Money, MoneyError> {
        self.amount.plus(self.fee)
    }
}

/// What is paid out at the close of a month of all that a worker earned before it: everything or nothing. Less than the
/// minimum waits, but not so long that the law would be broken before the next payday; and who is only paid on request
/// is so only then.
///
/// # Errors
/// Amounts out of range.
pub fn due(earned: &[Release], next_payday: NaiveDate, rules: &PayoutRules) -> Result<Option<Money>, PayoutError> {
    let total = Money::sum(Currency::Jpy, earned.iter().map(|release| release.remaining))?;
    let may_not_wait =
        earned.iter().any(|release| release.remaining.is_positive() && release.payment_due_on < next_payday);
    let enough = match rules.mode {
        PayoutMode::Automatic => total.amount() >= rules.minimum,
        PayoutMode::OnRequest => false,
    };
    Ok(Some(total).filter(|total| total.is_positive() && (enough || may_not_wait)))
}

pub(super) fn check_yen(amount: Money) -> Result<(), PayoutError> {
    match amount.currency() {
        Currency::Jpy => Ok(()),
        Currency::Usd => Err(PayoutError::NotYen),
    }
}

pub(super) fn check_minimum(amount: Money, rules: &PayoutRules) -> Result<(), PayoutError> {
    let minimum = Money::new(rules.minimum, Currency::Jpy)?;
    if amount.amount() < minimum.amount() { Err(PayoutError::TooSmall { minimum }) } else { Ok(()) }
}

fn quick_fee(amount: i64, rules: &PayoutRules) -> Result<i64, MoneyError> {
    Ok(floor(Decimal::from(amount) * rules.quick_rate)?.max(rules.quick_fee_min))
}

fn floor(exact: Decimal) -> Result<i64, MoneyError> {
    exact.floor().to_i64().ok_or(MoneyError::OutOfRange)
}
