//! Members' accounts at banks.

use std::collections::BTreeMap;

use diesel::prelude::*;
use domain::{
    bank_account::{AccountDetails, BankAccount, BankAccountState},
    ids::MemberId,
    kana::KanaName,
};
use serde::{Deserialize, Serialize};

use crate::{
    document::{Nonsense, nonsense, understand},
    error::StoreError,
    locked::for_update,
    row::{corrupt, saved},
    schema::bank_accounts,
    store::{Conn, Tx, WriteNow},
    types::{Document, Key, Moment},
};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = bank_accounts, primary_key(member_id), treat_none_as_null = true)]
pub(crate) struct Row {
    member_id: Key,
    bank_code: String,
    branch_code: String,
    account_type: String,
    number: String,
    holder: String,
    state: String,
    failure_reason: Option<String>,
    version: i32,
    created_at: Moment,
    updated_at: Moment,
}

impl From<&BankAccount> for Row {
    fn from(account: &BankAccount) -> Self {
        let stored = StoredDetails::from(&account.details);
        Self {
            member_id: account.member.into(),
            bank_code: stored.bank_code,
            branch_code: stored.branch_code,
            account_type: stored.account_type,
            number: stored.number,
            holder: stored.holder,
            state: account.state.to_string(),
            failure_reason: account.failure_reason.clone(),
            version: account.version,
            created_at: account.created_at.into(),
            updated_at: account.updated_at.into(),
        }
    }
}

impl TryFrom<Row> for BankAccount {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let member = MemberId::from(row.member_id);
        let Row { bank_code, branch_code, account_type, number, holder, .. } = row;
        let details = StoredDetails { bank_code, branch_code, account_type, number, holder };
        Ok(Self {
            member,
            details: details.read().map_err(corrupt("bank_accounts", member))?,
            state: row.state.parse().map_err(corrupt("bank_accounts", member))?,
            failure_reason: row.failure_reason,
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}

/// An account as a document, kept with what was paid to it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredDetails {
    bank_code: String,
    branch_code: String,
    account_type: String,
    number: String,
    holder: String,
}

impl From<&AccountDetails> for StoredDetails {
    fn from(details: &AccountDetails) -> Self {
        Self {
            bank_code: details.bank.to_string(),
            branch_code: details.branch.to_string(),
            account_type: details.account_type.to_string(),
            number: details.number.to_string(),
            holder: details.holder.to_string(),
        }
    }
}

impl StoredDetails {
    fn read(self) -> Result<AccountDetails, Nonsense> {
        Ok(AccountDetails {
            bank: self.bank_code.parse().map_err(nonsense)?,
            branch: self.branch_code.parse().map_err(nonsense)?,
            account_type: self.account_type.parse().map_err(nonsense)?,
            number: self.number.parse().map_err(nonsense)?,
            holder: KanaName::parse(&self.holder).map_err(nonsense)?,
        })
    }
}

/// The document of an account.
///
/// # Errors
/// Only if it cannot be written as JSON at all.
pub(crate) fn write(details: &AccountDetails) -> Result<Document, serde_json::Error> {
    serde_json::to_value(StoredDetails::from(details)).map(Document)
}

/// The account of a document.
///
/// # Errors
/// What makes no sense.
pub(crate) fn read(document: Document) -> Result<AccountDetails, Nonsense> {
    understand::<StoredDetails>(document)?.read()
}

/// Reads a member's account.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn find(conn: &mut Conn, member: MemberId) -> Result<Option<BankAccount>, StoreError> {
    let query = bank_accounts::table.find(Key::from(member)).select(Row::as_select());
    query.first(conn).optional()?.map(BankAccount::try_from).transpose()
}

/// Reads and locks a member's account.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock(tx: &mut Tx<'_>, member: MemberId) -> Result<Option<BankAccount>, StoreError> {
    let query = bank_accounts::table.find(Key::from(member)).select(Row::as_select());
    for_update(query).get_result::<Row>(&mut **tx).optional()?.map(BankAccount::try_from).transpose()
}

/// The accounts of these members that payouts can go to.
///
/// # Errors
/// Those of the database, or rows that make no sense.
pub fn usable(conn: &mut Conn, members: &[MemberId]) -> Result<BTreeMap<MemberId, BankAccount>, StoreError> {
    let keys: Vec<Key> = members.iter().copied().map(Key::from).collect();
    let rows: Vec<Row> = bank_accounts::table
        .filter(bank_accounts::member_id.eq_any(keys))
        .filter(bank_accounts::state.eq(BankAccountState::Usable.as_str()))
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(|row| BankAccount::try_from(row).map(|account| (account.member, account))).collect()
}

/// Adds a member's first account.
///
/// # Errors
/// [`StoreError::Transient`] when the member has just named one otherwise: trying again will find it.
pub fn insert(tx: &mut Tx<'_>, account: &BankAccount) -> Result<(), StoreError> {
    let added = diesel::insert_into(bank_accounts::table).values(Row::from(account)).write(tx);
    added.map(drop).map_err(StoreError::raced)
}

/// Saves a changed account if it is still as it was read.
///
/// # Errors
/// [`StoreError::LostRace`] otherwise.
pub fn save(tx: &mut Tx<'_>, account: &BankAccount) -> Result<BankAccount, StoreError> {
    let next = BankAccount { version: account.version + 1, ..account.clone() };
    let changed = diesel::update(bank_accounts::table.find(Key::from(account.member)))
        .filter(bank_accounts::version.eq(account.version))
        .set(Row::from(&next))
        .write(tx)?;
    saved(changed, "bank_accounts")?;
    Ok(next)
}

/// Forgets a member's account; what was paid to it keeps its own copy.
///
/// # Errors
/// [`StoreError::LostRace`] when it is not as it was read.
pub fn remove(tx: &mut Tx<'_>, account: &BankAccount) -> Result<(), StoreError> {
    let found = bank_accounts::table.find(Key::from(account.member)).filter(bank_accounts::version.eq(account.version));
    saved(diesel::delete(found).write(tx)?, "bank_accounts")
}
