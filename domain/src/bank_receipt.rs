//! Bank transfers, as staff see them arrive on the bank's statement (domain rules, section 5).

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    calendar::tokyo_date,
    ids::{BankReceiptId, MemberId, PaymentId},
    money::Money,
};

/// A line of the bank's statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// The bank's own number of the transfer, which can be recorded once only.
    pub bank_reference: String,
    /// What the sender wrote, if anything.
    pub transfer_reference: Option<String>,
    /// Who sent it, as the bank spells it.
    pub sender: String,
    /// How much.
    pub amount: Money,
    /// The value date, in Asia/Tokyo.
    pub received_on: NaiveDate,
}

/// A transfer on the account for clients' money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankReceipt {
    /// Its id.
    pub id: BankReceiptId,
    /// What the bank says.
    pub line: StatementLine,
    /// The payment it was for, once that is known.
    pub payment: Option<PaymentId>,
    /// Who recorded it.
    pub recorded_by: MemberId,
    /// How often it was written.
    pub version: i32,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

/// Why a receipt cannot be entered so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BankReceiptError {
    /// Nothing is booked in advance.
    #[error("the date is yet to come")]
    Ahead,
    /// Its payment is known already.
    #[error("the receipt is matched already")]
    Matched,
}

impl BankReceipt {
    /// Records what the bank shows.
    ///
    /// # Errors
    /// [`BankReceiptError::Ahead`].
    pub fn record(
        id: BankReceiptId,
        line: StatementLine,
        recorded_by: MemberId,
        now: DateTime<Utc>,
    ) -> Result<Self, BankReceiptError> {
        if line.received_on > tokyo_date(now) {
            return Err(BankReceiptError::Ahead);
        }
        Ok(Self { id, line, payment: None, recorded_by, version: 1, created_at: now, updated_at: now })
    }

    /// Says which payment it was for. That is said once.
    ///
    /// # Errors
    /// [`BankReceiptError::Matched`].
    pub fn matched(&self, payment: PaymentId, now: DateTime<Utc>) -> Result<Self, BankReceiptError> {
        match self.payment {
            None => Ok(Self { payment: Some(payment), updated_at: now, ..self.clone() }),
            Some(_) => Err(BankReceiptError::Matched),
        }
    }
}
