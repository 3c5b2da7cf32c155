//! The numbers of payouts (domain rules, section 5).

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::{
    bank_account::{BankCode, Digits},
    business_calendar::Shift,
    names,
};

names! {
    /// Whether earnings are paid out by themselves.
    pub enum PayoutMode {
        /// Every month.
        Automatic = "automatic",
        /// When the worker asks, and when the law leaves no more time.
        OnRequest = "on_request",
    }
}

/// What a transfer to a bank costs the worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankFee {
    /// To which bank; none for all that have no row of their own.
    pub bank: Option<BankCode>,
    /// From which amount on, in yen.
    pub from: i64,
    /// How much, in yen.
    pub fee: i64,
}

/// What decides when and how earnings are paid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutRules {
    /// Whether earnings are paid out by themselves.
    pub mode: PayoutMode,
    /// Where a payday goes on which the banks are closed.
    pub shift: Shift,
    /// The least that is paid out, in yen.
    pub minimum: i64,
    /// The part of a quick payout that is its fee.
    pub quick_rate: Decimal,
    /// The least that a quick payout costs, in yen.
    pub quick_fee_min: i64,
    /// The rate of consumption tax that the fee of a quick payout includes.
    pub tax_rate: Decimal,
    /// What transfers cost, by bank and amount.
    pub bank_fees: Vec<BankFee>,
    /// By which day earnings must be paid, counting the day of delivery as the first.
    pub lawful_days: u16,
    /// How many days before that finance is told.
    pub lawful_warning: u16,
    /// How many workers one step of the monthly run pays.
    pub run_chunk: u16,
    /// How many payouts one batch takes.
    pub batch_max: u16,
}

/// The bank that holds the operator's account.
const HOUSE_BANK: BankCode = Digits::of(*b"0036");

impl Default for PayoutRules {
    fn default() -> Self {
        Self {
            mode: PayoutMode::Automatic,
            shift: Shift::Next,
            minimum: 1_000,
            quick_rate: Decimal::new(5, 2),
            quick_fee_min: 530,
            tax_rate: Decimal::new(10, 2),
            bank_fees: vec![
                BankFee { bank: None, from: 0, fee: 500 },
                BankFee { bank: Some(HOUSE_BANK), from: 0, fee: 100 },
            ],
            lawful_days: 60,
            lawful_warning: 7,
            run_chunk: 200,
            batch_max: 1_000,
        }
    }
}

impl PayoutRules {
    /// Whether something is left of every payout when the bank's fee is taken.
    pub fn leaves_something(&self) -> bool {
        self.minimum >= 1 && self.bank_fees.iter().all(|row| row.fee < row.from.max(self.minimum))
    }

    /// Whether every bank has exactly one fee for every amount: no two rows of one bank begin at the same amount, and
    /// those that it has begin at nothing.
    pub fn has_one_bank_fee_for_each(&self) -> bool {
        let starts: BTreeSet<_> = self.bank_fees.iter().map(|row| (row.bank, row.from)).collect();
        starts.len() == self.bank_fees.len() && starts.iter().all(|(bank, _)| starts.contains(&(*bank, 0)))
    }

    /// What the transfer of an amount to a bank costs, in yen: by the bank's own rows if it has any, and of those by the
    /// one with the highest `from` that the amount reaches.
    pub fn bank_fee(&self, bank: BankCode, amount: i64) -> i64 {
        let own = self.bank_fees.iter().any(|row| row.bank == Some(bank)).then_some(bank);
        let rows = self.bank_fees.iter().filter(|row| row.bank == own && row.from <= amount);
        rows.max_by_key(|row| row.from).map_or(0, |row| row.fee)
    }
}
