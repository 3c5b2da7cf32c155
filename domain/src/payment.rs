//! Payments: money that a client is asked for, to fund a milestone (domain rules, section 4).

use chrono::{DateTime, Utc};

use crate::{
    decision::Decision,
    event::EventKind,
    ids::{ContractId, MemberId, MilestoneId, PaymentId},
    ledger::{InvalidEntry, JournalEntry},
    machine::{Refused, State},
    milestone::Milestone,
    money::{Money, MoneyError},
    names,
    policy::{Operation, Standing, permitted},
};

names! {
    /// Where a payment stands.
    pub enum PaymentState {
        /// Waits for the money, or for the rest of it.
        Pending = "pending",
        /// All of it is there.
        Succeeded = "succeeded",
        /// The gateway said no.
        Failed = "failed",
        /// It is not waited for any more; it still counts if it comes.
        Expired = "expired",
    }
}

names! {
    /// What can happen to a payment.
    pub enum PaymentAction {
        /// All of it came, in time or late.
        Succeed = "succeed",
        /// The gateway said no.
        Fail = "fail",
        /// It is not waited for any more.
        Expire = "expire",
    }
}

impl State for PaymentState {
    type Action = PaymentAction;
    const MACHINE: &'static str = "payment";
    const INITIAL: Self = Self::Pending;
    const STATES: &'static [Self] = Self::ALL;
    const ACTIONS: &'static [PaymentAction] = PaymentAction::ALL;

    fn targets(self, action: PaymentAction) -> &'static [Self] {
        use PaymentAction::{Expire, Fail, Succeed};
        match (self, action) {
            (Self::Pending | Self::Expired, Succeed) => &[Self::Succeeded],
            (Self::Pending, Fail) => &[Self::Failed],
            (Self::Pending, Expire) => &[Self::Expired],
            (Self::Expired, Fail | Expire) | (Self::Succeeded | Self::Failed, Succeed | Fail | Expire) => &[],
        }
    }

    fn actors(action: PaymentAction) -> &'static [Standing] {
        permitted(Operation::Payment(action))
    }
}

names! {
    /// By what way the money comes.
    pub enum PaymentMethod {
        /// A card, through the gateway.
        Card = "card",
        /// A transfer to the account for clients' money.
        BankTransfer = "bank_transfer",
    }
}

/// Money that a client is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// The contract it is for.
    pub contract: ContractId,
    /// The milestone it is to fund.
    pub milestone: MilestoneId,
    /// Who pays.
    pub client: MemberId,
    /// By what way.
    pub method: PaymentMethod,
    /// What is asked for.
    pub amount: Money,
    /// What came so far; more than was asked for, if the client sent too much.
    pub received: Money,
    /// Where it stands.
    pub state: PaymentState,
    /// What the client writes on a bank transfer, by which it is found.
    pub transfer_reference: Option<String>,
    /// What the gateway said when it failed.
    pub failure_code: Option<String>,
    /// Until when it is waited for.
    pub expires_at: Option<DateTime<Utc>>,
    /// How often it was written.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

/// Why a payment cannot be, or cannot do that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// Nothing is missing.
    #[error("there is nothing to pay")]
    NothingMissing,
    /// A receipt of nothing or less.
    #[error("what is received must be more than nothing")]
    NothingReceived,
    /// No card can be charged for it.
    #[error("only a pending card payment that is not being charged can be charged")]
    NotChargeable,
    /// Nothing is waited for, or some of it has come.
    #[error("another payment can be asked for only while the milestone waits for money, and none of it has come")]
    NotReplaceable,
    /// Not in this state.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Arithmetic that has no answer.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// An entry that cannot be built.
    #[error(transparent)]
    Entry(#[from] InvalidEntry),
}

/// By what way a client pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Means {
    /// The way.
    pub method: PaymentMethod,
    /// What to write on a bank transfer.
    pub transfer_reference: Option<String>,
}

