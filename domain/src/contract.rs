//! Contracts: terms that both sides signed (domain rules, section 4).

mod decide;
mod termination;

use chrono::{DateTime, Utc};

pub use self::{
    decide::Progress,
    termination::{Ending, TerminationPaid},
};
use crate::{
    calendar::after,
    fee::{FeeBasis, FeeSchedule},
    ids::{ContractId, JobId, MemberId, MilestoneId, ProposalId},
    ledger::InvalidEntry,
    machine::{Refused, State},
    milestone::{FeeTerms, MilestoneState},
    money::{Money, MoneyError},
    names,
    policy::{Operation, Standing, permitted},
    proposal::ProposalState,
    rules::Rules,
    terms::{FundedAhead, Terms},
    timer::{NotDue, check_due},
};

names! {
    /// Where a contract stands.
    pub enum ContractState {
        /// Signed, without any money yet.
        Agreed = "agreed",
        /// Under way.
        Active = "active",
        /// A required funding is missing.
        Paused = "paused",
        /// Over.
        Ended = "ended",
        /// Nothing was funded in time.
        Lapsed = "lapsed",
    }
}

names! {
    /// What can happen to a contract.
    pub enum ContractAction {
        /// The first milestone is funded.
        Activate = "activate",
        /// A required funding is missing.
        Pause = "pause",
        /// It came.
        Resume = "resume",
        /// Nothing was funded in time.
        Lapse = "lapse",
        /// Every milestone is final.
        End = "end",
        /// The worker leaves a contract that was paused for long.
        Leave = "leave",
    }
}

impl State for ContractState {
    type Action = ContractAction;
    const MACHINE: &'static str = "contract";
    const INITIAL: Self = Self::Agreed;
    const STATES: &'static [Self] = Self::ALL;
    const ACTIONS: &'static [ContractAction] = ContractAction::ALL;

    fn targets(self, action: ContractAction) -> &'static [Self] {
        use ContractAction::{Activate, End, Lapse, Leave, Pause, Resume};
        match (self, action) {
            (Self::Agreed, Activate) | (Self::Paused, Resume) => &[Self::Active],
            (Self::Active, Pause) => &[Self::Paused],
            (Self::Agreed, Lapse) => &[Self::Lapsed],
            // Milestones may all become final by consent before any was funded, or during a pause.
            (Self::Agreed | Self::Active | Self::Paused, End) | (Self::Paused, Leave) => &[Self::Ended],
            (Self::Agreed, Pause | Resume | Leave)
            | (Self::Active, Activate | Resume | Lapse | Leave)
            | (Self::Paused, Activate | Pause | Lapse)
            | (Self::Ended | Self::Lapsed, Activate | Pause | Resume | Lapse | End | Leave) => &[],
        }
    }

    fn actors(action: ContractAction) -> &'static [Standing] {
        permitted(Operation::Contract(action))
    }
}

/// Terms that both sides signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Its id.
    pub id: ContractId,
    /// The job it fills.
    pub job: JobId,
    /// The proposal it was made of.
    pub proposal: ProposalId,
    /// Who pays.
    pub client: MemberId,
    /// Who works.
    pub worker: MemberId,
    /// One line, from the job.
    pub title: String,
    /// What is to be done, from the job.
    pub scope: String,
    /// What was signed.
    pub terms: Terms,
    /// The version of the fee schedule it was signed under.
    pub fee_schedule: String,
    /// Where it stands.
    pub state: ContractState,
    /// What was released on it so far, before fees: what fees accumulate on.
    pub released: Money,
    /// When the next required funding is due, if one is missing.
    pub funding_due_at: Option<DateTime<Utc>>,
    /// When it lapses, while agreed.
    pub lapse_at: Option<DateTime<Utc>>,
    /// Since when it is paused, while it is.
    pub paused_at: Option<DateTime<Utc>>,
    /// Where its termination fee goes at the end.
    pub ending: Ending,
    /// When it was over, ended or lapsed.
    pub ended_at: Option<DateTime<Utc>>,
    /// How often it was written.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

/// Why a contract cannot be, or cannot do that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    /// Only an accepted proposal becomes a contract.
    #[error("the proposal is {0}, not accepted")]
    ProposalNotAccepted(ProposalState),
    /// The proposal answers another job.
    #[error("the proposal answers another job")]
    ForeignProposal,
    /// Not in this state.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Not at this time.
    #[error(transparent)]
    NotDue(#[from] NotDue),
    /// Work waits for a decision, so the worker cannot leave.
    #[error("a milestone is {state} and must be decided first")]
    WorkUndecided {
        /// Which milestone.
        milestone: MilestoneId,
        /// Where it stands.
        state: MilestoneState,
    },
    /// The termination fee comes with the first milestone, which waits for it.
    #[error("another milestone waits for the termination fee")]
    TerminationFeeAwaited,
    /// An escrow that is not this contract's was passed in.
    #[error("the escrow belongs to something else")]
    ForeignEscrow,
    /// Arithmetic that has no answer.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// An entry that cannot be built.
    #[error(transparent)]
    Entry(#[from] InvalidEntry),
}

/// The milestones of a contract in their order, as far as it needs to know them.
pub type Course<'a> = &'a [(MilestoneId, MilestoneState)];

impl Contract {
    /// The milestone whose funding the terms require next: the first without money among as many
    /// unfinished ones as must be funded ahead.
    pub fn next_to_fund(&self, milestones: Course<'_>) -> Option<MilestoneId> {
        let ahead = match self.terms.funded_ahead {
            FundedAhead::Current => 1,
            FundedAhead::Next => 2,
            FundedAhead::All => usize::MAX,
        };
        let unfinished = milestones.iter().filter(|(_, state)| !state.is_final());
        unfinished.take(ahead).find(|(_, state)| !state.is_held()).map(|(id, _)| *id)
    }

    /// What the fee of its next release is reckoned by, given what was released between the two on all contracts that
    /// count for one another.
    pub const fn fee_terms<'a>(&self, schedule: &'a FeeSchedule, between_the_two: Money) -> FeeTerms<'a> {
        let before = match schedule.basis {
            FeeBasis::Contract => self.released,
            FeeBasis::ClientLifetime => between_the_two,
        };
        FeeTerms { schedule, before }
    }

    /// From when on the worker may leave, while it is paused.
    pub fn leave_from(&self, rules: &Rules) -> Option<DateTime<Utc>> {
        self.paused_at.map(|paused_at| after(paused_at, rules.leave_after))
    }

    /// What this caller may do now.
    pub fn allowed_actions(
        &self,
        standing: Standing,
        milestones: Course<'_>,
        now: DateTime<Utc>,
        rules: &Rules,
    ) -> Vec<ContractAction> {
        let mut allowed = self.state.allowed(standing);
        if self.check_leave(milestones, now, rules).is_err() {
            allowed.retain(|action| *action != ContractAction::Leave);
        }
        allowed
    }

    fn check_leave(&self, milestones: Course<'_>, now: DateTime<Utc>, rules: &Rules) -> Result<(), ContractError> {
        check_due(self.leave_from(rules), now)?;
        let undecided = |(_, state): &&(MilestoneId, MilestoneState)| match state {
            MilestoneState::Delivered | MilestoneState::Disputed => true,
            MilestoneState::Planned
            | MilestoneState::Funding
            | MilestoneState::Funded
            | MilestoneState::ChangesRequested
            | MilestoneState::Accepted
            | MilestoneState::Canceled => false,
        };
        match milestones.iter().find(undecided) {
            Some(&(milestone, state)) => Err(ContractError::WorkUndecided { milestone, state }),
            None => Ok(()),
        }
    }
}
