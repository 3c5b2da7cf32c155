//! What a worker earned by one escrow, until it is paid out (domain rules, sections 4 and 5).

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::{
    calendar::{after, end_of_day, plus_days, tokyo_date},
    escrow::Escrow,
    ids::{ContractId, EscrowId, MemberId},
    money::{Money, MoneyError},
    rules::PayoutRules,
};

/// What one escrow released to its worker, and how much of it waits to be paid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The escrow.
    pub escrow: EscrowId,
    /// Who earned it.
    pub worker: MemberId,
    /// The contract.
    pub contract: ContractId,
    /// What was earned, after fees.
    pub net: Money,
    /// What of it is in no payout.
    pub remaining: Money,
    /// When it was released.
    pub released_at: DateTime<Utc>,
    /// The last day on which it may lawfully be paid.
    pub payment_due_on: NaiveDate,
}

impl Release {
    /// What an escrow has just released, after fees: nothing if the fees took all of it.
    pub fn of(
        escrow: &Escrow,
        contract: ContractId,
        net: Money,
        delivered_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
        rules: &PayoutRules,
    ) -> Option<Self> {
        let payment_due_on = payment_due_on(delivered_at, now, rules);
        let release = Self {
            escrow: escrow.id,
            worker: escrow.worker,
            contract,
            net,
            remaining: net,
            released_at: now,
            payment_due_on,
        };
        net.is_positive().then_some(release)
    }
}

/// What of a release is in a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayoutLine {
    /// The escrow that was released.
    pub escrow: EscrowId,
    /// How much of it.
    pub amount: Money,
}

/// The last day on which something may be paid: the sixtieth, counting the day of delivery as the first (Freelance Act,
/// article 4). What was never delivered counts from its release.
pub fn payment_due_on(
    delivered_at: Option<DateTime<Utc>>,
    released_at: DateTime<Utc>,
    rules: &PayoutRules,
) -> NaiveDate {
    plus_days(tokyo_date(delivered_at.unwrap_or(released_at)), rules.lawful_days.saturating_sub(1).into())
}

/// Since when staff are told that something must be paid by this day: the beginning of the first day that is so near.
pub fn near_limit_since(payment_due_on: NaiveDate, rules: &PayoutRules) -> DateTime<Utc> {
    after(end_of_day(payment_due_on), -TimeDelta::days(i64::from(rules.lawful_warning) + 1))
}

/// Takes an amount out of releases, in their order, which is oldest first. Answers with what is taken of each; what
/// they don't have is not there to be taken.
///
/// # Errors
/// Amounts of another currency.
pub fn take(releases: &[Release], amount: Money) -> Result<Vec<PayoutLine>, MoneyError> {
    let have = releases.iter().map(|release| PayoutLine { escrow: release.escrow, amount: release.remaining });
    first(have, amount)
}

/// The lines of a payout that are given back when so much of it comes back, oldest first.
///
/// # Errors
/// Amounts of another currency.
pub fn give_back(lines: &[PayoutLine], amount: Money) -> Result<Vec<PayoutLine>, MoneyError> {
    first(lines.iter().copied(), amount)
}

fn first(have: impl Iterator<Item = PayoutLine>, amount: Money) -> Result<Vec<PayoutLine>, MoneyError> {
    let mut missing = amount;
    let mut taken = Vec::new();
    for line in have {
        let part = line.amount.min(missing)?;
        if part.is_positive() {
            missing = missing.minus(part)?;
            taken.push(PayoutLine { amount: part, ..line });
        }
    }
    Ok(taken)
}
