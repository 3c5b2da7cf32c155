//! A contract with its milestones, locked together; and what follows for the contract when a milestone changes.

use domain::{
    actor::Party,
    contract::Contract,
    decision::Decision,
    fee::{FeeBasis, FeeSchedule},
    ids::{ContractId, MilestoneId},
    machine::State,
    milestone::{FeeTerms, Milestone, MilestoneAction, MilestoneState, Movement, Release},
    money::Money,
    policy::{Operation, Standing},
};
use persistence::{
    contract,
    error::StoreError,
    milestone::{self, Stored},
    relation::{self, Pair},
    store::{Conn, Tx},
};

use super::{
    cancellation,
    commit::{Audience, announce},
    fee,
};
use crate::{context::Context, problem::Problem};

/// A contract and all its milestones, in their order.
#[derive(Debug, Clone)]
pub struct Work {
    /// The contract.
    pub contract: Contract,
    /// Its milestones with their escrows.
    pub milestones: Vec<Stored>,
}

impl Work {
    /// Locks a contract, then its milestones and escrows.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::problem::Code::NotFound) when there is none.
    pub fn lock(tx: &mut Tx<'_>, id: ContractId) -> Result<Self, Problem> {
        let contract = contract::lock(tx, id)?.ok_or_else(Problem::not_found)?;
        let milestones = milestone::lock_of_contract(tx, contract.id)?;
        Ok(Self { contract, milestones })
    }

    /// The same, by one of its milestones.
    ///
    /// # Errors
    /// As [`Work::lock`].
    pub fn lock_by_milestone(tx: &mut Tx<'_>, id: MilestoneId) -> Result<Self, Problem> {
        let contract = contract::lock_by_milestone(tx, id)?.ok_or_else(Problem::not_found)?;
        let milestones = milestone::lock_of_contract(tx, contract.id)?;
        Ok(Self { contract, milestones })
    }

    /// Reads without locking.
    ///
    /// # Errors
    /// As [`Work::lock`].
    pub fn find(conn: &mut Conn, id: ContractId) -> Result<Self, Problem> {
        let contract = contract::find(conn, id)?.ok_or_else(Problem::not_found)?;
        let milestones = milestone::of_contract(conn, contract.id)?;
        Ok(Self { contract, milestones })
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
    pub fn for_action(&self, cx: &Context, id: MilestoneId, operation: Operation) -> Result<&Stored, Problem> {
        cx.permit(operation, self.standing(cx))?;
        let stored = self.milestone(id)?;
        cx.check_version(stored.milestone.version)?;
        Ok(stored)
    }

    /// Writes a step of a milestone that moved no money.
    ///
    /// # Errors
    /// Only those of the store.
    pub fn step(&mut self, tx: &mut Tx<'_>, cx: &Context, decision: &Decision<Milestone>) -> Result<(), Problem> {
        let (milestone, _) = milestone::save(tx, &decision.next, None)?;
        announce(tx, cx, milestone.id, self.audience(), decision)?;
        let id = milestone.id;
        self.replace(id, |stored| stored.milestone = milestone);
        self.narrow_cancellation(tx, cx, id)
    }

    /// Writes a step of a milestone and its escrow, and what follows for the contract.
    ///
    /// # Errors
    /// Only those of the store.
    pub fn movement(&mut self, tx: &mut Tx<'_>, cx: &Context, decision: &Decision<Movement>) -> Result<(), Problem> {
        self.write(tx, cx, decision)?;
        let (course, rules) = (self.course(), &cx.app.rules);
        let follows = if decision.next.milestone.state.is_final() {
            let gross = decision.next.release.as_ref().map(|release| release.gross);
            self.contract.milestone_finished(gross, &course, cx.now, rules)?
        } else {
            self.contract.milestone_funded(&course, cx.now, rules)?
        };
        self.contract = contract::save(tx, &follows.next.contract)?;
        announce(tx, cx, self.contract.id, self.audience(), &follows)?;
        self.reschedule(tx, cx, follows.next.shift_days)
    }

    fn write(&mut self, tx: &mut Tx<'_>, cx: &Context, decision: &Decision<Movement>) -> Result<(), Problem> {
        let Movement { milestone, escrow, release } = &decision.next;
        let (milestone, charged) = milestone::save(tx, milestone, release.as_ref())?;
        self.remember(tx, release.as_ref())?;
        let escrow = milestone::save_escrow(tx, milestone.id, escrow)?;
        announce(tx, cx, milestone.id, self.audience(), decision)?;
        let id = milestone.id;
        self.replace(id, |stored| *stored = Stored { milestone, escrow, charged });
        self.narrow_cancellation(tx, cx, id)
    }

    /// What can no longer be canceled is no longer part of a request to cancel.
    fn narrow_cancellation(&self, tx: &mut Tx<'_>, cx: &Context, id: MilestoneId) -> Result<(), Problem> {
        let is_open = !self.milestone(id)?.milestone.state.targets(MilestoneAction::Cancel).is_empty();
        if is_open { Ok(()) } else { cancellation::narrow(tx, cx, self, id) }
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
    /// Only those of the store.
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
        super::funding::release_reservation(tx, cx, self, id)?;
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

    /// Keeps in mind what was released, for the fees of all that the two do together.
    fn remember(&self, tx: &mut Tx<'_>, release: Option<&Release>) -> Result<(), Problem> {
        match (release, self.schedule()?.basis) {
            (None, _) | (Some(_), FeeBasis::Contract) => Ok(()),
            (Some(release), FeeBasis::ClientLifetime) => {
                Ok(relation::add(tx, self.contract.client, self.contract.worker, release.gross)?)
            }
        }
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
