//! The steps of a cancellation request. The milestones follow by their own decisions.

use chrono::{DateTime, Utc};

use super::{CancellationAction, CancellationError, CancellationRequest, CancellationState, Share};
use crate::{
    actor::Party,
    calendar::after,
    contract::Contract,
    decision::Decision,
    event::EventKind,
    ids::{CancellationRequestId, MilestoneId},
    machine::State,
    milestone::{Milestone, MilestoneAction},
    policy::Standing,
    rules::Rules,
    timer::{TimerKind, check_due},
};

/// What one side proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedEnd {
    /// Who asks.
    pub by: Party,
    /// Why.
    pub reason: String,
    /// A share for each open milestone.
    pub shares: Vec<Share>,
}

impl CancellationRequest {
    /// One side asks to end a contract, with a share for each milestone that can be canceled.
    ///
    /// # Errors
    /// The contract is over, or the shares do not fit the open milestones.
    pub fn request(
        id: CancellationRequestId,
        contract: &Contract,
        proposed: ProposedEnd,
        milestones: &[Milestone],
        now: DateTime<Utc>,
        rules: &Rules,
    ) -> Result<Decision<Self>, CancellationError> {
        if contract.state.is_final() {
            return Err(CancellationError::ContractOver(contract.state));
        }
        let ProposedEnd { by, reason, shares } = proposed;
        check_shares(&shares, milestones)?;
        let respond_by = after(now, rules.cancellation_window);
        let request = Self {
            id,
            contract: contract.id,
            requested_by: by,
            reason,
            shares,
            state: CancellationState::INITIAL,
            respond_by,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Ok(Decision::new(request, EventKind::CancellationRequested).set(TimerKind::CancellationLapse, respond_by))
    }

    /// What this caller may do now.
    pub fn allowed_actions(&self, standing: Standing) -> Vec<CancellationAction> {
        let asked = standing == self.requested_by.standing();
        let mut allowed = self.state.allowed(standing);
        allowed.retain(|action| match action {
            CancellationAction::Consent | CancellationAction::Refuse => !asked,
            CancellationAction::Retract => asked,
            CancellationAction::Lapse => true,
        });
        allowed
    }

    /// The other side agrees. Each milestone is then canceled with its share by its own decision.
    ///
    /// # Errors
    /// Not in this state, the own request, or the shares no longer fit the milestones.
    pub fn consent(
        &self,
        by: Party,
        milestones: &[Milestone],
        now: DateTime<Utc>,
    ) -> Result<Decision<Self>, CancellationError> {
        let state = self.answer(by, CancellationAction::Consent)?;
        check_shares(&self.shares, milestones)?;
        Ok(self.close(state, EventKind::CancellationConsented, now))
    }

    /// The other side does not agree.
    ///
    /// # Errors
    /// Not in this state, or the own request.
    pub fn refuse(&self, by: Party, now: DateTime<Utc>) -> Result<Decision<Self>, CancellationError> {
        let state = self.answer(by, CancellationAction::Refuse)?;
        Ok(self.close(state, EventKind::CancellationRefused, now))
    }

    /// Who asked takes it back.
    ///
    /// # Errors
    /// Not in this state, or another's request.
    pub fn retract(&self, by: Party, now: DateTime<Utc>) -> Result<Decision<Self>, CancellationError> {
        let state = self.state.advance(CancellationAction::Retract)?;
        if by != self.requested_by {
            return Err(CancellationError::NotOwnRequest);
        }
        Ok(self.close(state, EventKind::CancellationRetracted, now))
    }

    /// Nobody answered in time. What becomes of each milestone is what [`super::silence`] says.
    ///
    /// # Errors
    /// Not in this state, or not yet.
    pub fn lapse(&self, now: DateTime<Utc>) -> Result<Decision<Self>, CancellationError> {
        let state = self.state.advance(CancellationAction::Lapse)?;
        check_due(Some(self.respond_by), now)?;
        Ok(self.close(state, EventKind::CancellationLapsed, now))
    }

    /// A milestone was accepted or disputed meanwhile: it is no longer part of the request, which lapses
    /// with the last one. `None` if it was not part of it.
    ///
    /// # Errors
    /// Not in this state.
    pub fn without(
        &self,
        milestone: MilestoneId,
        now: DateTime<Utc>,
    ) -> Result<Option<Decision<Self>>, CancellationError> {
        let lapsed = self.state.advance(CancellationAction::Lapse)?;
        let shares: Vec<Share> = self.shares.iter().filter(|share| share.milestone != milestone).copied().collect();
        if shares.len() == self.shares.len() {
            return Ok(None);
        }
        let is_last = shares.is_empty();
        let next = Self { shares, updated_at: now, ..self.clone() };
        Ok(Some(if is_last {
            next.close(lapsed, EventKind::CancellationLapsed, now)
        } else {
            Decision::new(next, EventKind::CancellationNarrowed)
        }))
    }

    fn answer(&self, by: Party, action: CancellationAction) -> Result<CancellationState, CancellationError> {
        let state = self.state.advance(action)?;
        if by == self.requested_by { Err(CancellationError::OwnRequest) } else { Ok(state) }
    }

    fn close(&self, state: CancellationState, event: EventKind, now: DateTime<Utc>) -> Decision<Self> {
        let next = Self { state, updated_at: now, ..self.clone() };
        Decision::new(next, event).clear(&[TimerKind::CancellationLapse])
    }
}

/// The shares name each milestone that can be canceled, once, and none gives more than is held.
fn check_shares(shares: &[Share], milestones: &[Milestone]) -> Result<(), CancellationError> {
    let mut open: Vec<&Milestone> =
        milestones.iter().filter(|milestone| !milestone.state.targets(MilestoneAction::Cancel).is_empty()).collect();
    if open.is_empty() {
        return Err(CancellationError::NothingOpen);
    }
    for Share { milestone, worker_share } in shares {
        let place = open.iter().position(|open| open.id == *milestone);
        let held = place.map(|place| open.swap_remove(place).held());
        let held = held.ok_or(CancellationError::ShareUnexpected(*milestone))?;
        let is_share = held.minus(*worker_share).is_ok_and(|rest| rest.amount() >= 0) && worker_share.amount() >= 0;
        if !is_share {
            return Err(CancellationError::ShareOutOfRange { milestone: *milestone, held });
        }
    }
    open.first().map_or(Ok(()), |missing| Err(CancellationError::ShareMissing(missing.id)))
}
