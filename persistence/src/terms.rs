//! Terms as a JSON document: written in one form, and read strictly.

use domain::terms::{FundedAhead, MilestoneTerms, Terms};
use serde::{Deserialize, Serialize};

use crate::{
    document::{Nonsense, StoredMoney, nonsense, understand},
    types::Document,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    milestones: Vec<StoredMilestone>,
    acceptance_days: u16,
    revision_limit: u16,
    funded_ahead: String,
    termination_fee: Option<StoredMoney>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredMilestone {
    title: String,
    amount: StoredMoney,
    due_on: String,
}

/// The document of these terms.
///
/// # Errors
/// Only if they cannot be written as JSON at all.
pub fn write(terms: &Terms) -> Result<Document, serde_json::Error> {
    let milestone = |each: &MilestoneTerms| StoredMilestone {
        title: each.title.clone(),
        amount: each.amount.into(),
        due_on: each.due_on.to_string(),
    };
    let stored = Stored {
        milestones: terms.milestones.iter().map(milestone).collect(),
        acceptance_days: terms.acceptance_days,
        revision_limit: terms.revision_limit,
        funded_ahead: terms.funded_ahead.to_string(),
        termination_fee: terms.termination_fee.map(StoredMoney::from),
    };
    serde_json::to_value(stored).map(Document)
}

/// The terms of a document.
///
/// # Errors
/// What makes no sense: a member that is missing or unknown, a name, date or amount that is none.
pub fn read(document: Document) -> Result<Terms, Nonsense> {
    let stored: Stored = understand(document)?;
    Ok(Terms {
        milestones: stored.milestones.into_iter().map(StoredMilestone::read).collect::<Result<_, _>>()?,
        acceptance_days: stored.acceptance_days,
        revision_limit: stored.revision_limit,
        funded_ahead: stored.funded_ahead.parse::<FundedAhead>().map_err(nonsense)?,
        termination_fee: stored.termination_fee.map(StoredMoney::read).transpose()?,
    })
}

impl StoredMilestone {
    fn read(self) -> Result<MilestoneTerms, Nonsense> {
        let due_on = self.due_on.parse().map_err(nonsense)?;
        Ok(MilestoneTerms { title: self.title, amount: self.amount.read()?, due_on })
    }
}
