//! Every number of the domain rules, sections 2, 4, 5 and 6: defaults of settings, never literals in code.

mod payout;

use chrono::TimeDelta;

pub use self::payout::{BankFee, PayoutMode, PayoutRules};
use crate::{business_calendar::Shift, names};

names! {
    /// When the address of somebody who left may join again (domain rules, section 6).
    pub enum EmailReuse {
        /// Never.
        Forbidden = "forbidden",
        /// Once what is kept about it is purged.
        AfterPurge = "after_purge",
        /// When staff say so.
        Support = "support",
    }
}

/// The longest acceptance window that keeps payday within 60 days of delivery, counting the delivery day (domain rules,
/// section 4): what is accepted on the 1st is paid on the 15th of the next month, at most 45 days later, and 3 more if
/// the bank is closed, unless payday moves to the day before instead. The delivery day counts, too.
const fn acceptance_days_at_most(payout: &PayoutRules) -> u16 {
    payout.lawful_days.saturating_sub(match payout.shift {
        Shift::Next => 49,
        Shift::Previous => 46,
    })
}

/// The largest contract that can be allowed: thousands of them fit in one balance, which stays below 2^53.
const LARGEST_TOTAL: i64 = 1_000_000_000_000;

/// The waits and limits that decisions read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// How long a milestone waits for its money once funding started.
    pub funding_window: TimeDelta,
    /// How long after signing or acceptance the next required funding is due.
    pub funding_due: TimeDelta,
    /// How long an agreed contract waits for its first funding before it lapses.
    pub agreed_lapse: TimeDelta,
    /// How long a contract must be paused before the worker may leave it.
    pub leave_after: TimeDelta,
    /// How long a cancellation request waits for an answer.
    pub cancellation_window: TimeDelta,
    /// How long a proposal or a counter-offer waits for an answer.
    pub respond_by: TimeDelta,
    /// How long the other side has to answer a dispute.
    pub dispute_answer: TimeDelta,
    /// How long the parties negotiate a dispute before staff mediate.
    pub negotiation: TimeDelta,
    /// How long after its opening a dispute goes to a named owner.
    pub escalation: TimeDelta,
    /// How long after its due date a missing redelivery goes to staff.
    pub redelivery_overdue: TimeDelta,
    /// How long a published job stays open.
    pub job_open: TimeDelta,
    /// How long before automatic acceptance the client is reminded.
    pub first_reminder: TimeDelta,
    /// How long before automatic acceptance the client is reminded again.
    pub second_reminder: TimeDelta,
    /// How long ago the log-in may be when something is asked for that a stolen token must not do.
    pub recent_login: TimeDelta,
    /// The acceptance window in days, unless agreed otherwise.
    pub acceptance_days: u16,
    /// The shortest acceptance window that may be agreed.
    pub acceptance_days_min: u16,
    /// The longest: so that payday never falls later than 60 days after delivery.
    pub acceptance_days_max: u16,
    /// How many rounds of changes a client may ask for, unless agreed otherwise.
    pub revision_limit: u16,
    /// The most rounds of changes that may be agreed.
    pub revision_limit_max: u16,
    /// The most milestones of one contract.
    pub max_milestones: u16,
    /// The most that one contract may amount to, termination fee included, in minor units of its currency.
    pub max_contract_total: i64,
    /// When and how earnings are paid out.
    pub payout: PayoutRules,
    /// Whether somebody who leaves must say why.
    pub leaving_reason_required: bool,
    /// When the address of somebody who left may join again.
    pub email_reuse: EmailReuse,
    /// How long after somebody left everything about their address is purged.
    pub purge_after: TimeDelta,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            funding_window: TimeDelta::days(7),
            funding_due: TimeDelta::days(3),
            agreed_lapse: TimeDelta::days(7),
            leave_after: TimeDelta::days(7),
            cancellation_window: TimeDelta::days(7),
            respond_by: TimeDelta::days(14),
            dispute_answer: TimeDelta::days(5),
            negotiation: TimeDelta::days(7),
            escalation: TimeDelta::days(30),
            redelivery_overdue: TimeDelta::days(30),
            job_open: TimeDelta::days(30),
            first_reminder: TimeDelta::hours(72),
            second_reminder: TimeDelta::hours(24),
            recent_login: TimeDelta::minutes(10),
            acceptance_days: 7,
            acceptance_days_min: 3,
            acceptance_days_max: 11,
            revision_limit: 3,
            revision_limit_max: 20,
            max_milestones: 50,
            max_contract_total: 100_000_000,
            payout: PayoutRules::default(),
            leaving_reason_required: true,
            email_reuse: EmailReuse::AfterPurge,
            purge_after: TimeDelta::days(30),
        }
    }
}

