//! The one table of who may do what (domain rules, section 4). The role is what the account has when the caller arrives.

use crate::{
    cancellation::CancellationAction, contract::ContractAction, dispute::DisputeAction, escrow::EscrowAction,
    job::JobAction, manual_entry::ManualEntryAction, member::MemberAction, milestone::MilestoneAction, names,
    payment::PaymentAction, payout::PayoutAction, payout_batch::PayoutBatchAction, proposal::ProposalAction,
    refund::RefundAction,
};

names! {
    /// What the caller is to the resource in question.
    pub enum Standing {
        /// A member who has no part in it, or nobody known.
        Outsider = "outsider",
        /// Whose own account it is.
        Oneself = "oneself",
        /// Who pays; of a job, who posted it.
        Client = "client",
        /// Who works.
        Worker = "worker",
        /// Staff who talk with members and mediate.
        Support = "support",
        /// Staff who watch over what is offered and said.
        Moderator = "moderator",
        /// Staff who handle money.
        Finance = "finance",
        /// Staff who may do what all other staff may.
        Admin = "admin",
        /// A timer, or what follows from another step.
        System = "system",
    }
}

names! {
    /// What an account is allowed to be.
    pub enum Role {
        /// Works and hires.
        Member = "member",
        /// Talks with members and mediates.
        Support = "support",
        /// Watches over what is offered and said: reads it, and decides nothing about money.
        Moderator = "moderator",
        /// Handles money.
        Finance = "finance",
        /// Does what all other staff do, gives out their roles, and reads what they did.
        Admin = "admin",
    }
}

impl Role {
    /// The standing this role gives where its holder has no part in the matter.
    pub const fn standing(self) -> Standing {
        match self {
            Self::Member => Standing::Outsider,
            Self::Support => Standing::Support,
            Self::Moderator => Standing::Moderator,
            Self::Finance => Standing::Finance,
            Self::Admin => Standing::Admin,
        }
    }

    /// The standing of its holder to their own account, which the operator's people have for their work only.
    pub const fn standing_to_oneself(self) -> Standing {
        match self {
            Self::Member => Standing::Oneself,
            Self::Support | Self::Moderator | Self::Finance | Self::Admin => self.standing(),
        }
    }
}

/// Everything that can be asked for and is not open to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A step of a member's account.
    Member(MemberAction),
    /// A step of a job.
    Job(JobAction),
    /// A step of a proposal.
    Proposal(ProposalAction),
    /// A step of a contract.
    Contract(ContractAction),
    /// A step of a milestone.
    Milestone(MilestoneAction),
    /// A step of an escrow.
    Escrow(EscrowAction),
    /// A step of a payment.
    Payment(PaymentAction),
    /// A step of a cancellation request.
    Cancellation(CancellationAction),
    /// A step of a dispute.
    Dispute(DisputeAction),
    /// A step of a payout.
    Payout(PayoutAction),
    /// A step of a batch of payouts.
    PayoutBatch(PayoutBatchAction),
    /// A step of a refund.
    Refund(RefundAction),
    /// A step of an entry by hand.
    ManualEntry(ManualEntryAction),
    /// Writing a job.
    PostJob,
    /// Answering a job of somebody else.
    SubmitProposal,
    /// Reading one proposal.
    ReadProposal,
    /// Reading all proposals to a job.
    ReadProposals,
    /// Reading a contract and what belongs to it.
    ReadContract,
    /// Telling how the work goes.
    WriteProgressNote,
    /// Asking to end a contract by consent.
    RequestCancellation,
    /// Reading a dispute, by its parties and staff.
    ReadDispute,
    /// Listing the own jobs, proposals, contracts and disputes.
    ListOwnWork,
    /// Reading the own balance and its changes, and listing the own payments, payouts and refunds.
    ReadOwnMoney,
    /// Having a card charged for the own payment.
    ChargeCard,
    /// Reading where the own payouts go.
    ReadBankAccount,
    /// Saying where they go, or nowhere any more.
    ChangeBankAccount,
    /// Registering apps, connecting and cutting those of others, and making API keys.
    ManageApps,
    /// Reading what stands in the way of leaving.
    ReadWithdrawal,
    /// Letting the address of somebody who left join again.
    ReadmitAddress,
    /// Entering a transfer that the bank shows.
    RecordBankReceipt,
    /// Reading one payment.
    ReadPayment,
    /// Saying whose it is.
    MatchBankReceipt,
    /// Reading bank receipts.
    ReadBankReceipts,
    /// Reading and verifying the books.
    ReadLedger,
    /// Listing the disputes of others.
    ReadAnyDispute,
    /// Listing what waits for staff.
    ReadWorklist,
    /// Having earnings paid out.
    RequestPayout,
    /// Reading one payout.
    ReadPayout,
    /// Reading the payouts of others, and sending them to the bank.
    HandlePayouts,
    /// Having money sent back that came by the own payment.
    RequestRefund,
    /// Reading one refund.
    ReadRefund,
    /// Reading the refunds of others, and entering how they ended.
    HandleRefunds,
    /// Saying on which days banks are open.
    ManageCalendar,
    /// Naming the person who looks after a dispute.
    AssignDispute,
    /// Writing an entry by hand, for another to approve.
    DraftManualEntry,
    /// Reading such entries.
    ReadManualEntries,
    /// Giving an account another role.
    ChangeRole,
    /// Ending all sessions of somebody whose account is in wrong hands.
    EndSessions,
    /// The same of one of the operator's people.
    EndSessionsOfStaff,
    /// Reading what staff did.
    ReadAuditLog,
    /// Reading what staff did that concerns the caller.
    ReadOwnAuditLog,
}

