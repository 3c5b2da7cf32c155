//! Proposals and their rounds.

mod list;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::{
    actor::Party,
    ids::{JobId, MemberId, ProposalId},
    proposal::{Proposal, ProposalState},
    terms::Terms,
};

pub use self::list::{ProposalFilter, list, lock_all, rounds, rounds_of};
use crate::{
    error::StoreError,
    locked::for_update,
    row::{corrupt, saved},
    schema::{proposal_rounds, proposals},
    store::{Conn, Tx, WriteNow},
    terms,
    types::{Document, Key, Moment},
};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = proposals)]
struct Row {
    id: Key,
    job_id: Key,
    client_id: Key,
    worker_id: Key,
    state: String,
    round: i32,
    round_by: String,
    terms: Document,
    message: String,
    respond_by: Option<Moment>,
    version: i32,
    created_at: Moment,
    updated_at: Moment,
}

impl TryFrom<Row> for Proposal {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = ProposalId::from(row.id);
        let bad = corrupt("proposals", id);
        Ok(Self {
            id,
            job: row.job_id.into(),
            client: row.client_id.into(),
            worker: row.worker_id.into(),
            state: row.state.parse().map_err(&bad)?,
            round: row.round,
            round_by: row.round_by.parse().map_err(&bad)?,
            terms: terms::read(row.terms).map_err(corrupt("proposals", id))?,
            message: row.message,
            respond_by: row.respond_by.map(Into::into),
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}

/// One round of a negotiation, as it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRound {
    /// Its number, from one.
    pub number: i32,
    /// Who said it.
    pub author: Party,
    /// What they would sign.
    pub terms: Terms,
    /// The words that came with it.
    pub message: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Adds a proposal with its first round.
///
/// # Errors
/// [`StoreError::Taken`] when the worker has a running proposal to that job.
pub fn insert(tx: &mut Tx<'_>, proposal: &Proposal) -> Result<(), StoreError> {
    diesel::insert_into(proposals::table)
        .values((
            proposals::id.eq(Key::from(proposal.id)),
            proposals::job_id.eq(Key::from(proposal.job)),
            proposals::client_id.eq(Key::from(proposal.client)),
            proposals::worker_id.eq(Key::from(proposal.worker)),
            proposals::state.eq(proposal.state.as_str()),
            proposals::round.eq(proposal.round),
            proposals::round_by.eq(proposal.round_by.as_str()),
            proposals::terms.eq(document(proposal)?),
            proposals::message.eq(&proposal.message),
            proposals::respond_by.eq(proposal.respond_by.map(Moment::from)),
            proposals::version.eq(proposal.version),
            proposals::created_at.eq(Moment::from(proposal.created_at)),
            proposals::updated_at.eq(Moment::from(proposal.updated_at)),
        ))
        .write(tx)?;
    add_round(tx, proposal)
}

/// Keeps the current round of a proposal, which the next one will replace there.
///
/// # Errors
/// Only those of the database.
pub fn add_round(tx: &mut Tx<'_>, proposal: &Proposal) -> Result<(), StoreError> {
    diesel::insert_into(proposal_rounds::table)
        .values((
            proposal_rounds::proposal_id.eq(Key::from(proposal.id)),
            proposal_rounds::round.eq(proposal.round),
            proposal_rounds::author.eq(proposal.round_by.as_str()),
            proposal_rounds::terms.eq(document(proposal)?),
            proposal_rounds::message.eq(&proposal.message),
            proposal_rounds::created_at.eq(Moment::from(proposal.updated_at)),
        ))
        .write(tx)?;
    Ok(())
}

fn document(proposal: &Proposal) -> Result<Document, StoreError> {
    terms::write(&proposal.terms).map_err(corrupt("proposals", proposal.id))
}

/// Reads a proposal.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn find(conn: &mut Conn, id: ProposalId) -> Result<Option<Proposal>, StoreError> {
    let row = proposals::table.find(Key::from(id)).select(Row::as_select()).first(conn).optional()?;
    row.map(Proposal::try_from).transpose()
}

/// Reads and locks a proposal.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock(tx: &mut Tx<'_>, id: ProposalId) -> Result<Option<Proposal>, StoreError> {
    let query = proposals::table.find(Key::from(id)).select(Row::as_select());
    for_update(query).get_result::<Row>(&mut **tx).optional()?.map(Proposal::try_from).transpose()
}

/// Saves a changed proposal if it is still as it was read. A new round is kept by [`add_round`] besides.
///
/// # Errors
/// [`StoreError::LostRace`] otherwise.
pub fn save(tx: &mut Tx<'_>, proposal: &Proposal) -> Result<Proposal, StoreError> {
    let changed = diesel::update(proposals::table.find(Key::from(proposal.id)))
        .filter(proposals::version.eq(proposal.version))
        .set((
            proposals::state.eq(proposal.state.as_str()),
            proposals::round.eq(proposal.round),
            proposals::round_by.eq(proposal.round_by.as_str()),
            proposals::terms.eq(document(proposal)?),
            proposals::message.eq(&proposal.message),
            proposals::respond_by.eq(proposal.respond_by.map(Moment::from)),
            proposals::version.eq(proposal.version + 1),
            proposals::updated_at.eq(Moment::from(proposal.updated_at)),
        ))
        .write(tx)?;
    saved(changed, "proposals")?;
    Ok(Proposal { version: proposal.version + 1, ..proposal.clone() })
}

/// The states of everything this worker ever proposed to this job.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn states_of(conn: &mut Conn, job: JobId, worker: MemberId) -> Result<Vec<ProposalState>, StoreError> {
    let states: Vec<String> = proposals::table
        .filter(proposals::job_id.eq(Key::from(job)).and(proposals::worker_id.eq(Key::from(worker))))
        .select(proposals::state)
        .load(conn)?;
    states.into_iter().map(|state| state.parse().map_err(corrupt("proposals", job))).collect()
}
