//! A contract with its milestones, locked together; and what follows for the contract when a milestone changes.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::{
    actor::Party,
    contract::{Contract, ContractError, TerminationPaid},
    decision::Decision,
    escrow::Escrow,
    fee::{FeeBasis, FeeSchedule},
    ids::{ContractId, MilestoneId},
    machine::State,
    milestone::{FeeTerms, Milestone, MilestoneAction, MilestoneState, Movement, Proceeds},
    money::Money,
    policy::{self, Operation, Standing},
    release::Release,
};
use persistence::{
    contract,
    error::StoreError,
    escrow::{self, TerminationFee},
    milestone::{self, Stored},
    payment,
    relation::{self, Pair},
    release,
    store::{Conn, Tx},
    work::{self, Which, Whole},
};

use super::{
    cancellation,
    commit::{Audience, announce},
    fee,
};
use crate::{context::Context, problem::Problem};

/// Which milestones have a pending payment of which some has come.
#[derive(Debug, Default)]
pub struct Begun(BTreeSet<MilestoneId>);

impl Begun {
    /// Of those among these that wait for money.
    ///
    /// # Errors
    /// Those of the store.
    pub fn read<'a>(conn: &mut Conn, milestones: impl IntoIterator<Item = &'a Stored>) -> Result<Self, Problem> {
        let waiting = milestones.into_iter().map(|stored| &stored.milestone);
        let waiting: Vec<_> = waiting.filter(|one| one.takes_another_payment(false)).map(|one| one.id).collect();
        Ok(Self(if waiting.is_empty() { BTreeSet::new() } else { payment::begun(conn, &waiting)? }))
    }

    /// The same of one, at the end of a transaction: what waits to be written is not sent by itself for nothing.
    ///
    /// # Errors
    /// Those of the store.
    pub fn of(tx: &mut Tx<'_>, stored: &Stored) -> Result<Self, Problem> {
        if stored.milestone.takes_another_payment(false) { Self::read(tx, [stored]) } else { Ok(Self::default()) }
    }
}

/// A contract and all its milestones, in their order.
#[derive(Debug, Clone)]
pub struct Work {
    /// The contract.
    pub contract: Contract,
    /// Its milestones with their escrows.
    pub milestones: Vec<Stored>,
    /// Its termination fee, if one was agreed.
    pub termination: Option<TerminationFee>,
    /// Whether a request to cancel was running on it when it was locked.
    pub(super) asked_to_cancel: bool,
}

impl Work {
    /// Locks a contract, then its milestones and escrows.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::problem::Code::NotFound) when there is none.
    pub fn lock(tx: &mut Tx<'_>, id: ContractId) -> Result<Self, Problem> {
        Self::lock_which(tx, Which::Contract(id))
    }

    /// The same, by one of its milestones.
    ///
    /// # Errors
    /// As [`Work::lock`].
    pub fn lock_by_milestone(tx: &mut Tx<'_>, id: MilestoneId) -> Result<Self, Problem> {
        Self::lock_which(tx, Which::Of(id))
    }

    fn lock_which(tx: &mut Tx<'_>, which: Which) -> Result<Self, Problem> {
        let (Whole { contract, milestones }, asked_to_cancel) =
            work::lock(tx, which)?.ok_or_else(Problem::not_found)?;
        let termination = match contract.terms.termination_fee {
            Some(_) => escrow::lock_termination_fee(tx, contract.id)?,
            None => None,
        };
        Ok(Self { contract, milestones, termination, asked_to_cancel })
    }

    /// Reads without locking.
    ///
    /// # Errors
    /// As [`Work::lock`].
    pub fn find(conn: &mut Conn, cx: &Context, id: ContractId) -> Result<Self, Problem> {
        let (_, whole) = work::find(conn, cx.ticket(), id)?;
        Self::of(conn, whole)
    }

    /// What was read without locking.
    ///
    /// # Errors
    /// As [`Work::lock`].
    pub fn of(conn: &mut Conn, whole: Option<Whole>) -> Result<Self, Problem> {
        let Whole { contract, milestones } = whole.ok_or_else(Problem::not_found)?;
        let termination = match contract.terms.termination_fee {
            Some(_) => escrow::termination_fees(conn, &[contract.id])?.pop().map(|(_, fee)| fee),
            None => None,
        };
        Ok(Self { contract, milestones, termination, asked_to_cancel: false })
    }