use Standing::{Admin, Client, Finance, Moderator, Outsider, Support, System, Worker};

const PARTIES: &[Standing] = &[Client, Worker];
const READERS: &[Standing] = &[Client, Worker, Support, Moderator, Finance, Admin];
const MEDIATORS: &[Standing] = &[Support, Admin];
const TREASURY: &[Standing] = &[Finance, Admin];
const WATCHERS: &[Standing] = &[Support, Moderator, Admin];
const STAFF: &[Standing] = &[Support, Moderator, Finance, Admin];
const ONLY_ADMIN: &[Standing] = &[Admin];
/// To what is not there yet, or has no other side, every member is an outsider.
const ANY_MEMBER: &[Standing] = &[Outsider];
const ONLY_CLIENT: &[Standing] = &[Client];
const ONLY_WORKER: &[Standing] = &[Worker];
const ONLY_SYSTEM: &[Standing] = &[System];

/// Who may ask for this, before the state and the rest of the rules are looked at.
pub const fn permitted(operation: Operation) -> &'static [Standing] {
    match operation {
        // Whoever holds the mailed token: nobody is logged in yet.
        Operation::Member(MemberAction::Confirm) => &[Outsider],
        // Their own account, and no other. The operator's people have no market of their own to leave.
        Operation::Member(MemberAction::Withdraw) | Operation::ReadWithdrawal => &[Standing::Oneself],
        Operation::Member(MemberAction::Complete) => ONLY_SYSTEM,
        Operation::ReadmitAddress | Operation::EndSessions => MEDIATORS,
        Operation::Job(action) => job(action),
        Operation::Proposal(action) => proposal(action),
        Operation::Contract(action) => contract(action),
        Operation::Milestone(action) => milestone(action),
        Operation::Escrow(_) | Operation::Payment(_) => ONLY_SYSTEM,
        Operation::Cancellation(action) => cancellation(action),
        Operation::Dispute(action) => dispute(action),
        Operation::Payout(action) => payout(action),
        Operation::PayoutBatch(_) | Operation::HandlePayouts => TREASURY,
        Operation::ReadPayout => &[Worker, Support, Finance, Admin],
        Operation::Refund(action) => refund(action),
        Operation::HandleRefunds => TREASURY,
        Operation::ManualEntry(_) | Operation::DraftManualEntry | Operation::ReadManualEntries => TREASURY,
        // Any member may start something of their own; it is then theirs. Staff have nothing of their own.
        Operation::PostJob | Operation::SubmitProposal | Operation::RequestPayout => ANY_MEMBER,
        Operation::ListOwnWork | Operation::ReadOwnMoney | Operation::ManageApps => ANY_MEMBER,
        Operation::ReadBankAccount | Operation::ChangeBankAccount => ANY_MEMBER,
        // The owner of a job, or of money, stands as client to it.
        Operation::ReadProposals | Operation::ChargeCard | Operation::RequestRefund => ONLY_CLIENT,
        Operation::ReadProposal | Operation::ReadContract | Operation::ReadDispute => READERS,
        Operation::WriteProgressNote => ONLY_WORKER,
        Operation::RequestCancellation => PARTIES,
        Operation::ReadPayment | Operation::ReadRefund => &[Client, Support, Finance, Admin],
        Operation::RecordBankReceipt | Operation::MatchBankReceipt => TREASURY,
        Operation::ReadBankReceipts | Operation::ReadLedger | Operation::ManageCalendar => TREASURY,
        Operation::ReadAnyDispute => WATCHERS,
        Operation::AssignDispute => MEDIATORS,
        Operation::ReadWorklist => STAFF,
        // To their own account an admin stands as its owner: nobody raises themselves.
        Operation::ChangeRole | Operation::EndSessionsOfStaff | Operation::ReadAuditLog => ONLY_ADMIN,
        Operation::ReadOwnAuditLog => ANY_MEMBER,
    }
}

