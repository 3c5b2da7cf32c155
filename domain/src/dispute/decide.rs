//! The steps of a dispute. The milestone and its money follow by their own decision.

use chrono::{DateTime, Utc};

use super::{Dispute, DisputeAction, DisputeError, DisputeReason, DisputeState, Offer, ProposedRuling};
use crate::{
    actor::{Actor, Party},
    calendar::after,
    decision::Decision,
    event::EventKind,
    ids::{DisputeId, MemberId},
    machine::State,
    milestone::{Milestone, MilestoneState},
    money::Money,
    rules::Rules,
    timer::{TimerKind, check_due},
};

const TIMERS: &[TimerKind] = &[TimerKind::DisputeAnswer, TimerKind::DisputeNegotiation, TimerKind::DisputeEscalation];

/// What the opener of a dispute says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who opens it.
    pub by: Party,
    /// What it is about.
    pub reason: DisputeReason,
    /// The whole of it.
    pub text: String,
}

type Step = Result<Decision<Dispute>, DisputeError>;

impl Dispute {
    /// Opens a dispute about a milestone that was just disputed.
    ///
    /// # Errors
    /// The milestone is not disputed.
    pub fn open(id: DisputeId, milestone: &Milestone, claim: Claim, now: DateTime<Utc>, rules: &Rules) -> Step {
        if milestone.state != MilestoneState::Disputed {
            return Err(DisputeError::MilestoneNotDisputed(milestone.state));
        }
        let (respond_by, escalate_at) = (after(now, rules.dispute_answer), after(now, rules.escalation));
        let dispute = Self {
            id,
            contract: milestone.contract,
            milestone: milestone.id,
            client: milestone.client,
            worker: milestone.worker,
            opened_by: claim.by,
            reason: claim.reason,
            claim: claim.text,
            held: milestone.held(),
            answer: None,
            offer: None,
            ruling: None,
            state: DisputeState::INITIAL,
            owner: None,
            respond_by: Some(respond_by),
            negotiation_ends_at: None,
            escalate_at: Some(escalate_at),
            escalated_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Ok(Decision::new(dispute, EventKind::DisputeOpened)
            .set(TimerKind::DisputeAnswer, respond_by)
            .set(TimerKind::DisputeEscalation, escalate_at))
    }

    /// What this caller may do now.
    pub fn allowed_actions(&self, actor: Actor) -> Vec<DisputeAction> {
        let party = actor.party(self.client, self.worker);
        let mut allowed = self.state.allowed(actor.standing(self.client, self.worker));
        allowed.retain(|action| match action {
            DisputeAction::Answer => party == Some(self.opened_by.other()),
            DisputeAction::Settle => self.offer.is_some_and(|offer| party == Some(offer.by.other())),
            DisputeAction::Rule => self.ruling.as_ref().is_some_and(|ruling| actor.member() != Some(ruling.by)),
            DisputeAction::Offer
            | DisputeAction::Silence
            | DisputeAction::Mediate
            | DisputeAction::ProposeRuling
            | DisputeAction::Escalate => true,
        });
        allowed
    }

    /// The other side tells theirs, and the parties negotiate.
    ///
    /// # Errors
    /// Not in this state, or the opener answers themself.
    pub fn answer(&self, by: Party, answer: String, now: DateTime<Utc>, rules: &Rules) -> Step {
        let state = self.state.advance(DisputeAction::Answer)?;
        if by == self.opened_by {
            return Err(DisputeError::OwnClaim);
        }
        let next = Self { state, answer: Some(answer), ..self.clone() };
        Ok(next.negotiate(EventKind::DisputeAnswered, now, rules))
    }

    /// The other side kept silent, and the parties negotiate all the same.
    ///
    /// # Errors
    /// Not in this state, or not yet.
    pub fn silence(&self, now: DateTime<Utc>, rules: &Rules) -> Step {
        let state = self.state.advance(DisputeAction::Silence)?;
        check_due(self.respond_by, now)?;
        Ok(Self { state, ..self.clone() }.negotiate(EventKind::DisputeUnanswered, now, rules))
    }

    /// One side offers shares, in place of any standing offer.
    ///
    /// # Errors
    /// Not in this state, or not a share of what is held.
    pub fn offer(&self, by: Party, worker_share: Money, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(DisputeAction::Offer)?;
        self.check_share(worker_share)?;
        let next = Self { state, offer: Some(Offer { by, worker_share }), updated_at: now, ..self.clone() };
        Ok(Decision::new(next, EventKind::DisputeOffered))
    }

    /// One side accepts the other's offer, naming the share so that a newer offer is not accepted unseen.
    ///
    /// # Errors
    /// Not in this state, no offer, the own offer, or another share than the one that stands.
    pub fn settle(&self, by: Party, worker_share: Money, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(DisputeAction::Settle)?;
        let offer = self.offer.ok_or(DisputeError::NoOffer)?;
        if offer.by == by {
            return Err(DisputeError::OwnOffer);
        }
        if offer.worker_share != worker_share {
            return Err(DisputeError::StaleOffer { current: offer.worker_share });
        }
        Ok(self.finish(state, EventKind::DisputeSettled, now))
    }

    /// The parties did not agree in time: staff mediate.
    ///
    /// # Errors
    /// Not in this state, or not yet.
    pub fn mediate(&self, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(DisputeAction::Mediate)?;
        check_due(self.negotiation_ends_at, now)?;
        let next = Self { state, negotiation_ends_at: None, updated_at: now, ..self.clone() };
        Ok(Decision::new(next, EventKind::DisputeMediated).clear(&[TimerKind::DisputeNegotiation]))
    }

    /// One of staff writes a ruling, in place of any that waits.
    ///
    /// # Errors
    /// Not in this state, a party to the dispute, or not a share of what is held.
    pub fn propose_ruling(&self, ruling: ProposedRuling, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(DisputeAction::ProposeRuling)?;
        self.check_judge(ruling.by)?;
        self.check_share(ruling.worker_share)?;
        let next = Self { state, ruling: Some(ruling), updated_at: now, ..self.clone() };
        Ok(Decision::new(next, EventKind::DisputeRulingProposed))
    }

    /// Another of staff confirms the ruling, naming its share.
    ///
    /// # Errors
    /// Not in this state, no ruling, its own writer, a party, or another share than the one that waits.
    pub fn rule(&self, by: MemberId, worker_share: Money, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(DisputeAction::Rule)?;
        let ruling = self.ruling.as_ref().ok_or(DisputeError::NoRuling)?;
        self.check_judge(by)?;
        if ruling.by == by {
            return Err(DisputeError::FourEyes);
        }
        if ruling.worker_share != worker_share {
            return Err(DisputeError::StaleRuling { current: ruling.worker_share });
        }
        Ok(self.finish(state, EventKind::DisputeRuled, now))
    }

    /// It takes too long: it gets an owner, unless it has one.
    ///
    /// # Errors
    /// Not in this state, or not yet.
    pub fn escalate(&self, owner: Option<MemberId>, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(DisputeAction::Escalate)?;
        check_due(self.escalate_at, now)?;
        let owner = self.owner.or(owner);
        let next = Self { state, owner, escalate_at: None, escalated_at: Some(now), updated_at: now, ..self.clone() };
        Ok(Decision::new(next, EventKind::DisputeEscalated).clear(&[TimerKind::DisputeEscalation]))
    }

    fn negotiate(self, event: EventKind, now: DateTime<Utc>, rules: &Rules) -> Decision<Self> {
        let until = after(now, rules.negotiation);
        let next = Self { respond_by: None, negotiation_ends_at: Some(until), updated_at: now, ..self };
        Decision::new(next, event).clear(&[TimerKind::DisputeAnswer]).set(TimerKind::DisputeNegotiation, until)
    }

    fn finish(&self, state: DisputeState, event: EventKind, now: DateTime<Utc>) -> Decision<Self> {
        let next = Self {
            state,
            respond_by: None,
            negotiation_ends_at: None,
            escalate_at: None,
            updated_at: now,
            ..self.clone()
        };
        Decision::new(next, event).clear(TIMERS)
    }

    fn check_share(&self, share: Money) -> Result<(), DisputeError> {
        let held = self.held;
        let is_share = held.minus(share).is_ok_and(|rest| rest.amount() >= 0) && share.amount() >= 0;
        if is_share { Ok(()) } else { Err(DisputeError::ShareOutOfRange { held }) }
    }

    fn check_judge(&self, judge: MemberId) -> Result<(), DisputeError> {
        if [self.client, self.worker].contains(&judge) { Err(DisputeError::OwnCause) } else { Ok(()) }
    }
}