    /// The same for many contracts at once, in the order given.
    ///
    /// # Errors
    /// Only those of the store.
    pub fn of_contracts(conn: &mut Conn, contracts: Vec<Contract>) -> Result<Vec<Self>, Problem> {
        let ids: Vec<_> = contracts.iter().map(|contract| contract.id).collect();
        let mut milestones = milestone::of_contracts(conn, &ids)?;
        let mut fees = escrow::termination_fees(conn, &ids)?;
        let whole = |contract: Contract| {
            let milestones = milestones.extract_if(.., |stored| stored.milestone.contract == contract.id).collect();
            let termination = fees.iter().position(|(id, _)| *id == contract.id).map(|place| fees.swap_remove(place).1);
            Self { contract, milestones, termination, asked_to_cancel: false }
        };
        Ok(contracts.into_iter().map(whole).collect())
    }

    /// What the caller is to it.
    pub fn standing(&self, cx: &Context) -> Standing {
        cx.standing(self.contract.client, self.contract.worker)
    }

    /// On which side of it the caller stands.
    ///
    /// # Errors
    /// The caller is not a party.
    pub fn party(&self, cx: &Context) -> Result<Party, Problem> {
        cx.party(self.contract.client, self.contract.worker)
    }

    /// Who hears of it.
    pub const fn audience(&self) -> Audience {
        Audience::both(self.contract.client, self.contract.worker)
    }

    /// Its milestones as far as the contract looks at them.
    pub fn course(&self) -> Vec<(MilestoneId, MilestoneState)> {
        self.milestones.iter().map(|stored| (stored.milestone.id, stored.milestone.state)).collect()
    }

    /// What of the termination fee comes with the milestone that is funded next.
    ///
    /// # Errors
    /// Another milestone waits for it.
    pub fn termination_fee_due(&self) -> Result<Money, ContractError> {
        let escrow = self.termination.as_ref().map(|fee| &fee.escrow);
        self.contract.termination_fee_due(escrow, self.milestones.iter().map(|stored| &stored.milestone))
    }

    /// One of its milestones.
    ///
    /// # Errors
    /// When it is none of them, which would be our mistake.
    pub fn milestone(&self, id: MilestoneId) -> Result<&Stored, Problem> {
        let found = self.milestones.iter().find(|stored| stored.milestone.id == id);
        Ok(found.ok_or(StoreError::Missing { table: "milestones", id: id.to_string() })?)
    }

    /// One of its milestones, for a caller who wants to act on it: whoever may not even see it learns nothing.
    ///
    /// # Errors
    /// The caller may not do this, or saw another version.
    pub fn admit(
        &self,
        tx: &mut Tx<'_>,
        cx: &Context,
        id: MilestoneId,
        operation: Operation,
    ) -> Result<&Stored, Problem> {
        cx.permit(operation, self.standing(cx))?;
        let stored = self.milestone(id)?;
        let begun = Begun::read(tx, [stored])?;
        let allowed = self.allowed_actions(&stored.milestone, self.standing(cx), &begun);
        cx.admit(operation, self.standing(cx), stored.milestone.version, &allowed)?;
        Ok(stored)
    }

    /// What this caller may do with one of its milestones now: the machine's own actions, and asking for the money in
    /// another way.
    pub fn allowed_actions(&self, milestone: &Milestone, standing: Standing, begun: &Begun) -> Vec<String> {
        let takes_another = milestone.takes_another_payment(begun.0.contains(&milestone.id));
        let may_fund = policy::check(Operation::Milestone(MilestoneAction::StartFunding), standing).is_ok();
        let adds = takes_another && may_fund;
        let own = milestone.allowed_actions(standing, self.termination_fee_due().is_err());
        own.iter().map(ToString::to_string).chain(adds.then(|| "add_payment".to_owned())).collect()
    }

