//! The books: posting entries, reading balances, and checking that everything adds up.

mod audit;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::{
    ids::{JournalEntryId, MemberId},
    ledger::{Account, AccountKind, JournalEntry},
    money::{Currency, MAX_AMOUNT, Money},
};
use uuid::Uuid;

use crate::{
    error::StoreError,
    locked::for_update,
    row::{corrupt, money},
    schema::{journal_entries, ledger_accounts, postings},
    store::{Conn, Kept, Rows, Tx, on_each},
    types::{Key, Moment},
};

pub use audit::{Audit, verify};

/// Accounts are named after what they are, so that no look-up is needed to find one (UUID version 5, RFC 9562).
const ACCOUNTS: Uuid = Uuid::from_u128(0x2c5f_4e0e_6a53_4b8e_9d5d_1b1f_6f3a_7c21);

/// The id of an account in one currency.
fn account_id(account: Account, currency: Currency) -> Uuid {
    let owner = account.owner().map(|owner| owner.to_string()).unwrap_or_default();
    Uuid::new_v5(&ACCOUNTS, format!("{}:{owner}:{currency}", account.kind()).as_bytes())
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_accounts)]
struct AccountRow {
    id: Key,
    kind: String,
    owner: Option<Key>,
    currency: String,
    balance: Option<i64>,
    reserved: i64,
    version: i32,
}

impl AccountRow {
    fn opened(account: Account, currency: Currency) -> Self {
        Self {
            id: Key(account_id(account, currency)),
            kind: account.kind().to_string(),
            owner: account.owner().map(Key),
            currency: currency.to_string(),
            balance: account.kind().has_balance_row().then_some(0),
            reserved: 0,
            version: 1,
        }
    }

    fn read(&self) -> Result<(Account, Currency), StoreError> {
        let id = self.id.0;
        let kind: AccountKind = self.kind.parse().map_err(corrupt("ledger_accounts", id))?;
        let account =
            Account::from_parts(kind, self.owner.map(|owner| owner.0)).map_err(corrupt("ledger_accounts", id))?;
        Ok((account, self.currency.parse().map_err(corrupt("ledger_accounts", id))?))
    }

    /// The balance of an account that keeps one.
    fn held(&self) -> Result<i64, StoreError> {
        self.balance.ok_or_else(|| corrupt("ledger_accounts", self.id.0)("it keeps no balance"))
    }
}

/// Opens the platform's own accounts, which every posting then finds there.
///
/// # Errors
/// Only those of the database.
pub fn open_platform_accounts(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let kinds = AccountKind::ALL.iter().filter(|kind| !kind.has_owner());
    let accounts = kinds.filter_map(|kind| Account::from_parts(*kind, None).ok());
    let rows =
        accounts.flat_map(|account| Currency::ALL.iter().map(move |currency| AccountRow::opened(account, *currency)));
    open(tx, rows.collect())
}

fn open(tx: &mut Tx<'_>, mut rows: Vec<AccountRow>) -> Result<(), StoreError> {
    rows.sort_by_key(|row| row.id);
    for row in rows {
        on_each!(*tx, conn => {
            diesel::insert_into(ledger_accounts::table).values(row).on_conflict_do_nothing().execute(conn)
        })?;
    }
    Ok(())
}

/// Locks the accounts that keep a balance, by id, and opens those that are not there yet.
fn lock(
    tx: &mut Tx<'_>,
    accounts: &BTreeSet<Account>,
    currency: Currency,
) -> Result<BTreeMap<Uuid, AccountRow>, StoreError> {
    let ids: Vec<Key> = accounts.iter().map(|account| Key(account_id(*account, currency))).collect();
    let mut found = lock_rows(tx, &ids)?;
    if found.len() < ids.len() {
        let missing = accounts.iter().map(|account| AccountRow::opened(*account, currency));
        open(tx, missing.filter(|row| !found.contains_key(&row.id.0)).collect())?;
        found = lock_rows(tx, &ids)?;
    }
    Ok(found)
}

fn lock_rows(tx: &mut Tx<'_>, ids: &[Key]) -> Result<BTreeMap<Uuid, AccountRow>, StoreError> {
    let rows: QueryResult<Vec<AccountRow>> = on_each!(*tx, conn => {
        let found = ledger_accounts::table.filter(ledger_accounts::id.eq_any(ids.to_vec()));
        // One or two of them, and so few texts.
        Kept(for_update(found.order(ledger_accounts::id).select(AccountRow::as_select()))).load(conn)
    });
    Ok(rows?.into_iter().map(|row| (row.id.0, row)).collect())
}

