//! Terms as a JSON document: written in one spelling, read strictly.

use domain::{
    money::{Currency, Money},
    terms::{MilestoneTerms, Terms},
};
use serde_json::{Value, json};

use crate::types::Document;

fn money(money: Money) -> Value {
    json!({"amount": money.amount(), "currency": money.currency().as_str()})
}

/// Terms as they are stored.
pub(crate) fn to_document(terms: &Terms) -> Document {
    let milestones = terms.milestones.iter().map(|milestone| {
        json!({"title": milestone.title, "amount": money(milestone.amount), "due_on": milestone.due_on.to_string()})
    });
    Document(json!({
        "milestones": milestones.collect::<Vec<_>>(),
        "acceptance_days": terms.acceptance_days,
        "revision_limit": terms.revision_limit,
        "funded_ahead": terms.funded_ahead.as_str(),
        "termination_fee": terms.termination_fee.map(money),
    }))
}

/// Terms as they were stored.
///
/// # Errors
/// The member that makes no sense.
pub(crate) fn from_document(document: &Document) -> Result<Terms, String> {
    let terms = &document.0;
    let milestones = terms.get("milestones").and_then(Value::as_array).ok_or("terms: no milestones")?;
    Ok(Terms {
        milestones: milestones.iter().map(read_milestone).collect::<Result<_, _>>()?,
        acceptance_days: read_number(terms, "acceptance_days")?,
        revision_limit: read_number(terms, "revision_limit")?,
        funded_ahead: read_text(terms, "funded_ahead")?.parse().map_err(|error| format!("terms: {error}"))?,
        termination_fee: match terms.get("termination_fee") {
            None | Some(Value::Null) => None,
            Some(fee) => Some(read_money(fee)?),
        },
    })
}

fn read_milestone(value: &Value) -> Result<MilestoneTerms, String> {
    Ok(MilestoneTerms {
        title: read_text(value, "title")?.to_owned(),
        amount: read_money(value.get("amount").ok_or("terms: no amount")?)?,
        due_on: read_text(value, "due_on")?.parse().map_err(|error| format!("terms: due_on: {error}"))?,
    })
}

fn read_money(value: &Value) -> Result<Money, String> {
    let currency: Currency = read_text(value, "currency")?.parse().map_err(|error| format!("terms: {error}"))?;
    let amount = value.get("amount").and_then(Value::as_i64).ok_or("terms: an amount is no integer")?;
    Money::new(amount, currency).map_err(|error| format!("terms: {error}"))
}

fn read_text<'v>(value: &'v Value, name: &str) -> Result<&'v str, String> {
    value.get(name).and_then(Value::as_str).ok_or_else(|| format!("terms: {name} is no text"))
}

fn read_number(value: &Value, name: &str) -> Result<u16, String> {
    let number = value.get(name).and_then(Value::as_u64).and_then(|number| u16::try_from(number).ok());
    number.ok_or_else(|| format!("terms: {name} is no small number"))
}
