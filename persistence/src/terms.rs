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
pub(crate) fn write(terms: &Terms) -> Result<Document, serde_json::Error> {
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
pub(crate) fn read(document: Document) -> Result<Terms, Nonsense> {
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

#[cfg(test)]
mod tests {
    use domain::money::{Currency, Money};
    use serde_json::json;

    use super::*;

    fn terms() -> Terms {
        let yen = |amount| Money::new(amount, Currency::Jpy).unwrap();
        let milestone =
            MilestoneTerms { title: "Draft".into(), amount: yen(55_000), due_on: "2026-05-01".parse().unwrap() };
        Terms {
            milestones: vec![milestone],
            acceptance_days: 7,
            revision_limit: 3,
            funded_ahead: FundedAhead::Next,
            termination_fee: Some(yen(5_000)),
        }
    }

    #[test]
    fn terms_come_back_as_they_were_written() {
        assert_eq!(read(write(&terms()).unwrap()), Ok(terms()));
    }

    #[test]
    fn a_document_that_makes_no_sense_is_refused() {
        let good = write(&terms()).unwrap().0;
        let spoiled = [
            ("/funded_ahead", json!("never")),
            ("/milestones/0/due_on", json!("2026-02-30")),
            ("/milestones/0/amount/currency", json!("EUR")),
            ("/milestones/0/amount/amount", json!(1_u64 << 53)),
            ("/acceptance_days", json!(-1)),
            ("/milestones/0", json!({"title": "Draft"})),
        ];
        for (place, nonsense) in spoiled {
            let mut document = good.clone();
            *document.pointer_mut(place).unwrap() = nonsense;
            assert!(read(Document(document)).is_err(), "{place}");
        }
        let mut unknown = good;
        unknown["bonus"] = json!(1);
        assert!(read(Document(unknown)).is_err());
    }
}
