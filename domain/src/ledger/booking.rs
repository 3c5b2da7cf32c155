//! The entries of the domain rules, section 3, with the debit on the left: a constructor for each row of the table that an
//! operation books, and for three that nothing books yet (the gateway's transfers, the bank's charges, capital). Those, and
//! what has no constructor, staff book by hand.

use super::{
    account::Account,
    entry::{EntryKind, InvalidEntry, JournalEntry, Transfer},
};
use crate::{
    ids::{EscrowId, MemberId, PayoutId, RefundId},
    money::{Money, MoneyError},
};

/// Where a release of an escrow goes. The parts add up to what leaves the escrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleaseLegs {
    /// What the worker gets.
    pub net: Money,
    /// What the operator earns, without its consumption tax.
    pub system_fee: Money,
    /// The consumption tax on the fee.
    pub consumption_tax: Money,
    /// The income tax withheld for the client.
    pub withheld: Money,
}

impl ReleaseLegs {
    /// What leaves the escrow.
    ///
    /// # Errors
    /// The parts are in several currencies, or out of range.
    pub fn gross(&self) -> Result<Money, MoneyError> {
        self.net.plus(self.system_fee)?.plus(self.consumption_tax)?.plus(self.withheld)
    }

    fn transfers(&self, escrow: EscrowId, client: MemberId, worker: MemberId) -> [Transfer; 4] {
        let leg = |credit, amount| Transfer { debit: Account::Escrow(escrow), credit, amount };
        [
            leg(Account::Earnings(worker), self.net),
            leg(Account::SystemFee, self.system_fee),
            leg(Account::ConsumptionTax, self.consumption_tax),
            leg(Account::WithholdingTax(client), self.withheld),
        ]
    }
}

/// The fee of a quick payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuickFee {
    /// What the operator earns, without its consumption tax.
    pub revenue: Money,
    /// The consumption tax on it.
    pub tax: Money,
}

type Entry = Result<JournalEntry, InvalidEntry>;

fn one(kind: EntryKind, debit: Account, credit: Account, amount: Money) -> Entry {
    JournalEntry::of(kind, &[Transfer { debit, credit, amount }])
}

/// All of a payout is earnings again, and so is the fee of a quick one.
fn payout_undone(kind: EntryKind, worker: MemberId, payout: PayoutId, amount: Money, fee: Option<QuickFee>) -> Entry {
    let leg = |debit, amount| Transfer { debit, credit: Account::Earnings(worker), amount };
    let fees =
        fee.map(|QuickFee { revenue, tax }| [leg(Account::QuickPayoutFee, revenue), leg(Account::ConsumptionTax, tax)]);
    let mut legs = vec![leg(Account::PayoutTransit(payout), amount)];
    legs.extend(fees.into_iter().flatten());
    JournalEntry::of(kind, &legs)
}

/// Each is refused when nothing would move; the errors are those of [`JournalEntry::of`].
impl JournalEntry {
    /// A card payment settled: the gateway owes it, the client has it.
    pub fn card_settled(client: MemberId, amount: Money) -> Entry {
        one(EntryKind::CardSettled, Account::Gateway, Account::ClientFunds(client), amount)
    }

    /// The gateway transferred what it held, and kept its fee.
    pub fn gateway_transferred(arrived: Money, kept: Money) -> Entry {
        let leg = |debit, amount| Transfer { debit, credit: Account::Gateway, amount };
        JournalEntry::of(EntryKind::GatewayTransferred, &[leg(Account::Bank, arrived), leg(Account::GatewayFee, kept)])
    }

    /// A bank transfer arrived, and is known to be this client's.
    pub fn bank_received(client: MemberId, amount: Money) -> Entry {
        one(EntryKind::BankReceived, Account::Bank, Account::ClientFunds(client), amount)
    }

    /// A bank transfer arrived that belongs to nobody yet.
    pub fn bank_received_unmatched(amount: Money) -> Entry {
        one(EntryKind::BankReceivedUnmatched, Account::Bank, Account::Suspense, amount)
    }

    /// It was found to be this client's.
    pub fn suspense_matched(client: MemberId, amount: Money) -> Entry {
        one(EntryKind::SuspenseMatched, Account::Suspense, Account::ClientFunds(client), amount)
    }

    /// An escrow is funded from the client's money.
    pub fn escrow_funded(client: MemberId, escrow: EscrowId, amount: Money) -> Entry {
        one(EntryKind::EscrowFunded, Account::ClientFunds(client), Account::Escrow(escrow), amount)
    }

    /// All of an escrow goes to the worker, less fee and taxes.
    pub fn escrow_released(escrow: EscrowId, client: MemberId, worker: MemberId, legs: ReleaseLegs) -> Entry {
        JournalEntry::of(EntryKind::EscrowReleased, &legs.transfers(escrow, client, worker))
    }

