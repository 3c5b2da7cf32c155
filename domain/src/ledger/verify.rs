//! The audit: every invariant of the ledger that its postings alone can show.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    account::{Account, Nature},
    entry::Posting,
};
use crate::{
    ids::{EscrowId, JournalEntryId},
    money::Currency,
};

/// Something that must never be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// An entry without postings.
    #[error("{entry} has no postings")]
    EmptyEntry {
        /// Which entry.
        entry: JournalEntryId,
    },
    /// An entry that does not add up to zero.
    #[error("{entry} adds up to {sum} {currency}")]
    UnbalancedEntry {
        /// Which entry.
        entry: JournalEntryId,
        /// In which currency.
        currency: Currency,
        /// To what it adds up.
        sum: i128,
    },
    /// A balance below zero where none may be.
    #[error("{account} holds {balance} {currency}")]
    NegativeBalance {
        /// Which account.
        account: Account,
        /// In which currency.
        currency: Currency,
        /// What its postings add up to.
        balance: i128,
    },
    /// A stored balance that is not the fold of its postings.
    #[error("{account} is stored as {stored:?} {currency}, its postings add up to {folded}")]
    BalanceDiffers {
        /// Which account.
        account: Account,
        /// In which currency.
        currency: Currency,
        /// What is stored; `None` if no balance is.
        stored: Option<i64>,
        /// What the postings add up to.
        folded: i128,
    },
    /// An escrow that is over, and not empty.
    #[error("{escrow} has ended and holds {balance} {currency}")]
    EndedEscrowNotEmpty {
        /// Which escrow.
        escrow: EscrowId,
        /// In which currency.
        currency: Currency,
        /// What it still holds.
        balance: i128,
    },
    /// A payout or refund that holds something when it is over, or not what is on its way while it is not.
    #[error("{account} holds {balance} {currency} on its way, but should hold {wanted}")]
    TransitDiffers {
        /// Which account.
        account: Account,
        /// In which currency.
        currency: Currency,
        /// What it holds.
        balance: i128,
        /// What it should hold.
        wanted: i128,
    },
    /// Assets do not equal liabilities + equity + revenue - expense.
    #[error("assets exceed liabilities, equity and profit by {difference} {currency}")]
    EquationBroken {
        /// In which currency.
        currency: Currency,
        /// By how much assets are too large.
        difference: i128,
    },
}

/// What an audit read and found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// How many entries were read.
    pub entries: u64,
    /// How many postings were read.
    pub postings: u64,
    /// What each account holds, folded from its postings, as people read it.
    pub balances: BTreeMap<(Account, Currency), i128>,
    /// What must not be.
    pub findings: Vec<Finding>,
}

/// Reads every entry of the books and checks each one, the balances and the accounting equation.
///
/// What the postings cannot show is added by [`Report::compare_balances`] and [`Report::check_ended`].
pub fn verify<P: AsRef<[Posting]>>(entries: impl IntoIterator<Item = (JournalEntryId, Currency, P)>) -> Report {
    let mut report = Report::default();
    for (entry, currency, postings) in entries {
        report.read(entry, currency, postings.as_ref());
    }
    report.close();
    report
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// Checks the balances that are stored: each is the fold of its postings, and none is missing.
    pub fn compare_balances(&mut self, stored: impl IntoIterator<Item = (Account, Currency, i64)>) {
        let stored: BTreeMap<_, _> =
            stored.into_iter().map(|(account, currency, balance)| ((account, currency), balance)).collect();
        let kept = self.balances.keys().filter(|(account, _)| account.kind().has_balance_row());
        let keys: BTreeSet<_> = kept.chain(stored.keys()).copied().collect();
        for (account, currency) in keys {
            let folded = self.balance(account, currency);
            let stored = stored.get(&(account, currency)).copied();
            if stored.map(i128::from) != Some(folded) {
                self.findings.push(Finding::BalanceDiffers { account, currency, stored, folded });
            }
        }
    }

    /// Checks that escrows which are over hold exactly nothing.
    pub fn check_ended(&mut self, ended: impl IntoIterator<Item = EscrowId>) {
        for escrow in ended {
            for currency in Currency::ALL.iter().copied() {
                let balance = self.balance(Account::Escrow(escrow), currency);
                if balance != 0 {
                    self.findings.push(Finding::EndedEscrowNotEmpty { escrow, currency, balance });
                }
            }
        }
    }

    /// Checks that each payout and refund holds on its way exactly what it should: its amount, until it is over.
    pub fn check_transit(&mut self, on_their_way: impl IntoIterator<Item = (Account, Currency, i64)>) {
        for (account, currency, wanted) in on_their_way {
            let (balance, wanted) = (self.balance(account, currency), i128::from(wanted));
            if balance != wanted {
                self.findings.push(Finding::TransitDiffers { account, currency, balance, wanted });
            }
        }
    }

    /// What an account holds.
    pub fn balance(&self, account: Account, currency: Currency) -> i128 {
        self.balances.get(&(account, currency)).copied().unwrap_or(0)
    }

    /// The sum of all accounts of one nature.
    pub fn total(&self, nature: Nature, currency: Currency) -> i128 {
        let of_nature =
            self.balances.iter().filter(|((account, held), _)| *held == currency && account.kind().nature() == nature);
        of_nature.map(|(_, balance)| *balance).sum()
    }

    /// Reads one entry and checks it; whoever has too many of them for [`verify`] calls this for each, then
    /// [`Report::close`].
    pub fn read(&mut self, entry: JournalEntryId, currency: Currency, postings: &[Posting]) {
        self.entries += 1;
        if postings.is_empty() {
            self.findings.push(Finding::EmptyEntry { entry });
        }
        let mut sum = 0_i128;
        for posting in postings {
            self.postings += 1;
            sum += i128::from(posting.amount);
            *self.balances.entry((posting.account, currency)).or_default() += i128::from(posting.change());
        }
        if sum != 0 {
            self.findings.push(Finding::UnbalancedEntry { entry, currency, sum });
        }
    }

    /// Checks what every entry together must be: the balances and the accounting equation.
    pub fn close(&mut self) {
        self.check_signs();
        self.check_equation();
    }

    fn check_signs(&mut self) {
        let below =
            self.balances.iter().filter(|((account, _), balance)| **balance < 0 && !account.kind().may_be_negative());
        let finding = |(&(account, currency), &balance)| Finding::NegativeBalance { account, currency, balance };
        self.findings.extend(below.map(finding));
    }

    fn check_equation(&mut self) {
        for currency in Currency::ALL.iter().copied() {
            let signed = |nature: Nature| {
                let total = self.total(nature, currency);
                if nature.grows_by_debit() { total } else { -total }
            };
            let difference: i128 = Nature::ALL.iter().copied().map(signed).sum();
            if difference != 0 {
                self.findings.push(Finding::EquationBroken { currency, difference });
            }
        }
    }
}
