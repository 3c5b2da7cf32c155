//! Disputes about one milestone (domain rules, section 4).

mod decide;

use chrono::{DateTime, Utc};

pub use self::decide::Claim;
use crate::{
    actor::Party,
    ids::{ContractId, DisputeId, MemberId, MilestoneId},
    machine::{Refused, State},
    milestone::MilestoneState,
    money::Money,
    names,
    policy::{Operation, Standing, permitted},
    timer::NotDue,
};

names! {
    /// Where a dispute stands.
    pub enum DisputeState {
        /// The other side is asked.
        Open = "open",
        /// The parties look for shares that both accept.
        Negotiating = "negotiating",
        /// Staff help, and rule in the end.
        Mediation = "mediation",
        /// The parties agreed.
        Settled = "settled",
        /// Staff decided.
        Ruled = "ruled",
    }
}

names! {
    /// What can happen to a dispute.
    pub enum DisputeAction {
        /// The other side tells theirs.
        Answer = "answer",
        /// It did not.
        Silence = "silence",
        /// Offers shares, in place of any standing offer.
        Offer = "offer",
        /// Accepts the other side's offer.
        Settle = "settle",
        /// The parties did not agree in time.
        Mediate = "mediate",
        /// Writes a ruling that another must confirm.
        ProposeRuling = "propose_ruling",
        /// Confirms another's ruling.
        Rule = "rule",
        /// It takes too long, and gets an owner.
        Escalate = "escalate",
    }
}

impl State for DisputeState {
    type Action = DisputeAction;
    const MACHINE: &'static str = "dispute";
    const INITIAL: Self = Self::Open;
    const STATES: &'static [Self] = Self::ALL;
    const ACTIONS: &'static [DisputeAction] = DisputeAction::ALL;

    fn targets(self, action: DisputeAction) -> &'static [Self] {
        use DisputeAction::{Answer, Escalate, Mediate, Offer, ProposeRuling, Rule, Settle, Silence};
        match (self, action) {
            (Self::Open, Answer | Silence) | (Self::Negotiating, Offer) => &[Self::Negotiating],
            (Self::Negotiating, Mediate) | (Self::Mediation, Offer | ProposeRuling | Escalate) => &[Self::Mediation],
            (Self::Negotiating | Self::Mediation, Settle) => &[Self::Settled],
            (Self::Mediation, Rule) => &[Self::Ruled],
            (Self::Open, Offer | Settle | Mediate | ProposeRuling | Rule | Escalate)
            | (Self::Negotiating, Answer | Silence | ProposeRuling | Rule | Escalate)
            | (Self::Mediation, Answer | Silence | Mediate)
            | (
                Self::Settled | Self::Ruled,
                Answer | Silence | Offer | Settle | Mediate | ProposeRuling | Rule | Escalate,
            ) => &[],
        }
    }

    fn actors(action: DisputeAction) -> &'static [Standing] {
        permitted(Operation::Dispute(action))
    }
}

names! {
    /// What a dispute is about.
    pub enum DisputeReason {
        /// Nothing was delivered, or too late.
        NotDelivered = "not_delivered",
        /// Not what was agreed.
        NotAsAgreed = "not_as_agreed",
        /// The client asks for more than was agreed.
        OutOfScope = "out_of_scope",
        /// The other side does not answer.
        NoResponse = "no_response",
        /// A cancellation request met silence after work was shown.
        CancellationUnanswered = "cancellation_unanswered",
        /// Something else.
        Other = "other",
    }
}

/// Shares that one side would accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// Whose offer it is.
    pub by: Party,
    /// What the worker would get, before fees.
    pub worker_share: Money,
}

/// A ruling that waits for a second person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedRuling {
    /// Who wrote it.
    pub by: MemberId,
    /// What the worker would get, before fees.
    pub worker_share: Money,
    /// Why.
    pub reasoning: String,
}

/// A disagreement about one milestone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// Its id.
    pub id: DisputeId,
    /// The contract.
    pub contract: ContractId,
    /// The milestone.
    pub milestone: MilestoneId,
    /// Who paid.
    pub client: MemberId,
    /// Who worked.
    pub worker: MemberId,
    /// Who opened it.
    pub opened_by: Party,
    /// What it is about.
    pub reason: DisputeReason,
    /// What the opener says.
    pub claim: String,
    /// What is held, and is to be shared.
    pub held: Money,
    /// What the other side says.
    pub answer: Option<String>,
    /// The standing offer.
    pub offer: Option<Offer>,
    /// The ruling that waits for a second person, or was confirmed.
    pub ruling: Option<ProposedRuling>,
    /// Where it stands.
    pub state: DisputeState,
    /// Who of staff looks after it.
    pub owner: Option<MemberId>,
    /// Until when the other side may answer, while open.
    pub respond_by: Option<DateTime<Utc>>,
    /// Until when the parties negotiate, while they do.
    pub negotiation_ends_at: Option<DateTime<Utc>>,
    /// When it is escalated, if it has not ended by then.
    pub escalate_at: Option<DateTime<Utc>>,
    /// When it was.
    pub escalated_at: Option<DateTime<Utc>>,
    /// How often it was written.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

/// Why a dispute cannot be, or cannot do that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DisputeError {
    /// The milestone is not disputed.
    #[error("the milestone is {0}, not disputed")]
    MilestoneNotDisputed(MilestoneState),
    /// The opener cannot answer.
    #[error("the other side must answer")]
    OwnClaim,
    /// Nobody offered anything.
    #[error("there is no offer to accept")]
    NoOffer,
    /// Nobody accepts their own offer.
    #[error("the other side must accept the offer")]
    OwnOffer,
    /// Another offer stands than the one that was named.
    #[error("another offer stands: {current} to the worker")]
    StaleOffer {
        /// What stands.
        current: Money,
    },
    /// Another ruling waits than the one that was named.
    #[error("another ruling waits: {current} to the worker")]
    StaleRuling {
        /// What waits.
        current: Money,
    },
    /// Nobody wrote a ruling.
    #[error("there is no ruling to confirm")]
    NoRuling,
    /// Four eyes: the writer cannot confirm.
    #[error("another person than its writer must confirm a ruling")]
    FourEyes,
    /// A party cannot judge.
    #[error("nobody rules in their own cause")]
    OwnCause,
    /// A share of less than nothing, or of more than is held, or in another currency.
    #[error("the worker's share must be between nothing and {held}")]
    ShareOutOfRange {
        /// What is held.
        held: Money,
    },
    /// Not in this state.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Not at this time.
    #[error(transparent)]
    NotDue(#[from] NotDue),
}
