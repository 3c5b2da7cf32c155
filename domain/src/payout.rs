//! Payouts: earnings on their way to the worker's bank (domain rules, sections 4 and 5).

mod amount;
mod decide;

use chrono::{DateTime, NaiveDate, Utc};

pub use self::{
    amount::{Quick, due},
    decide::Asked,
};
use crate::{
    bank_account::AccountDetails,
    ids::{MemberId, PayoutBatchId, PayoutId},
    ledger::InvalidEntry,
    machine::{Refused, State},
    money::{Money, MoneyError},
    names,
    policy::{Operation, Standing, permitted},
    settlement::WrongValueDate,
};

names! {
    /// Where a payout stands.
    pub enum PayoutState {
        /// It waits for the next batch.
        Requested = "requested",
        /// Staff look at it first.
        Held = "held",
        /// It is in a batch for the bank.
        Processing = "processing",
        /// The bank paid it.
        Paid = "paid",
        /// The bank did not.
        Failed = "failed",
        /// It came back after it was paid.
        Returned = "returned",
        /// It was taken back before the bank had it.
        Canceled = "canceled",
    }
}

names! {
    /// What can happen to a payout.
    pub enum PayoutAction {
        /// Staff want to look at it first.
        Hold = "hold",
        /// They have.
        Resume = "resume",
        /// It is taken back.
        Cancel = "cancel",
        /// It goes into a batch.
        Process = "process",
        /// The bank says that it is paid.
        Pay = "pay",
        /// The bank says that it is not.
        Fail = "fail",
        /// The bank sends it back.
        Return = "return",
    }
}

impl State for PayoutState {
    type Action = PayoutAction;
    const MACHINE: &'static str = "payout";
    const INITIAL: Self = Self::Requested;
    const STATES: &'static [Self] = Self::ALL;
    const ACTIONS: &'static [PayoutAction] = PayoutAction::ALL;

    fn targets(self, action: PayoutAction) -> &'static [Self] {
        use PayoutAction::{Cancel, Fail, Hold, Pay, Process, Resume, Return};
        match (self, action) {
            (Self::Requested, Hold) => &[Self::Held],
            (Self::Held, Resume) => &[Self::Requested],
            (Self::Requested, Cancel) => &[Self::Canceled],
            (Self::Requested, Process) => &[Self::Processing],
            (Self::Processing, Pay) => &[Self::Paid],
            (Self::Processing, Fail) => &[Self::Failed],
            (Self::Paid, Return) => &[Self::Returned],
            (Self::Requested, Resume | Pay | Fail | Return)
            | (Self::Held, Hold | Cancel | Process | Pay | Fail | Return)
            | (Self::Processing, Hold | Resume | Cancel | Process | Return)
            | (Self::Paid, Hold | Resume | Cancel | Process | Pay | Fail)
            | (
                Self::Failed | Self::Returned | Self::Canceled,
                Hold | Resume | Cancel | Process | Pay | Fail | Return,
            ) => &[],
        }
    }

    fn actors(action: PayoutAction) -> &'static [Standing] {
        permitted(Operation::Payout(action))
    }
}

impl PayoutState {
    /// Whether money is on its way.
    pub const fn is_under_way(self) -> bool {
        match self {
            Self::Requested | Self::Held | Self::Processing => true,
            Self::Paid | Self::Failed | Self::Returned | Self::Canceled => false,
        }
    }
}

names! {
    /// Why there is a payout.
    pub enum PayoutKind {
        /// A month was closed.
        Monthly = "monthly",
        /// The worker wanted it at once, for a fee.
        Quick = "quick",
        /// The worker asked for it on the next payday.
        Scheduled = "scheduled",
        /// The worker leaves; free of charge.
        Final = "final",
    }
}

/// Earnings on their way to a worker's bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// Its id, which is also its ledger account.
    pub id: PayoutId,
    /// Whose earnings.
    pub worker: MemberId,
    /// Why.
    pub kind: PayoutKind,
    /// What leaves for the bank, before the bank's fee.
    pub amount: Money,
    /// What the worker pays for having it at once, besides.
    pub fee: Money,
    /// The consumption tax in that fee.
    pub fee_tax: Money,
    /// What of the amount the transfer costs.
    pub bank_fee: Money,
    /// Where it stands.
    pub state: PayoutState,
    /// The month it is of, by its last day.
    pub closed_on: Option<NaiveDate>,
    /// The day it is paid on.
    pub pay_on: NaiveDate,
    /// The batch it went to the bank with.
    pub batch: Option<PayoutBatchId>,
    /// Where it goes, from when it is in a batch.
    pub account: Option<AccountDetails>,
    /// When its batch went to the bank.
    pub sent_at: Option<DateTime<Utc>>,
    /// Why it is held, was taken back, failed or came back; for the worker to read.
    pub reason: Option<String>,
    /// The bank's own number of the transfer to the worker.
    pub bank_reference: Option<String>,
    /// When the bank booked it.
    pub value_on: Option<NaiveDate>,
    /// The bank's own number of the transfer that brought it back.
    pub return_reference: Option<String>,
    /// When the bank booked that one.
    pub returned_on: Option<NaiveDate>,
    /// How often it was written.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

/// Why a payout cannot be, or cannot do that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayoutError {
    /// Transfers go to Japanese banks, in yen.
    #[error("payouts are in yen")]
    NotYen,
    /// A transfer of so little is not worth its cost.
    #[error("the least that is paid out is {minimum}")]
    TooSmall {
        /// The least.
        minimum: Money,
    },
    /// The amount and its fee are more than was earned.
    #[error("{total} would leave, but {available} is there")]
    NotEnough {
        /// What would leave, with the fee.
        total: Money,
        /// What is there.
        available: Money,
    },
    /// The worker does not take back what they did not ask for.
    #[error("the worker did not ask for it")]
    NotAsked,
    /// The bank cannot have paid what it was not sent.
    #[error("its batch was not sent to the bank")]
    NotSent,
    /// The bank cannot have booked it on that date.
    #[error(transparent)]
    ValueDate(#[from] WrongValueDate),
    /// Not in this state.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Amounts that cannot be added.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// An entry that cannot be built.
    #[error(transparent)]
    Entry(#[from] InvalidEntry),
}
