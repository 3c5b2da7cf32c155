//! The steps of a proposal.

use chrono::{DateTime, Utc};

use super::{Proposal, ProposalAction, ProposalError, ProposalState};
use crate::{
    actor::Party,
    calendar::{after, tokyo_date},
    decision::Decision,
    event::EventKind,
    ids::{MemberId, ProposalId},
    job::{Job, JobState},
    machine::State,
    money::Currency,
    policy::Standing,
    rules::Rules,
    terms::Terms,
    timer::{TimerKind, check_due},
};

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
        check_open(job)?;
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

    /// What this caller may do now. Terms whose dates have passed can be answered, but not signed.
    pub fn allowed_actions(&self, standing: Standing, now: DateTime<Utc>, rules: &Rules) -> Vec<ProposalAction> {
        let mut allowed = self.state.allowed(standing);
        allowed.retain(|action| match action {
            ProposalAction::Counter => standing == self.turn().standing(),
            ProposalAction::Accept => standing == self.turn().standing() && self.check_signable(now, rules).is_ok(),
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
    /// Not in this state, not this side's turn, the job is not open any more, or the terms cannot be signed.
    pub fn counter(
        &self,
        job: &Job,
        by: Party,
        Round { terms, message }: Round,
        now: DateTime<Utc>,
        rules: &Rules,
    ) -> Result<Decision<Self>, ProposalError> {
        let state = self.state.advance(ProposalAction::Counter)?;
        self.check_turn(by)?;
        check_open(job)?;
        check_terms(&terms, job.currency, now, rules)?;
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
        let state = self.state.advance(ProposalAction::Accept)?;
        self.check_turn(by)?;
        if round != self.round {
            return Err(ProposalError::StaleRound { current: self.round });
        }
        self.check_signable(now, rules)?;
        Ok(self.stop(state, EventKind::ProposalAccepted, now))
    }

    /// The client says no.
    ///
    /// # Errors
    /// Not in this state.
    pub fn decline(&self, now: DateTime<Utc>) -> Result<Decision<Self>, ProposalError> {
        let state = self.state.advance(ProposalAction::Decline)?;
        Ok(self.stop(state, EventKind::ProposalDeclined, now))
    }

    /// The worker takes it back.
    ///
    /// # Errors
    /// Not in this state.
    pub fn retract(&self, now: DateTime<Utc>) -> Result<Decision<Self>, ProposalError> {
        let state = self.state.advance(ProposalAction::Retract)?;
        Ok(self.stop(state, EventKind::ProposalRetracted, now))
    }

    /// Nobody answered in time.
    ///
    /// # Errors
    /// Not in this state, or not yet.
    pub fn expire(&self, now: DateTime<Utc>) -> Result<Decision<Self>, ProposalError> {
        let state = self.state.advance(ProposalAction::Expire)?;
        check_due(self.respond_by, now)?;
        Ok(self.stop(state, EventKind::ProposalExpired, now))
    }

    /// Another proposal to the same job was accepted.
    ///
    /// # Errors
    /// Not in this state.
    pub fn set_aside(&self, now: DateTime<Utc>) -> Result<Decision<Self>, ProposalError> {
        let state = self.state.advance(ProposalAction::SetAside)?;
        Ok(self.stop(state, EventKind::ProposalSetAside, now))
    }

    /// The contract that set it aside lapsed: it waits again, for as long as a new round would.
    ///
    /// # Errors
    /// Not in this state.
    pub fn restore(&self, now: DateTime<Utc>, rules: &Rules) -> Result<Decision<Self>, ProposalError> {
        let before = if self.round == 1 { ProposalState::Submitted } else { ProposalState::Countered };
        let state = self.state.advance_to(before, ProposalAction::Restore)?;
        Ok(Self { state, ..self.clone() }.wait(EventKind::ProposalRestored, now, rules))
    }

    /// The contract made of it lapsed.
    ///
    /// # Errors
    /// Not in this state.
    pub fn lapse(&self, now: DateTime<Utc>) -> Result<Decision<Self>, ProposalError> {
        let state = self.state.advance(ProposalAction::Lapse)?;
        Ok(self.stop(state, EventKind::ProposalExpired, now))
    }

    fn check_turn(&self, by: Party) -> Result<(), ProposalError> {
        if by == self.turn() { Ok(()) } else { Err(ProposalError::NotYourTurn { turn: self.turn() }) }
    }

    fn check_signable(&self, now: DateTime<Utc>, rules: &Rules) -> Result<(), ProposalError> {
        self.terms.check(tokyo_date(now), rules).map_err(ProposalError::Terms)
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

fn check_open(job: &Job) -> Result<(), ProposalError> {
    if job.state == JobState::Open { Ok(()) } else { Err(ProposalError::JobNotOpen(job.state)) }
}

fn check_terms(terms: &Terms, currency: Currency, now: DateTime<Utc>, rules: &Rules) -> Result<(), ProposalError> {
    terms.check(tokyo_date(now), rules).map_err(ProposalError::Terms)?;
    if terms.currency() == Some(currency) { Ok(()) } else { Err(ProposalError::Currency(currency)) }
}
