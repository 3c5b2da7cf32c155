//! Milestones and their escrows, which are always read and saved together.

mod delivery;

use diesel::prelude::*;
use domain::{
    escrow::Escrow,
    ids::{ContractId, MilestoneId},
    milestone::{Milestone, Proceeds},
    money::{Currency, Money},
};

use crate::{
    error::StoreError,
    escrow::{self, Charged, Purpose},
    row::{corrupt, money},
    schema::{escrows, milestones},
    store::{Conn, Rows, Tx, WriteNow},
    types::{Key, Moment},
};

pub use delivery::{ChangeRequest, Delivery, add_change_request, add_delivery, change_requests, deliveries};

/// A milestone as stored: with its escrow, and what was charged when it was released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The milestone.
    pub milestone: Milestone,
    /// Its escrow.
    pub escrow: Escrow,
    /// What the release cost, once there was one.
    pub charged: Option<Charged>,
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = milestones)]
pub(crate) struct Row {
    id: Key,
    contract_id: Key,
    client_id: Key,
    worker_id: Key,
    escrow_id: Key,
    position: i32,
    title: String,
    currency: String,
    amount: i64,
    revision_limit: i32,
    acceptance_days: i32,
    created_at: Moment,
    #[diesel(embed)]
    progress: Progress,
}

/// What changes on the way of a milestone; the rest was agreed.
#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = milestones, treat_none_as_null = true)]
pub(crate) struct Progress {
    due_on: chrono::NaiveDate,
    state: String,
    termination_fee_due: i64,
    reserved: i64,
    revision_rounds: i32,
    delivery_id: Option<Key>,
    worker_share: Option<i64>,
    fee: Option<i64>,
    fee_tax: Option<i64>,
    net: Option<i64>,
    auto_accept_at: Option<Moment>,
    funding_expires_at: Option<Moment>,
    funded_at: Option<Moment>,
    delivered_at: Option<Moment>,
    finished_at: Option<Moment>,
    version: i32,
    updated_at: Moment,
}

impl Progress {
    fn new(milestone: &Milestone, charged: Option<Charged>) -> Self {
        Self {
            due_on: milestone.due_on,
            state: milestone.state.to_string(),
            termination_fee_due: milestone.termination_fee_due.amount(),
            reserved: milestone.reserved.amount(),
            revision_rounds: milestone.revision_rounds,
            delivery_id: milestone.delivery.map(Key::from),
            worker_share: milestone.worker_share.map(Money::amount),
            fee: charged.map(|charged| charged.fee.amount()),
            fee_tax: charged.map(|charged| charged.tax.amount()),
            net: charged.map(|charged| charged.net.amount()),
            auto_accept_at: milestone.auto_accept_at.map(Moment::from),
            funding_expires_at: milestone.funding_expires_at.map(Moment::from),
            funded_at: milestone.funded_at.map(Moment::from),
            delivered_at: milestone.delivered_at.map(Moment::from),
            finished_at: milestone.finished_at.map(Moment::from),
            version: milestone.version,
            updated_at: milestone.updated_at.into(),
        }
    }
}

impl Row {
    fn planned(milestone: &Milestone) -> Self {
        Self {
            id: milestone.id.into(),
            contract_id: milestone.contract.into(),
            client_id: milestone.client.into(),
            worker_id: milestone.worker.into(),
            escrow_id: milestone.escrow.into(),
            position: milestone.position,
            title: milestone.title.clone(),
            currency: milestone.amount.currency().to_string(),
            amount: milestone.amount.amount(),
            revision_limit: milestone.revision_limit,
            acceptance_days: milestone.acceptance_days,
            created_at: milestone.created_at.into(),
            progress: Progress::new(milestone, None),
        }
    }