/// Numbers that contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// No window can be agreed, or the usual one is none of those.
    #[error("acceptance_days must lie between acceptance_days_min, at least 1, and acceptance_days_max")]
    AcceptanceDays,
    /// Payday could fall later than 60 days after delivery.
    #[error("acceptance_days_max must be at most {most}, so that payday is within payout.lawful_days of delivery")]
    LatePayday {
        /// The most with this payday.
        most: u16,
    },
    /// The usual number of rounds may not be agreed.
    #[error("revision_limit must be at most revision_limit_max")]
    RevisionLimit,
    /// No contract could be signed.
    #[error("max_milestones must be at least 1")]
    MaxMilestones,
    /// No contract could be signed, or so large ones that a balance might not hold what they release.
    #[error("max_contract_total must be from 1 to {LARGEST_TOTAL}")]
    MaxContractTotal,
    /// A dispute would have an owner before anybody mediates.
    #[error("escalation must be longer than dispute_answer and negotiation together")]
    Escalation,
    /// Later than the law allows, or sooner than any payday.
    #[error("payout.lawful_days must be from 50 to 60")]
    LawfulDays,
    /// Nothing would be paid out, or nothing of what is.
    #[error("payout.minimum must be at least 1, and more than every fee of payout.bank_fees that it meets")]
    PayoutMinimum,
    /// A bank with two fees for one amount, or with none for small ones.
    #[error("payout.bank_fees must have exactly one fee from nothing on for every bank it names, and no amount twice")]
    BankFees,
    /// No step of a run, or no batch, would pay anybody; or so many that one transaction could not.
    #[error("payout.run_chunk must be from 1 to 1000, and payout.batch_max from 1 to 10000")]
    PayoutSteps,
    /// The second reminder would come before the first.
    #[error("second_reminder must be shorter than first_reminder: it comes closer to the acceptance")]
    Reminders,
}

impl Rules {
    /// Finds what contradicts itself.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn check(&self) -> Result<(), RulesError> {
        let most = acceptance_days_at_most(&self.payout);
        let window = self.acceptance_days_min..=self.acceptance_days_max;
        let checks = [
            (self.acceptance_days_min >= 1 && window.contains(&self.acceptance_days), RulesError::AcceptanceDays),
            (self.acceptance_days_max <= most, RulesError::LatePayday { most }),
            (self.revision_limit <= self.revision_limit_max, RulesError::RevisionLimit),
            (self.max_milestones >= 1, RulesError::MaxMilestones),
            ((1..=LARGEST_TOTAL).contains(&self.max_contract_total), RulesError::MaxContractTotal),
            ((50..=60).contains(&self.payout.lawful_days), RulesError::LawfulDays),
            (self.payout.has_one_bank_fee_for_each(), RulesError::BankFees),
            (self.payout.leaves_something(), RulesError::PayoutMinimum),
            (
                (1..=1_000).contains(&self.payout.run_chunk) && (1..=10_000).contains(&self.payout.batch_max),
                RulesError::PayoutSteps,
            ),
            (self.second_reminder < self.first_reminder, RulesError::Reminders),
            (self.escalation > self.dispute_answer + self.negotiation, RulesError::Escalation),
        ];
        checks.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, error)| Err(error))
    }
}
