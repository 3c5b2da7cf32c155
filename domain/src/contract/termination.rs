//! The termination fee: an escrow of the contract itself (domain rules, section 4).

use chrono::{DateTime, Utc};

use super::{Contract, ContractError};
use crate::{
    decision::Decision,
    escrow::{Escrow, EscrowAction, EscrowState},
    event::EventKind,
    ids::EscrowId,
    ledger::JournalEntry,
    milestone::{FeeTerms, Milestone, Proceeds},
    money::Money,
    names,
};

names! {
    /// How a contract comes to its end, as far as the termination fee depends on it.
    pub enum Ending {
        /// Its milestones are finished, one by one; or it is the worker who wants to end, or keeps silent.
        Completed = "completed",
        /// The client ends it unfinished: asked to, and the worker consented; or left it without money until
        /// the worker went.
        ByClient = "by_client",
    }
}

/// What becomes of the contract and the escrow of its termination fee, together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminationPaid {
    /// The contract afterwards.
    pub contract: Contract,
    /// The escrow afterwards.
    pub escrow: Escrow,
    /// What the worker got, if anything.
    pub proceeds: Option<Proceeds>,
}

impl Contract {
    /// The escrow that will hold the termination fee, if one was agreed.
    pub fn plan_termination(&self, id: EscrowId, now: DateTime<Utc>) -> Option<Escrow> {
        self.terms.termination_fee.map(|fee| Escrow::new(id, self.client, self.worker, fee, now))
    }

    /// What of the termination fee comes with the milestone that is funded next: all of it, unless it is here already.
    /// It comes with the first, so until then only one milestone waits for money.
    ///
    /// # Errors
    /// Another milestone waits for it.
    pub fn termination_fee_due<'a>(
        &self,
        escrow: Option<&Escrow>,
        milestones: impl IntoIterator<Item = &'a Milestone>,
    ) -> Result<Money, ContractError> {
        let missing = escrow.filter(|escrow| escrow.state == EscrowState::Unfunded);
        let Some(escrow) = missing else { return Ok(Money::zero(self.released.currency())) };
        let is_awaited = milestones.into_iter().any(|milestone| milestone.termination_fee_due.is_positive());
        if is_awaited { Err(ContractError::TerminationFeeAwaited) } else { Ok(escrow.amount) }
    }

    /// The termination fee came together with the money of the first milestone.
    ///
    /// # Errors
    /// It is here already, or the escrow is another's.
    pub fn fund_termination(&self, escrow: &Escrow, now: DateTime<Utc>) -> Result<Decision<Escrow>, ContractError> {
        self.check_termination(escrow)?;
        let funded = escrow.step(EscrowAction::Fund, now)?;
        let entry = JournalEntry::escrow_funded(self.client, escrow.id, escrow.amount)?;
        Ok(Decision::new(funded, EventKind::EscrowFunded).book(entry))
    }

    /// The contract is over: the termination fee goes to the worker if the client let it end unfinished,
    /// and otherwise back. For the worker it is a release like any other, with the fee that goes with it.
    ///
    /// # Errors
    /// It was paid already, the escrow is another's, or the amounts cannot be added.
    pub fn pay_termination(
        &self,
        escrow: &Escrow,
        fees: FeeTerms<'_>,
        now: DateTime<Utc>,
    ) -> Result<Decision<TerminationPaid>, ContractError> {
        self.check_termination(escrow)?;
        let paid = |escrow| TerminationPaid { contract: self.clone(), escrow, proceeds: None };
        if escrow.state == EscrowState::Unfunded {
            let void = escrow.step(EscrowAction::Void, now)?;
            return Ok(Decision::new(paid(void), EventKind::EscrowVoided));
        }
        match self.ending {
            Ending::Completed => {
                let entry = JournalEntry::escrow_refunded(escrow.id, self.client, escrow.amount)?;
                let back = escrow.step(EscrowAction::Refund, now)?;
                Ok(Decision::new(paid(back), EventKind::EscrowRefunded).book(entry))
            }
            Ending::ByClient => {
                let proceeds = Proceeds::of(escrow.amount, fees)?;
                let entry = JournalEntry::escrow_released(escrow.id, self.client, self.worker, proceeds.legs()?)?;
                let contract = Self { released: self.released.plus(escrow.amount)?, updated_at: now, ..self.clone() };
                let escrow = escrow.step(EscrowAction::Release, now)?;
                let next = TerminationPaid { contract, escrow, proceeds: Some(proceeds) };
                Ok(Decision::new(next, EventKind::EscrowReleased).book(entry))
            }
        }
    }

    fn check_termination(&self, escrow: &Escrow) -> Result<(), ContractError> {
        let own = escrow.client == self.client && escrow.worker == self.worker;
        if own && self.terms.termination_fee == Some(escrow.amount) {
            Ok(())
        } else {
            Err(ContractError::ForeignEscrow)
        }
    }
}