    /// Writes a step of a milestone that moved no money.
    ///
    /// # Errors
    /// Those of the store; a refusal of the domain's, which would be our mistake.
    pub fn step(&mut self, tx: &mut Tx<'_>, cx: &Context, decision: &Decision<Milestone>) -> Result<(), Problem> {
        let id = decision.next.id;
        cx.remember(id, &self.milestone(id)?.milestone);
        announce(tx, cx, id, self.audience(), decision)?;
        let (milestone, _) = milestone::save(tx, &decision.next, None)?;
        self.replace(id, |stored| stored.milestone = milestone);
        self.narrow_cancellation(tx, cx, id)
    }

    /// Writes a step of a milestone and its escrow, and what follows for the contract.
    ///
    /// # Errors
    /// Those of the store; a refusal of the domain's, which would be our mistake.
    pub fn movement(&mut self, tx: &mut Tx<'_>, cx: &Context, decision: &Decision<Movement>) -> Result<(), Problem> {
        self.write(tx, cx, decision)?;
        let (course, rules) = (self.course(), &cx.app.rules);
        let follows = if decision.next.milestone.state.is_final() {
            let gross = decision.next.proceeds.as_ref().map(|proceeds| proceeds.gross);
            self.contract.milestone_finished(gross, &course, cx.now, rules)?
        } else {
            self.contract.milestone_funded(&course, cx.now, rules)?
        };
        cx.remember(self.contract.id, &self.contract);
        announce(tx, cx, self.contract.id, self.audience(), &follows)?;
        self.contract = contract::save(tx, &follows.next.contract)?;
        if self.contract.state.is_final() {
            return self.pay_termination(tx, cx);
        }
        self.reschedule(tx, cx, follows.next.shift_days)
    }

    /// The contract is over: its termination fee goes to whom it belongs.
    ///
    /// # Errors
    /// Those of the store; a refusal of the domain's, which would be our mistake.
    pub fn pay_termination(&mut self, tx: &mut Tx<'_>, cx: &Context) -> Result<(), Problem> {
        let Some(fee) = &self.termination else { return Ok(()) };
        let schedule = self.schedule()?;
        let decision = self.contract.pay_termination(&fee.escrow, self.fees(tx, &schedule)?, cx.now)?;
        announce(tx, cx, self.contract.id, self.audience(), &decision)?;
        let TerminationPaid { contract, escrow, proceeds } = &decision.next;
        self.termination = Some(escrow::save_termination_fee(tx, escrow, proceeds.as_ref())?);
        if let Some(proceeds) = proceeds {
            self.contract = contract::save(tx, contract)?;
            self.note_release(tx, cx, escrow, proceeds, None)?;
        }
        Ok(())
    }

    /// The termination fee came with the money of the first milestone.
    ///
    /// # Errors
    /// Those of the store; a refusal of the domain's, which would be our mistake.
    pub fn fund_termination(&mut self, tx: &mut Tx<'_>, cx: &Context) -> Result<(), Problem> {
        let Some(fee) = &self.termination else { return Ok(()) };
        let decision = self.contract.fund_termination(&fee.escrow, cx.now)?;
        announce(tx, cx, self.contract.id, self.audience(), &decision)?;
        self.termination = Some(escrow::save_termination_fee(tx, &decision.next, None)?);
        Ok(())
    }

    fn write(&mut self, tx: &mut Tx<'_>, cx: &Context, decision: &Decision<Movement>) -> Result<(), Problem> {
        let Movement { milestone, escrow, proceeds } = &decision.next;
        cx.remember(milestone.id, &self.milestone(milestone.id)?.milestone);
        announce(tx, cx, milestone.id, self.audience(), decision)?;
        let (milestone, charged) = milestone::save(tx, milestone, proceeds.as_ref())?;
        let escrow = escrow::save(tx, escrow)?;
        if let Some(proceeds) = proceeds {
            self.note_release(tx, cx, &escrow, proceeds, milestone.delivered_at)?;
        }
        let id = milestone.id;
        self.replace(id, |stored| *stored = Stored { milestone, escrow, charged });
        self.narrow_cancellation(tx, cx, id)
    }

