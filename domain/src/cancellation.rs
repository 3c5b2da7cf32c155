//! Cancellation requests: one side proposes to end a contract, with a share for each open milestone
//! (domain rules, section 4).

mod decide;

use chrono::{DateTime, Utc};

pub use self::decide::ProposedEnd;
use crate::{
    actor::Party,
    contract::ContractState,
    ids::{CancellationRequestId, ContractId, MilestoneId},
    machine::{Refused, State},
    milestone::MilestoneState,
    money::Money,
    names,
    policy::{Operation, Standing, permitted},
    timer::NotDue,
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