    fn read(self) -> Result<(Milestone, Option<Charged>), StoreError> {
        let id = MilestoneId::from(self.id);
        let bad = corrupt("milestones", id);
        let currency: Currency = self.currency.parse().map_err(&bad)?;
        let money = |amount| money(amount, currency, "milestones", id);
        let progress = self.progress;
        let charged = (progress.fee, progress.fee_tax, progress.net);
        let charged = Charged::read(charged, money, corrupt("milestones", id))?;
        let milestone = Milestone {
            id,
            contract: self.contract_id.into(),
            client: self.client_id.into(),
            worker: self.worker_id.into(),
            escrow: self.escrow_id.into(),
            position: self.position,
            title: self.title,
            amount: money(self.amount)?,
            due_on: progress.due_on,
            state: progress.state.parse().map_err(&bad)?,
            termination_fee_due: money(progress.termination_fee_due)?,
            reserved: money(progress.reserved)?,
            revision_rounds: progress.revision_rounds,
            revision_limit: self.revision_limit,
            acceptance_days: self.acceptance_days,
            delivery: progress.delivery_id.map(Into::into),
            worker_share: progress.worker_share.map(money).transpose()?,
            auto_accept_at: progress.auto_accept_at.map(Into::into),
            funding_expires_at: progress.funding_expires_at.map(Into::into),
            funded_at: progress.funded_at.map(Into::into),
            delivered_at: progress.delivered_at.map(Into::into),
            finished_at: progress.finished_at.map(Into::into),
            version: progress.version,
            created_at: self.created_at.into(),
            updated_at: progress.updated_at.into(),
        };
        Ok((milestone, charged))
    }
}

pub(crate) fn stored((row, escrow): (Row, escrow::Row)) -> Result<Stored, StoreError> {
    let (milestone, charged) = row.read()?;
    Ok(Stored { milestone, escrow: escrow.try_into()?, charged })
}

/// Adds a milestone and its escrow.
///
/// # Errors
/// Only those of the database.
pub fn insert(tx: &mut Tx<'_>, milestone: &Milestone, escrow: &Escrow) -> Result<(), StoreError> {
    diesel::insert_into(milestones::table).values(Row::planned(milestone)).write(tx)?;
    escrow::insert(tx, Purpose::Milestone(milestone.id), escrow)
}

/// Reads one milestone.
///
/// # Errors
/// Those of the database, or rows that make no sense.
pub fn find(conn: &mut Conn, id: MilestoneId) -> Result<Option<Stored>, StoreError> {
    let query = milestones::table
        .inner_join(escrows::table)
        .filter(milestones::id.eq(Key::from(id)))
        .select((Row::as_select(), escrow::Row::as_select()));
    query.first::<(Row, escrow::Row)>(conn).optional()?.map(stored).transpose()
}

/// The milestones of several contracts, contract by contract in their order.
///
/// # Errors
/// Those of the database, or rows that make no sense.
pub fn of_contracts(conn: &mut Conn, contracts: &[ContractId]) -> Result<Vec<Stored>, StoreError> {
    let ids: Vec<Key> = contracts.iter().copied().map(Key::from).collect();
    let query = milestones::table
        .inner_join(escrows::table)
        .filter(milestones::contract_id.eq_any(ids))
        .order((milestones::contract_id, milestones::position))
        .select((Row::as_select(), escrow::Row::as_select()));
    query.load::<(Row, escrow::Row)>(conn)?.into_iter().map(stored).collect()
}

/// Saves a changed milestone if it is still as it was read, with what its release cost if there is one.
///
/// # Errors
/// [`StoreError::LostRace`] otherwise.
pub fn save(
    tx: &mut Tx<'_>,
    milestone: &Milestone,
    proceeds: Option<&Proceeds>,
) -> Result<(Milestone, Option<Charged>), StoreError> {
    let charged = proceeds.map(Charged::of).transpose()?;
    let next = Milestone { version: milestone.version + 1, ..milestone.clone() };
    let row = milestones::table.find(Key::from(milestone.id)).filter(milestones::version.eq(milestone.version));
    let update = diesel::update(row).set(Progress::new(&next, charged));
    tx.later(Rows::One("milestones", milestone.id.uuid()), update)?;
    Ok((next, charged))
}
