//! What happens by itself, and when.

use chrono::{DateTime, Utc};

use crate::names;

names! {
    /// A timer of one subject. A subject has at most one of each kind.
    pub enum TimerKind {
        /// Milestone: the acceptance window is over.
        AutoAccept = "auto_accept",
        /// Milestone: the first reminder before automatic acceptance.
        FirstReminder = "first_reminder",
        /// Milestone: the second reminder before automatic acceptance.
        SecondReminder = "second_reminder",
        /// Milestone: the money did not come in time.
        FundingExpiry = "funding_expiry",
        /// Milestone: a redelivery is long overdue.
        RedeliveryOverdue = "redelivery_overdue",
        /// Contract: the next required funding is missing.
        FundingDue = "funding_due",
        /// Contract: nothing was funded after signing.
        AgreedLapse = "agreed_lapse",
        /// Proposal: nobody answered.
        ProposalExpiry = "proposal_expiry",
        /// Job: it was open long enough.
        JobExpiry = "job_expiry",
        /// Cancellation request: nobody answered.
        CancellationLapse = "cancellation_lapse",
        /// Dispute: the other side did not answer.
        DisputeAnswer = "dispute_answer",
        /// Dispute: the parties did not agree.
        DisputeNegotiation = "dispute_negotiation",
        /// Dispute: it takes too long.
        DisputeEscalation = "dispute_escalation",
        /// The calendar: a month is over, or its run goes on.
        PayoutClose = "payout_close",
        /// Payment: a charge that the gateway decides later.
        SlowCharge = "slow_charge",
        /// Refund: the sandbox's gateway answers.
        RefundSettlement = "refund_settlement",
        /// Member: somebody who left may have nothing on its way any more.
        AccountCompletion = "account_completion",
    }
}

/// What a decision does to the timers of its aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimerChange {
    /// Due at that moment, in place of what stood before.
    Set(TimerKind, DateTime<Utc>),
    /// Not due any more; nothing if it was not set.
    Clear(TimerKind),
}

/// A timer fired although its moment is not there, or was moved: it is to be dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not due yet")]
pub struct NotDue {
    /// When it is, if at all.
    pub due_at: Option<DateTime<Utc>>,
}

/// Checks that the moment an aggregate waits for has come.
///
/// # Errors
/// [`NotDue`] when it lies ahead, or nothing is waited for.
pub fn check_due(due_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), NotDue> {
    if due_at.is_some_and(|due_at| due_at <= now) { Ok(()) } else { Err(NotDue { due_at }) }
}
