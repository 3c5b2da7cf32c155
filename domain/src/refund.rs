//! Refunds: a client's money on its way back to where it came from (domain rules, sections 3 and 4).

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    bank_account::AccountDetails,
    calendar::tokyo_date,
    decision::Decision,
    event::EventKind,
    ids::{MemberId, PaymentId, RefundId},
    ledger::{InvalidEntry, JournalEntry},
    machine::{Refused, State},
    money::{Currency, Money, MoneyError},
    names,
    payment::{Payment, PaymentMethod},
    policy::{Operation, Standing, permitted},
    settlement::{Settlement, WrongValueDate},
    timer::TimerKind,
    withdrawal::WayOut,
};

names! {
    /// Where a refund stands.
    pub enum RefundState {
        /// The money has left the client's funds, and is on its way.
        Requested = "requested",
        /// It arrived.
        Settled = "settled",
        /// It did not: it is with the client's funds again.
        Failed = "failed",
    }
}

names! {
    /// What can happen to a refund.
    pub enum RefundAction {
        /// The gateway or the bank says that it arrived.
        Settle = "settle",
        /// They say that it did not.
        Fail = "fail",
    }
}

impl State for RefundState {
    type Action = RefundAction;
    const MACHINE: &'static str = "refund";
    const INITIAL: Self = Self::Requested;
    const STATES: &'static [Self] = Self::ALL;
    const ACTIONS: &'static [RefundAction] = RefundAction::ALL;

    fn targets(self, action: RefundAction) -> &'static [Self] {
        match (self, action) {
            (Self::Requested, RefundAction::Settle) => &[Self::Settled],
            (Self::Requested, RefundAction::Fail) => &[Self::Failed],
            (Self::Settled | Self::Failed, RefundAction::Settle | RefundAction::Fail) => &[],
        }
    }

    fn actors(action: RefundAction) -> &'static [Standing] {
        permitted(Operation::Refund(action))
    }
}

impl RefundState {
    /// Whether money is on its way.
    pub const fn is_under_way(self) -> bool {
        match self {
            Self::Requested => true,
            Self::Settled | Self::Failed => false,
        }
    }

    /// Whether what the payment brought in is used up by it.
    pub const fn counts(self) -> bool {
        match self {
            Self::Requested | Self::Settled => true,
            Self::Failed => false,
        }
    }
}

/// A client's money on its way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Its id, which is also its ledger account.
    pub id: RefundId,
    /// The payment that the money came by.
    pub payment: PaymentId,
    /// Whose money.
    pub client: MemberId,
    /// The way it came by, and goes back.
    pub method: PaymentMethod,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: RefundState,
    /// The account it goes to, if it goes by bank.
    pub account: Option<AccountDetails>,
    /// The gateway's or the bank's own number, once it arrived.
    pub reference: Option<String>,
    /// When they booked it.
    pub value_on: Option<NaiveDate>,
    /// Why it failed; for the client to read.
    pub reason: Option<String>,
    /// How often it was written.
    pub version: i32,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

/// Why there can be no refund, or it cannot do that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefundError {
    /// Nothing, or less.
    #[error("a refund must be more than nothing")]
    NothingAsked,
    /// Not the currency of the payment.
    #[error("the payment was in {0}")]
    OtherCurrency(Currency),
    /// More than the payment brought in, less what went back of it.
    #[error("{left} of this payment can go back at most")]
    TooLarge {
        /// What is left of it.
        left: Money,
    },
    /// It is held, set aside or spent.
    #[error("only {free} of the client funds is free")]
    NotFree {
        /// What is.
        free: Money,
    },
    /// No bank is used for its currency.
    #[error("transfers go back in {} only", Currency::Jpy)]
    NoBank,
    /// A transfer goes back to an account, and none is known.
    #[error("there is no bank account that it could go to")]
    NoAccount,
    /// It cannot have been booked on that date.
    #[error(transparent)]
    ValueDate(#[from] WrongValueDate),
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

/// Whether there is a way back to where a payment came from, for somebody who has a usable bank account or not.
pub fn goes_back(payment: &Payment, has_account: bool) -> bool {
    match payment.method {
        PaymentMethod::Card => true,
        PaymentMethod::BankTransfer => has_account && payment.amount.currency() == Currency::Jpy,
    }
}

/// What becomes of the funds of a client who leaves, by what is left of each payment that brought them.
///
/// # Errors
/// Amounts of two currencies.
pub fn way_out(funds: Money, payments: &[(Payment, Money)], has_account: bool) -> Result<WayOut, MoneyError> {
    let reach = |has_account| {
        let known = payments.iter().filter(|(payment, _)| goes_back(payment, has_account));
        Money::sum(funds.currency(), known.map(|(_, left)| *left))
    };
    let (now, with_account) = (reach(has_account)?, reach(true)?);
    Ok(if !funds.minus(now)?.is_positive() {
        WayOut::Payable
    } else if with_account.minus(now)?.is_positive() {
        WayOut::NeedsBankAccount
    } else {
        WayOut::Nowhere
    })
}

/// How much can go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What the payment brought in, less what went back of it or is on its way.
    pub left: Money,
    /// What of the client's funds is not set aside.
    pub free: Money,
}

