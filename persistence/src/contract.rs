//! Contracts: rows to the domain and back.

use std::collections::BTreeMap;

use diesel::prelude::*;
use domain::{
    contract::{Contract, ContractState},
    ids::{ContractId, MemberId, ProposalId},
    money::Currency,
};

use crate::{
    error::StoreError,
    page::{Position, newest_first, of_party},
    row::{corrupt, money},
    schema::contracts,
    store::{Conn, Rows, Tx, WriteNow, on_each},
    terms,
    types::{Document, Key, Moment},
};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = contracts)]
pub(crate) struct Row {
    id: Key,
    job_id: Key,
    proposal_id: Key,
    client_id: Key,
    worker_id: Key,
    title: String,
    scope: String,
    currency: String,
    terms: Document,
    terms_version: i32,
    fee_schedule: String,
    state: String,
    released: i64,
    funding_due_at: Option<Moment>,
    lapse_at: Option<Moment>,
    paused_at: Option<Moment>,
    ending: String,
    ended_at: Option<Moment>,
    version: i32,
    created_at: Moment,
    updated_at: Moment,
}

impl TryFrom<&Contract> for Row {
    type Error = StoreError;

    fn try_from(contract: &Contract) -> Result<Self, StoreError> {
        Ok(Self {
            id: contract.id.into(),
            job_id: contract.job.into(),
            proposal_id: contract.proposal.into(),
            client_id: contract.client.into(),
            worker_id: contract.worker.into(),
            title: contract.title.clone(),
            scope: contract.scope.clone(),
            currency: contract.released.currency().to_string(),
            terms: terms::write(&contract.terms).map_err(corrupt("contracts", contract.id))?,
            terms_version: 1,
            fee_schedule: contract.fee_schedule.clone(),
            state: contract.state.to_string(),
            released: contract.released.amount(),
            funding_due_at: contract.funding_due_at.map(Moment::from),
            lapse_at: contract.lapse_at.map(Moment::from),
            paused_at: contract.paused_at.map(Moment::from),
            ending: contract.ending.to_string(),
            ended_at: contract.ended_at.map(Moment::from),
            version: contract.version,
            created_at: contract.created_at.into(),
            updated_at: contract.updated_at.into(),
        })
    }
}

impl TryFrom<Row> for Contract {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = ContractId::from(row.id);
        let bad = corrupt("contracts", id);
        let currency: Currency = row.currency.parse().map_err(&bad)?;
        Ok(Self {
            id,
            job: row.job_id.into(),
            proposal: row.proposal_id.into(),
            client: row.client_id.into(),
            worker: row.worker_id.into(),
            title: row.title,
            scope: row.scope,
            terms: terms::read(row.terms).map_err(corrupt("contracts", id))?,
            fee_schedule: row.fee_schedule,
            state: row.state.parse().map_err(&bad)?,
            released: money(row.released, currency, "contracts", id)?,
            funding_due_at: row.funding_due_at.map(Into::into),
            lapse_at: row.lapse_at.map(Into::into),
            paused_at: row.paused_at.map(Into::into),
            ending: row.ending.parse().map_err(&bad)?,
            ended_at: row.ended_at.map(Into::into),
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}

/// Adds a contract.
///
/// # Errors
/// Those of the database, or terms that cannot be written as JSON.
pub fn insert(tx: &mut Tx<'_>, contract: &Contract) -> Result<(), StoreError> {
    diesel::insert_into(contracts::table).values(Row::try_from(contract)?).write(tx)?;
    Ok(())
}

/// Reads a contract. It is locked together with its milestones ([`crate::work::lock`]).
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn find(conn: &mut Conn, id: ContractId) -> Result<Option<Contract>, StoreError> {
    let row: QueryResult<Row> =
        on_each!(conn, conn => contracts::table.find(Key::from(id)).select(Row::as_select()).first(conn));
    row.optional()?.map(Contract::try_from).transpose()
}

/// Saves a changed contract if it is still as it was read.
///
/// # Errors
/// [`StoreError::LostRace`] otherwise.
pub fn save(tx: &mut Tx<'_>, contract: &Contract) -> Result<Contract, StoreError> {
    let next = Contract { version: contract.version + 1, ..contract.clone() };
    let row = contracts::table.find(Key::from(contract.id)).filter(contracts::version.eq(contract.version));
    // The terms are never changed.
    let update = diesel::update(row).set((
        contracts::state.eq(next.state.as_str()),
        contracts::released.eq(next.released.amount()),
        contracts::funding_due_at.eq(next.funding_due_at.map(Moment::from)),
        contracts::lapse_at.eq(next.lapse_at.map(Moment::from)),
        contracts::paused_at.eq(next.paused_at.map(Moment::from)),
        contracts::ending.eq(next.ending.as_str()),
        contracts::ended_at.eq(next.ended_at.map(Moment::from)),
        contracts::version.eq(next.version),
        contracts::updated_at.eq(Moment::from(next.updated_at)),
    ));
    tx.later(Rows::One("contracts", contract.id.uuid()), update)?;
    Ok(next)
}

/// The contracts that were made of these proposals.
///
/// # Errors
/// Only those of the database.
pub fn of_proposals(conn: &mut Conn, ids: &[ProposalId]) -> Result<BTreeMap<ProposalId, ContractId>, StoreError> {
    let keys: Vec<Key> = ids.iter().copied().map(Key::from).collect();
    let rows: Vec<(Key, Key)> = contracts::table
        .filter(contracts::proposal_id.eq_any(keys))
        .select((contracts::proposal_id, contracts::id))
        .load(conn)?;
    Ok(rows.into_iter().map(|(proposal, contract)| (proposal.into(), contract.into())).collect())
}

/// Which contracts to list.
#[derive(Debug, Clone, Copy)]
pub struct ContractFilter {
    /// With this member on either side.
    pub party: MemberId,
    /// In one state.
    pub state: Option<ContractState>,
}

/// A page of contracts, newest first.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn list(
    conn: &mut Conn,
    filter: ContractFilter,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<Contract>, StoreError> {
    let page = || {
        let mut query = contracts::table.select(Row::as_select()).into_boxed();
        if let Some(state) = filter.state {
            query = query.filter(contracts::state.eq(state.as_str()));
        }
        newest_first!(query, contracts, after, fetch)
    };
    let rows: Vec<Row> = of_party!(conn, contracts, Some(filter.party), page, fetch);
    rows.into_iter().map(Contract::try_from).collect()
}
