//! Entries by hand, until they are posted and after.

use diesel::prelude::*;
use domain::{
    ids::ManualEntryId,
    ledger::{Account, AccountKind, EntryKind, JournalEntry, Posting},
    manual_entry::{ManualEntry, ManualEntryState},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    document::{Nonsense, nonsense, understand},
    error::StoreError,
    locked::for_update,
    page::{Position, newest_first},
    row::{corrupt, saved},
    schema::manual_entries,
    store::{Conn, Tx, WriteNow},
    types::{Document, Key, Moment},
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredLine {
    account: String,
    owner: Option<String>,
    amount: i64,
}

impl StoredLine {
    fn read(self) -> Result<Posting, Nonsense> {
        let kind: AccountKind = self.account.parse().map_err(nonsense)?;
        let owner = self.owner.map(|owner| owner.parse::<Uuid>()).transpose().map_err(nonsense)?;
        let account = Account::from_parts(kind, owner).map_err(nonsense)?;
        Ok(Posting { account, amount: self.amount })
    }
}

impl From<&Posting> for StoredLine {
    fn from(posting: &Posting) -> Self {
        let account = posting.account;
        Self {
            account: account.kind().to_string(),
            owner: account.owner().map(|owner| owner.to_string()),
            amount: posting.amount,
        }
    }
}

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = manual_entries, treat_none_as_null = true)]
struct Row {
    id: Key,
    state: String,
    currency: String,
    lines: Document,
    reason: String,
    drafter_id: Key,
    decider_id: Option<Key>,
    refusal: Option<String>,
    version: i32,
    created_at: Moment,
    updated_at: Moment,
}

impl Row {
    fn new(manual: &ManualEntry) -> Result<Self, StoreError> {
        let lines: Vec<StoredLine> = manual.entry.postings().iter().map(StoredLine::from).collect();
        Ok(Self {
            id: manual.id.into(),
            state: manual.state.to_string(),
            currency: manual.entry.currency().to_string(),
            lines: serde_json::to_value(lines).map(Document).map_err(corrupt("manual_entries", manual.id))?,
            reason: manual.reason.clone(),
            drafter_id: manual.drafter_id.into(),
            decider_id: manual.decider_id.map(Key::from),
            refusal: manual.refusal.clone(),
            version: manual.version,
            created_at: manual.created_at.into(),
            updated_at: manual.updated_at.into(),
        })
    }
}

impl TryFrom<Row> for ManualEntry {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = ManualEntryId::from(row.id);
        let lines: Vec<StoredLine> = understand(row.lines).map_err(corrupt("manual_entries", id))?;
        let postings = lines.into_iter().map(StoredLine::read).collect::<Result<_, _>>();
        let postings = postings.map_err(corrupt("manual_entries", id))?;
        let currency = row.currency.parse().map_err(corrupt("manual_entries", id))?;
        Ok(Self {
            id,
            state: row.state.parse().map_err(corrupt("manual_entries", id))?,
            entry: JournalEntry::from_postings(EntryKind::Manual, currency, postings)
                .map_err(corrupt("manual_entries", id))?,
            reason: row.reason,
            drafter_id: row.drafter_id.into(),
            decider_id: row.decider_id.map(Into::into),
            refusal: row.refusal,
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}

/// Adds a draft.
///
/// # Errors
/// Only those of the database.
pub fn insert(tx: &mut Tx<'_>, manual: &ManualEntry) -> Result<(), StoreError> {
    diesel::insert_into(manual_entries::table).values(Row::new(manual)?).write(tx)?;
    Ok(())
}

/// Reads an entry.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn find(conn: &mut Conn, id: ManualEntryId) -> Result<Option<ManualEntry>, StoreError> {
    let row = manual_entries::table.find(Key::from(id)).select(Row::as_select()).first(conn).optional()?;
    row.map(ManualEntry::try_from).transpose()
}

/// Reads and locks an entry, after the members it concerns and before the accounts of the ledger.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock(tx: &mut Tx<'_>, id: ManualEntryId) -> Result<Option<ManualEntry>, StoreError> {
    let query = manual_entries::table.find(Key::from(id)).select(Row::as_select());
    for_update(query).get_result::<Row>(&mut **tx).optional()?.map(ManualEntry::try_from).transpose()
}

/// Saves what was decided on an entry if it is still as it was read.
///
/// # Errors
/// [`StoreError::LostRace`] otherwise.
pub fn save(tx: &mut Tx<'_>, manual: &ManualEntry) -> Result<ManualEntry, StoreError> {
    let next = ManualEntry { version: manual.version + 1, ..manual.clone() };
    let changed = diesel::update(manual_entries::table.find(Key::from(manual.id)))
        .filter(manual_entries::version.eq(manual.version))
        .set(Row::new(&next)?)
        .write(tx)?;
    saved(changed, "manual_entries")?;
    Ok(next)
}

/// A page of entries, newest first, in one state if one is given.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn list(
    conn: &mut Conn,
    state: Option<ManualEntryState>,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<ManualEntry>, StoreError> {
    let mut query = manual_entries::table.select(Row::as_select()).into_boxed();
    if let Some(state) = state {
        query = query.filter(manual_entries::state.eq(state.as_str()));
    }
    let rows: Vec<Row> = newest_first!(query, manual_entries, after, fetch).load(conn)?;
    rows.into_iter().map(ManualEntry::try_from).collect()
}