    /// All of an escrow goes back to the client.
    pub fn escrow_refunded(escrow: EscrowId, client: MemberId, amount: Money) -> Entry {
        one(EntryKind::EscrowRefunded, Account::Escrow(escrow), Account::ClientFunds(client), amount)
    }

    /// Some of an escrow goes to the worker, less fee and taxes, and the rest back to the client.
    pub fn escrow_split(escrow: EscrowId, client: MemberId, worker: MemberId, legs: ReleaseLegs, rest: Money) -> Entry {
        let [net, fee, tax, withheld] = legs.transfers(escrow, client, worker);
        let rest = Transfer { debit: Account::Escrow(escrow), credit: Account::ClientFunds(client), amount: rest };
        JournalEntry::of(EntryKind::EscrowSplit, &[net, fee, tax, withheld, rest])
    }

    /// Earnings leave for a payout.
    pub fn payout_requested(worker: MemberId, payout: PayoutId, amount: Money) -> Entry {
        one(EntryKind::PayoutRequested, Account::Earnings(worker), Account::PayoutTransit(payout), amount)
    }

    /// Earnings leave for a quick payout, and pay its fee.
    pub fn quick_payout_requested(worker: MemberId, payout: PayoutId, amount: Money, fee: QuickFee) -> Entry {
        let leg = |credit, amount| Transfer { debit: Account::Earnings(worker), credit, amount };
        let legs = [
            leg(Account::PayoutTransit(payout), amount),
            leg(Account::QuickPayoutFee, fee.revenue),
            leg(Account::ConsumptionTax, fee.tax),
        ];
        JournalEntry::of(EntryKind::QuickPayoutRequested, &legs)
    }

    /// The bank paid it, less the bank fee that the worker bears.
    pub fn payout_settled(payout: PayoutId, paid: Money, bank_fee: Money) -> Entry {
        let leg = |credit, amount| Transfer { debit: Account::PayoutTransit(payout), credit, amount };
        JournalEntry::of(EntryKind::PayoutSettled, &[leg(Account::Bank, paid), leg(Account::BankFeeRecovery, bank_fee)])
    }

    /// The bank did not pay it: it is earnings again, and so is the fee of a quick payout.
    pub fn payout_failed(worker: MemberId, payout: PayoutId, amount: Money, fee: Option<QuickFee>) -> Entry {
        payout_undone(EntryKind::PayoutFailed, worker, payout, amount, fee)
    }

    /// It was taken back before the bank had it: the same.
    pub fn payout_canceled(worker: MemberId, payout: PayoutId, amount: Money, fee: Option<QuickFee>) -> Entry {
        payout_undone(EntryKind::PayoutCanceled, worker, payout, amount, fee)
    }

    /// What the bank had paid came back.
    pub fn payout_returned(worker: MemberId, returned: Money) -> Entry {
        one(EntryKind::PayoutReturned, Account::Bank, Account::Earnings(worker), returned)
    }

    /// The bank took its own charge.
    pub fn bank_charged(charge: Money) -> Entry {
        one(EntryKind::BankCharged, Account::BankFee, Account::Bank, charge)
    }

    /// Client funds leave for where they came from.
    pub fn refund_requested(client: MemberId, refund: RefundId, amount: Money) -> Entry {
        one(EntryKind::RefundRequested, Account::ClientFunds(client), Account::RefundTransit(refund), amount)
    }

    /// They arrived, through the gateway.
    pub fn refund_settled_by_card(refund: RefundId, amount: Money) -> Entry {
        one(EntryKind::RefundSettled, Account::RefundTransit(refund), Account::Gateway, amount)
    }

    /// They arrived, through the bank.
    pub fn refund_settled_by_bank(refund: RefundId, amount: Money) -> Entry {
        one(EntryKind::RefundSettled, Account::RefundTransit(refund), Account::Bank, amount)
    }

    /// They did not arrive.
    pub fn refund_failed(client: MemberId, refund: RefundId, amount: Money) -> Entry {
        one(EntryKind::RefundFailed, Account::RefundTransit(refund), Account::ClientFunds(client), amount)
    }

    /// Earnings or client funds of somebody who left, and cannot be paid: claimable for ever.
    pub fn unclaimed(member: MemberId, earnings: Money, funds: Money) -> Entry {
        let leg = |debit, amount| Transfer { debit, credit: Account::Unclaimed(member), amount };
        let legs = [leg(Account::Earnings(member), earnings), leg(Account::ClientFunds(member), funds)];
        JournalEntry::of(EntryKind::Unclaimed, &legs)
    }

    /// The operator puts money in.
    pub fn capital_paid_in(amount: Money) -> Entry {
        one(EntryKind::CapitalPaidIn, Account::Bank, Account::OperatorCapital, amount)
    }
}
