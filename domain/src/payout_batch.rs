//! Batches: payouts that go to the bank together (domain rules, section 5).

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    decision::Decision,
    event::EventKind,
    ids::{MemberId, PayoutBatchId},
    machine::{Refused, State},
    money::Money,
    names,
    policy::{Operation, Standing, permitted},
};

names! {
    /// Where a batch stands.
    pub enum PayoutBatchState {
        /// Its payouts are gathered.
        Prepared = "prepared",
        /// The bank has it.
        Sent = "sent",
        /// The bank has answered for each payout.
        Settled = "settled",
    }
}

names! {
    /// What can happen to a batch.
    pub enum PayoutBatchAction {
        /// It goes to the bank.
        Send = "send",
        /// The bank has paid what it has not refused.
        Settle = "settle",
    }
}

impl State for PayoutBatchState {
    type Action = PayoutBatchAction;
    const MACHINE: &'static str = "payout_batch";
    const INITIAL: Self = Self::Prepared;
    const STATES: &'static [Self] = Self::ALL;
    const ACTIONS: &'static [PayoutBatchAction] = PayoutBatchAction::ALL;

    fn targets(self, action: PayoutBatchAction) -> &'static [Self] {
        match (self, action) {
            (Self::Prepared, PayoutBatchAction::Send) => &[Self::Sent],
            (Self::Sent, PayoutBatchAction::Settle) => &[Self::Settled],
            (Self::Prepared, PayoutBatchAction::Settle)
            | (Self::Sent, PayoutBatchAction::Send)
            | (Self::Settled, PayoutBatchAction::Send | PayoutBatchAction::Settle) => &[],
        }
    }

    fn actors(action: PayoutBatchAction) -> &'static [Standing] {
        permitted(Operation::PayoutBatch(action))
    }
}

/// Payouts that go to the bank together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutBatch {
    /// Its id.
    pub id: PayoutBatchId,
    /// The day the bank is to pay on.
    pub pay_on: NaiveDate,
    /// Where it stands.
    pub state: PayoutBatchState,
    /// How many payouts it has.
    pub payouts: i64,
    /// What the bank is to transfer in all.
    pub total: Money,
    /// Who gathered it.
    pub preparer_id: MemberId,
    /// When it went to the bank.
    pub sent_at: Option<DateTime<Utc>>,
    /// When the bank had answered for each.
    pub settled_at: Option<DateTime<Utc>>,
    /// How often it was written.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl PayoutBatch {
    /// A batch of so many payouts.
    pub fn prepare(
        id: PayoutBatchId,
        pay_on: NaiveDate,
        (payouts, total): (i64, Money),
        preparer_id: MemberId,
        now: DateTime<Utc>,
    ) -> Decision<Self> {
        let batch = Self {
            id,
            pay_on,
            state: PayoutBatchState::INITIAL,
            payouts,
            total,
            preparer_id,
            sent_at: None,
            settled_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Decision::new(batch, EventKind::PayoutBatchPrepared)
    }

    /// It goes to the bank.
    ///
    /// # Errors
    /// Not in this state.
    pub fn send(&self, now: DateTime<Utc>) -> Result<Decision<Self>, Refused> {
        let state = self.state.advance(PayoutBatchAction::Send)?;
        let next = Self { state, sent_at: Some(now), updated_at: now, ..self.clone() };
        Ok(Decision::new(next, EventKind::PayoutBatchSent))
    }

    /// The bank has answered for each of its payouts.
    ///
    /// # Errors
    /// Not in this state.
    pub fn settle(&self, now: DateTime<Utc>) -> Result<Decision<Self>, Refused> {
        let state = self.state.advance(PayoutBatchAction::Settle)?;
        let next = Self { state, settled_at: Some(now), updated_at: now, ..self.clone() };
        Ok(Decision::new(next, EventKind::PayoutBatchSettled))
    }
}
