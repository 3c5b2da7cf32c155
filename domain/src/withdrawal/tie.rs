//! What ties a member to the marketplace, and what each tie means for somebody who wants to leave.
//!
//! Every kind of obligation is a [`Tie`], and every state of it is decided on here: a new state, a new
//! account or a new tie does not compile until it is. A new state machine fails a test until it has a tie
//! or says why it needs none.

use chrono::{DateTime, Utc};

use super::{BlockerCode, Owner, Warning};
use crate::{
    actor::Party,
    contract::ContractState,
    dispute::DisputeState,
    ids::{ContractId, DisputeId, JobId, MilestoneId, PaymentId, PayoutId, ProposalId, RefundId},
    job::JobState,
    ledger::AccountKind,
    member::MemberState,
    milestone::MilestoneState,
    money::{Currency, Money},
    payout::PayoutState,
    proposal::ProposalState,
    refund::RefundState,
};

/// What becomes of a balance when its owner leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayOut {
    /// It is paid out, or back, free of charge.
    Payable,
    /// It could be, to a bank account that is missing or refused.
    NeedsBankAccount,
    /// No bank is used for its currency.
    Nowhere,
}

impl WayOut {
    /// What becomes of earnings: banks are reached in yen only.
    pub const fn of_earnings(currency: Currency, has_account: bool) -> Self {
        match (currency, has_account) {
            (Currency::Jpy, true) => Self::Payable,
            (Currency::Jpy, false) => Self::NeedsBankAccount,
            (Currency::Usd, _) => Self::Nowhere,
        }
    }
}

/// One thing that ties a member to the marketplace, over or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// A contract, and the side they are on.
    Contract(ContractId, Party, ContractState),
    /// A part of one.
    Milestone(MilestoneId, Party, MilestoneState),
    /// A disagreement about a part of one.
    Dispute(DisputeId, DisputeState),
    /// An offer, and the side they are on.
    Proposal(ProposalId, Party, ProposalState),
    /// A job they posted.
    Job(JobId, JobState),
    /// A payment whose card is being charged, whatever became of what it was for.
    Charge(PaymentId),
    /// Earnings on their way to their bank.
    Payout(PayoutId, PayoutState),
    /// Money of theirs on its way back to where it came from.
    Refund(RefundId, RefundState),
    /// What an account of theirs holds.
    Balance(AccountKind, Money, WayOut),
    /// Their registration.
    Registration(MemberState),
    /// Whether they can log in by password.
    Password(bool),
}

/// A tie, and since when it is as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tied {
    /// What ties them.
    pub tie: Tie,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// What one tie means for somebody who wants to leave.
pub(super) enum Meaning {
    /// Nothing: it is over, or another tie speaks for it.
    Nothing,
    /// It must be cleared first, by this side.
    Hard(BlockerCode, Owner),
    /// Leaving clears it.
    Soft(BlockerCode, Owner),
    /// It is lost.
    Lost(Warning),
}

impl Tie {
    /// The machines whose states are decided on here.
    pub const MACHINES: &'static [&'static str] =
        &["contract", "milestone", "dispute", "proposal", "job", "payout", "refund", "member"];

    /// The resource that it is, or the money.
    pub(super) fn subject(self) -> (Option<String>, Option<Money>) {
        match self {
            Self::Contract(id, ..) => (Some(id.to_string()), None),
            Self::Milestone(id, ..) => (Some(id.to_string()), None),
            Self::Dispute(id, _) => (Some(id.to_string()), None),
            Self::Proposal(id, ..) => (Some(id.to_string()), None),
            Self::Job(id, _) => (Some(id.to_string()), None),
            Self::Charge(id) => (Some(id.to_string()), None),
            Self::Payout(id, _) => (Some(id.to_string()), None),
            Self::Refund(id, _) => (Some(id.to_string()), None),
            Self::Balance(_, amount, _) => (None, Some(amount)),
            Self::Registration(_) | Self::Password(_) => (None, None),
        }
    }

    /// What it means.
    pub(super) fn meaning(self) -> Meaning {
        match self {
            Self::Contract(_, party, state) => contract(party, state),
            Self::Milestone(_, party, state) => milestone(party, state),
            Self::Dispute(_, state) => dispute(state),
            Self::Proposal(_, party, state) => proposal(party, state),
            Self::Job(_, state) => job(state),
            Self::Charge(_) => Meaning::Hard(BlockerCode::ChargeUnderWay, Owner::Operator),
            Self::Payout(_, state) => payout(state),
            Self::Refund(_, state) => refund(state),
            Self::Balance(_, amount, _) if amount.is_zero() => Meaning::Nothing,
            Self::Balance(kind, _, way_out) => balance(kind, way_out),
            Self::Registration(state) => registration(state),
            Self::Password(true) => Meaning::Nothing,
            Self::Password(false) => Meaning::Hard(BlockerCode::NoPassword, Owner::Member),
        }
    }
}

/// Who must act when it is this side's turn, seen from the side that wants to leave.
const fn turn(of: Party, seen_from: Party) -> Owner {
    match (of, seen_from) {
        (Party::Client, Party::Client) | (Party::Worker, Party::Worker) => Owner::Member,
        (Party::Client, Party::Worker) | (Party::Worker, Party::Client) => Owner::Counterparty,
    }
}

