//! The steps of a payout: what leaves earnings, and what comes back.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Payout, PayoutAction, PayoutError, PayoutKind, PayoutState, Quick,
    amount::{check_minimum, check_yen},
};
use crate::{
    actor::Actor,
    bank_account::{AccountDetails, BankCode},
    calendar::tokyo_date,
    decision::Decision,
    event::EventKind,
    ids::{MemberId, PayoutBatchId, PayoutId},
    ledger::{JournalEntry, QuickFee},
    machine::State,
    money::{Currency, Money, MoneyError},
    policy::Standing,
    rules::PayoutRules,
    settlement::Settlement,
};

/// What every payout begins with.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The id of the payout.
    pub id: PayoutId,
    /// Whose earnings.
    pub worker: MemberId,
    /// The month it is of, by its last day, if it is of one.
    pub closed_on: Option<NaiveDate>,
    /// The day it is to be paid on.
    pub pay_on: NaiveDate,
    /// The bank it would go to now; the transfer's cost depends on it.
    pub bank: BankCode,
}

type Step = Result<Decision<Payout>, PayoutError>;

impl Payout {
    /// A month was closed: what is due of it leaves.
    ///
    /// # Errors
    /// Nothing is due, or it is not in yen.
    pub fn monthly(asked: Asked, due: Money, now: DateTime<Utc>, rules: &PayoutRules) -> Step {
        Self::new(PayoutKind::Monthly, asked, due, now, rules)?.leave()
    }

    /// The worker asks for all there is to be paid on the next payday.
    ///
    /// # Errors
    /// It is less than the minimum, or not in yen.
    pub fn scheduled(asked: Asked, available: Money, now: DateTime<Utc>, rules: &PayoutRules) -> Step {
        check_minimum(available, rules)?;
        Self::new(PayoutKind::Scheduled, asked, available, now, rules)?.leave()
    }

    /// The worker leaves for good: all there is goes, however little, free of charge.
    ///
    /// # Errors
    /// There is nothing, or it is not in yen.
    pub fn last(asked: Asked, available: Money, now: DateTime<Utc>, rules: &PayoutRules) -> Step {
        Self::new(PayoutKind::Final, asked, available, now, rules)?.leave()
    }

    /// The worker wants an amount at once, and pays a fee for that.
    ///
    /// # Errors
    /// It is less than the minimum, with its fee more than is there, or not in yen.
    pub fn quick(asked: Asked, amount: Money, available: Money, now: DateTime<Utc>, rules: &PayoutRules) -> Step {
        let quick = Quick::of(amount, rules)?;
        let total = quick.total()?;
        if total.minus(available)?.is_positive() {
            return Err(PayoutError::NotEnough { total, available });
        }
        let payout = Self::new(PayoutKind::Quick, asked, amount, now, rules)?;
        let payout = Self { fee: quick.fee, fee_tax: quick.fee_tax, ..payout };
        let fee = QuickFee { revenue: quick.fee.minus(quick.fee_tax)?, tax: quick.fee_tax };
        let entry = JournalEntry::quick_payout_requested(payout.worker, payout.id, amount, fee)?;
        Ok(Decision::new(payout, EventKind::PayoutQuickRequested).book(entry))
    }

