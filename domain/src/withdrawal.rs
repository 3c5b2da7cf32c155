//! Leaving for good (退会): what stands in the way, who clears it, and what to know before (domain rules,
//! section 6). Never a movement of money.

mod coming_back;
mod tie;

use chrono::{DateTime, Utc};

use self::tie::Meaning;
pub use self::{
    coming_back::ComingBack,
    tie::{Tie, Tied, WayOut},
};
use crate::{money::Money, names};

names! {
    /// One reason why a member cannot leave yet (退会できない原因).
    pub enum BlockerCode {
        /// A contract to work on is not over.
        RunningContractAsWorker = "running_contract_as_worker",
        /// A contract to pay for is not over.
        RunningContractAsClient = "running_contract_as_client",
        /// A milestone waits for its money.
        EscrowFunding = "escrow_funding",
        /// Money is held for work that is not delivered.
        EscrowHeld = "escrow_held",
        /// Delivered work waits for the client.
        DeliveryAwaitingAcceptance = "delivery_awaiting_acceptance",
        /// The two sides of a contract disagree.
        OpenDispute = "open_dispute",
        /// A proposal waits for an answer.
        OpenProposal = "open_proposal",
        /// A job takes proposals.
        OpenJob = "open_job",
        /// A card is being charged.
        ChargeUnderWay = "charge_under_way",
        /// A payout is on its way.
        PayoutUnderWay = "payout_under_way",
        /// A payout is held while staff look at it.
        PayoutHeld = "payout_held",
        /// A refund is on its way.
        RefundUnderWay = "refund_under_way",
        /// Earned and not paid out.
        EarningsUnpaid = "earnings_unpaid",
        /// A client's money that is not used.
        ClientFundsLeft = "client_funds_left",
        /// Owed to the operator.
        Receivable = "receivable",
        /// The e-mail address is not confirmed.
        EmailUnconfirmed = "email_unconfirmed",
        /// There is no password to log in with.
        NoPassword = "no_password",
    }
}

names! {
    /// What is lost by leaving, to be acknowledged by name.
    pub enum Warning {
        /// Drafts of jobs are discarded.
        DraftJobsDiscarded = "draft_jobs_discarded",
        /// Proposals that would come back if another contract lapses are retracted.
        ProposalsRetracted = "proposals_retracted",
        /// Money that cannot be paid out, because no bank is used for its currency, is kept for whoever
        /// can claim it.
        MoneyBecomesUnclaimed = "money_becomes_unclaimed",
        /// Points are lost.
        PointsLost = "points_lost",
    }
}

names! {
    /// Who must act so that a blocker goes away.
    pub enum Owner {
        /// Who wants to leave.
        Member = "member",
        /// The other side of a contract.
        Counterparty = "counterparty",
        /// The operator's people, or its clock.
        Operator = "operator",
    }
}

names! {
    /// Why somebody leaves.
    pub enum LeavingReason {
        /// Nothing to do was found.
        NoSuitableWork = "no_suitable_work",
        /// Nobody to do it was found.
        NoSuitableWorkers = "no_suitable_workers",
        /// The fees.
        Fees = "fees",
        /// Another service is used.
        OtherService = "other_service",
        /// Trouble with another member.
        Trouble = "trouble",
        /// Worries about data.
        Privacy = "privacy",
        /// No use for it any more.
        NoLongerNeeded = "no_longer_needed",
        /// Something else.
        Other = "other",
    }
}

/// One reason why a member cannot leave, or not at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// Which.
    pub code: BlockerCode,
    /// The id of the resource to look at; none where it is the account itself.
    pub subject: Option<String>,
    /// How much it is about, where it is about money.
    pub amount: Option<Money>,
    /// Whether it must be cleared before. What is not hard is cleared by leaving itself, which then takes
    /// until the money has arrived.
    pub hard: bool,
    /// Who must act.
    pub owner: Owner,
    /// Since when it stands.
    pub since: DateTime<Utc>,
}

/// Whether a member can leave, and everything that matters for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readiness {
    /// All that stands in the way, oldest first.
    pub blockers: Vec<Blocker>,
    /// All that must be acknowledged, each once.
    pub warnings: Vec<Warning>,
}

impl Readiness {
    /// Whether leaving would succeed now.
    pub fn is_ready(&self) -> bool {
        self.blockers.iter().all(|blocker| !blocker.hard)
    }

    /// The warnings that were not acknowledged.
    pub fn unacknowledged(&self, acknowledged: &[Warning]) -> Vec<Warning> {
        self.warnings.iter().copied().filter(|warning| !acknowledged.contains(warning)).collect()
    }
}

/// Looks at everything that ties a member.
pub fn assess(ties: &[Tied]) -> Readiness {
    let mut readiness = Readiness::default();
    for tied in ties {
        let block = |code, hard, owner| {
            let (subject, amount) = tied.tie.subject();
            Blocker { code, subject, amount, hard, owner, since: tied.since }
        };
        match tied.tie.meaning() {
            Meaning::Nothing => {}
            Meaning::Hard(code, owner) => readiness.blockers.push(block(code, true, owner)),
            Meaning::Soft(code, owner) => readiness.blockers.push(block(code, false, owner)),
            Meaning::Lost(warning) => readiness.warnings.push(warning),
        }
    }
    readiness.blockers.sort_by_key(|one| (one.since, one.code));
    readiness.warnings.sort_unstable();
    readiness.warnings.dedup();
    readiness
}

/// Whether a tie means anything to somebody who wants to leave, so that it has to be looked for.
pub fn matters(tie: Tie) -> bool {
    match tie.meaning() {
        Meaning::Nothing => false,
        Meaning::Hard(..) | Meaning::Soft(..) | Meaning::Lost(_) => true,
    }
}