const fn contract(party: Party, state: ContractState) -> Meaning {
    let code = match party {
        Party::Client => BlockerCode::RunningContractAsClient,
        Party::Worker => BlockerCode::RunningContractAsWorker,
    };
    match state {
        // Without money it is the client's turn; otherwise either can finish, or ask to end by consent.
        ContractState::Agreed | ContractState::Paused => Meaning::Hard(code, turn(Party::Client, party)),
        ContractState::Active => Meaning::Hard(code, Owner::Member),
        ContractState::Ended | ContractState::Lapsed => Meaning::Nothing,
    }
}

const fn milestone(party: Party, state: MilestoneState) -> Meaning {
    match state {
        MilestoneState::Funding => Meaning::Hard(BlockerCode::EscrowFunding, turn(Party::Client, party)),
        MilestoneState::Funded | MilestoneState::ChangesRequested => {
            Meaning::Hard(BlockerCode::EscrowHeld, turn(Party::Worker, party))
        }
        MilestoneState::Delivered => Meaning::Hard(BlockerCode::DeliveryAwaitingAcceptance, turn(Party::Client, party)),
        // Its contract speaks for a planned one, its dispute for a disputed one.
        MilestoneState::Planned | MilestoneState::Disputed => Meaning::Nothing,
        MilestoneState::Accepted | MilestoneState::Canceled => Meaning::Nothing,
    }
}

const fn dispute(state: DisputeState) -> Meaning {
    match state {
        DisputeState::Open | DisputeState::Negotiating => Meaning::Hard(BlockerCode::OpenDispute, Owner::Member),
        DisputeState::Mediation => Meaning::Hard(BlockerCode::OpenDispute, Owner::Operator),
        DisputeState::Settled | DisputeState::Ruled => Meaning::Nothing,
    }
}

const fn proposal(party: Party, state: ProposalState) -> Meaning {
    match state {
        // Either side can end it: the worker retracts, the client declines.
        ProposalState::Submitted | ProposalState::Countered => Meaning::Hard(BlockerCode::OpenProposal, Owner::Member),
        // It comes back when a contract lapses, which speaks for the client; the worker takes it back.
        ProposalState::SetAside => match party {
            Party::Worker => Meaning::Lost(Warning::ProposalsRetracted),
            Party::Client => Meaning::Nothing,
        },
        // Its contract speaks for an accepted one.
        ProposalState::Accepted => Meaning::Nothing,
        ProposalState::Declined | ProposalState::Retracted | ProposalState::Expired => Meaning::Nothing,
    }
}

const fn job(state: JobState) -> Meaning {
    match state {
        JobState::Draft => Meaning::Lost(Warning::DraftJobsDiscarded),
        JobState::Open => Meaning::Hard(BlockerCode::OpenJob, Owner::Member),
        JobState::Filled | JobState::Expired | JobState::Canceled => Meaning::Nothing,
    }
}

const fn payout(state: PayoutState) -> Meaning {
    match state {
        PayoutState::Requested | PayoutState::Processing => Meaning::Soft(BlockerCode::PayoutUnderWay, Owner::Operator),
        PayoutState::Held => Meaning::Hard(BlockerCode::PayoutHeld, Owner::Operator),
        // What did not arrive is earnings again.
        PayoutState::Paid | PayoutState::Failed | PayoutState::Returned | PayoutState::Canceled => Meaning::Nothing,
    }
}

const fn refund(state: RefundState) -> Meaning {
    match state {
        RefundState::Requested => Meaning::Soft(BlockerCode::RefundUnderWay, Owner::Operator),
        // What did not arrive is client funds again.
        RefundState::Settled | RefundState::Failed => Meaning::Nothing,
    }
}

const fn balance(kind: AccountKind, way_out: WayOut) -> Meaning {
    match kind {
        AccountKind::Earnings => money(BlockerCode::EarningsUnpaid, way_out),
        AccountKind::ClientFunds => money(BlockerCode::ClientFundsLeft, way_out),
        AccountKind::Receivable => Meaning::Hard(BlockerCode::Receivable, Owner::Member),
        AccountKind::Points => Meaning::Lost(Warning::PointsLost),
        // What is held or on its way has a tie of its own; the operator remits what was withheld; and what
        // nobody claimed can be claimed for ever.
        AccountKind::Escrow
        | AccountKind::PayoutTransit
        | AccountKind::RefundTransit
        | AccountKind::WithholdingTax
        | AccountKind::Unclaimed => Meaning::Nothing,
        AccountKind::Bank
        | AccountKind::Gateway
        | AccountKind::Campaign
        | AccountKind::Suspense
        | AccountKind::ConsumptionTax
        | AccountKind::OperatorCapital
        | AccountKind::SystemFee
        | AccountKind::QuickPayoutFee
        | AccountKind::BankFeeRecovery
        | AccountKind::GatewayFee
        | AccountKind::BankFee
        | AccountKind::BadDebt => Meaning::Nothing,
    }
}

const fn money(code: BlockerCode, way_out: WayOut) -> Meaning {
    match way_out {
        WayOut::Payable => Meaning::Soft(code, Owner::Operator),
        WayOut::NeedsBankAccount => Meaning::Hard(code, Owner::Member),
        WayOut::Nowhere => Meaning::Lost(Warning::MoneyBecomesUnclaimed),
    }
}

const fn registration(state: MemberState) -> Meaning {
    match state {
        MemberState::Pending => Meaning::Hard(BlockerCode::EmailUnconfirmed, Owner::Member),
        MemberState::Active | MemberState::Closing | MemberState::Closed => Meaning::Nothing,
    }
}
