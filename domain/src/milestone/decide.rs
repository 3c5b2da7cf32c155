//! The steps of a milestone that move no money.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{Milestone, MilestoneAction, MilestoneError, MilestoneState};
use crate::{
    calendar::{after, end_of_day, plus_days, tokyo_date},
    decision::Decision,
    event::EventKind,
    ids::DeliveryId,
    machine::State,
    money::Money,
    rules::Rules,
    timer::{TimerKind, check_due},
};

const REMINDERS: [TimerKind; 2] = [TimerKind::FirstReminder, TimerKind::SecondReminder];
const ACCEPTANCE: &[TimerKind] = &[TimerKind::AutoAccept, TimerKind::FirstReminder, TimerKind::SecondReminder];

type Step = Result<Decision<Milestone>, MilestoneError>;

impl Milestone {
    /// Sets aside what the client has, up to the amount and the termination fee that is due with it; a payment is asked
    /// for the [`Milestone::shortfall`]. With none, the use case funds at once.
    ///
    /// # Errors
    /// Not in this state, or `available` or `termination_fee_due` is of another currency.
    pub fn start_funding(
        &self,
        available: Money,
        termination_fee_due: Money,
        now: DateTime<Utc>,
        rules: &Rules,
    ) -> Step {
        let state = self.state.advance(MilestoneAction::StartFunding)?;
        let expires_at = after(now, rules.funding_window);
        let begun =
            Self { state, termination_fee_due, funding_expires_at: Some(expires_at), updated_at: now, ..self.clone() };
        let next = Self { reserved: begun.capped(available)?, ..begun };
        Ok(Decision::new(next, EventKind::MilestoneFundingStarted).set(TimerKind::FundingExpiry, expires_at))
    }

    /// Sets aside more, when a payment came in: again no more than is needed. It tells nothing, since the
    /// payment does.
    ///
    /// # Errors
    /// Not being funded, or `available` is of another currency.
    pub fn reserve_more(&self, available: Money, now: DateTime<Utc>) -> Step {
        self.state.advance(MilestoneAction::Fund)?;
        let reserved = self.capped(self.reserved.plus(available)?)?;
        Ok(Decision::silent(Self { reserved, updated_at: now, ..self.clone() }))
    }

    /// The money did not come in time: what was set aside is free again.
    ///
    /// # Errors
    /// Not in this state, or not yet.
    pub fn expire_funding(&self, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(MilestoneAction::ExpireFunding)?;
        check_due(self.funding_expires_at, now)?;
        let next = Self { state, updated_at: now, ..self.waiting_for_nothing() };
        Ok(Decision::new(next, EventKind::MilestoneFundingExpired).clear(&[TimerKind::FundingExpiry]))
    }

    /// The worker hands over, and the acceptance window begins.
    ///
    /// # Errors
    /// Not in this state.
    pub fn deliver(&self, delivery: DeliveryId, now: DateTime<Utc>, rules: &Rules) -> Step {
        let state = self.state.advance(MilestoneAction::Deliver)?;
        let accept_at = after(now, TimeDelta::days(i64::from(self.acceptance_days)));
        let next = Self {
            state,
            delivery: Some(delivery),
            auto_accept_at: Some(accept_at),
            delivered_at: Some(now),
            updated_at: now,
            ..self.clone()
        };
        let decision = Decision::new(next, EventKind::MilestoneDelivered)
            .clear(&[TimerKind::RedeliveryOverdue])
            .set(TimerKind::AutoAccept, accept_at);
        // Only the reminders that are still ahead: a short window has no first one.
        let before = [rules.first_reminder, rules.second_reminder];
        let reminders = REMINDERS.into_iter().zip(before).map(|(timer, before)| (timer, after(accept_at, -before)));
        Ok(reminders.filter(|(_, at)| *at > now).fold(decision, |decision, (timer, at)| decision.set(timer, at)))
    }