    /// What the worker has earned waits to be paid out, and not for ever; and it counts for the fees of all that the two
    /// do together.
    fn note_release(
        &self,
        tx: &mut Tx<'_>,
        cx: &Context,
        escrow: &Escrow,
        proceeds: &Proceeds,
        delivered_at: Option<DateTime<Utc>>,
    ) -> Result<(), Problem> {
        let released = Release::of(escrow, self.contract.id, proceeds.net, delivered_at, cx.now, &cx.app.rules.payout);
        if let Some(released) = released {
            release::insert(tx, &released)?;
        }
        match self.schedule()?.basis {
            FeeBasis::Contract => Ok(()),
            FeeBasis::ClientLifetime => {
                Ok(relation::add(tx, self.contract.client, self.contract.worker, proceeds.gross)?)
            }
        }
    }

    /// What can no longer be canceled is no longer part of a request to cancel.
    fn narrow_cancellation(&self, tx: &mut Tx<'_>, cx: &Context, id: MilestoneId) -> Result<(), Problem> {
        let is_open = !self.milestone(id)?.milestone.state.targets(MilestoneAction::Cancel).is_empty();
        if is_open || !self.asked_to_cancel { Ok(()) } else { cancellation::narrow(tx, cx, self, id) }
    }

    /// Ends a milestone by canceling it, with a share for the worker of what is held, and what follows for the contract.
    ///
    /// # Errors
    /// The milestone is over already, or the share does not fit.
    pub fn cancel(&mut self, tx: &mut Tx<'_>, cx: &Context, id: MilestoneId, share: Money) -> Result<(), Problem> {
        let decision = self.decide_cancel(tx, cx, id, share)?;
        self.movement(tx, cx, &decision)
    }

    /// Cancels what is still open of a contract that is over already; what is held goes back to the client.
    ///
    /// # Errors
    /// Those of the store; a refusal of the domain's, which would be our mistake.
    pub fn cancel_rest(&mut self, tx: &mut Tx<'_>, cx: &Context) -> Result<(), Problem> {
        let nothing = Money::zero(self.contract.released.currency());
        for (id, state) in self.course() {
            if !state.is_final() {
                let decision = self.decide_cancel(tx, cx, id, nothing)?;
                self.write(tx, cx, &decision)?;
            }
        }
        Ok(())
    }

    fn decide_cancel(
        &self,
        tx: &mut Tx<'_>,
        cx: &Context,
        id: MilestoneId,
        share: Money,
    ) -> Result<Decision<Movement>, Problem> {
        let schedule = self.schedule()?;
        let fees = self.fees(tx, &schedule)?;
        super::milestone::release_reservation(tx, cx, self, id)?;
        let stored = self.milestone(id)?;
        Ok(stored.milestone.cancel(share, &stored.escrow, fees, cx.now)?)
    }

    /// The fee schedule the contract was signed under.
    ///
    /// # Errors
    /// When it is not known any more, which would be our mistake.
    pub fn schedule(&self) -> Result<FeeSchedule, Problem> {
        fee::signed(&self.contract)
    }

    /// What the next fee is reckoned by. Where all contracts of the two count for one another, this locks what was
    /// released between them until the end of the transaction.
    ///
    /// # Errors
    /// Only those of the store.
    pub fn fees<'a>(&self, tx: &mut Tx<'_>, schedule: &'a FeeSchedule) -> Result<FeeTerms<'a>, Problem> {
        let Contract { client, worker, released, .. } = self.contract;
        let between_the_two = match schedule.basis {
            FeeBasis::Contract => released,
            FeeBasis::ClientLifetime => relation::lock(tx, Pair { client, worker, currency: released.currency() })?,
        };
        Ok(self.contract.fee_terms(schedule, between_the_two))
    }

    fn replace(&mut self, id: MilestoneId, change: impl FnOnce(&mut Stored)) {
        if let Some(stored) = self.milestones.iter_mut().find(|stored| stored.milestone.id == id) {
            change(stored);
        }
    }

    fn reschedule(&mut self, tx: &mut Tx<'_>, cx: &Context, days: u64) -> Result<(), Problem> {
        let moved: Vec<_> = self
            .milestones
            .iter()
            .filter_map(|stored| stored.milestone.reschedule(days, cx.now, &cx.app.rules))
            .collect();
        moved.iter().try_for_each(|decision| self.step(tx, cx, decision))
    }
}
