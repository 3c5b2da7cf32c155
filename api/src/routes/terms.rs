//! Terms and what they leave the worker, as sent and as read; proposals and contracts speak of them alike.

use chrono::NaiveDate;
use domain::{milestone::FeeTerms, rules::Rules, terms};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    money::Money,
    problem::Problem,
    words::{FundedAhead, TaxMode, Word},
};

/// A part of the work, with its price.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct MilestoneTerms {
    #[schema(min_length = 1, max_length = 100, example = "First draft")]
    #[garde(length(chars, min = 1, max = 100))]
    title: String,
    /// What the client pays, consumption tax included.
    #[garde(dive)]
    amount: Money,
    /// When it is to be delivered, a date in Asia/Tokyo.
    #[serde(deserialize_with = "crate::dates::read")]
    #[garde(skip)]
    due_on: NaiveDate,
}

/// What one side would sign. What is left out is as usual.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct TermsOffer {
    /// In the order in which they are due.
    #[schema(min_items = 1, max_items = 50)]
    #[garde(dive)]
    milestones: Vec<MilestoneTerms>,
    /// How long the client has to accept a delivery or ask for changes before silence accepts: 3 to 11 days, 7 if you don't say.
    #[schema(minimum = 1, maximum = 14)]
    #[garde(skip)]
    acceptance_days: Option<u16>,
    /// How many rounds of changes the client may ask for, of each milestone: 3 if you don't say.
    #[schema(minimum = 0, maximum = 20)]
    #[garde(skip)]
    revision_limit: Option<u16>,
    /// How much must be funded at any time: the current milestone, also the next, or all.
    #[garde(skip)]
    funded_ahead: Option<FundedAhead>,
    /// What the worker gets if the client lets the contract end unfinished. It is paid with the first milestone, held until the contract ends, and goes back to the client at completion.
    #[garde(dive)]
    termination_fee: Option<Money>,
}

impl TermsOffer {
    /// As the domain reads it, with the usual conditions filled in.
    ///
    /// # Errors
    /// An amount out of range.
    pub(super) fn read(self, rules: &Rules) -> Result<terms::Terms, Problem> {
        let milestone = |each: MilestoneTerms| {
            Ok(terms::MilestoneTerms { title: each.title, amount: each.amount.try_into()?, due_on: each.due_on })
        };
        Ok(terms::Terms {
            milestones: self.milestones.into_iter().map(milestone).collect::<Result<_, Problem>>()?,
            acceptance_days: self.acceptance_days.unwrap_or(rules.acceptance_days),
            revision_limit: self.revision_limit.unwrap_or(rules.revision_limit),
            funded_ahead: self.funded_ahead.map_or(terms::FundedAhead::Current, |word| word.0),
            termination_fee: self.termination_fee.map(TryInto::try_into).transpose()?,
        })
    }
}

/// What both sides sign.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Terms {
    milestones: Vec<MilestoneTerms>,
    /// How long the client has to accept a delivery or ask for changes before silence accepts.
    acceptance_days: u16,
    /// How many rounds of changes the client may ask for, of each milestone.
    revision_limit: u16,
    /// How much must be funded at any time.
    funded_ahead: FundedAhead,
    /// What the worker gets if the client lets the contract end unfinished.
    #[schema(required = true)]
    termination_fee: Option<Money>,
}

impl From<&terms::Terms> for Terms {
    fn from(terms: &terms::Terms) -> Self {
        let milestone = |each: &terms::MilestoneTerms| MilestoneTerms {
            title: each.title.clone(),
            amount: each.amount.into(),
            due_on: each.due_on,
        };
        Self {
            milestones: terms.milestones.iter().map(milestone).collect(),
            acceptance_days: terms.acceptance_days,
            revision_limit: terms.revision_limit,
            funded_ahead: Word(terms.funded_ahead),
            termination_fee: terms.termination_fee.map(Money::from),
        }
    }
}

/// What becomes of the price.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "gross": {"amount": 11_000, "currency": "JPY"}, "fee": {"amount": 2_200, "currency": "JPY"},
    "tax": {"amount": 200, "currency": "JPY"}, "tax_mode": "included", "net": {"amount": 8_800, "currency": "JPY"},
    "client_total": {"amount": 11_000, "currency": "JPY"}, "released_before": {"amount": 0, "currency": "JPY"},
    "milestone_nets": [{"amount": 8_800, "currency": "JPY"}], "termination_fee_net": null,
}))]
pub(super) struct Quote {
    /// The price of all milestones.
    gross: Money,
    /// What the operator takes.
    fee: Money,
    /// The consumption tax on the fee.
    tax: Money,
    /// Whether the fee contains its tax.
    tax_mode: TaxMode,
    /// What the worker gets.
    net: Money,
    /// What the client pays in all: nothing comes on top of the price.
    client_total: Money,
    /// What the two have released together elsewhere, which makes the fee lower. Nothing where fees accumulate by contract.
    released_before: Money,
    /// What the worker gets for each milestone when they are accepted in this order.
    milestone_nets: Vec<Money>,
    /// What the worker would get of the termination fee, if nothing else had been released.
    #[schema(required = true)]
    termination_fee_net: Option<Money>,
}

impl Quote {
    /// What these terms leave the worker, by these fees.
    ///
    /// # Errors
    /// Terms whose total is out of range.
    pub(super) fn new(terms: &terms::Terms, fees: FeeTerms<'_>) -> Result<Self, Problem> {
        let total = terms.total()?;
        let quote = fees.fee(total)?;
        let prices = terms.milestones.iter().map(|milestone| milestone.amount);
        let money = |amount| domain::money::Money::new(amount, total.currency()).map(Money::from);
        Ok(Self {
            gross: money(quote.gross)?,
            fee: money(quote.fee)?,
            tax: money(quote.tax)?,
            tax_mode: Word(quote.mode),
            net: money(quote.net)?,
            client_total: money(quote.client_total)?,
            released_before: fees.before.into(),
            milestone_nets: fees.nets(prices)?.into_iter().map(Money::from).collect(),
            termination_fee_net: terms.termination_fee.map(|due| money(fees.fee(due)?.net)).transpose()?,
        })
    }
}
