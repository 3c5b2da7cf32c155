//! The terms that two sides negotiate and then sign (domain rules, section 4, contract).

use chrono::NaiveDate;

use crate::{
    money::{Currency, Money, MoneyError},
    names,
    rules::Rules,
};

names! {
    /// How much of the unfinished work must be funded at any time.
    pub enum FundedAhead {
        /// The first milestone that is not final.
        Current = "current",
        /// That one and the next.
        Next = "next",
        /// Every one.
        All = "all",
    }
}

/// One milestone, as agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MilestoneTerms {
    /// What it is.
    pub title: String,
    /// What the client pays for it, consumption tax included.
    pub amount: Money,
    /// When it is to be delivered: a date in Asia/Tokyo.
    pub due_on: NaiveDate,
}

/// What both sides sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The milestones in their order.
    pub milestones: Vec<MilestoneTerms>,
    /// How many days the client has to accept or ask for changes before silence accepts.
    pub acceptance_days: u16,
    /// How many rounds of changes the client may ask for, of each milestone.
    pub revision_limit: u16,
    /// How much must be funded at any time.
    pub funded_ahead: FundedAhead,
    /// What the worker gets when the client lets the contract end unfinished.
    pub termination_fee: Option<Money>,
}

/// One reason why terms cannot be signed. Indexes count the milestones from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// Nothing to do.
    #[error("there must be at least one milestone")]
    NoMilestones,
    /// Too much to do.
    #[error("there may be at most {max} milestones")]
    TooManyMilestones {
        /// The limit.
        max: u16,
    },
    /// Work for nothing.
    #[error("the amount of milestone {index} must be more than nothing")]
    AmountNotPositive {
        /// Which milestone.
        index: usize,
    },
    /// Not the currency of the first milestone.
    #[error("the amount of milestone {index} must be in {expected}")]
    AmountCurrency {
        /// Which milestone.
        index: usize,
        /// The currency of the first.
        expected: Currency,
    },
    /// Already late.
    #[error("the due date of milestone {index} has passed")]
    DueInThePast {
        /// Which milestone.
        index: usize,
    },
    /// Due before the one before it.
    #[error("milestone {index} is due before the one before it")]
    DueOutOfOrder {
        /// Which milestone.
        index: usize,
    },
    /// The milestones and the termination fee are worth more than one contract may be.
    #[error("the milestones and the termination fee may amount to {max} at most")]
    TotalTooLarge {
        /// The most.
        max: Money,
    },
    /// Too short or too long an acceptance window.
    #[error("the acceptance window must be {min} to {max} days")]
    AcceptanceDays {
        /// The shortest.
        min: u16,
        /// The longest.
        max: u16,
    },
    /// Too many rounds of changes.
    #[error("at most {max} rounds of changes may be agreed")]
    RevisionLimit {
        /// The most.
        max: u16,
    },
    /// A fee of nothing, or of another currency.
    #[error("the termination fee must be more than nothing, in the currency of the milestones")]
    TerminationFee,
}

impl Terms {
    /// The currency of all amounts, which is that of the first.
    pub fn currency(&self) -> Option<Currency> {
        self.milestones.first().map(|first| first.amount.currency())
    }

    /// What the client pays for all milestones, without a termination fee.
    ///
    /// # Errors
    /// Several currencies, or out of range; never after [`Terms::check`].
    pub fn total(&self) -> Result<Money, MoneyError> {
        let currency = self.currency().unwrap_or(Currency::Jpy);
        Money::sum(currency, self.milestones.iter().map(|milestone| milestone.amount))
    }

    /// Finds every reason why these terms cannot be signed today.
    ///
    /// # Errors
    /// All of them, in the order of the terms.
    pub fn check(&self, today: NaiveDate, rules: &Rules) -> Result<(), Vec<TermsError>> {
        let mut errors = self.check_count(rules);
        errors.extend(self.milestones.iter().enumerate().filter_map(|(index, each)| self.check_amount(index, each)));
        errors.extend(self.check_dates(today));
        errors.extend(self.check_total(rules));
        errors.extend(self.check_conditions(rules));
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Amounts of several currencies are told by themselves.
    fn check_total(&self, rules: &Rules) -> Option<TermsError> {
        let max = Money::new(rules.max_contract_total, self.currency()?).ok()?;
        let with_fee = self.total().and_then(|total| self.termination_fee.map_or(Ok(total), |fee| total.plus(fee)));
        match with_fee {
            Ok(sum) if sum.amount() <= max.amount() => None,
            Ok(_) | Err(MoneyError::OutOfRange) => Some(TermsError::TotalTooLarge { max }),
            Err(MoneyError::CurrencyMismatch(..)) => None,
        }
    }

    fn check_count(&self, rules: &Rules) -> Vec<TermsError> {
        let max = rules.max_milestones;
        match self.milestones.len() {
            0 => vec![TermsError::NoMilestones],
            count if count > usize::from(max) => vec![TermsError::TooManyMilestones { max }],
            _ => Vec::new(),
        }
    }

    fn check_amount(&self, index: usize, milestone: &MilestoneTerms) -> Option<TermsError> {
        let expected = self.currency()?;
        if milestone.amount.currency() != expected {
            return Some(TermsError::AmountCurrency { index, expected });
        }
        (!milestone.amount.is_positive()).then_some(TermsError::AmountNotPositive { index })
    }

    /// A date that has passed is told once, however many follow it out of order.
    fn check_dates(&self, today: NaiveDate) -> Vec<TermsError> {
        let before = std::iter::once(today).chain(self.milestones.iter().map(|milestone| milestone.due_on));
        let pairs = before.zip(&self.milestones).enumerate();
        let error = |(index, (before, milestone)): (usize, (NaiveDate, &MilestoneTerms))| {
            if milestone.due_on < today {
                return Some(TermsError::DueInThePast { index });
            }
            (milestone.due_on < before).then_some(TermsError::DueOutOfOrder { index })
        };
        pairs.filter_map(error).collect()
    }

    fn check_conditions(&self, rules: &Rules) -> Vec<TermsError> {
        let (min, max) = (rules.acceptance_days_min, rules.acceptance_days_max);
        let window = !(min..=max).contains(&self.acceptance_days);
        let revisions = self.revision_limit > rules.revision_limit_max;
        let fee = self.termination_fee.is_some_and(|fee| !fee.is_positive() || Some(fee.currency()) != self.currency());
        let errors = [
            window.then_some(TermsError::AcceptanceDays { min, max }),
            revisions.then_some(TermsError::RevisionLimit { max: rules.revision_limit_max }),
            fee.then_some(TermsError::TerminationFee),
        ];
        errors.into_iter().flatten().collect()
    }
}
