//! The chart of accounts.

use uuid::Uuid;

use crate::{
    ids::{CampaignId, EscrowId, MemberId, PayoutId, RefundId},
    names,
};

names! {
    /// On which side of the accounting equation an account stands.
    pub enum Nature {
        /// What the operator has.
        Asset = "asset",
        /// What it owes.
        Liability = "liability",
        /// What its owners put in.
        Equity = "equity",
        /// What it earned.
        Revenue = "revenue",
        /// What it spent.
        Expense = "expense",
    }
}

impl Nature {
    /// Whether a debit makes the balance of such an account larger.
    pub const fn grows_by_debit(self) -> bool {
        match self {
            Self::Asset | Self::Expense => true,
            Self::Liability | Self::Equity | Self::Revenue => false,
        }
    }
}

/// Declares [`Account`] and [`AccountKind`] together, so that neither can miss one of the other's.
macro_rules! accounts {
    ($($(#[$meta:meta])* $variant:ident $(($owner:ty))? = $text:literal, $nature:ident;)+) => {
        names! {
            /// The kinds of account.
            pub enum AccountKind { $($(#[$meta])* $variant = $text),+ }
        }

        /// One account: a kind, and whose it is where there is one for each owner.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Account { $($(#[$meta])* $variant $(($owner))?),+ }

        impl AccountKind {
            /// On which side of the accounting equation it stands.
            pub const fn nature(self) -> Nature {
                match self { $(Self::$variant => Nature::$nature),+ }
            }

            /// Whether there is one account for each owner.
            pub const fn has_owner(self) -> bool {
                match self { $(Self::$variant => accounts!(@has_owner $($owner)?)),+ }
            }
        }

        impl std::fmt::Display for Account {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match *self { $(accounts!(@bind owner $variant $($owner)?) => accounts!(@write f, $text, owner $($owner)?)),+ }
            }
        }

        impl Account {
            /// Its kind.
            pub const fn kind(self) -> AccountKind {
                match self { $(accounts!(@pattern $variant $($owner)?) => AccountKind::$variant),+ }
            }

            /// Whose it is, as stored.
            pub const fn owner(self) -> Option<Uuid> {
                match self { $(accounts!(@bind owner $variant $($owner)?) => accounts!(@uuid owner $($owner)?)),+ }
            }

            /// Reads an account from how it is stored.
            ///
            /// # Errors
            /// [`InvalidAccount`] when an owner is missing, or given where there is none.
            pub fn from_parts(kind: AccountKind, owner: Option<Uuid>) -> Result<Self, InvalidAccount> {
                match kind { $(AccountKind::$variant => accounts!(@build owner, kind, $variant $($owner)?)),+ }
            }
        }
    };
    (@has_owner $owner:ty) => { true };
    (@has_owner) => { false };
    (@pattern $variant:ident $owner:ty) => { Self::$variant(_) };
    (@pattern $variant:ident) => { Self::$variant };
    (@bind $id:ident $variant:ident $owner:ty) => { Self::$variant($id) };
    (@bind $id:ident $variant:ident) => { Self::$variant };
    (@uuid $id:ident $owner:ty) => { Some($id.uuid()) };
    (@uuid $id:ident) => { None };
    (@write $f:ident, $text:literal, $id:ident $owner:ty) => { write!($f, "{}:{}", $text, $id) };
    (@write $f:ident, $text:literal, $id:ident) => { $f.write_str($text) };
    (@build $id:ident, $kind:ident, $variant:ident $owner:ty) => {
        $id.map(|uuid| Self::$variant(<$owner>::from_uuid(uuid))).ok_or(InvalidAccount::OwnerMissing($kind))
    };
    (@build $id:ident, $kind:ident, $variant:ident) => {
        if $id.is_none() { Ok(Self::$variant) } else { Err(InvalidAccount::OwnerUnexpected($kind)) }
    };
}

accounts! {
    /// The account at the bank that holds clients' money.
    Bank = "bank", Asset;
    /// What the card gateway has taken and not yet transferred.
    Gateway = "gateway", Asset;
    /// What a member owes, after a chargeback.
    Receivable(MemberId) = "receivable", Asset;
    /// A client's money that is not held for anything.
    ClientFunds(MemberId) = "client_funds", Liability;
    /// Money held for one unit of work.
    Escrow(EscrowId) = "escrow", Liability;
    /// A worker's released, not yet paid out money.
    Earnings(MemberId) = "earnings", Liability;
    /// Money on its way to a worker's bank.
    PayoutTransit(PayoutId) = "payout_transit", Liability;
    /// Money on its way back to where it came from.
    RefundTransit(RefundId) = "refund_transit", Liability;
    /// Points, backed by a campaign.
    Points(MemberId) = "points", Liability;
    /// What the operator set aside for points and coupons.
    Campaign(CampaignId) = "campaign", Liability;
    /// Bank transfers that belong to nobody yet.
    Suspense = "suspense", Liability;
    /// Earnings of members who left and could not be paid; claimable for ever.
    Unclaimed(MemberId) = "unclaimed", Liability;
    /// Consumption tax on the operator's fees, owed to the tax office.
    ConsumptionTax = "consumption_tax", Liability;
    /// Income tax withheld for a client, owed to the tax office.
    WithholdingTax(MemberId) = "withholding_tax", Liability;
    /// What the operator put in.
    OperatorCapital = "operator_capital", Equity;
    /// Fees on releases.
    SystemFee = "system_fee", Revenue;
    /// Fees for quick payouts.
    QuickPayoutFee = "quick_payout_fee", Revenue;
    /// Bank fees that workers bear.
    BankFeeRecovery = "bank_fee_recovery", Revenue;
    /// What the gateway keeps.
    GatewayFee = "gateway_fee", Expense;
    /// What the bank charges.
    BankFee = "bank_fee", Expense;
    /// Receivables written off.
    BadDebt = "bad_debt", Expense;
}

/// A stored account that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccount {
    /// There is one for each owner.
    #[error("a {0} account needs an owner")]
    OwnerMissing(AccountKind),
    /// There is one only.
    #[error("a {0} account has no owner")]
    OwnerUnexpected(AccountKind),
}

impl AccountKind {
    /// Whether a balance is kept next to the postings: for whatever has an owner, and the operator's
    /// capital. The platform's own accounts are the sum of their postings, so that two releases never
    /// wait for each other's row.
    pub const fn has_balance_row(self) -> bool {
        self.has_owner() || matches!(self, Self::OperatorCapital)
    }

    /// Whether staff may book on it by hand. What follows from the state of something else is not: escrows, earnings
    /// (which are their releases), what is on its way, unmatched receipts, points and what backs them.
    pub const fn is_booked_by_hand(self) -> bool {
        match self {
            Self::Bank
            | Self::Gateway
            | Self::Receivable
            | Self::ClientFunds
            | Self::Unclaimed
            | Self::ConsumptionTax
            | Self::WithholdingTax
            | Self::OperatorCapital
            | Self::SystemFee
            | Self::QuickPayoutFee
            | Self::BankFeeRecovery
            | Self::GatewayFee
            | Self::BankFee
            | Self::BadDebt => true,
            Self::Escrow
            | Self::Earnings
            | Self::PayoutTransit
            | Self::RefundTransit
            | Self::Points
            | Self::Campaign
            | Self::Suspense => false,
        }
    }

    /// Whether its balance may fall below zero. What is kept as a balance never does.
    pub const fn may_be_negative(self) -> bool {
        !self.has_balance_row()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_survives_being_stored() {
        for kind in AccountKind::ALL {
            let owner = kind.has_owner().then_some(Uuid::max());
            let account = Account::from_parts(*kind, owner).unwrap();
            assert_eq!((account.kind(), account.owner()), (*kind, owner));
        }
    }

    #[test]
    fn an_account_is_written_with_the_id_that_its_owner_is_known_by() {
        let member = MemberId::from_uuid(Uuid::max());
        assert_eq!(Account::Earnings(member).to_string(), format!("earnings:{member}"));
        assert_eq!(Account::Bank.to_string(), "bank");
    }

    #[test]
    fn an_owner_is_neither_forgotten_nor_invented() {
        let (bank, escrow) = (AccountKind::Bank, AccountKind::Escrow);
        assert_eq!(Account::from_parts(bank, Some(Uuid::max())), Err(InvalidAccount::OwnerUnexpected(bank)));
        assert_eq!(Account::from_parts(escrow, None), Err(InvalidAccount::OwnerMissing(escrow)));
    }

    #[test]
    fn only_the_platforms_own_accounts_may_fall_below_zero() {
        let negative = AccountKind::ALL.iter().filter(|kind| kind.may_be_negative()).map(|kind| kind.as_str());
        let expected = [
            "bank",
            "gateway",
            "suspense",
            "consumption_tax",
            "system_fee",
            "quick_payout_fee",
            "bank_fee_recovery",
            "gateway_fee",
            "bank_fee",
            "bad_debt",
        ];
        assert_eq!(negative.collect::<Vec<_>>(), expected);
    }
}
