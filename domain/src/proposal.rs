//! Proposals: a worker's answer to a job, negotiated in numbered rounds (提案).

use chrono::{DateTime, Utc};

use crate::{
    actor::Party,
    calendar::{after, tokyo_date},
    decision::Decision,
    event::EventKind,
    ids::{JobId, MemberId, ProposalId},
    job::{Job, JobState},
    machine::{Refused, State},
    money::Currency,
    names,
    policy::{Operation, Standing, permitted},
    rules::Rules,
    terms::{Terms, TermsError},
    timer::{NotDue, TimerKind, check_due},
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

/// What one side says in a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// What it would sign.
    pub terms: Terms,
    /// The words that go with it.
    pub message: String,
}

impl Proposal {
    /// The first round: a worker answers an open job.
    ///
    /// # Errors
    /// The job is the worker's own or not open, or the terms cannot be signed.
    pub fn submit(
        id: ProposalId,
        job: &Job,
        worker: MemberId,
        Round { terms, message }: Round,
        now: DateTime<Utc>,
        rules: &Rules,
    ) -> Result<Decision<Self>, ProposalError> {
        if worker == job.client {
            return Err(ProposalError::OwnJob);
        }
        if job.state != JobState::Open {
            return Err(ProposalError::JobNotOpen(job.state));
        }
        check_terms(&terms, job.currency, now, rules)?;
        let proposal = Self {
            id,
            job: job.id,
            client: job.client,
            worker,
            state: ProposalState::INITIAL,
            round: 1,
            round_by: Party::Worker,
            terms,
            message,
            respond_by: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Ok(proposal.wait(EventKind::ProposalSubmitted, now, rules))
    }

    /// Whose answer is waited for.
    pub const fn turn(&self) -> Party {
        self.round_by.other()
    }

    /// What this caller may do now.
    pub fn allowed_actions(&self, standing: Standing) -> Vec<ProposalAction> {
        let mut allowed = self.state.allowed(standing);
        allowed.retain(|action| match action {
            ProposalAction::Counter | ProposalAction::Accept => standing == self.turn().standing(),
            ProposalAction::Decline
            | ProposalAction::Retract
            | ProposalAction::Expire
            | ProposalAction::SetAside
            | ProposalAction::Restore
            | ProposalAction::Lapse => true,
        });
        allowed
    }

    /// The next round: the side whose turn it is answers with other terms.
    ///
    /// # Errors
    /// Not in this state, not this side's turn, or the terms cannot be signed.
    pub fn counter(
        &self,
        by: Party,
        Round { terms, message }: Round,
        now: DateTime<Utc>,
        rules: &Rules,
    ) -> Result<Decision<Self>, ProposalError> {
        let state = self.state.advance(ProposalAction::Counter, by.standing())?;
        self.check_turn(by)?;
        check_terms(&terms, self.terms.currency().unwrap_or(Currency::Jpy), now, rules)?;
        let round = self.round.saturating_add(1);
        let next = Self { state, round, round_by: by, terms, message, ..self.clone() };
        Ok(next.wait(EventKind::ProposalCountered, now, rules))
    }

    /// The side whose turn it is agrees to the round it names. The contract is signed by another decision.
    ///
    /// # Errors
    /// Not in this state, not this side's turn, another round than the current one, or terms that can no
    /// longer be signed because a due date passed meanwhile.
    pub fn accept(
        &self,
        by: Party,
        round: i32,
        now: DateTime<Utc>,
        rules: &Rules,
    ) -> Result<Decision<Self>, ProposalError> {
        let state = self.state.advance(ProposalAction::Accept, by.standing())?;
        self.check_turn(by)?;
        if round != self.round {
            return Err(ProposalError::StaleRound { current: self.round });
        }
        self.terms.check(tokyo_date(now), rules).map_err(ProposalError::Terms)?;
        Ok(self.stop(state, EventKind::ProposalAccepted, now))
    }

    /// The client says no.
    ///
    /// # Errors
    /// Not in this state.
    pub fn decline(&self, now: DateTime<Utc>) -> Result<Decision<Self>, ProposalError> {
        let state = self.state.advance(ProposalAction::Decline, Standing::Client)?;
        Ok(self.stop(state, EventKind::ProposalDeclined, now))
    }

    /// The worker takes it back.
    ///
    /// # Errors
    /// Not in this state.
    pub fn retract(&self, now: DateTime<Utc>) -> Result<Decision<Self>, ProposalError> {
        let state = self.state.advance(ProposalAction::Retract, Standing::Worker)?;
        Ok(self.stop(state, EventKind::ProposalRetracted, now))
    }

    /// Nobody answered in time.
    ///
    /// # Errors
    /// Not in this state, or not yet.
    pub fn expire(&self, now: DateTime<Utc>) -> Result<Decision<Self>, ProposalError> {
        let state = self.state.advance(ProposalAction::Expire, Standing::System)?;
        check_due(self.respond_by, now)?;
        Ok(self.stop(state, EventKind::ProposalExpired, now))
    }

    /// Another proposal to the same job was accepted.
    ///
    /// # Errors
    /// Not in this state.
    pub fn set_aside(&self, now: DateTime<Utc>) -> Result<Decision<Self>, ProposalError> {
        let state = self.state.advance(ProposalAction::SetAside, Standing::System)?;
        Ok(self.stop(state, EventKind::ProposalSetAside, now))
    }

    /// The contract that set it aside lapsed: it waits again, for as long as a new round would.
    ///
    /// # Errors
    /// Not in this state.
    pub fn restore(&self, now: DateTime<Utc>, rules: &Rules) -> Result<Decision<Self>, ProposalError> {
        let before = if self.round == 1 { ProposalState::Submitted } else { ProposalState::Countered };
        let state = self.state.advance_to(before, ProposalAction::Restore, Standing::System)?;
        Ok(Self { state, ..self.clone() }.wait(EventKind::ProposalRestored, now, rules))
    }

    /// The contract made of it lapsed.
    ///
    /// # Errors
    /// Not in this state.
    pub fn lapse(&self, now: DateTime<Utc>) -> Result<Decision<Self>, ProposalError> {
        let state = self.state.advance(ProposalAction::Lapse, Standing::System)?;
        Ok(self.stop(state, EventKind::ProposalExpired, now))
    }

    fn check_turn(&self, by: Party) -> Result<(), ProposalError> {
        if by == self.turn() { Ok(()) } else { Err(ProposalError::NotYourTurn { turn: self.turn() }) }
    }

    fn wait(self, event: EventKind, now: DateTime<Utc>, rules: &Rules) -> Decision<Self> {
        let respond_by = after(now, rules.respond_by);
        let next = Self { respond_by: Some(respond_by), updated_at: now, ..self };
        Decision::new(next, event).set(TimerKind::ProposalExpiry, respond_by)
    }

    fn stop(&self, state: ProposalState, event: EventKind, now: DateTime<Utc>) -> Decision<Self> {
        let next = Self { state, respond_by: None, updated_at: now, ..self.clone() };
        Decision::new(next, event).clear(&[TimerKind::ProposalExpiry])
    }
}

fn check_terms(terms: &Terms, currency: Currency, now: DateTime<Utc>, rules: &Rules) -> Result<(), ProposalError> {
    terms.check(tokyo_date(now), rules).map_err(ProposalError::Terms)?;
    if terms.currency() == Some(currency) { Ok(()) } else { Err(ProposalError::Currency(currency)) }
}
