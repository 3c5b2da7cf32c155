//! The operator's fee: marginal brackets that accumulate, floored once (domain rules, section 2).

use chrono::NaiveDate;
use rust_decimal::{Decimal, prelude::ToPrimitive};

use crate::{
    money::{MAX_AMOUNT, MoneyError},
    names,
};

names! {
    /// Whether the fee contains its consumption tax.
    pub enum TaxMode {
        /// The fee is what is taken, and contains the tax.
        Included = "included",
        /// The tax is taken on top of the fee.
        Added = "added",
    }
}

names! {
    /// Over which releases the brackets accumulate.
    pub enum FeeBasis {
        /// Those of one contract.
        Contract = "contract",
        /// All between this worker and this client, for ever, so that long relations get cheaper.
        ClientLifetime = "client_lifetime",
    }
}

/// A part of the amounts, and the rate taken of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bracket {
    /// Up to this amount, in minor units, and including it; the last bracket is open.
    pub up_to: Option<i64>,
    /// The rate, below one.
    pub rate: Decimal,
}

/// A dated, versioned table of fees. A contract keeps the one it was signed under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeeSchedule {
    /// Its name, which a contract stores.
    pub version: String,
    /// The brackets in rising order.
    pub brackets: Vec<Bracket>,
    /// Whether the fee contains its tax.
    pub tax: TaxMode,
    /// Over which releases the brackets accumulate.
    pub basis: FeeBasis,
    /// The rate of consumption tax.
    pub tax_rate: Decimal,
    /// From which date contracts are signed under it.
    pub effective_from: NaiveDate,
}

/// The part of a release that falls into one bracket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The accumulated amount where it begins.
    pub from: i64,
    /// The accumulated amount where it ends.
    pub to: i64,
    /// The bracket's rate.
    pub rate: Decimal,
    /// How much of the release it is: `to - from`.
    pub amount: i64,
    /// Its fee: `F(to) - F(from)`, so that the parts add up to the fee of the release by construction.
    /// A yen that only two parts together make full thus belongs to the later one.
    pub fee: i64,
}

/// What a release costs. All amounts are minor units of the contract's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    /// What is released.
    pub gross: i64,
    /// The fee by the brackets: with its tax if that is included, without if it is added.
    pub fee: i64,
    /// The consumption tax on the fee, rounded down once.
    pub tax: i64,
    /// What the worker gets, before any withholding.
    pub net: i64,
    /// What the client pays in all. Nothing comes on top of the price.
    pub client_total: i64,
    /// Whether `fee` contains `tax`.
    pub mode: TaxMode,
    /// The fee by bracket.
    pub parts: Vec<Part>,
}

impl Fee {
    /// What the operator earns: the fee without its tax.
    pub const fn revenue(&self) -> i64 {
        match self.mode {
            TaxMode::Included => self.fee - self.tax,
            TaxMode::Added => self.fee,
        }
    }

    /// What the worker is charged in all: the fee with its tax.
    pub const fn charged(&self) -> i64 {
        self.revenue() + self.tax
    }
}

/// No price gives exactly that net.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no price gives exactly that net; the nearest is {next_net}, by a price of {next_gross}")]
pub struct NoSuchNet {
    /// The nearest net that a price gives.
    pub next_net: i64,
    /// The smallest price that gives it.
    pub next_gross: i64,
}

const SINCE: NaiveDate = match NaiveDate::from_ymd_opt(2025, 1, 1) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

impl FeeSchedule {
    /// The default schedule: 20% up to 100,000, 10% up to 500,000, 5% of the rest; tax included.
    pub fn standard() -> Self {
        let bracket = |up_to, percent| Bracket { up_to, rate: Decimal::new(percent, 2) };
        Self {
            version: "standard-1".to_owned(),
            brackets: vec![bracket(Some(100_000), 20), bracket(Some(500_000), 10), bracket(None, 5)],
            tax: TaxMode::Included,
            basis: FeeBasis::Contract,
            tax_rate: Decimal::new(10, 2),
            effective_from: SINCE,
        }
    }

    /// The same brackets with the tax on top. Another version, so that changing the setting does not
    /// change what was signed.
    pub fn standard_tax_added() -> Self {
        Self { version: "standard-1-tax-added".to_owned(), tax: TaxMode::Added, ..Self::standard() }
    }

    /// The default brackets with this tax mode and basis, each under a name of its own.
    pub fn standard_with(tax: TaxMode, basis: FeeBasis) -> Self {
        let schedule = match tax {
            TaxMode::Included => Self::standard(),
            TaxMode::Added => Self::standard_tax_added(),
        };
        match basis {
            FeeBasis::Contract => schedule,
            FeeBasis::ClientLifetime => {
                Self { version: format!("{}-client-lifetime", schedule.version), basis, ..schedule }
            }
        }
    }

    /// Every schedule a contract may have been signed under.
    pub fn published() -> Vec<Self> {
        let both =
            |basis: &FeeBasis| TaxMode::ALL.iter().map(|tax| Self::standard_with(*tax, *basis)).collect::<Vec<_>>();
        FeeBasis::ALL.iter().flat_map(both).collect()
    }

    /// The schedule of that name.
    pub fn find(version: &str) -> Option<Self> {
        Self::published().into_iter().find(|schedule| schedule.version == version)
    }

    /// `F(amount)`: the fee of the first `amount` of a contract, floored to the minor unit once.
    ///
    /// # Errors
    /// A negative amount, or one past what can be held exactly.
    pub fn fee(&self, amount: i64) -> Result<i64, MoneyError> {
        let amount = Some(amount).filter(|amount| (0..=MAX_AMOUNT).contains(amount)).ok_or(MoneyError::OutOfRange)?;
        floor(self.exact(amount))
    }

