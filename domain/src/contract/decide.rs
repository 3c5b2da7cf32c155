//! The steps of a contract. Its milestones take theirs by their own decisions.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Contract, ContractAction, ContractError, ContractState, Course, Ending};
use crate::{
    actor::Party,
    calendar::after,
    decision::Decision,
    event::EventKind,
    fee::FeeSchedule,
    ids::ContractId,
    job::Job,
    machine::State,
    money::{Currency, Money},
    proposal::{Proposal, ProposalState},
    rules::Rules,
    timer::{TimerKind, check_due},
};

/// What a contract becomes when one of its milestones changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The contract afterwards.
    pub contract: Contract,
    /// By how many days the due dates of undelivered milestones move, since it was paused: whole days,
    /// rounded up. Nothing unless it resumed.
    pub shift_days: u64,
}

impl Contract {
    /// Both sides are bound by the terms of the accepted proposal. The milestones are made by
    /// [`crate::milestone::Milestone::plan`].
    ///
    /// # Errors
    /// The proposal is not accepted, or answers another job.
    pub fn sign(
        id: ContractId,
        job: &Job,
        proposal: &Proposal,
        schedule: &FeeSchedule,
        now: DateTime<Utc>,
        rules: &Rules,
    ) -> Result<Decision<Self>, ContractError> {
        if proposal.state != ProposalState::Accepted {
            return Err(ContractError::ProposalNotAccepted(proposal.state));
        }
        if proposal.job != job.id {
            return Err(ContractError::ForeignProposal);
        }
        let lapse_at = after(now, rules.agreed_lapse);
        let contract = Self {
            id,
            job: job.id,
            proposal: proposal.id,
            client: proposal.client,
            worker: proposal.worker,
            title: job.title.clone(),
            scope: job.description.clone(),
            terms: proposal.terms.clone(),
            fee_schedule: schedule.version.clone(),
            state: ContractState::INITIAL,
            released: Money::zero(proposal.terms.currency().unwrap_or(Currency::Jpy)),
            funding_due_at: Some(after(now, rules.funding_due)),
            lapse_at: Some(lapse_at),
            paused_at: None,
            ending: Ending::Completed,
            ended_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Ok(Decision::new(contract, EventKind::ContractSigned).set(TimerKind::AgreedLapse, lapse_at))
    }

    /// One of its milestones was funded: it becomes active, or resumes once nothing required is missing.
    ///
    /// # Errors
    /// It is over.
    pub fn milestone_funded(
        &self,
        milestones: Course<'_>,
        now: DateTime<Utc>,
        rules: &Rules,
    ) -> Result<Decision<Progress>, ContractError> {
        self.go_on(milestones, now, rules)
    }

    /// One of its milestones is over, and released so much: the next funding becomes due, or all is done.
    ///
    /// # Errors
    /// It is over, or the amounts cannot be added.
    pub fn milestone_finished(
        &self,
        released: Option<Money>,
        milestones: Course<'_>,
        now: DateTime<Utc>,
        rules: &Rules,
    ) -> Result<Decision<Progress>, ContractError> {
        let released = released.map_or(Ok(self.released), |released| self.released.plus(released))?;
        Self { released, ..self.clone() }.go_on(milestones, now, rules)
    }

    /// A required funding did not come in time. Nothing is asked about the milestones: as soon as nothing
    /// is missing, [`Contract::milestone_funded`] and [`Contract::milestone_finished`] clear the date.
    ///
    /// # Errors
    /// Not in this state, or not yet.
    pub fn missed_funding(&self, now: DateTime<Utc>) -> Result<Decision<Self>, ContractError> {
        let state = self.state.advance(ContractAction::Pause)?;
        check_due(self.funding_due_at, now)?;
        let next = Self { state, paused_at: Some(now), updated_at: now, ..self.clone() };
        Ok(Decision::new(next, EventKind::ContractPaused).clear(&[TimerKind::FundingDue]))
    }

    /// Nothing was funded in time. The milestones are canceled, the job opens again and the proposals
    /// come back by their own decisions.
    ///
    /// # Errors
    /// Not in this state, or not yet.
    pub fn lapse(&self, now: DateTime<Utc>) -> Result<Decision<Self>, ContractError> {
        let state = self.state.advance(ContractAction::Lapse)?;
        check_due(self.lapse_at, now)?;
        Ok(self.over(state, EventKind::ContractLapsed, now))
    }

    /// The worker leaves a contract that was paused for long. Open milestones are canceled, and what is
    /// held goes back to the client, by their own decisions.
    ///
    /// # Errors
    /// Not in this state, not yet, or a milestone waits for a decision.
    pub fn leave(
        &self,
        milestones: Course<'_>,
        now: DateTime<Utc>,
        rules: &Rules,
    ) -> Result<Decision<Self>, ContractError> {
        let state = self.state.advance(ContractAction::Leave)?;
        self.check_leave(milestones, now, rules)?;
        // It was paused because the client let a funding pass.
        let left = Self { ending: Ending::ByClient, ..self.clone() };
        Ok(left.over(state, EventKind::ContractLeft, now).tell(EventKind::ContractEnded))
    }

    /// Both consent to end it, at the wish of one side: what is not finished ends now, and what is disputed later.
    pub fn end_by_consent(&self, requested_by: Party, now: DateTime<Utc>) -> Decision<Self> {
        let ending = match requested_by {
            Party::Client => Ending::ByClient,
            Party::Worker => Ending::Completed,
        };
        Decision::silent(Self { ending, updated_at: now, ..self.clone() })
    }

    /// Where the contract stands by what its milestones are now. A contract that is over refuses.
    fn go_on(
        &self,
        milestones: Course<'_>,
        now: DateTime<Utc>,
        rules: &Rules,
    ) -> Result<Decision<Progress>, ContractError> {
        if milestones.iter().all(|(_, state)| state.is_final()) {
            let state = self.state.advance(ContractAction::End)?;
            return Ok(self.over(state, EventKind::ContractEnded, now).map(Progress::unmoved));
        }
        let is_missing = self.next_to_fund(milestones).is_some();
        let has_money = milestones.iter().any(|(_, state)| state.is_held());
        match self.state {
            ContractState::Agreed if has_money => {
                let state = self.state.advance(ContractAction::Activate)?;
                let active = Self { state, lapse_at: None, ..self.clone() };
                let next = active.await_funding(is_missing, now, rules);
                Ok(next.tell(EventKind::ContractActivated).clear(&[TimerKind::AgreedLapse]).map(Progress::unmoved))
            }
            ContractState::Active => Ok(self.await_funding(is_missing, now, rules).map(Progress::unmoved)),
            ContractState::Paused if !is_missing => self.resume(now, rules),
            // Still without money, or still short of it: only what was released may have changed.
            ContractState::Agreed | ContractState::Paused => {
                Ok(Decision::silent(Self { updated_at: now, ..self.clone() }).map(Progress::unmoved))
            }
            ContractState::Ended | ContractState::Lapsed => Err(self.state.refuse(ContractAction::End).into()),
        }
    }

    fn resume(&self, now: DateTime<Utc>, rules: &Rules) -> Result<Decision<Progress>, ContractError> {
        let state = self.state.advance(ContractAction::Resume)?;
        let shift_days = self.paused_days(now);
        let active = Self { state, paused_at: None, ..self.clone() };
        let next = active.await_funding(false, now, rules).tell(EventKind::ContractResumed);
        Ok(next.map(|contract| Progress { contract, shift_days }))
    }

    /// For how long it has been paused, in whole days, rounded up.
    pub fn paused_days(&self, now: DateTime<Utc>) -> u64 {
        let paused = self.paused_at.map_or(TimeDelta::zero(), |paused_at| now - paused_at);
        let begun = i64::from(paused > TimeDelta::days(paused.num_days()));
        u64::try_from(paused.num_days() + begun).unwrap_or(0)
    }

    /// Sets the date by which the next funding must come, or clears it when none is missing.
    ///
    /// A date that is already set stays, so that funding one of several missing milestones gives no new
    /// time for the others; one that passed before the contract became active begins anew.
    fn await_funding(&self, is_missing: bool, now: DateTime<Utc>, rules: &Rules) -> Decision<Self> {
        let next = |funding_due_at| Self { funding_due_at, updated_at: now, ..self.clone() };
        if !is_missing {
            return Decision::silent(next(None)).clear(&[TimerKind::FundingDue]);
        }
        let due_at = self.funding_due_at.filter(|due_at| *due_at > now).unwrap_or(after(now, rules.funding_due));
        Decision::silent(next(Some(due_at))).set(TimerKind::FundingDue, due_at)
    }

    fn over(&self, state: ContractState, event: EventKind, now: DateTime<Utc>) -> Decision<Self> {
        let next = Self {
            state,
            funding_due_at: None,
            lapse_at: None,
            paused_at: None,
            ended_at: Some(now),
            updated_at: now,
            ..self.clone()
        };
        Decision::new(next, event).clear(&[TimerKind::AgreedLapse, TimerKind::FundingDue])
    }
}

impl Progress {
    const fn unmoved(contract: Contract) -> Self {
        Self { contract, shift_days: 0 }
    }
}