/// Posts an entry: its lines, and the balances they change.
///
/// # Errors
/// [`StoreError::Insufficient`] when a balance would go below what is reserved of it, [`StoreError::OutOfRange`] when
/// it would pass what can be sent.
pub fn post(
    tx: &mut Tx<'_>,
    id: JournalEntryId,
    entry: &JournalEntry,
    subject: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let currency = entry.currency();
    let kept: BTreeSet<Account> = entry
        .postings()
        .iter()
        .map(|posting| posting.account)
        .filter(|account| account.kind().has_balance_row())
        .collect();
    let mut rows = lock(tx, &kept, currency)?;
    insert_entry(tx, id, entry, subject, now)?;
    let mut lines = Vec::new();
    for (line, posting) in (0_i32..).zip(entry.postings()) {
        let account = account_id(posting.account, currency);
        let balance_after = match rows.get_mut(&account) {
            Some(row) => Some(change(tx, row, posting.change())?),
            None => None,
        };
        lines.push((
            postings::entry_id.eq(Key::from(id)),
            postings::line.eq(line),
            postings::account_id.eq(Key(account)),
            postings::amount.eq(posting.amount),
            postings::balance_after.eq(balance_after),
        ));
    }
    let insert = || diesel::insert_into(postings::table);
    tx.insert_later(Rows::New, lines, |line| insert().values(line), |lines| insert().values(lines))
}

fn insert_entry(
    tx: &mut Tx<'_>,
    id: JournalEntryId,
    entry: &JournalEntry,
    subject: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let insert = diesel::insert_into(journal_entries::table).values((
        journal_entries::id.eq(Key::from(id)),
        journal_entries::kind.eq(entry.kind().as_str()),
        journal_entries::currency.eq(entry.currency().as_str()),
        journal_entries::subject.eq(subject.to_owned()),
        journal_entries::occurred_at.eq(Moment::from(now)),
    ));
    tx.later(Rows::New, insert)
}

/// Changes one balance and answers with what it is then.
fn change(tx: &mut Tx<'_>, row: &mut AccountRow, by: i64) -> Result<i64, StoreError> {
    let balance = row.held()?.checked_add(by).filter(|balance| *balance <= MAX_AMOUNT).ok_or(StoreError::OutOfRange)?;
    if balance < row.reserved {
        return Err(StoreError::Insufficient);
    }
    row.balance = Some(balance);
    save(tx, row)?;
    Ok(balance)
}

fn save(tx: &mut Tx<'_>, row: &mut AccountRow) -> Result<(), StoreError> {
    let update = diesel::update(ledger_accounts::table.find(row.id).filter(ledger_accounts::version.eq(row.version)))
        .set((
            ledger_accounts::balance.eq(row.balance),
            ledger_accounts::reserved.eq(row.reserved),
            ledger_accounts::version.eq(row.version + 1),
        ));
    tx.later(Rows::One("ledger_accounts", row.id.0), update)?;
    row.version += 1;
    Ok(())
}

/// What a client has, locked until the transaction ends.
///
/// # Errors
/// Those of the database; [`StoreError::Missing`] when the account is not there though it was just opened.
pub fn lock_client_funds(tx: &mut Tx<'_>, client: MemberId, currency: Currency) -> Result<Funds, StoreError> {
    let account = Account::ClientFunds(client);
    let mut rows = lock(tx, &BTreeSet::from([account]), currency)?;
    let id = account_id(account, currency);
    let row = rows.remove(&id).ok_or(StoreError::Missing { table: "ledger_accounts", id: id.to_string() })?;
    Ok(Funds { row, currency })
}

/// A client's locked money: what is there, and how much of it is set aside for milestones being funded.
#[derive(Debug)]
pub struct Funds {
    row: AccountRow,
    currency: Currency,
}

impl Funds {
    /// What is not set aside.
    ///
    /// # Errors
    /// Only if the row makes no sense.
    pub fn available(&self) -> Result<Money, StoreError> {
        money(self.row.held()? - self.row.reserved, self.currency, "ledger_accounts", self.row.id.0)
    }

    /// Sets this much aside instead of what was set aside before for the same purpose.
    ///
    /// # Errors
    /// [`StoreError::Insufficient`] when there is not that much; a row that makes no sense.
    pub fn reserve_instead(&mut self, tx: &mut Tx<'_>, before: Money, after: Money) -> Result<(), StoreError> {
        if before == after {
            return Ok(());
        }
        let reserved = self.row.reserved - before.amount() + after.amount();
        if reserved < 0 || reserved > self.row.held()? {
            return Err(StoreError::Insufficient);
        }
        self.row.reserved = reserved;
        save(tx, &mut self.row)
    }
}