impl Room {
    /// The most that can go back now.
    ///
    /// # Errors
    /// Two currencies.
    pub fn most(&self) -> Result<Money, MoneyError> {
        self.left.min(self.free)
    }

    fn check(&self, amount: Money) -> Result<(), RefundError> {
        if amount.currency() != self.left.currency() {
            return Err(RefundError::OtherCurrency(self.left.currency()));
        }
        if !amount.is_positive() {
            return Err(RefundError::NothingAsked);
        }
        if amount.minus(self.left)?.is_positive() {
            return Err(RefundError::TooLarge { left: self.left });
        }
        if amount.minus(self.free)?.is_positive() {
            return Err(RefundError::NotFree { free: self.free });
        }
        Ok(())
    }
}

type Step = Result<Decision<Refund>, RefundError>;

impl Refund {
    /// Free money of the client's leaves for where it came from: through the gateway, or to this account.
    ///
    /// # Errors
    /// There is not that much, or no way back.
    pub fn request(
        id: RefundId,
        payment: &Payment,
        amount: Money,
        room: Room,
        account: Option<AccountDetails>,
        now: DateTime<Utc>,
    ) -> Step {
        room.check(amount)?;
        let account = match payment.method {
            PaymentMethod::Card => None,
            PaymentMethod::BankTransfer if amount.currency() != Currency::Jpy => return Err(RefundError::NoBank),
            PaymentMethod::BankTransfer => Some(account.ok_or(RefundError::NoAccount)?),
        };
        let refund = Self {
            id,
            payment: payment.id,
            client: payment.client,
            method: payment.method,
            amount,
            state: RefundState::INITIAL,
            account,
            reference: None,
            value_on: None,
            reason: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let entry = JournalEntry::refund_requested(refund.client, id, amount)?;
        Ok(Decision::new(refund, EventKind::RefundRequested).book(entry))
    }

    /// It arrived.
    ///
    /// # Errors
    /// Not in this state, or a date before it was asked for.
    pub fn settle(&self, settlement: Settlement, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(RefundAction::Settle)?;
        settlement.check(tokyo_date(self.created_at), now)?;
        let Settlement { reference, value_on } = settlement;
        let entry = match self.method {
            PaymentMethod::Card => JournalEntry::refund_settled_by_card(self.id, self.amount)?,
            PaymentMethod::BankTransfer => JournalEntry::refund_settled_by_bank(self.id, self.amount)?,
        };
        let (reference, value_on) = (Some(reference), Some(value_on));
        let next = Self { state, reference, value_on, updated_at: now, ..self.clone() };
        Ok(Decision::new(next, EventKind::RefundSettled).book(entry).clear(&[TimerKind::RefundSettlement]))
    }

    /// It did not: it is with the client's funds again.
    ///
    /// # Errors
    /// Not in this state.
    pub fn fail(&self, reason: String, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(RefundAction::Fail)?;
        let next = Self { state, reason: Some(reason), updated_at: now, ..self.clone() };
        let entry = JournalEntry::refund_failed(self.client, self.id, self.amount)?;
        Ok(Decision::new(next, EventKind::RefundFailed).book(entry).clear(&[TimerKind::RefundSettlement]))
    }
}

/// What of a payment can still go back: what it brought in by its own way, less what went back of it or is on its way.
/// What came by bank for a card payment cannot go back to the card.
///
/// # Errors
/// Amounts of another currency, or out of range.
pub fn left(payment: &Payment, transferred: Money, went_back: Money) -> Result<Money, MoneyError> {
    let brought = match payment.method {
        PaymentMethod::BankTransfer => transferred,
        PaymentMethod::Card => payment.received.minus(transferred)?,
    };
    let left = brought.minus(went_back)?;
    Ok(if left.is_positive() { left } else { Money::zero(left.currency()) })
}
