//! The numbers of the domain rules as settings: one table, from which they are read, checked and documented.

use chrono::TimeDelta;
use config::{Map, Value, ValueKind};
use domain::{
    money::MAX_AMOUNT,
    names::UnknownName,
    rules::{BankFee, Rules},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::Error};

use super::duration;

/// The longest wait that can be set. Beyond it is a mistake, and the calendar at some time ends.
const LONGEST: TimeDelta = TimeDelta::days(3650);

/// One number that can be set.
#[derive(Debug, Clone, Copy)]
pub struct RuleSetting {
    /// Its name below `rules`; a dot leads into a group.
    pub name: &'static str,
    /// What it is, for people.
    pub meaning: &'static str,
    field: Field,
}

/// Where it stands, and what kind of number it is.
#[derive(Debug, Clone, Copy)]
enum Field {
    Wait(fn(&mut Rules) -> &mut TimeDelta),
    Count(fn(&mut Rules) -> &mut u16),
    Yen(fn(&mut Rules) -> &mut i64),
    Rate(fn(&mut Rules) -> &mut Decimal),
    Flag(fn(&mut Rules) -> &mut bool),
    Choice(fn(&Rules) -> &'static str, fn(&mut Rules, &str) -> Result<(), UnknownName>),
    BankFees(fn(&mut Rules) -> &mut Vec<BankFee>),
}

const fn wait(name: &'static str, field: fn(&mut Rules) -> &mut TimeDelta, meaning: &'static str) -> RuleSetting {
    RuleSetting { name, meaning, field: Field::Wait(field) }
}

const fn count(name: &'static str, field: fn(&mut Rules) -> &mut u16, meaning: &'static str) -> RuleSetting {
    RuleSetting { name, meaning, field: Field::Count(field) }
}

const fn yen(name: &'static str, field: fn(&mut Rules) -> &mut i64, meaning: &'static str) -> RuleSetting {
    RuleSetting { name, meaning, field: Field::Yen(field) }
}

const fn rate(name: &'static str, field: fn(&mut Rules) -> &mut Decimal, meaning: &'static str) -> RuleSetting {
    RuleSetting { name, meaning, field: Field::Rate(field) }
}

const fn flag(name: &'static str, field: fn(&mut Rules) -> &mut bool, meaning: &'static str) -> RuleSetting {
    RuleSetting { name, meaning, field: Field::Flag(field) }
}

/// Every number that can be set.
pub const RULES: &[RuleSetting] = &[
    wait("funding_window", |rules| &mut rules.funding_window, "a milestone waits for its money once funding started"),
    wait("funding_due", |rules| &mut rules.funding_due, "the next required funding is due after signing or acceptance"),
    wait("agreed_lapse", |rules| &mut rules.agreed_lapse, "a signed contract waits for its first funding, then lapses"),
    wait("leave_after", |rules| &mut rules.leave_after, "a contract is paused before the worker may leave it"),
    wait("cancellation_window", |rules| &mut rules.cancellation_window, "a cancellation request waits for an answer"),
    wait("respond_by", |rules| &mut rules.respond_by, "a proposal or counter-offer waits for an answer"),
    wait("dispute_answer", |rules| &mut rules.dispute_answer, "the other side has to answer a dispute"),
    wait("negotiation", |rules| &mut rules.negotiation, "the two negotiate a dispute before staff mediate"),
    wait("escalation", |rules| &mut rules.escalation, "a dispute lasts before it goes to a named owner"),
    wait("redelivery_overdue", |rules| &mut rules.redelivery_overdue, "a missing redelivery waits for staff to look"),
    wait("job_open", |rules| &mut rules.job_open, "a published job stays open"),
    wait("first_reminder", |rules| &mut rules.first_reminder, "before automatic acceptance the client is reminded"),
    wait("second_reminder", |rules| &mut rules.second_reminder, "before automatic acceptance, for the second time"),
    wait("recent_login", |rules| &mut rules.recent_login, "a log-in counts as recent for what needs one"),
    count(
        "acceptance_days",
        |rules| &mut rules.acceptance_days,
        "days of the acceptance window unless agreed otherwise",
    ),
    count("acceptance_days_min", |rules| &mut rules.acceptance_days_min, "the fewest days that may be agreed"),
    count(
        "acceptance_days_max",
        |rules| &mut rules.acceptance_days_max,
        "the most days that may be agreed: at most 11, or 14 with payout.shift = previous",
    ),
    count("revision_limit", |rules| &mut rules.revision_limit, "rounds of changes unless agreed otherwise"),
    count("revision_limit_max", |rules| &mut rules.revision_limit_max, "the most rounds of changes that may be agreed"),
    count("max_milestones", |rules| &mut rules.max_milestones, "the most milestones of one contract"),
    yen(
        "max_contract_total",
        |rules| &mut rules.max_contract_total,
        "the most that one contract may amount to, termination fee included, in yen or cents",
    ),
    RuleSetting {
        name: "payout.mode",
        meaning: "whether earnings are paid out by themselves (automatic) or when the worker asks (on_request)",
        field: Field::Choice(
            |rules| rules.payout.mode.as_str(),
            |rules, text| text.parse().map(|choice| rules.payout.mode = choice),
        ),
    },
    RuleSetting {
        name: "payout.shift",
        meaning: "where a payday goes on which banks are closed: to the next or the previous business day",
        field: Field::Choice(
            |rules| rules.payout.shift.as_str(),
            |rules, text| text.parse().map(|choice| rules.payout.shift = choice),
        ),
    },
    yen("payout.minimum", |rules| &mut rules.payout.minimum, "the least that is paid out, in yen"),
    rate("payout.quick_rate", |rules| &mut rules.payout.quick_rate, "the part of a quick payout that is its fee"),
    yen("payout.quick_fee_min", |rules| &mut rules.payout.quick_fee_min, "the least that a quick payout costs, in yen"),
    rate("payout.tax_rate", |rules| &mut rules.payout.tax_rate, "the consumption tax that this fee includes"),
    RuleSetting {
        name: "payout.bank_fees",
        meaning: "what transfers cost in yen: FEE, FEE@FROM_AMOUNT, BANK=FEE or BANK=FEE@FROM_AMOUNT, with spaces between",
        field: Field::BankFees(|rules| &mut rules.payout.bank_fees),
    },
    count("payout.lawful_days", |rules| &mut rules.payout.lawful_days, "days within which earnings must be paid"),
    count("payout.lawful_warning", |rules| &mut rules.payout.lawful_warning, "days before that finance is told"),
    count("payout.run_chunk", |rules| &mut rules.payout.run_chunk, "workers that one step of the monthly run pays"),
    count("payout.batch_max", |rules| &mut rules.payout.batch_max, "payouts that one batch takes"),
    flag("leaving_reason_required", |rules| &mut rules.leaving_reason_required, "whether who leaves must say why"),
    RuleSetting {
        name: "email_reuse",
        meaning: "when the address of somebody who left may join again: forbidden, after_purge or support",
        field: Field::Choice(
            |rules| rules.email_reuse.as_str(),
            |rules, text| text.parse().map(|choice| rules.email_reuse = choice),
        ),
    },
    wait("purge_after", |rules| &mut rules.purge_after, "after leaving, what is kept of an address is purged"),
];

impl RuleSetting {
    /// Its value in these rules, as it would be set.
    pub fn value(&self, rules: &mut Rules) -> String {
        match self.field {
            Field::Wait(field) => duration::write(*field(rules)),
            Field::Count(field) => field(rules).to_string(),
            Field::Yen(field) => field(rules).to_string(),
            Field::Rate(field) => field(rules).to_string(),
            Field::BankFees(field) => write_bank_fees(field(rules)),
            Field::Flag(field) => field(rules).to_string(),
            Field::Choice(name, _) => name(rules).to_owned(),
        }
    }