    /// What the release of `gross` costs after `before` was released on the same basis:
    /// `F(before + gross) - F(before)`.
    ///
    /// # Errors
    /// A negative amount, or one past what can be held exactly.
    pub fn release_fee(&self, before: i64, gross: i64) -> Result<Fee, MoneyError> {
        let end = before.checked_add(gross).filter(|_| gross >= 0).ok_or(MoneyError::OutOfRange)?;
        let fee = self.fee(end)? - self.fee(before)?;
        let (tax, net) = (self.tax_of(fee)?, self.net_of(gross, fee)?);
        let parts = self.parts(before, end)?;
        Ok(Fee { gross, fee, tax, net, client_total: gross, mode: self.tax, parts })
    }

    /// What a first release leaves the worker: the `net` of [`FeeSchedule::release_fee`] alone.
    ///
    /// # Errors
    /// A negative amount, or one past what can be held exactly.
    pub fn first_net(&self, gross: i64) -> Result<i64, MoneyError> {
        self.net_of(gross, self.fee(gross)?)
    }

    /// Without asking for a tax that is part of the fee: it is a division, and each job of a page asks twice.
    fn net_of(&self, gross: i64, fee: i64) -> Result<i64, MoneyError> {
        let charged = match self.tax {
            TaxMode::Included => fee,
            TaxMode::Added => fee + self.tax_of(fee)?,
        };
        Ok(gross - charged)
    }

    /// The smallest price that gives exactly this net.
    ///
    /// The net never grows by more than one minor unit when the price does, so every net from one up is
    /// met by some price; but with the tax on top it falls back by one here and there, so the search
    /// halves on the exact net, which only rises, and then steps over the rounding.
    ///
    /// # Errors
    /// [`NoSuchNet`] when the net is nothing or less, or its price is out of range.
    pub fn gross_for_net(&self, net: i64) -> Result<i64, NoSuchNet> {
        if net < 1 {
            let next_gross = self.smallest(1).unwrap_or(1);
            return Err(NoSuchNet { next_net: 1, next_gross });
        }
        self.smallest(net).ok_or_else(|| {
            // The largest price may lie one past a rounding step, so look a little below it, too.
            let next_net = (MAX_AMOUNT - 9..=MAX_AMOUNT).map(|gross| self.net(gross)).max().unwrap_or(0);
            NoSuchNet { next_net, next_gross: self.smallest(next_net).unwrap_or(MAX_AMOUNT) }
        })
    }

    fn smallest(&self, net: i64) -> Option<i64> {
        // Rounding down fee and tax adds less than 1 + rate to the exact net, and then less than 1.
        let slack = Decimal::TWO + self.tax_rate;
        let least = Decimal::from(net) - slack;
        let (mut low, mut high) = (0, MAX_AMOUNT);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.exact_net(middle) < least { low = middle + 1 } else { high = middle }
        }
        let reached = |gross: i64| self.exact_net(gross) >= Decimal::from(net);
        let candidates = (low..=MAX_AMOUNT).scan(false, |over, gross| {
            let go_on = !*over;
            *over = reached(gross);
            go_on.then_some(gross)
        });
        candidates.into_iter().find(|gross| self.net(*gross) == net)
    }

    fn net(&self, gross: i64) -> i64 {
        self.first_net(gross).unwrap_or(0)
    }

    fn exact_net(&self, gross: i64) -> Decimal {
        let with_tax = match self.tax {
            TaxMode::Included => Decimal::ONE,
            TaxMode::Added => Decimal::ONE + self.tax_rate,
        };
        Decimal::from(gross) - self.exact(gross) * with_tax
    }

    fn tax_of(&self, fee: i64) -> Result<i64, MoneyError> {
        let fee = Decimal::from(fee);
        match self.tax {
            // Multiplied before divided: the quotient of a repeating decimal must not lose a yen.
            TaxMode::Included => floor(fee * self.tax_rate / (Decimal::ONE + self.tax_rate)),
            TaxMode::Added => floor(fee * self.tax_rate),
        }
    }

    /// The fee before it is floored.
    fn exact(&self, amount: i64) -> Decimal {
        self.spans(0, amount).map(|(from, to, rate)| Decimal::from(to - from) * rate).sum()
    }

    fn parts(&self, before: i64, end: i64) -> Result<Vec<Part>, MoneyError> {
        let part = |(from, to, rate)| {
            let fee = self.fee(to)? - self.fee(from)?;
            Ok(Part { from, to, rate, amount: to - from, fee })
        };
        self.spans(before, end).map(part).collect()
    }

    /// What of the stretch from `before` to `end` lies in each bracket, leaving out empty parts.
    fn spans(&self, before: i64, end: i64) -> impl Iterator<Item = (i64, i64, Decimal)> {
        let floors = std::iter::once(0).chain(self.brackets.iter().filter_map(|bracket| bracket.up_to));
        let clip = move |(floor, bracket): (i64, &Bracket)| {
            let (from, to) = (floor.max(before), bracket.up_to.unwrap_or(i64::MAX).min(end));
            (from < to).then_some((from, to, bracket.rate))
        };
        floors.zip(&self.brackets).filter_map(clip)
    }
}

fn floor(exact: Decimal) -> Result<i64, MoneyError> {
    exact.floor().to_i64().ok_or(MoneyError::OutOfRange)
}
