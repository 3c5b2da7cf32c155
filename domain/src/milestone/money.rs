//! The steps of a milestone that move money: what happens to the milestone, its escrow and the books is
//! decided together.

use chrono::{DateTime, Utc};

use super::{Milestone, MilestoneAction, MilestoneError, MilestoneState};
use crate::{
    decision::Decision,
    escrow::{Escrow, EscrowAction},
    event::EventKind,
    fee::{Fee, FeeSchedule},
    ids::DeliveryId,
    ledger::{JournalEntry, ReleaseLegs},
    machine::State,
    money::{Money, MoneyError},
    timer::{TimerKind, check_due},
};

/// Everything that may still be set when a milestone is over.
const ALL_TIMERS: &[TimerKind] = &[
    TimerKind::AutoAccept,
    TimerKind::FirstReminder,
    TimerKind::SecondReminder,
    TimerKind::FundingExpiry,
    TimerKind::RedeliveryOverdue,
];

/// What a fee is reckoned by.
#[derive(Debug, Clone, Copy)]
pub struct FeeTerms<'a> {
    /// The schedule that the contract was signed under.
    pub schedule: &'a FeeSchedule,
    /// What was released before, on the same basis.
    pub before: Money,
}

impl FeeTerms<'_> {
    /// What a price costs.
    ///
    /// # Errors
    /// An amount out of range, or of another currency.
    pub fn fee(&self, gross: Money) -> Result<Fee, MoneyError> {
        // The sum refuses two currencies, which the fee, reckoned in bare minor units, could not see.
        self.before.plus(gross)?;
        self.schedule.release_fee(self.before.amount(), gross.amount())
    }

    /// What each of these prices leaves the worker if they are released in this order. In another order the single
    /// amounts differ; their sum does not, because the brackets accumulate.
    ///
    /// # Errors
    /// Amounts out of range together, or of another currency.
    pub fn nets(self, prices: impl IntoIterator<Item = Money>) -> Result<Vec<Money>, MoneyError> {
        let mut before = self.before;
        let net = |gross: Money| {
            let net = Proceeds::of(gross, Self { before, ..self })?.net;
            before = before.plus(gross)?;
            Ok(net)
        };
        prices.into_iter().map(net).collect()
    }
}

/// What a milestone and its escrow become, together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// The milestone afterwards.
    pub milestone: Milestone,
    /// Its escrow afterwards.
    pub escrow: Escrow,
    /// What the worker got, if anything.
    pub proceeds: Option<Proceeds>,
}

/// What a worker gets out of an escrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proceeds {
    /// The worker's share, before fees.
    pub gross: Money,
    /// What is taken of it.
    pub fee: Fee,
    /// What is left, and is now earnings.
    pub net: Money,
}

type Step = Result<Decision<Movement>, MilestoneError>;

impl Milestone {
    /// All the money is set aside: it is held from now on.
    ///
    /// # Errors
    /// Not in this state, or some of it is missing.
    pub fn fund(&self, escrow: &Escrow, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(MilestoneAction::Fund)?;
        self.check_escrow(escrow)?;
        let shortfall = self.shortfall()?;
        if shortfall.is_positive() {
            return Err(MilestoneError::Underfunded { shortfall });
        }
        let escrow = escrow.step(EscrowAction::Fund, now)?;
        let milestone = Self { state, funded_at: Some(now), updated_at: now, ..self.waiting_for_nothing() };
        let entry = JournalEntry::escrow_funded(self.client, self.escrow, self.amount)?;
        Ok(Decision::new(Movement { milestone, escrow, proceeds: None }, EventKind::MilestoneFunded)
            .tell(EventKind::EscrowFunded)
            .clear(&[TimerKind::FundingExpiry])
            .book(entry))
    }

    /// The client accepts the delivery they name: the worker is paid.
    ///
    /// # Errors
    /// Not in this state, or another delivery than the latest.
    pub fn accept(&self, delivery: DeliveryId, escrow: &Escrow, fees: FeeTerms<'_>, now: DateTime<Utc>) -> Step {
        self.state.advance(MilestoneAction::Accept)?;
        self.check_delivery(delivery)?;
        self.end(MilestoneAction::Accept, EventKind::MilestoneAccepted, self.amount, escrow, fees, now)
    }

    /// The acceptance window passed: the worker is paid.
    ///
    /// # Errors
    /// Not in this state, or not yet.
    pub fn auto_accept(&self, escrow: &Escrow, fees: FeeTerms<'_>, now: DateTime<Utc>) -> Step {
        self.state.advance(MilestoneAction::AutoAccept)?;
        check_due(self.auto_accept_at, now)?;
        self.end(MilestoneAction::AutoAccept, EventKind::MilestoneAutoAccepted, self.amount, escrow, fees, now)
    }

    /// The parties settled a dispute: the worker gets the share, the client the rest.
    ///
    /// # Errors
    /// Not in this state, or not a share of what is held.
    pub fn settle(&self, worker_share: Money, escrow: &Escrow, fees: FeeTerms<'_>, now: DateTime<Utc>) -> Step {
        self.end(MilestoneAction::Settle, EventKind::MilestoneSettled, worker_share, escrow, fees, now)
    }