    fn set(&self, rules: &mut Rules, value: &Value) -> Result<(), String> {
        let text = value.to_string();
        let refuse = |what: &str| Err(format!("rules.{} must be {what}, not {text:?}", self.name));
        match self.field {
            Field::Wait(field) => match duration::parse(&text) {
                Some(wait) if wait > TimeDelta::zero() && wait <= LONGEST => *field(rules) = wait,
                Some(_) => return refuse("longer than nothing and at most P3650D"),
                None => return refuse("a duration as in P7D or PT72H"),
            },
            Field::Count(field) => match text.parse() {
                Ok(number) => *field(rules) = number,
                Err(_) => return refuse("a number from 0 to 65535"),
            },
            Field::Yen(field) => match text.parse() {
                Ok(amount) if (0..=MAX_AMOUNT).contains(&amount) => *field(rules) = amount,
                Ok(_) | Err(_) => return refuse("an amount in yen"),
            },
            Field::Rate(field) => match text.parse::<Decimal>() {
                Ok(rate) if rate >= Decimal::ZERO && rate < Decimal::ONE => *field(rules) = rate,
                Ok(_) | Err(_) => return refuse("a rate from 0 to below 1, as in 0.05"),
            },
            Field::BankFees(field) => match read_bank_fees(&text) {
                Some(fees) => *field(rules) = fees,
                None => return refuse("a table of fees as in \"500 0036=100\""),
            },
            Field::Flag(field) => match text.parse() {
                Ok(flag) => *field(rules) = flag,
                Err(_) => return refuse("true or false"),
            },
            Field::Choice(_, choose) => {
                if let Err(unknown) = choose(rules, &text) {
                    return refuse(&format!("one of {}", unknown.expected));
                }
            }
        }
        Ok(())
    }
}

fn write_bank_fees(fees: &[BankFee]) -> String {
    let row = |row: &BankFee| {
        let bank = row.bank.as_ref().map(|bank| format!("{bank}=")).unwrap_or_default();
        let from = if row.from == 0 { String::new() } else { format!("@{}", row.from) };
        format!("{bank}{}{from}", row.fee)
    };
    fees.iter().map(row).collect::<Vec<_>>().join(" ")
}

/// Every bank has a fee for every amount: there is a row for all banks from nothing on.
fn read_bank_fees(text: &str) -> Option<Vec<BankFee>> {
    let amount = |text: &str| text.parse().ok().filter(|amount| (0..=MAX_AMOUNT).contains(amount));
    let row = |word: &str| {
        let (bank, rest) = word.split_once('=').map_or((None, word), |(bank, rest)| (Some(bank), rest));
        let (fee, from) = rest.split_once('@').unwrap_or((rest, "0"));
        let bank = bank.map(|bank| bank.parse().ok()).map_or(Some(None), |bank| bank.map(Some))?;
        Some(BankFee { bank, from: amount(from)?, fee: amount(fee)? })
    };
    let fees: Vec<BankFee> = text.split_whitespace().map(row).collect::<Option<_>>()?;
    fees.iter().any(|row| row.bank.is_none() && row.from == 0).then_some(fees)
}

/// Reads the group `rules` of the settings over the defaults.
///
/// # Errors
/// One line that names the setting at fault.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Rules, D::Error> {
    let group = Map::<String, Value>::deserialize(deserializer)?;
    let mut rules = Rules::default();
    fill(&mut rules, "", &group).map_err(D::Error::custom)?;
    rules.check().map_err(|error| D::Error::custom(format!("rules: {error}")))?;
    Ok(rules)
}

fn fill(rules: &mut Rules, group: &str, values: &Map<String, Value>) -> Result<(), String> {
    for (name, value) in values {
        let name = format!("{group}{name}");
        if let ValueKind::Table(inner) = &value.kind {
            fill(rules, &format!("{name}."), inner)?;
            continue;
        }
        let setting = RULES.iter().find(|setting| setting.name == name);
        setting.ok_or_else(|| format!("there is no setting rules.{name}"))?.set(rules, value)?;
    }
    Ok(())
}
