//! Milestones: a part of a contract with an amount and a due date; the unit of funding, delivery and
//! acceptance (domain rules, section 4).

mod decide;
mod money;

use chrono::{DateTime, NaiveDate, Utc};

pub use self::money::{FeeTerms, Movement, Proceeds};
use crate::{
    contract::Contract,
    escrow::Escrow,
    ids::{ContractId, DeliveryId, EscrowId, MemberId, MilestoneId},
    ledger::InvalidEntry,
    machine::{Refused, State},
    money::{Money, MoneyError},
    names,
    policy::{Operation, Standing, permitted},
    terms::MilestoneTerms,
    timer::NotDue,
};

names! {
    /// Where a milestone stands.
    pub enum MilestoneState {
        /// Agreed, without money.
        Planned = "planned",
        /// The client's money is waited for.
        Funding = "funding",
        /// The money is held, the work is on.
        Funded = "funded",
        /// Handed over, and waits for the client.
        Delivered = "delivered",
        /// The client asked for changes.
        ChangesRequested = "changes_requested",
        /// The two disagree.
        Disputed = "disputed",
        /// The worker was paid, in whole or in part.
        Accepted = "accepted",
        /// The worker was not paid.
        Canceled = "canceled",
    }
}

names! {
    /// What can happen to a milestone.
    pub enum MilestoneAction {
        /// Sets money aside, and asks for the rest.
        StartFunding = "start_funding",
        /// All the money is there.
        Fund = "fund",
        /// It did not come in time.
        ExpireFunding = "expire_funding",
        /// Hands over.
        Deliver = "deliver",
        /// Asks for changes.
        RequestChanges = "request_changes",
        /// Accepts a delivery.
        Accept = "accept",
        /// The acceptance window passed.
        AutoAccept = "auto_accept",
        /// Disagrees.
        Dispute = "dispute",
        /// The parties agreed on shares.
        Settle = "settle",
        /// Staff decided on shares.
        Rule = "rule",
        /// Ends by consent, or with its contract.
        Cancel = "cancel",
    }
}

impl State for MilestoneState {
    type Action = MilestoneAction;
    const MACHINE: &'static str = "milestone";
    const INITIAL: Self = Self::Planned;
    const STATES: &'static [Self] = Self::ALL;
    const ACTIONS: &'static [MilestoneAction] = MilestoneAction::ALL;

    fn targets(self, action: MilestoneAction) -> &'static [Self] {
        use MilestoneAction::{
            Accept, AutoAccept, Cancel, Deliver, Dispute, ExpireFunding, Fund, RequestChanges, Rule, Settle,
            StartFunding,
        };
        /// By the worker's share: something, or nothing.
        const BY_SHARE: &[MilestoneState] = &[MilestoneState::Accepted, MilestoneState::Canceled];
        match (self, action) {
            (Self::Planned, StartFunding) => &[Self::Funding],
            (Self::Funding, Fund) => &[Self::Funded],
            (Self::Funding, ExpireFunding) => &[Self::Planned],
            (Self::Planned | Self::Funding, Cancel) => &[Self::Canceled],
            (Self::Funded | Self::ChangesRequested, Deliver) => &[Self::Delivered],
            (Self::Delivered, RequestChanges) => &[Self::ChangesRequested],
            (Self::Delivered, Accept | AutoAccept) => &[Self::Accepted],
            (Self::Funded | Self::Delivered | Self::ChangesRequested, Dispute) => &[Self::Disputed],
            (Self::Funded | Self::Delivered | Self::ChangesRequested, Cancel) => BY_SHARE,
            (Self::Disputed, Settle | Rule) => BY_SHARE,
            (
                Self::Planned,
                Fund | ExpireFunding | Deliver | RequestChanges | Accept | AutoAccept | Dispute | Settle | Rule,
            )
            | (
                Self::Funding,
                StartFunding | Deliver | RequestChanges | Accept | AutoAccept | Dispute | Settle | Rule,
            )
            | (
                Self::Funded | Self::ChangesRequested,
                StartFunding | Fund | ExpireFunding | RequestChanges | Accept | AutoAccept | Settle | Rule,
            )
            | (Self::Delivered, StartFunding | Fund | ExpireFunding | Deliver | Settle | Rule)
            | (
                Self::Disputed,
                StartFunding | Fund | ExpireFunding | Deliver | RequestChanges | Accept | AutoAccept | Dispute | Cancel,
            )
            | (
                Self::Accepted | Self::Canceled,
                StartFunding | Fund | ExpireFunding | Deliver | RequestChanges | Accept | AutoAccept | Dispute | Settle
                | Rule | Cancel,
            ) => &[],
        }
    }

    fn actors(action: MilestoneAction) -> &'static [Standing] {
        permitted(Operation::Milestone(action))
    }
}

impl MilestoneState {
    /// Whether the client's money is held for it.
    pub const fn is_held(self) -> bool {
        match self {
            Self::Funded | Self::Delivered | Self::ChangesRequested | Self::Disputed => true,
            Self::Planned | Self::Funding | Self::Accepted | Self::Canceled => false,
        }
    }
}