/// One account of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Which account.
    pub account: Account,
    /// What it holds.
    pub amount: Money,
    /// How much of it is set aside.
    pub reserved: Money,
}

/// Every account of an owner, by id.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn balances(conn: &mut Conn, owner: Uuid) -> Result<Vec<Balance>, StoreError> {
    let read = |row: AccountRow| {
        let (account, currency) = row.read()?;
        let money = |amount| money(amount, currency, "ledger_accounts", row.id.0);
        Ok(Balance { account, amount: money(row.held()?)?, reserved: money(row.reserved)? })
    };
    accounts_of(conn, owner)?.into_iter().map(read).collect()
}

fn accounts_of(conn: &mut Conn, owner: Uuid) -> QueryResult<Vec<AccountRow>> {
    let own = ledger_accounts::table.filter(ledger_accounts::owner.eq(Key(owner)));
    own.order(ledger_accounts::id).select(AccountRow::as_select()).load(conn)
}

/// When an account last changed; none if nothing was ever posted to it.
///
/// # Errors
/// Only those of the database.
pub fn last_change(conn: &mut Conn, account: Account, currency: Currency) -> Result<Option<DateTime<Utc>>, StoreError> {
    let last: Option<Key> = postings::table
        .filter(postings::account_id.eq(Key(account_id(account, currency))))
        .order(postings::entry_id.desc())
        .select(postings::entry_id)
        .first(conn)
        .optional()?;
    let Some(last) = last else { return Ok(None) };
    let at: Moment = journal_entries::table.find(last).select(journal_entries::occurred_at).first(conn)?;
    Ok(Some(at.into()))
}

/// One line of the books on one account, with the entry it belongs to.
#[derive(Debug, Clone)]
pub struct AccountLine {
    /// The entry.
    pub entry: JournalEntryId,
    /// What the entry stands for.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// The account.
    pub account: Account,
    /// By how much the account changed, as people read it.
    pub change: i64,
    /// What it held then.
    pub balance_after: i64,
    /// In which currency.
    pub currency: Currency,
    /// When.
    pub occurred_at: DateTime<Utc>,
}

type LineRow = (Key, i32, i64, Option<i64>);

/// The lines on an owner's accounts, newest first, before an entry if one is given.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lines(conn: &mut Conn, owner: Uuid, before: Option<Uuid>, most: i64) -> Result<Vec<AccountLine>, StoreError> {
    let mut found: Vec<(LineRow, Account, Currency)> = Vec::new();
    // An index has the lines of each account in their order; those of several together would all be read and sorted.
    for row in accounts_of(conn, owner)? {
        let mut query = postings::table
            .filter(postings::account_id.eq(row.id))
            .select((postings::entry_id, postings::line, postings::amount, postings::balance_after))
            .order((postings::entry_id.desc(), postings::line.desc()))
            .limit(most)
            .into_boxed();
        if let Some(before) = before {
            query = query.filter(postings::entry_id.lt(Key(before)));
        }
        let (account, currency) = row.read()?;
        let lines: Vec<LineRow> = query.load(conn)?;
        found.extend(lines.into_iter().map(|line| (line, account, currency)));
    }
    found.sort_unstable_by_key(|((entry, line, ..), ..)| Reverse((*entry, *line)));
    found.truncate(usize::try_from(most).unwrap_or_default());
    // Not joined before: PostgreSQL would look for them among everybody's entries, newest first.
    let ids = found.iter().map(|((entry, ..), ..)| *entry);
    let entries = journal_entries::table.filter(journal_entries::id.eq_any(ids.collect::<Vec<_>>()));
    let entries: Vec<EntryRow> = entries
        .select((journal_entries::id, journal_entries::kind, journal_entries::subject, journal_entries::occurred_at))
        .load(conn)?;
    let entries: HashMap<Key, EntryRow> = entries.into_iter().map(|entry| (entry.0, entry)).collect();
    found.into_iter().map(|line| read_line(line, &entries)).collect()
}

type EntryRow = (Key, String, String, Moment);

fn read_line(
    ((id, _, amount, balance_after), account, currency): (LineRow, Account, Currency),
    entries: &HashMap<Key, EntryRow>,
) -> Result<AccountLine, StoreError> {
    let bad = corrupt("postings", JournalEntryId::from(id));
    let (_, kind, subject, occurred_at) = entries.get(&id).ok_or_else(|| bad("its entry is not there"))?;
    Ok(AccountLine {
        entry: id.into(),
        kind: kind.clone(),
        subject: subject.clone(),
        account,
        change: domain::ledger::Posting { account, amount }.change(),
        balance_after: balance_after.ok_or_else(|| bad("it keeps no balance"))?,
        currency,
        occurred_at: (*occurred_at).into(),
    })
}
