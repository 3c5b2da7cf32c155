//! What an app may do in the place of a member, and the one table of which operation needs what of it.

use std::{fmt, str::FromStr};

use crate::{names, names::UnknownName};

names! {
    /// One thing that a member can allow an app, and a developer an API key.
    pub enum Scope {
        /// Seeing who the member is.
        ProfileRead = "profile:read",
        /// Seeing jobs, the member's own drafts included.
        JobsRead = "jobs:read",
        /// Writing, publishing and taking back jobs.
        JobsWrite = "jobs:write",
        /// Seeing proposals.
        ProposalsRead = "proposals:read",
        /// Proposing and negotiating; signing is never an app's to do.
        ProposalsWrite = "proposals:write",
        /// Seeing contracts and what belongs to them.
        ContractsRead = "contracts:read",
        /// Delivering, asking for changes, writing notes, asking for an end, arguing; deciding is never an app's to do.
        ContractsWrite = "contracts:write",
        /// Seeing balances, payments, payouts and refunds.
        MoneyRead = "money:read",
        /// Funding milestones.
        PaymentsWrite = "payments:write",
        /// Asking for payouts to the member's bank account, and for refunds to where the money came from.
        PayoutsWrite = "payouts:write",
        /// Being told what happens.
        EventsRead = "events:read",
    }
}

names! {
    /// What acts with a session that is not a member's own.
    pub enum Holder {
        /// A page of ours on which a member decides about apps; it can do nothing else.
        Browser = "browser",
        /// An app that a member has connected.
        App = "app",
        /// An app for itself, without a member.
        Client = "client",
        /// An API key.
        Key = "key",
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u16);

impl Scopes {
    /// Every scope there is.
    pub fn all() -> Self {
        Scope::ALL.iter().copied().collect()
    }

    /// What an app may have for itself: what anybody may read.
    pub fn without_member() -> Self {
        [Scope::JobsRead].into_iter().collect()
    }

    const fn bit(scope: Scope) -> u16 {
        match scope {
            Scope::ProfileRead => 1,
            Scope::JobsRead => 1 << 1,
            Scope::JobsWrite => 1 << 2,
            Scope::ProposalsRead => 1 << 3,
            Scope::ProposalsWrite => 1 << 4,
            Scope::ContractsRead => 1 << 5,
            Scope::ContractsWrite => 1 << 6,
            Scope::MoneyRead => 1 << 7,
            Scope::PaymentsWrite => 1 << 8,
            Scope::PayoutsWrite => 1 << 9,
            Scope::EventsRead => 1 << 10,
        }
    }

    /// Whether this one is among them.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & Self::bit(scope) != 0
    }

    /// Whether all of them are among the others.
    pub const fn is_within(self, others: Self) -> bool {
        self.0 & !others.0 == 0
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those of both.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Those of either.
    #[must_use]
    pub const fn or(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Each of them, in the order of their declaration.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |all, scope| all | Self::bit(scope)))
    }
}

impl FromStr for Scopes {
    type Err = UnknownName;

    /// Separated by spaces (RFC 6749 section 3.3).
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        text.split(' ').filter(|word| !word.is_empty()).map(Scope::from_str).collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

/// What an operation asks of a caller who is not a member with a session of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it looks at no token.
    Open,
    /// A scope, if a token comes along; anybody may call it without one. An app needs no member for it.
    Anyone(Scope),
    /// A scope, and a member who gave it.
    Member(Scope),
    /// It is never an app's to do, whatever its scopes.
    Never,
}

/// The table: each operation of the API by its id, and what it needs.
pub use table::NEEDS;

mod table;
