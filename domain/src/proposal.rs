//! Proposals: a worker's answer to a job, negotiated in numbered rounds (提案).

mod decide;

use chrono::{DateTime, Utc};

pub use self::decide::Round;
use crate::{
    actor::Party,
    ids::{JobId, MemberId, ProposalId},
    job::JobState,
    machine::{Refused, State},
    money::Currency,
    names,
    policy::{Operation, Standing, permitted},
    terms::{Terms, TermsError},
    timer::NotDue,
};

names! {
    /// Where a proposal stands.
    pub enum ProposalState {
        /// The worker's first round waits for the client.
        Submitted = "submitted",
        /// A later round waits for the other side.
        Countered = "countered",
        /// Another proposal was accepted; this one comes back if that contract lapses.
        SetAside = "set_aside",
        /// Both agree.
        Accepted = "accepted",
        /// The client said no.
        Declined = "declined",
        /// The worker took it back.
        Retracted = "retracted",
        /// Nobody answered, or the contract made of it lapsed.
        Expired = "expired",
    }
}

names! {
    /// What can happen to a proposal.
    pub enum ProposalAction {
        /// Answers with other terms: the next round.
        Counter = "counter",
        /// Agrees to the current round.
        Accept = "accept",
        /// Says no.
        Decline = "decline",
        /// Takes it back.
        Retract = "retract",
        /// Nobody answered.
        Expire = "expire",
        /// Another proposal was accepted.
        SetAside = "set_aside",
        /// That contract lapsed.
        Restore = "restore",
        /// The contract made of this one lapsed.
        Lapse = "lapse",
    }
}

impl State for ProposalState {
    type Action = ProposalAction;
    const MACHINE: &'static str = "proposal";
    const INITIAL: Self = Self::Submitted;
    const STATES: &'static [Self] = Self::ALL;
    const ACTIONS: &'static [ProposalAction] = ProposalAction::ALL;

    fn targets(self, action: ProposalAction) -> &'static [Self] {
        use ProposalAction::{Accept, Counter, Decline, Expire, Lapse, Restore, Retract, SetAside};
        match (self, action) {
            (Self::Submitted | Self::Countered, Counter) => &[Self::Countered],
            (Self::Submitted | Self::Countered, Accept) => &[Self::Accepted],
            (Self::Submitted | Self::Countered, Decline) => &[Self::Declined],
            (Self::Submitted | Self::Countered, Expire) => &[Self::Expired],
            (Self::Submitted | Self::Countered, SetAside) => &[Self::SetAside],
            // A proposal that waits aside can still be taken back; that is the worker's to say.
            (Self::Submitted | Self::Countered | Self::SetAside, Retract) => &[Self::Retracted],
            // Back to where it was, which its round tells.
            (Self::SetAside, Restore) => &[Self::Submitted, Self::Countered],
            (Self::Accepted, Lapse) => &[Self::Expired],
            (Self::Submitted | Self::Countered, Restore | Lapse)
            | (Self::SetAside, Counter | Accept | Decline | Expire | SetAside | Lapse)
            | (Self::Accepted, Counter | Accept | Decline | Retract | Expire | SetAside | Restore)
            | (
                Self::Declined | Self::Retracted | Self::Expired,
                Counter | Accept | Decline | Retract | Expire | SetAside | Restore | Lapse,
            ) => &[],
        }
    }

    fn actors(action: ProposalAction) -> &'static [Standing] {
        permitted(Operation::Proposal(action))
    }
}

/// A worker's answer to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its id.
    pub id: ProposalId,
    /// The job it answers.
    pub job: JobId,
    /// Who posted the job.
    pub client: MemberId,
    /// Who proposes.
    pub worker: MemberId,
    /// Where it stands.
    pub state: ProposalState,
    /// The number of the current round, from one.
    pub round: i32,
    /// Whose round it is; the other side answers.
    pub round_by: Party,
    /// The terms of the current round.
    pub terms: Terms,
    /// The words that came with it.
    pub message: String,
    /// Until when it waits for an answer, while it does.
    pub respond_by: Option<DateTime<Utc>>,
    /// How often it was written.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

/// Why a proposal cannot be, or cannot do that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProposalError {
    /// Nobody works for themself.
    #[error("nobody can propose to their own job")]
    OwnJob,
    /// The job takes no proposals.
    #[error("the job is {0} and takes no proposals")]
    JobNotOpen(JobState),
    /// The terms are in another currency than the job.
    #[error("the terms must be in {0}")]
    Currency(Currency),
    /// The terms cannot be signed.
    #[error("the terms cannot be signed")]
    Terms(Vec<TermsError>),
    /// The other side has the word.
    #[error("it is the {turn}'s turn")]
    NotYourTurn {
        /// Whose turn it is.
        turn: Party,
    },
    /// The round that was named is over.
    #[error("the current round is {current}")]
    StaleRound {
        /// The round that counts.
        current: i32,
    },
    /// Not in this state.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Not at this time.
    #[error(transparent)]
    NotDue(#[from] NotDue),
}