/// A part of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Milestone {
    /// Its id.
    pub id: MilestoneId,
    /// The contract it is part of.
    pub contract: ContractId,
    /// Who pays.
    pub client: MemberId,
    /// Who works.
    pub worker: MemberId,
    /// What holds its money.
    pub escrow: EscrowId,
    /// Its place in the contract, from one.
    pub position: i32,
    /// What it is.
    pub title: String,
    /// What the client pays for it.
    pub amount: Money,
    /// When it is to be delivered: a date in Asia/Tokyo.
    pub due_on: NaiveDate,
    /// Where it stands.
    pub state: MilestoneState,
    /// How much of the client's funds is set aside for it, while it is being funded.
    pub reserved: Money,
    /// What must come besides its amount: the contract's termination fee, while the first milestone is
    /// being funded.
    pub termination_fee_due: Money,
    /// How many rounds of changes were asked for.
    pub revision_rounds: i32,
    /// How many may be.
    pub revision_limit: i32,
    /// How many days the client has before silence accepts.
    pub acceptance_days: i32,
    /// The latest delivery.
    pub delivery: Option<DeliveryId>,
    /// What of the amount the worker got, before fees, once it is over.
    pub worker_share: Option<Money>,
    /// When silence accepts, while delivered.
    pub auto_accept_at: Option<DateTime<Utc>>,
    /// Until when its money is waited for, while funding.
    pub funding_expires_at: Option<DateTime<Utc>>,
    /// When its money came.
    pub funded_at: Option<DateTime<Utc>>,
    /// When it was last delivered.
    pub delivered_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
    /// How often it was written.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

/// Why a milestone cannot do that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MilestoneError {
    /// Not in this state.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Not at this time.
    #[error(transparent)]
    NotDue(#[from] NotDue),
    /// The money is not all there.
    #[error("{shortfall} is missing")]
    Underfunded {
        /// How much is missing.
        shortfall: Money,
    },
    /// Another delivery than the latest was named.
    #[error("another delivery has come since")]
    StaleDelivery {
        /// The one that counts.
        current: Option<DeliveryId>,
    },
    /// No more rounds of changes.
    #[error("all {limit} rounds of changes were used")]
    RevisionsExhausted {
        /// How many were agreed.
        limit: i32,
    },
    /// The new due date has passed.
    #[error("the due date has passed")]
    DueInThePast,
    /// A share of less than nothing, or more than is there.
    #[error("the worker's share must be between nothing and {held}")]
    ShareOutOfRange {
        /// What is there.
        held: Money,
    },
    /// An escrow that is not this milestone's was passed in.
    #[error("the escrow belongs to something else")]
    ForeignEscrow,
    /// Arithmetic that has no answer.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// An entry that cannot be built.
    #[error(transparent)]
    Entry(#[from] InvalidEntry),
}

/// A milestone and the escrow that belongs to it, both new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The milestone.
    pub milestone: Milestone,
    /// What will hold its money.
    pub escrow: Escrow,
}

impl Milestone {
    /// The milestone of a contract that was just signed, with its escrow.
    pub fn plan(
        (id, escrow): (MilestoneId, EscrowId),
        contract: &Contract,
        position: i32,
        terms: &MilestoneTerms,
        now: DateTime<Utc>,
    ) -> Planned {
        let (client, worker, amount) = (contract.client, contract.worker, terms.amount);
        let milestone = Self {
            id,
            contract: contract.id,
            client,
            worker,
            escrow,
            position,
            title: terms.title.clone(),
            amount,
            due_on: terms.due_on,
            state: MilestoneState::INITIAL,
            reserved: Money::zero(amount.currency()),
            termination_fee_due: Money::zero(amount.currency()),
            revision_rounds: 0,
            revision_limit: i32::from(contract.terms.revision_limit),
            acceptance_days: i32::from(contract.terms.acceptance_days),
            delivery: None,
            worker_share: None,
            auto_accept_at: None,
            funding_expires_at: None,
            funded_at: None,
            delivered_at: None,
            finished_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Planned { milestone, escrow: Escrow::new(escrow, client, worker, amount, now) }
    }

    /// What is held for it now.
    pub const fn held(&self) -> Money {
        if self.state.is_held() { self.amount } else { Money::zero(self.amount.currency()) }
    }

    /// What its funding takes in all.
    ///
    /// # Errors
    /// Never with rows that make sense: both amounts are of one currency.
    pub fn funding_total(&self) -> Result<Money, MoneyError> {
        self.amount.plus(self.termination_fee_due)
    }

    /// What is still missing to fund it.
    ///
    /// # Errors
    /// As [`Milestone::funding_total`].
    pub fn shortfall(&self) -> Result<Money, MoneyError> {
        self.funding_total()?.minus(self.reserved)
    }

    /// Whether its money can be asked for in another way; not once some of the payment that is pending has come.
    pub fn takes_another_payment(&self, has_payment_begun: bool) -> bool {
        self.state == MilestoneState::Funding && !has_payment_begun
    }

    /// What this caller may do now. Its funding does not start while another milestone waits for the termination fee
    /// of its contract ([`Contract::termination_fee_due`]).
    pub fn allowed_actions(&self, standing: Standing, is_fee_awaited: bool) -> Vec<MilestoneAction> {
        let mut allowed = self.state.allowed(standing);
        allowed.retain(|action| match action {
            MilestoneAction::StartFunding => !is_fee_awaited,
            MilestoneAction::RequestChanges => self.revision_rounds < self.revision_limit,
            MilestoneAction::Fund
            | MilestoneAction::ExpireFunding
            | MilestoneAction::Deliver
            | MilestoneAction::Accept
            | MilestoneAction::AutoAccept
            | MilestoneAction::Dispute
            | MilestoneAction::Settle
            | MilestoneAction::Rule
            | MilestoneAction::Cancel => true,
        });
        allowed
    }
}
