//! Balances: the fold of postings, and the guard that none of them is overdrawn.

use std::collections::BTreeMap;

use super::{account::Account, entry::JournalEntry};
use crate::money::{Currency, MAX_AMOUNT};

/// Balances as people read them, of the accounts that have been seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Balances(BTreeMap<(Account, Currency), i64>);

/// An entry that would leave an account with less than nothing, or more than can be held exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{account} holds {balance} {currency} and cannot change by {change}")]
pub struct Overdrawn {
    /// Which account.
    pub account: Account,
    /// In which currency.
    pub currency: Currency,
    /// What it holds.
    pub balance: i64,
    /// What was asked.
    pub change: i64,
}

impl Balances {
    /// What an account holds; nothing if it has not been seen.
    pub fn of(&self, account: Account, currency: Currency) -> i64 {
        self.0.get(&(account, currency)).copied().unwrap_or(0)
    }

    /// Starts an account from what is stored.
    pub fn put(&mut self, account: Account, currency: Currency, balance: i64) {
        self.0.insert((account, currency), balance);
    }

    /// Books an entry, or nothing of it.
    ///
    /// # Errors
    /// [`Overdrawn`], with the first account that it would overdraw; nothing has changed then.
    pub fn apply(&mut self, entry: &JournalEntry) -> Result<(), Overdrawn> {
        let currency = entry.currency();
        let after = entry.postings().iter().map(|posting| {
            let (account, change) = (posting.account, posting.change());
            let balance = self.of(account, currency);
            let sound = |after: &i64| after.abs() <= MAX_AMOUNT && (*after >= 0 || account.kind().may_be_negative());
            let after = balance.checked_add(change).filter(sound);
            after.map(|after| ((account, currency), after)).ok_or(Overdrawn { account, currency, balance, change })
        });
        let after: Vec<_> = after.collect::<Result<_, _>>()?;
        self.0.extend(after);
        Ok(())
    }

    /// Every account that has been seen.
    pub fn iter(&self) -> impl Iterator<Item = (Account, Currency, i64)> {
        self.0.iter().map(|((account, currency), balance)| (*account, *currency, *balance))
    }
}
