//! Journal entries, which cannot be built unbalanced.

use std::collections::{BTreeMap, BTreeSet};

use super::account::Account;
use crate::{
    event::EventKind,
    money::{Currency, MAX_AMOUNT, Money},
    names,
};

names! {
    /// The business event an entry stands for.
    pub enum EntryKind {
        /// A card payment settled.
        CardSettled = "card_settled",
        /// The gateway transferred what it held, keeping its fee.
        GatewayTransferred = "gateway_transferred",
        /// A bank transfer arrived for a payment.
        BankReceived = "bank_received",
        /// A bank transfer arrived that belongs to nobody yet.
        BankReceivedUnmatched = "bank_received_unmatched",
        /// Its owner was found.
        SuspenseMatched = "suspense_matched",
        /// An escrow was funded.
        EscrowFunded = "escrow_funded",
        /// All of an escrow went to the worker.
        EscrowReleased = "escrow_released",
        /// All of an escrow went back to the client.
        EscrowRefunded = "escrow_refunded",
        /// Some of an escrow went each way.
        EscrowSplit = "escrow_split",
        /// Earnings left for a payout.
        PayoutRequested = "payout_requested",
        /// Earnings left for a quick payout, with its fee.
        QuickPayoutRequested = "quick_payout_requested",
        /// The bank paid it.
        PayoutSettled = "payout_settled",
        /// The bank did not.
        PayoutFailed = "payout_failed",
        /// It was taken back before the bank had it.
        PayoutCanceled = "payout_canceled",
        /// It came back after it was paid.
        PayoutReturned = "payout_returned",
        /// The bank took its own charge.
        BankCharged = "bank_charged",
        /// Client funds left for where they came from.
        RefundRequested = "refund_requested",
        /// They arrived.
        RefundSettled = "refund_settled",
        /// They did not.
        RefundFailed = "refund_failed",
        /// Money of somebody who left, and that cannot be paid out, was set aside.
        Unclaimed = "unclaimed",
        /// The operator put money in.
        CapitalPaidIn = "capital_paid_in",
        /// What one of staff wrote and another approved.
        Manual = "manual",
        /// Another entry, taken back.
        Reversal = "reversal",
    }
}

impl EntryKind {
    /// The events that are told with every such entry, and otherwise only with entries of the other kinds that name them
    /// here, so that the two can be counted against each other; none of an entry that nothing in the program makes.
    pub const fn events(self) -> &'static [EventKind] {
        match self {
            Self::CardSettled => &[EventKind::PaymentReceived],
            Self::BankReceived => &[EventKind::PaymentReceived, EventKind::BankReceiptRecorded],
            Self::BankReceivedUnmatched => &[EventKind::BankReceiptRecorded],
            Self::SuspenseMatched => &[EventKind::PaymentReceived, EventKind::BankReceiptMatched],
            Self::EscrowFunded => &[EventKind::EscrowFunded],
            Self::EscrowReleased => &[EventKind::EscrowReleased],
            Self::EscrowRefunded => &[EventKind::EscrowRefunded],
            Self::EscrowSplit => &[EventKind::EscrowSplit],
            Self::PayoutRequested => &[EventKind::PayoutRequested],
            Self::QuickPayoutRequested => &[EventKind::PayoutQuickRequested],
            Self::PayoutSettled => &[EventKind::PayoutPaid],
            Self::PayoutFailed => &[EventKind::PayoutFailed],
            Self::PayoutCanceled => &[EventKind::PayoutCanceled],
            Self::PayoutReturned => &[EventKind::PayoutReturned],
            Self::RefundRequested => &[EventKind::RefundRequested],
            Self::RefundSettled => &[EventKind::RefundSettled],
            Self::RefundFailed => &[EventKind::RefundFailed],
            Self::Unclaimed => &[EventKind::MemberMoneyUnclaimed],
            Self::Manual => &[EventKind::ManualEntryPosted],
            Self::GatewayTransferred | Self::BankCharged | Self::CapitalPaidIn | Self::Reversal => &[],
        }
    }
}

