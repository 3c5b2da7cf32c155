//! Many proposals, and many rounds, at once.

use std::collections::HashMap;

use diesel::prelude::*;
use domain::{
    ids::{JobId, MemberId, ProposalId},
    proposal::{Proposal, ProposalState},
};

use super::{PastRound, Row};
use crate::{
    error::StoreError,
    locked::for_update,
    page::{Position, newest_first, of_party},
    row::corrupt,
    schema::{proposal_rounds, proposals},
    store::{Conn, Tx},
    terms,
    types::{Document, Key, Moment},
};

/// Which proposals to list.
#[derive(Debug, Clone, Default)]
pub struct ProposalFilter {
    /// To one job.
    pub job: Option<JobId>,
    /// To the jobs of one client.
    pub client: Option<MemberId>,
    /// By one worker.
    pub worker: Option<MemberId>,
    /// With this member on either side.
    pub party: Option<MemberId>,
    /// In one state.
    pub state: Option<ProposalState>,
}

/// A page of proposals, newest first.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn list(
    conn: &mut Conn,
    filter: &ProposalFilter,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<Proposal>, StoreError> {
    let page = || {
        let mut query = proposals::table.select(Row::as_select()).into_boxed();
        if let Some(job) = filter.job {
            query = query.filter(proposals::job_id.eq(Key::from(job)));
        }
        if let Some(client) = filter.client {
            query = query.filter(proposals::client_id.eq(Key::from(client)));
        }
        if let Some(worker) = filter.worker {
            query = query.filter(proposals::worker_id.eq(Key::from(worker)));
        }
        if let Some(state) = filter.state {
            query = query.filter(proposals::state.eq(state.as_str()));
        }
        newest_first!(query, proposals, after, fetch)
    };
    let rows: Vec<Row> = of_party!(conn, proposals, filter.party, page, fetch);
    rows.into_iter().map(Proposal::try_from).collect()
}

/// Reads and locks the proposals to a job that are in one of these states, in the order of their ids.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock_all(tx: &mut Tx<'_>, job: JobId, states: &[ProposalState]) -> Result<Vec<Proposal>, StoreError> {
    let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let query = proposals::table
        .filter(proposals::job_id.eq(Key::from(job)).and(proposals::state.eq_any(states)))
        .order(proposals::id)
        .select(Row::as_select());
    let rows: Vec<Row> = for_update(query).load(&mut **tx)?;
    rows.into_iter().map(Proposal::try_from).collect()
}

type RoundRow = (Key, i32, String, Document, String, Moment);

fn read((id, number, author, document, message, at): RoundRow) -> Result<(ProposalId, PastRound), StoreError> {
    let id = ProposalId::from(id);
    let author = author.parse().map_err(corrupt("proposal_rounds", id))?;
    let terms = terms::read(document).map_err(corrupt("proposal_rounds", id))?;
    Ok((id, PastRound { number, author, terms, message, at: at.into() }))
}

/// The rounds of one proposal, from the first.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn rounds(conn: &mut Conn, id: ProposalId) -> Result<Vec<PastRound>, StoreError> {
    Ok(rounds_of(conn, &[id])?.remove(&id).unwrap_or_default())
}

/// The rounds of many proposals, from the first, in one query.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn rounds_of(conn: &mut Conn, ids: &[ProposalId]) -> Result<HashMap<ProposalId, Vec<PastRound>>, StoreError> {
    let keys: Vec<Key> = ids.iter().copied().map(Key::from).collect();
    let rows: Vec<RoundRow> = proposal_rounds::table
        .filter(proposal_rounds::proposal_id.eq_any(keys))
        .order((proposal_rounds::proposal_id, proposal_rounds::round))
        .select((
            proposal_rounds::proposal_id,
            proposal_rounds::round,
            proposal_rounds::author,
            proposal_rounds::terms,
            proposal_rounds::message,
            proposal_rounds::created_at,
        ))
        .load(conn)?;
    let mut found: HashMap<ProposalId, Vec<PastRound>> = HashMap::new();
    for row in rows {
        let (id, round) = read(row)?;
        found.entry(id).or_default().push(round);
    }
    Ok(found)
}
