//! Cancellation requests: one side proposes to end a contract, with a share for each open milestone
//! (domain rules, section 4).

use chrono::{DateTime, Utc};

use crate::{
    actor::Party,
    calendar::after,
    contract::{Contract, ContractState},
    decision::Decision,
    event::EventKind,
    ids::{CancellationRequestId, ContractId, MilestoneId},
    machine::{Refused, State},
    milestone::{Milestone, MilestoneAction, MilestoneState},
    money::Money,
    names,
    policy::{Operation, Standing, permitted},
    rules::Rules,
    timer::{NotDue, TimerKind, check_due},
};

names! {
    /// Where a request stands.
    pub enum CancellationState {
        /// Waits for the other side.
        Requested = "requested",
        /// Both want to end.
        Consented = "consented",
        /// The other side does not.
        Refused = "refused",
        /// Taken back.
        Retracted = "retracted",
        /// Nobody answered, or every milestone was finished otherwise.
        Lapsed = "lapsed",
    }
}

names! {
    /// What can happen to a request.
    pub enum CancellationAction {
        /// The other side agrees.
        Consent = "consent",
        /// The other side does not.
        Refuse = "refuse",
        /// Takes it back.
        Retract = "retract",
        /// Nobody answered.
        Lapse = "lapse",
    }
}

impl State for CancellationState {
    type Action = CancellationAction;
    const MACHINE: &'static str = "cancellation";
    const INITIAL: Self = Self::Requested;
    const STATES: &'static [Self] = Self::ALL;
    const ACTIONS: &'static [CancellationAction] = CancellationAction::ALL;

    fn targets(self, action: CancellationAction) -> &'static [Self] {
        use CancellationAction::{Consent, Lapse, Refuse, Retract};
        match (self, action) {
            (Self::Requested, Consent) => &[Self::Consented],
            (Self::Requested, Refuse) => &[Self::Refused],
            (Self::Requested, Retract) => &[Self::Retracted],
            (Self::Requested, Lapse) => &[Self::Lapsed],
            (Self::Consented | Self::Refused | Self::Retracted | Self::Lapsed, Consent | Refuse | Retract | Lapse) => {
                &[]
            }
        }
    }

    fn actors(action: CancellationAction) -> &'static [Standing] {
        permitted(Operation::Cancellation(action))
    }
}

/// What the worker is to get of one milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Which milestone.
    pub milestone: MilestoneId,
    /// The worker's part of its amount, before fees; nothing if no money is held for it.
    pub worker_share: Money,
}

/// One side's proposal to end a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancellationRequest {
    /// Its id.
    pub id: CancellationRequestId,
    /// The contract it would end.
    pub contract: ContractId,
    /// Who asks.
    pub requested_by: Party,
    /// Why.
    pub reason: String,
    /// What the worker is to get of each open milestone.
    pub shares: Vec<Share>,
    /// Where it stands.
    pub state: CancellationState,
    /// Until when it waits for an answer.
    pub respond_by: DateTime<Utc>,
    /// How often it was written.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

/// Why a request cannot be, or cannot do that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CancellationError {
    /// The contract is over.
    #[error("the contract is {0}")]
    ContractOver(ContractState),
    /// No milestone is open.
    #[error("no milestone can be canceled")]
    NothingOpen,
    /// An open milestone without a share.
    #[error("an open milestone has no share")]
    ShareMissing(MilestoneId),
    /// A share of a milestone that is not open, or a second one.
    #[error("a share names a milestone that is not open, or names it twice")]
    ShareUnexpected(MilestoneId),
    /// A share of less than nothing, or of more than is held.
    #[error("the worker's share must be between nothing and {held}")]
    ShareOutOfRange {
        /// Which milestone.
        milestone: MilestoneId,
        /// What is held for it.
        held: Money,
    },
    /// Only the other side can answer.
    #[error("the other side must answer")]
    OwnRequest,
    /// Only who asked can take it back.
    #[error("only the side that asked can take it back")]
    NotOwnRequest,
    /// Not in this state.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Not at this time.
    #[error(transparent)]
    NotDue(#[from] NotDue),
}

/// What silence means for one milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// No money is held: it is canceled.
    Void,
    /// The worker showed nothing: the client gets the money back.
    Refund,
    /// The worker showed something: it becomes a dispute.
    Dispute,
    /// It is over or disputed already.
    Nothing,
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
        let state = self.state.advance(CancellationAction::Retract, by.standing())?;
        if by != self.requested_by {
            return Err(CancellationError::NotOwnRequest);
        }
        Ok(self.close(state, EventKind::CancellationRetracted, now))
    }

    /// Nobody answered in time. What becomes of each milestone is what [`silence`] says.
    ///
    /// # Errors
    /// Not in this state, or not yet.
    pub fn lapse(&self, now: DateTime<Utc>) -> Result<Decision<Self>, CancellationError> {
        let state = self.state.advance(CancellationAction::Lapse, Standing::System)?;
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
        let lapsed = self.state.advance(CancellationAction::Lapse, Standing::System)?;
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
        let state = self.state.advance(action, by.standing())?;
        if by == self.requested_by { Err(CancellationError::OwnRequest) } else { Ok(state) }
    }

    fn close(&self, state: CancellationState, event: EventKind, now: DateTime<Utc>) -> Decision<Self> {
        let next = Self { state, updated_at: now, ..self.clone() };
        Decision::new(next, event).clear(&[TimerKind::CancellationLapse])
    }
}

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

/// What silence means for a milestone, when the request has lapsed: the client gets the money back only
/// if the worker delivered nothing and wrote nothing since it was funded.
pub const fn silence(milestone: MilestoneState, delivered: bool, spoke_since_funding: bool) -> Silence {
    match milestone {
        MilestoneState::Planned | MilestoneState::Funding => Silence::Void,
        MilestoneState::Funded | MilestoneState::Delivered | MilestoneState::ChangesRequested => {
            if delivered || spoke_since_funding { Silence::Dispute } else { Silence::Refund }
        }
        MilestoneState::Disputed | MilestoneState::Accepted | MilestoneState::Canceled => Silence::Nothing,
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