/// One line of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// Where.
    pub account: Account,
    /// Minor units: a debit is positive, a credit negative.
    pub amount: i64,
}

impl Posting {
    /// By how much it changes the balance of its account, as people read that balance: what is owed,
    /// owned or earned is positive.
    pub const fn change(self) -> i64 {
        if self.account.kind().nature().grows_by_debit() { self.amount } else { self.amount.saturating_neg() }
    }
}

/// An amount on its way from one account to another: the same on both sides, by construction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// The account that is debited.
    pub debit: Account,
    /// The account that is credited.
    pub credit: Account,
    /// How much, never less than nothing.
    pub amount: Money,
}

/// One business event, balanced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    kind: EntryKind,
    currency: Currency,
    postings: Vec<Posting>,
}

/// Why an entry cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEntry {
    /// It, or one of its postings, would move nothing.
    #[error("an entry and each of its postings must move something")]
    Empty,
    /// It would move less than nothing.
    #[error("an entry cannot move a negative amount")]
    Negative,
    /// It would mix currencies.
    #[error("an entry has one currency")]
    MixedCurrencies,
    /// An account would move more than can be held exactly.
    #[error("the amount is out of range")]
    OutOfRange,
    /// An account appears twice, so that its balance afterwards would be told twice.
    #[error("{0} has two postings")]
    Twice(Account),
    /// The postings that were stored do not add up to zero.
    #[error("the postings add up to {0}, not to zero")]
    Unbalanced(i128),
}

impl JournalEntry {
    /// Builds an entry from transfers. Amounts on the same account become one posting, and postings of
    /// nothing are left out.
    ///
    /// # Errors
    /// Nothing moves, or it moves the wrong way, or in two currencies, or too much.
    pub fn of(kind: EntryKind, transfers: &[Transfer]) -> Result<Self, InvalidEntry> {
        let currency = transfers.first().ok_or(InvalidEntry::Empty)?.amount.currency();
        let mut sums: BTreeMap<Account, i64> = BTreeMap::new();
        for Transfer { debit, credit, amount } in transfers {
            if amount.currency() != currency {
                return Err(InvalidEntry::MixedCurrencies);
            }
            if amount.amount() < 0 {
                return Err(InvalidEntry::Negative);
            }
            for (account, change) in [(*debit, amount.amount()), (*credit, -amount.amount())] {
                let sum = sums.entry(account).or_default();
                *sum = sum.checked_add(change).ok_or(InvalidEntry::OutOfRange)?;
            }
        }
        let postings = sums.into_iter().map(|(account, amount)| Posting { account, amount });
        Self::from_postings(kind, currency, postings.filter(|posting| posting.amount != 0).collect())
    }

    /// Reads an entry back from how it is stored.
    ///
    /// # Errors
    /// It has no postings, one moves nothing or too much, an account appears twice, or they do not balance.
    pub fn from_postings(kind: EntryKind, currency: Currency, postings: Vec<Posting>) -> Result<Self, InvalidEntry> {
        if postings.is_empty() || postings.iter().any(|posting| posting.amount == 0) {
            return Err(InvalidEntry::Empty);
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = postings.iter().find(|posting| !seen.insert(posting.account)) {
            return Err(InvalidEntry::Twice(twice.account));
        }
        if postings.iter().any(|posting| posting.amount.checked_abs().is_none_or(|size| size > MAX_AMOUNT)) {
            return Err(InvalidEntry::OutOfRange);
        }
        match postings.iter().map(|posting| i128::from(posting.amount)).sum() {
            0 => Ok(Self { kind, currency, postings }),
            sum => Err(InvalidEntry::Unbalanced(sum)),
        }
    }

    /// What it stands for.
    pub const fn kind(&self) -> EntryKind {
        self.kind
    }

    /// What it is in.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// Its lines, one for each account; of a new entry in the order of accounts.
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }
}