    fn new(
        kind: PayoutKind,
        asked: Asked,
        amount: Money,
        now: DateTime<Utc>,
        rules: &PayoutRules,
    ) -> Result<Self, PayoutError> {
        check_yen(amount)?;
        let nothing = Money::zero(Currency::Jpy);
        let Asked { id, worker, closed_on, pay_on, bank } = asked;
        let payout = Self {
            id,
            worker,
            kind,
            amount,
            fee: nothing,
            fee_tax: nothing,
            bank_fee: nothing,
            state: PayoutState::INITIAL,
            closed_on,
            pay_on,
            batch: None,
            account: None,
            sent_at: None,
            reason: None,
            bank_reference: None,
            value_on: None,
            return_reference: None,
            returned_on: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Ok(Self { bank_fee: payout.transfer_cost(bank, rules)?, ..payout })
    }

    fn leave(self) -> Step {
        let entry = JournalEntry::payout_requested(self.worker, self.id, self.amount)?;
        Ok(Decision::new(self, EventKind::PayoutRequested).book(entry))
    }

    /// What the worker bears of the transfer. A quick payout has paid for it already; the last one is free, and so is
    /// what is too little to be paid out but for the law.
    fn transfer_cost(&self, bank: BankCode, rules: &PayoutRules) -> Result<Money, MoneyError> {
        let cost = match self.kind {
            PayoutKind::Quick | PayoutKind::Final => 0,
            PayoutKind::Monthly | PayoutKind::Scheduled if self.amount.amount() < rules.minimum => 0,
            PayoutKind::Monthly | PayoutKind::Scheduled => rules.bank_fee(bank, self.amount.amount()),
        };
        Money::new(cost, Currency::Jpy)
    }

    /// What this caller may do now. Whoever did not ask for a payout does not take it back; and what the bank was not
    /// sent is not paid.
    pub fn allowed_actions(&self, actor: Actor) -> Vec<PayoutAction> {
        let standing = actor.standing_to_worker(self.worker);
        let mut allowed = self.state.allowed(standing);
        allowed.retain(|action| match action {
            PayoutAction::Cancel => self.may_cancel(standing),
            PayoutAction::Pay | PayoutAction::Fail => self.sent_at.is_some(),
            PayoutAction::Hold | PayoutAction::Resume | PayoutAction::Process | PayoutAction::Return => true,
        });
        allowed
    }

    fn may_cancel(&self, standing: Standing) -> bool {
        match self.kind {
            PayoutKind::Quick | PayoutKind::Scheduled => true,
            PayoutKind::Monthly => standing != Standing::Worker,
            // Whoever has left could not ask for it again.
            PayoutKind::Final => false,
        }
    }

    /// Staff want to look at it first, and say why.
    ///
    /// # Errors
    /// Not in this state.
    pub fn hold(&self, reason: String, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(PayoutAction::Hold)?;
        let next = Self { state, reason: Some(reason), updated_at: now, ..self.clone() };
        Ok(Decision::new(next, EventKind::PayoutHeld))
    }

    /// They have: it waits for the next batch.
    ///
    /// # Errors
    /// Not in this state.
    pub fn resume(&self, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(PayoutAction::Resume)?;
        let next = Self { state, reason: None, updated_at: now, ..self.clone() };
        Ok(Decision::new(next, EventKind::PayoutResumed))
    }

    /// It is taken back: by the worker who asked for it, or by staff, who say why.
    ///
    /// # Errors
    /// Not in this state, or the worker did not ask for it.
    pub fn cancel(&self, standing: Standing, reason: Option<String>, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(PayoutAction::Cancel)?;
        if !self.may_cancel(standing) {
            return Err(PayoutError::NotAsked);
        }
        let next = Self { state, reason, updated_at: now, ..self.clone() };
        let entry = JournalEntry::payout_canceled(self.worker, self.id, self.amount, self.quick_fee()?)?;
        Ok(Decision::new(next, EventKind::PayoutCanceled).book(entry))
    }

    /// It goes into a batch, to the account that the worker has now.
    ///
    /// # Errors
    /// Not in this state.
    pub fn process(
        &self,
        batch: PayoutBatchId,
        account: AccountDetails,
        now: DateTime<Utc>,
        rules: &PayoutRules,
    ) -> Step {
        let state = self.state.advance(PayoutAction::Process)?;
        let bank_fee = self.transfer_cost(account.bank, rules)?;
        let (batch, account) = (Some(batch), Some(account));
        let next = Self { state, bank_fee, batch, account, updated_at: now, ..self.clone() };
        Ok(Decision::new(next, EventKind::PayoutProcessing))
    }

    /// The bank paid it.
    ///
    /// # Errors
    /// Not in this state, its batch was not sent, or not before that date.
    pub fn pay(&self, settlement: &Settlement, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(PayoutAction::Pay)?;
        settlement.check(tokyo_date(self.check_sent()?), now)?;
        let Settlement { reference, value_on } = settlement.clone();
        let (bank_reference, value_on) = (Some(reference), Some(value_on));
        let next = Self { state, bank_reference, value_on, updated_at: now, ..self.clone() };
        let entry = JournalEntry::payout_settled(self.id, self.transferred()?, self.bank_fee)?;
        Ok(Decision::new(next, EventKind::PayoutPaid).book(entry))
    }

    /// The bank did not: all of it is earnings again, and so is the fee of a quick payout.
    ///
    /// # Errors
    /// Not in this state, or its batch was not sent.
    pub fn fail(&self, reason: String, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(PayoutAction::Fail)?;
        self.check_sent()?;
        let next = Self { state, reason: Some(reason), updated_at: now, ..self.clone() };
        let entry = JournalEntry::payout_failed(self.worker, self.id, self.amount, self.quick_fee()?)?;
        Ok(Decision::new(next, EventKind::PayoutFailed).book(entry))
    }

    /// What the bank had paid came back: it is earnings again. What it had cost is not.
    ///
    /// # Errors
    /// Not in this state, or a date before it was paid.
    pub fn send_back(&self, reason: String, settlement: &Settlement, now: DateTime<Utc>) -> Step {
        let state = self.state.advance(PayoutAction::Return)?;
        settlement.check(self.value_on.unwrap_or(tokyo_date(self.created_at)), now)?;
        let Settlement { reference, value_on } = settlement.clone();
        let (return_reference, returned_on) = (Some(reference), Some(value_on));
        let next = Self { state, reason: Some(reason), return_reference, returned_on, updated_at: now, ..self.clone() };
        let entry = JournalEntry::payout_returned(self.worker, self.transferred()?)?;
        Ok(Decision::new(next, EventKind::PayoutReturned).book(entry))
    }

    /// When the bank had it.
    fn check_sent(&self) -> Result<DateTime<Utc>, PayoutError> {
        self.sent_at.ok_or(PayoutError::NotSent)
    }

    /// What leaves the worker's earnings for it.
    ///
    /// # Errors
    /// Out of range.
    pub fn taken(&self) -> Result<Money, MoneyError> {
        self.amount.plus(self.fee)
    }

    /// What reaches the worker's bank.
    ///
    /// # Errors
    /// Out of range.
    pub fn transferred(&self) -> Result<Money, MoneyError> {
        self.amount.minus(self.bank_fee)
    }

    /// What of it is earnings again, and waits to be paid out.
    ///
    /// # Errors
    /// Out of range.
    pub fn given_back(&self) -> Result<Money, MoneyError> {
        match self.state {
            PayoutState::Requested | PayoutState::Held | PayoutState::Processing | PayoutState::Paid => {
                Ok(Money::zero(self.amount.currency()))
            }
            PayoutState::Failed | PayoutState::Canceled => self.taken(),
            PayoutState::Returned => self.transferred(),
        }
    }

    fn quick_fee(&self) -> Result<Option<QuickFee>, MoneyError> {
        let fee = QuickFee { revenue: self.fee.minus(self.fee_tax)?, tax: self.fee_tax };
        Ok(Some(fee).filter(|_| self.fee.is_positive()))
    }
}
