//! What the operator takes, told before anybody agrees to anything.

use domain::{
    fee::{Fee, FeeSchedule},
    money::{Money, MoneyError},
    terms::Terms,
};

use crate::problem::Problem;

/// The schedule that a contract signed now is under.
pub fn current() -> FeeSchedule {
    FeeSchedule::standard()
}

/// What the first release of a contract costs.
///
/// # Errors
/// An amount out of range.
pub fn quote(gross: Money) -> Result<Fee, MoneyError> {
    current().release_fee(0, gross.amount())
}

/// The smallest price that leaves the worker exactly this net.
///
/// # Errors
/// [`Code::NoSuchNet`](crate::problem::Code::NoSuchNet) with the nearest net there is.
pub fn price_of(net: Money) -> Result<Money, Problem> {
    Ok(Money::new(current().gross_for_net(net.amount())?, net.currency())?)
}

/// What each milestone leaves the worker if they are accepted in this order. In another order the single amounts
/// differ; their sum does not, because the brackets accumulate.
///
/// # Errors
/// Amounts that were not checked, and are out of range together.
pub fn nets(terms: &Terms) -> Result<Vec<Money>, MoneyError> {
    let schedule = current();
    let release = |before: &mut i64, amount: Money| {
        let fee = schedule.release_fee(*before, amount.amount());
        *before = before.saturating_add(amount.amount());
        Some(fee.and_then(|fee| Money::new(fee.net, amount.currency())))
    };
    terms.milestones.iter().map(|milestone| milestone.amount).scan(0, release).collect()
}
