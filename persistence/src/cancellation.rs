//! Cancellation requests: rows to the domain and back.

use diesel::prelude::*;
use domain::{
    cancellation::{CancellationRequest, CancellationState, Share},
    ids::{CancellationRequestId, ContractId, MilestoneId},
};
use serde::{Deserialize, Serialize};

use crate::{
    document::{Nonsense, StoredMoney, nonsense, understand},
    error::StoreError,
    locked::for_update,
    page::{Position, newest_first},
    row::{corrupt, saved},
    schema::{cancellation_requests, contracts},
    store::{Conn, Rows, Tx, WriteNow},
    types::{Document, Key, Moment},
};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = cancellation_requests)]
struct Row {
    id: Key,
    contract_id: Key,
    requested_by: String,
    reason: String,
    shares: Document,
    state: String,
    respond_by: Moment,
    version: i32,
    created_at: Moment,
    updated_at: Moment,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredShare {
    milestone_id: String,
    worker_share: StoredMoney,
}

impl From<&Share> for StoredShare {
    fn from(share: &Share) -> Self {
        Self { milestone_id: share.milestone.to_string(), worker_share: share.worker_share.into() }
    }
}

impl StoredShare {
    fn read(self) -> Result<Share, Nonsense> {
        let milestone = self.milestone_id.parse::<MilestoneId>().map_err(nonsense)?;
        Ok(Share { milestone, worker_share: self.worker_share.read()? })
    }
}

fn read_shares(document: Document) -> Result<Vec<Share>, Nonsense> {
    understand::<Vec<StoredShare>>(document)?.into_iter().map(StoredShare::read).collect()
}

impl TryFrom<&CancellationRequest> for Row {
    type Error = StoreError;

    fn try_from(request: &CancellationRequest) -> Result<Self, StoreError> {
        let shares: Vec<StoredShare> = request.shares.iter().map(StoredShare::from).collect();
        Ok(Self {
            id: request.id.into(),
            contract_id: request.contract.into(),
            requested_by: request.requested_by.to_string(),
            reason: request.reason.clone(),
            shares: serde_json::to_value(shares).map(Document).map_err(corrupt("cancellation_requests", request.id))?,
            state: request.state.to_string(),
            respond_by: request.respond_by.into(),
            version: request.version,
            created_at: request.created_at.into(),
            updated_at: request.updated_at.into(),
        })
    }
}

impl TryFrom<Row> for CancellationRequest {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = CancellationRequestId::from(row.id);
        let bad = corrupt("cancellation_requests", id);
        Ok(Self {
            id,
            contract: row.contract_id.into(),
            requested_by: row.requested_by.parse().map_err(&bad)?,
            reason: row.reason,
            shares: read_shares(row.shares).map_err(corrupt("cancellation_requests", id))?,
            state: row.state.parse().map_err(&bad)?,
            respond_by: row.respond_by.into(),
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}

/// Adds a request. The contract is locked before, and says from now on that one is running.
///
/// # Errors
/// [`StoreError::Taken`] when one is running on that contract.
pub fn insert(tx: &mut Tx<'_>, request: &CancellationRequest) -> Result<(), StoreError> {
    diesel::insert_into(cancellation_requests::table).values(Row::try_from(request)?).write(tx)?;
    tell_contract(tx, request)
}

/// Writes on the contract whether a request is running. Its version stays: to those who see it, it is the same.
fn tell_contract(tx: &mut Tx<'_>, request: &CancellationRequest) -> Result<(), StoreError> {
    let is_running = request.state == CancellationState::Requested;
    let update = diesel::update(contracts::table.find(Key::from(request.contract)))
        .set(contracts::cancellation_requested.eq(is_running));
    tx.later(Rows::One("contracts", request.contract.uuid()), update)
}

/// Reads a request.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn find(conn: &mut Conn, id: CancellationRequestId) -> Result<Option<CancellationRequest>, StoreError> {
    let row = cancellation_requests::table.find(Key::from(id)).select(Row::as_select()).first(conn).optional()?;
    row.map(CancellationRequest::try_from).transpose()
}

/// Reads and locks a request. Its contract is locked before.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock(tx: &mut Tx<'_>, id: CancellationRequestId) -> Result<Option<CancellationRequest>, StoreError> {
    let query = cancellation_requests::table.find(Key::from(id)).select(Row::as_select());
    for_update(query).get_result::<Row>(&mut **tx).optional()?.map(CancellationRequest::try_from).transpose()
}

/// Reads and locks the request that is running on a contract, if there is one. The contract is locked before.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock_running(tx: &mut Tx<'_>, contract: ContractId) -> Result<Option<CancellationRequest>, StoreError> {
    let query = cancellation_requests::table
        .filter(cancellation_requests::contract_id.eq(Key::from(contract)))
        .filter(cancellation_requests::state.eq(CancellationState::Requested.as_str()))
        .select(Row::as_select());
    for_update(query).get_result::<Row>(&mut **tx).optional()?.map(CancellationRequest::try_from).transpose()
}

/// Saves a changed request if it is still as it was read. The contract is locked before, and says whether it still runs.
///
/// # Errors
/// [`StoreError::LostRace`] otherwise.
pub fn save(tx: &mut Tx<'_>, request: &CancellationRequest) -> Result<CancellationRequest, StoreError> {
    let next = CancellationRequest { version: request.version + 1, ..request.clone() };
    let changed = diesel::update(cancellation_requests::table.find(Key::from(request.id)))
        .filter(cancellation_requests::version.eq(request.version))
        .set(Row::try_from(&next)?)
        .write(tx)?;
    saved(changed, "cancellation_requests")?;
    tell_contract(tx, &next)?;
    Ok(next)
}

/// A page of the requests on a contract, newest first.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn list(
    conn: &mut Conn,
    contract: ContractId,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<CancellationRequest>, StoreError> {
    let query = cancellation_requests::table
        .filter(cancellation_requests::contract_id.eq(Key::from(contract)))
        .select(Row::as_select())
        .into_boxed();
    let rows: Vec<Row> = newest_first!(query, cancellation_requests, after, fetch).load(conn)?;
    rows.into_iter().map(CancellationRequest::try_from).collect()
}