impl Payment {
    /// Asks for what a milestone is short of, for as long as it waits.
    ///
    /// # Errors
    /// Nothing is missing.
    pub fn request(
        id: PaymentId,
        milestone: &Milestone,
        means: Means,
        now: DateTime<Utc>,
    ) -> Result<Decision<Self>, PaymentError> {
        let amount = milestone.shortfall()?;
        if !amount.is_positive() {
            return Err(PaymentError::NothingMissing);
        }
        let payment = Self {
            id,
            contract: milestone.contract,
            milestone: milestone.id,
            client: milestone.client,
            method: means.method,
            amount,
            received: Money::zero(amount.currency()),
            state: PaymentState::INITIAL,
            transfer_reference: means.transfer_reference,
            failure_code: None,
            expires_at: milestone.funding_expires_at,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Ok(Decision::new(payment, EventKind::PaymentRequested))
    }

    /// Whether a milestone's money can be asked for in another way, in place of the payment that is pending, if one is.
    ///
    /// # Errors
    /// Nothing is being funded, or some of the pending payment has come.
    pub fn check_replaceable(milestone: &Milestone, pending: Option<&Self>) -> Result<(), PaymentError> {
        let has_begun = pending.is_some_and(|payment| payment.received.is_positive());
        if milestone.takes_another_payment(has_begun) { Ok(()) } else { Err(PaymentError::NotReplaceable) }
    }

    /// Whether a card can be charged for it. One that is being charged is not charged again.
    ///
    /// # Errors
    /// It is no card payment, not pending, or being charged.
    pub fn check_chargeable(&self, is_being_charged: bool) -> Result<(), PaymentError> {
        let waits = self.method == PaymentMethod::Card && self.state == PaymentState::Pending;
        if waits && !is_being_charged { Ok(()) } else { Err(PaymentError::NotChargeable) }
    }

    /// What has not come yet; nothing if too much came.
    ///
    /// # Errors
    /// Never with rows that make sense: both amounts are of one currency.
    pub fn shortfall(&self) -> Result<Money, MoneyError> {
        let missing = self.amount.minus(self.received)?;
        Ok(if missing.is_positive() { missing } else { Money::zero(missing.currency()) })
    }

    /// Money came, perhaps late, perhaps not all of it: it is the client's at once, and the payment
    /// succeeds with the last of it. A receipt for a payment that is over is booked without it.
    ///
    /// # Errors
    /// The payment is over, nothing came, or it came in another currency.
    pub fn receive(&self, amount: Money, now: DateTime<Utc>) -> Result<Decision<Self>, PaymentError> {
        let entry = self.receipt_entry(amount)?;
        self.record(amount, now).map(|decision| decision.book(entry))
    }

    /// The same for a bank transfer that was booked as unmatched before: it leaves suspense.
    ///
    /// # Errors
    /// As [`Payment::receive`].
    pub fn receive_from_suspense(&self, amount: Money, now: DateTime<Utc>) -> Result<Decision<Self>, PaymentError> {
        let entry = JournalEntry::suspense_matched(self.client, amount)?;
        self.record(amount, now).map(|decision| decision.book(entry))
    }

    /// The gateway said no.
    ///
    /// # Errors
    /// Not in this state.
    pub fn fail(&self, failure_code: String, now: DateTime<Utc>) -> Result<Decision<Self>, PaymentError> {
        let state = self.state.advance(PaymentAction::Fail)?;
        let next = Self { state, failure_code: Some(failure_code), updated_at: now, ..self.clone() };
        Ok(Decision::new(next, EventKind::PaymentFailed))
    }

    /// It is no longer waited for: the milestone's funding window is over, it was funded otherwise, or it
    /// was canceled. The milestone's decisions say when, so there is no date to check here.
    ///
    /// # Errors
    /// Not in this state.
    pub fn expire(&self, now: DateTime<Utc>) -> Result<Decision<Self>, PaymentError> {
        let state = self.state.advance(PaymentAction::Expire)?;
        Ok(Decision::new(Self { state, updated_at: now, ..self.clone() }, EventKind::PaymentExpired))
    }

    fn record(&self, amount: Money, now: DateTime<Utc>) -> Result<Decision<Self>, PaymentError> {
        let succeeded = self.state.advance(PaymentAction::Succeed)?;
        if !amount.is_positive() {
            return Err(PaymentError::NothingReceived);
        }
        let received = self.received.plus(amount)?;
        let next = Self { received, updated_at: now, ..self.clone() };
        if next.shortfall()?.is_positive() {
            return Ok(Decision::new(next, EventKind::PaymentReceived));
        }
        let next = Self { state: succeeded, ..next };
        Ok(Decision::new(next, EventKind::PaymentReceived).tell(EventKind::PaymentSucceeded))
    }

    fn receipt_entry(&self, amount: Money) -> Result<JournalEntry, InvalidEntry> {
        match self.method {
            PaymentMethod::Card => JournalEntry::card_settled(self.client, amount),
            PaymentMethod::BankTransfer => JournalEntry::bank_received(self.client, amount),
        }
    }
}