const fn job(action: JobAction) -> &'static [Standing] {
    match action {
        JobAction::Publish | JobAction::Cancel => ONLY_CLIENT,
        JobAction::Fill | JobAction::Expire | JobAction::Reopen => ONLY_SYSTEM,
    }
}

const fn proposal(action: ProposalAction) -> &'static [Standing] {
    match action {
        ProposalAction::Counter | ProposalAction::Accept => PARTIES,
        ProposalAction::Decline => ONLY_CLIENT,
        ProposalAction::Retract => ONLY_WORKER,
        ProposalAction::Expire | ProposalAction::SetAside | ProposalAction::Restore | ProposalAction::Lapse => {
            ONLY_SYSTEM
        }
    }
}

const fn contract(action: ContractAction) -> &'static [Standing] {
    match action {
        ContractAction::Leave => ONLY_WORKER,
        ContractAction::Activate
        | ContractAction::Pause
        | ContractAction::Resume
        | ContractAction::Lapse
        | ContractAction::End => ONLY_SYSTEM,
    }
}

const fn milestone(action: MilestoneAction) -> &'static [Standing] {
    match action {
        MilestoneAction::StartFunding | MilestoneAction::RequestChanges | MilestoneAction::Accept => ONLY_CLIENT,
        MilestoneAction::Deliver => ONLY_WORKER,
        // The system, when a cancellation request met silence after work was shown.
        MilestoneAction::Dispute => &[Client, Worker, System],
        // Settling, ruling and canceling follow from a dispute, a request or the contract's end, where
        // the people who decide take their own steps.
        MilestoneAction::Fund
        | MilestoneAction::ExpireFunding
        | MilestoneAction::AutoAccept
        | MilestoneAction::Settle
        | MilestoneAction::Rule
        | MilestoneAction::Cancel => ONLY_SYSTEM,
    }
}

const fn cancellation(action: CancellationAction) -> &'static [Standing] {
    match action {
        CancellationAction::Consent | CancellationAction::Refuse | CancellationAction::Retract => PARTIES,
        CancellationAction::Lapse => ONLY_SYSTEM,
    }
}

const fn dispute(action: DisputeAction) -> &'static [Standing] {
    match action {
        DisputeAction::Answer | DisputeAction::Offer | DisputeAction::Settle => PARTIES,
        DisputeAction::ProposeRuling | DisputeAction::Rule => MEDIATORS,
        DisputeAction::Silence | DisputeAction::Mediate | DisputeAction::Escalate => ONLY_SYSTEM,
    }
}

const fn payout(action: PayoutAction) -> &'static [Standing] {
    match action {
        PayoutAction::Cancel => &[Worker, Finance, Admin],
        // It follows from gathering a batch, which is what staff do.
        PayoutAction::Process => ONLY_SYSTEM,
        PayoutAction::Hold | PayoutAction::Resume | PayoutAction::Pay | PayoutAction::Fail | PayoutAction::Return => {
            TREASURY
        }
    }
}

const fn refund(action: RefundAction) -> &'static [Standing] {
    match action {
        // The system, where the sandbox's gateway answers.
        RefundAction::Settle | RefundAction::Fail => &[Finance, Admin, System],
    }
}

/// The caller is not who may ask for this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not for the {standing} to do")]
pub struct Forbidden {
    /// What the caller is.
    pub standing: Standing,
    /// Who may.
    pub permitted: &'static [Standing],
}

/// Looks into the table.
///
/// # Errors
/// [`Forbidden`] with those who may.
pub fn check(operation: Operation, standing: Standing) -> Result<(), Forbidden> {
    let permitted = permitted(operation);
    if permitted.contains(&standing) { Ok(()) } else { Err(Forbidden { standing, permitted }) }
}