    /// The client asks for changes by a new date; the acceptance window is off until the redelivery.
    ///
    /// # Errors
    /// Not in this state, all rounds used, or the date has passed.
    pub fn request_changes(&self, new_due_on: NaiveDate, now: DateTime<Utc>, rules: &Rules) -> Step {
        let state = self.state.advance(MilestoneAction::RequestChanges)?;
        if self.revision_rounds >= self.revision_limit {
            return Err(MilestoneError::RevisionsExhausted { limit: self.revision_limit });
        }
        if new_due_on < tokyo_date(now) {
            return Err(MilestoneError::DueInThePast);
        }
        let next = Self {
            state,
            due_on: new_due_on,
            revision_rounds: self.revision_rounds.saturating_add(1),
            auto_accept_at: None,
            updated_at: now,
            ..self.clone()
        };
        Ok(Decision::new(next, EventKind::MilestoneChangesRequested)
            .clear(ACCEPTANCE)
            .set(TimerKind::RedeliveryOverdue, overdue_at(new_due_on, rules)))
    }

    /// Either side disagrees, or silence met a cancellation request: whatever would have happened by
    /// itself does not any more.
    ///
    /// # Errors
    /// Not in this state.
    pub fn dispute(&self, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(MilestoneAction::Dispute)?;
        let next = Self { state, auto_accept_at: None, updated_at: now, ..self.clone() };
        Ok(Decision::new(next, EventKind::MilestoneDisputed).clear(ACCEPTANCE).clear(&[TimerKind::RedeliveryOverdue]))
    }

    /// Moves the due date by the days its contract was paused. What is handed over or over is left alone.
    pub fn reschedule(&self, days: u64, now: DateTime<Utc>, rules: &Rules) -> Option<Decision<Self>> {
        let with_the_worker = match self.state {
            MilestoneState::Planned
            | MilestoneState::Funding
            | MilestoneState::Funded
            | MilestoneState::ChangesRequested => true,
            MilestoneState::Delivered
            | MilestoneState::Disputed
            | MilestoneState::Accepted
            | MilestoneState::Canceled => false,
        };
        if !with_the_worker || days == 0 {
            return None;
        }
        let due_on = plus_days(self.due_on, days);
        let decision = Decision::new(Self { due_on, updated_at: now, ..self.clone() }, EventKind::MilestoneRescheduled);
        let is_redelivery = self.state == MilestoneState::ChangesRequested;
        Some(if is_redelivery {
            decision.set(TimerKind::RedeliveryOverdue, overdue_at(due_on, rules))
        } else {
            decision
        })
    }

    /// What a reminder timer tells: nothing unless it is delivered, and then the timer is cleared with the delivery.
    pub fn reminder(&self) -> Option<EventKind> {
        (self.state == MilestoneState::Delivered).then_some(EventKind::MilestoneAcceptanceReminder)
    }

    /// What the timer of a late redelivery tells staff: nothing any more, if it came, or the date moved.
    pub fn overdue(&self, now: DateTime<Utc>, rules: &Rules) -> Option<EventKind> {
        let is_late = overdue_at(self.due_on, rules) <= now;
        (is_late && self.state == MilestoneState::ChangesRequested).then_some(EventKind::MilestoneRedeliveryOverdue)
    }

    pub(super) fn check_delivery(&self, named: DeliveryId) -> Result<(), MilestoneError> {
        if self.delivery == Some(named) {
            Ok(())
        } else {
            Err(MilestoneError::StaleDelivery { current: self.delivery })
        }
    }

    /// Never more than is needed, never less than nothing.
    fn capped(&self, available: Money) -> Result<Money, MilestoneError> {
        let most = available.min(self.funding_total()?)?;
        Ok(if most.is_positive() { most } else { Money::zero(most.currency()) })
    }
}

fn overdue_at(due_on: NaiveDate, rules: &Rules) -> DateTime<Utc> {
    after(end_of_day(due_on), rules.redelivery_overdue)
}
