//! Escrows: money held for one unit of work (仮払い).

use chrono::{DateTime, Utc};

use crate::{
    ids::{EscrowId, MemberId},
    machine::{Refused, State},
    money::Money,
    names,
    policy::{Operation, Standing, permitted},
};

names! {
    /// Where the money is. The four ends all hold exactly zero.
    pub enum EscrowState {
        /// Not here yet.
        Unfunded = "unfunded",
        /// Held.
        Funded = "funded",
        /// With the worker.
        Released = "released",
        /// Back with the client.
        Refunded = "refunded",
        /// Some with each.
        Split = "split",
        /// It never came.
        Void = "void",
    }
}

names! {
    /// What can happen to the money.
    pub enum EscrowAction {
        /// It comes.
        Fund = "fund",
        /// All goes to the worker.
        Release = "release",
        /// All goes back to the client.
        Refund = "refund",
        /// Some goes each way.
        Split = "split",
        /// It will not come.
        Void = "void",
    }
}

impl State for EscrowState {
    type Action = EscrowAction;
    const MACHINE: &'static str = "escrow";
    const INITIAL: Self = Self::Unfunded;
    const STATES: &'static [Self] = Self::ALL;
    const ACTIONS: &'static [EscrowAction] = EscrowAction::ALL;

    fn targets(self, action: EscrowAction) -> &'static [Self] {
        use EscrowAction::{Fund, Refund, Release, Split, Void};
        match (self, action) {
            (Self::Unfunded, Fund) => &[Self::Funded],
            (Self::Unfunded, Void) => &[Self::Void],
            (Self::Funded, Release) => &[Self::Released],
            (Self::Funded, Refund) => &[Self::Refunded],
            (Self::Funded, Split) => &[Self::Split],
            (Self::Unfunded, Release | Refund | Split)
            | (Self::Funded, Fund | Void)
            | (Self::Released | Self::Refunded | Self::Split | Self::Void, Fund | Release | Refund | Split | Void) => {
                &[]
            }
        }
    }

    fn actors(action: EscrowAction) -> &'static [Standing] {
        permitted(Operation::Escrow(action))
    }
}

/// Money held, or to be held, for one unit of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escrow {
    /// Its id, which is also its ledger account.
    pub id: EscrowId,
    /// Who pays in.
    pub client: MemberId,
    /// Who it is held for.
    pub worker: MemberId,
    /// How much is held when funded.
    pub amount: Money,
    /// Where the money is.
    pub state: EscrowState,
    /// How often it was written.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl Escrow {
    /// An escrow that waits for its money.
    pub const fn new(id: EscrowId, client: MemberId, worker: MemberId, amount: Money, now: DateTime<Utc>) -> Self {
        let state = EscrowState::Unfunded;
        Self { id, client, worker, amount, state, version: 1, created_at: now, updated_at: now }
    }

    /// What is in it now.
    pub fn held(&self) -> Money {
        if self.state == EscrowState::Funded { self.amount } else { Money::zero(self.amount.currency()) }
    }

    /// Takes one step. The entry that goes with it is made by what it is held for.
    ///
    /// # Errors
    /// [`Refused`] when the table has no such step.
    pub fn step(&self, action: EscrowAction, now: DateTime<Utc>) -> Result<Self, Refused> {
        let state = self.state.advance(action)?;
        Ok(Self { state, updated_at: now, ..self.clone() })
    }
}
