//! Progress notes: what the worker says while working.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::ids::{ContractId, MemberId, MilestoneId, ProgressNoteId};

use crate::{
    error::StoreError,
    page::{Position, newest_first},
    schema::progress_notes,
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

/// A progress note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressNote {
    /// Its id.
    pub id: ProgressNoteId,
    /// On which contract.
    pub contract: ContractId,
    /// About which milestone, if about one.
    pub milestone: Option<MilestoneId>,
    /// Who wrote it.
    pub author: MemberId,
    /// What it says.
    pub body: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = progress_notes)]
struct Row {
    id: Key,
    contract_id: Key,
    milestone_id: Option<Key>,
    author_id: Key,
    body: String,
    created_at: Moment,
}

impl From<Row> for ProgressNote {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            contract: row.contract_id.into(),
            milestone: row.milestone_id.map(Into::into),
            author: row.author_id.into(),
            body: row.body,
            created_at: row.created_at.into(),
        }
    }
}

/// Adds a note.
///
/// # Errors
/// Only those of the database.
pub fn insert(tx: &mut Tx<'_>, note: &ProgressNote) -> Result<(), StoreError> {
    let row = Row {
        id: note.id.into(),
        contract_id: note.contract.into(),
        milestone_id: note.milestone.map(Key::from),
        author_id: note.author.into(),
        body: note.body.clone(),
        created_at: note.created_at.into(),
    };
    diesel::insert_into(progress_notes::table).values(row).write(tx)?;
    Ok(())
}

/// A page of a contract's notes, newest first.
///
/// # Errors
/// Only those of the database.
pub fn list(
    conn: &mut Conn,
    contract: ContractId,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<ProgressNote>, StoreError> {
    let query = progress_notes::table
        .filter(progress_notes::contract_id.eq(Key::from(contract)))
        .select(Row::as_select())
        .into_boxed();
    let rows: Vec<Row> = newest_first!(query, progress_notes, after, fetch).load(conn)?;
    Ok(rows.into_iter().map(ProgressNote::from).collect())
}

/// When somebody last wrote a note on a contract.
///
/// # Errors
/// Only those of the database.
pub fn last_by(conn: &mut Conn, contract: ContractId, author: MemberId) -> Result<Option<DateTime<Utc>>, StoreError> {
    let last: Option<Moment> = progress_notes::table
        .filter(
            progress_notes::contract_id.eq(Key::from(contract)).and(progress_notes::author_id.eq(Key::from(author))),
        )
        .order(progress_notes::created_at.desc())
        .select(progress_notes::created_at)
        .first(conn)
        .optional()?;
    Ok(last.map(Into::into))
}