    /// Staff ruled a dispute: the worker gets the share, the client the rest.
    ///
    /// # Errors
    /// Not in this state, or not a share of what is held.
    pub fn rule(&self, worker_share: Money, escrow: &Escrow, fees: FeeTerms<'_>, now: DateTime<Utc>) -> Step {
        self.end(MilestoneAction::Rule, EventKind::MilestoneRuled, worker_share, escrow, fees, now)
    }

    /// Both consented, or the contract is over: the worker gets the share, which is nothing when nothing
    /// is held, and the client the rest.
    ///
    /// # Errors
    /// Not in this state, or not a share of what is held.
    pub fn cancel(&self, worker_share: Money, escrow: &Escrow, fees: FeeTerms<'_>, now: DateTime<Utc>) -> Step {
        // A cancellation that pays the worker is a settlement.
        let event = if worker_share.is_positive() { EventKind::MilestoneSettled } else { EventKind::MilestoneCanceled };
        self.end(MilestoneAction::Cancel, event, worker_share, escrow, fees, now)
    }

    /// The same without anything set aside, or waited for.
    pub(super) fn waiting_for_nothing(&self) -> Self {
        let zero = Money::zero(self.amount.currency());
        Self { reserved: zero, termination_fee_due: zero, funding_expires_at: None, ..self.clone() }
    }

    /// Every way for a milestone to be over. The share decides where it leads, and what is booked.
    fn end(
        &self,
        action: MilestoneAction,
        event: EventKind,
        share: Money,
        escrow: &Escrow,
        fees: FeeTerms<'_>,
        now: DateTime<Utc>,
    ) -> Step {
        self.state.advance(action)?;
        self.check_escrow(escrow)?;
        let held = self.held();
        let rest = held.minus(share)?;
        if share.amount() < 0 || rest.amount() < 0 {
            return Err(MilestoneError::ShareOutOfRange { held });
        }
        let over = if share.is_positive() { MilestoneState::Accepted } else { MilestoneState::Canceled };
        let state = self.state.advance_to(over, action)?;
        let proceeds = if share.is_positive() { Some(Proceeds::of(share, fees)?) } else { None };
        let (escrow_action, escrow_event) = escrow_step(held, share);
        let milestone = Self {
            state,
            worker_share: Some(share),
            auto_accept_at: None,
            finished_at: Some(now),
            updated_at: now,
            ..self.waiting_for_nothing()
        };
        let entry = self.entry(proceeds.as_ref(), rest)?;
        let movement = Movement { milestone, escrow: escrow.step(escrow_action, now)?, proceeds };
        let decision = Decision::new(movement, event).tell(escrow_event).clear(ALL_TIMERS);
        Ok(entry.into_iter().fold(decision, Decision::book))
    }

    /// What leaves the escrow; `None` when nothing is in it.
    fn entry(&self, proceeds: Option<&Proceeds>, rest: Money) -> Result<Option<JournalEntry>, MilestoneError> {
        let Self { escrow, client, worker, .. } = *self;
        let entry = match proceeds {
            Some(proceeds) if rest.is_zero() => {
                JournalEntry::escrow_released(escrow, client, worker, proceeds.legs()?)?
            }
            Some(proceeds) => JournalEntry::escrow_split(escrow, client, worker, proceeds.legs()?, rest)?,
            None if rest.is_zero() => return Ok(None),
            None => JournalEntry::escrow_refunded(escrow, client, rest)?,
        };
        Ok(Some(entry))
    }

    fn check_escrow(&self, escrow: &Escrow) -> Result<(), MilestoneError> {
        if escrow.id == self.escrow { Ok(()) } else { Err(MilestoneError::ForeignEscrow) }
    }
}

impl Proceeds {
    /// What a worker gets of a share after the fee.
    ///
    /// # Errors
    /// Amounts out of range, or of two currencies.
    pub fn of(gross: Money, fees: FeeTerms<'_>) -> Result<Self, MoneyError> {
        let fee = fees.fee(gross)?;
        let net = Money::new(fee.net, gross.currency())?;
        Ok(Self { gross, fee, net })
    }

    /// Where the parts of it go.
    ///
    /// # Errors
    /// Amounts out of range.
    pub(crate) fn legs(&self) -> Result<ReleaseLegs, MoneyError> {
        let money = |amount| Money::new(amount, self.gross.currency());
        let (system_fee, consumption_tax) = (money(self.fee.revenue())?, money(self.fee.tax)?);
        Ok(ReleaseLegs { net: self.net, system_fee, consumption_tax, withheld: money(0)? })
    }
}

/// Where the money goes, by how much is held and what of it the worker gets.
fn escrow_step(held: Money, share: Money) -> (EscrowAction, EventKind) {
    if held.is_zero() {
        (EscrowAction::Void, EventKind::EscrowVoided)
    } else if share.is_zero() {
        (EscrowAction::Refund, EventKind::EscrowRefunded)
    } else if share == held {
        (EscrowAction::Release, EventKind::EscrowReleased)
    } else {
        (EscrowAction::Split, EventKind::EscrowSplit)
    }
}
