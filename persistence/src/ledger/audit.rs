//! The audit of the books as they are stored.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Display,
    str::FromStr,
};

use diesel::{dsl::count_star, prelude::*};
use domain::{
    escrow::EscrowState,
    event::EventKind,
    ids::EscrowId,
    ledger::{Account, AccountKind, EntryKind, Posting, Report},
    machine::State,
    money::Currency,
    payout::PayoutState,
    refund::RefundState,
};
use uuid::Uuid;

use super::AccountRow;
use crate::{
    error::StoreError,
    row::corrupt,
    schema::{escrows, events, journal_entries, ledger_accounts, milestones, payouts, postings, refunds, releases},
    store::{Conn, at_one_moment},
    types::Key,
};

/// What the audit found beyond what the postings themselves show.
#[derive(Debug)]
pub struct Audit {
    /// Entries, balances and the accounting equation.
    pub report: Report,
    /// Events that are told with each entry of some kinds, and of which there are more or fewer: event, entries, events.
    pub miscounted: Vec<(EventKind, i64, i64)>,
    /// Client funds that are set aside without a milestone, or the other way round: account, set aside, wanted.
    pub misreserved: Vec<(Account, i64, i64)>,
    /// Earnings that are not what releases have left to be paid out: account, earnings, releases.
    pub misearned: Vec<(Account, Currency, i64, i64)>,
}

impl Audit {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.report.is_sound() && self.miscounted.is_empty() && self.misreserved.is_empty() && self.misearned.is_empty()
    }

    /// Everything that must not be, in words.
    pub fn findings(&self) -> Vec<String> {
        let counts = self.miscounted.iter().map(|(event, entries, events)| {
            format!("{entries} entries are told by {event}, but there are {events} events of this kind")
        });
        let reserved = self.misreserved.iter().map(|(account, found, wanted)| {
            format!("{found} of {account} is set aside, but milestones being funded want {wanted}")
        });
        let earned = self.misearned.iter().map(|(account, currency, earnings, releases)| {
            format!("{account} holds {earnings} {currency}, but releases have {releases} left to be paid out")
        });
        let told = self.report.findings.iter().map(ToString::to_string);
        told.chain(counts).chain(reserved).chain(earned).collect()
    }
}

/// Reads all of the books, as they were at one moment, and checks every invariant of them.
///
/// # Errors
/// Those of the database, or rows that make no sense.
pub fn verify(conn: &mut Conn) -> Result<Audit, StoreError> {
    at_one_moment(conn, check)
}

fn check(conn: &mut Conn) -> Result<Audit, StoreError> {
    let accounts: Vec<AccountRow> = ledger_accounts::table.select(AccountRow::as_select()).load(conn)?;
    let mut report = read_entries(conn, &accounts)?;
    let (mut stored, mut misreserved, mut misearned) = (Vec::new(), Vec::new(), Vec::new());
    let mut unpaid = unpaid_releases(conn)?;
    let mut wanted = wanted_reservations(conn)?;
    for row in accounts.iter().filter(|row| row.balance.is_some()) {
        let (account, currency) = row.read()?;
        let balance = row.held()?;
        let own = row.owner.filter(|_| account.kind() == AccountKind::ClientFunds);
        let wanted = own.and_then(|owner| wanted.remove(&(owner, row.currency.clone())));
        if row.reserved != wanted.unwrap_or(0) {
            misreserved.push((account, row.reserved, wanted.unwrap_or(0)));
        }
        let own = row.owner.filter(|_| account.kind() == AccountKind::Earnings);
        if let Some(owner) = own {
            let releases = unpaid.remove(&(owner, row.currency.clone()));
            if balance != releases.unwrap_or(0) {
                misearned.push((account, currency, balance, releases.unwrap_or(0)));
            }
        }
        // An account that was opened and never used has no postings to compare with.
        if balance != 0 || report.balances.contains_key(&(account, currency)) {
            stored.push((account, currency, balance));
        }
    }
    // What is left belongs to accounts that are not there.
    misreserved.extend(wanted.into_iter().map(|((owner, _), wanted)| (Account::ClientFunds(owner.into()), 0, wanted)));
    for ((owner, currency), releases) in unpaid {
        let (account, bad) = (Account::Earnings(owner.into()), corrupt("releases", owner.0));
        misearned.push((account, currency.parse().map_err(bad)?, 0, releases));
    }
    report.compare_balances(stored);
    report.check_ended(ended_escrows(conn)?);
    report.check_transit(on_their_way(conn)?);
    Ok(Audit { report, miscounted: miscounted(conn)?, misreserved, misearned })
}

/// What milestones being funded have set aside, by client and currency.
fn wanted_reservations(conn: &mut Conn) -> Result<BTreeMap<(Key, String), i64>, StoreError> {
    let rows: Vec<(Key, String, i64)> = milestones::table
        .filter(milestones::reserved.gt(0))
        .select((milestones::client_id, milestones::currency, milestones::reserved))
        .load(conn)?;
    Ok(rows.into_iter().fold(BTreeMap::new(), |mut sums, (client, currency, reserved)| {
        *sums.entry((client, currency)).or_default() += reserved;
        sums
    }))
}

/// What releases have left to be paid out, by worker and currency.
fn unpaid_releases(conn: &mut Conn) -> Result<BTreeMap<(Key, String), i64>, StoreError> {
    let rows: Vec<(Key, String, i64)> = releases::table
        .filter(releases::remaining.gt(0))
        .select((releases::worker_id, releases::currency, releases::remaining))
        .load(conn)?;
    Ok(rows.into_iter().fold(BTreeMap::new(), |mut sums, (worker, currency, remaining)| {
        *sums.entry((worker, currency)).or_default() += remaining;
        sums
    }))
}

/// How many entries are held in memory at once; what stays of them are the sums of the accounts.
const ENTRIES_AT_ONCE: i64 = 1_000;

fn read_entries(conn: &mut Conn, accounts: &[AccountRow]) -> Result<Report, StoreError> {
    let known: Result<HashMap<Key, Account>, StoreError> =
        accounts.iter().map(|row| Ok((row.id, row.read()?.0))).collect();
    let (known, mut report, mut after) = (known?, Report::default(), Key(Uuid::nil()));
    loop {
        let heads: Vec<(Key, String)> = journal_entries::table
            .filter(journal_entries::id.gt(after))
            .order(journal_entries::id)
            .limit(ENTRIES_AT_ONCE)
            .select((journal_entries::id, journal_entries::currency))
            .load(conn)?;
        let Some(last) = heads.last().map(|(id, _)| *id) else { break };
        let lines: Vec<(Key, Key, i64)> = postings::table
            .filter(postings::entry_id.gt(after).and(postings::entry_id.le(last)))
            .order((postings::entry_id, postings::line))
            .select((postings::entry_id, postings::account_id, postings::amount))
            .load(conn)?;
        let mut lines = lines.into_iter().peekable();
        for (id, currency) in heads {
            let mut own = Vec::new();
            while let Some((_, account, amount)) = lines.next_if(|(entry, ..)| *entry == id) {
                let missing = || StoreError::Missing { table: "ledger_accounts", id: account.0.to_string() };
                own.push(Posting { account: *known.get(&account).ok_or_else(missing)?, amount });
            }
            report.read(id.into(), currency.parse().map_err(corrupt("journal_entries", id.0))?, &own);
        }
        if let Some((entry, ..)) = lines.next() {
            return Err(StoreError::Missing { table: "journal_entries", id: entry.0.to_string() });
        }
        after = last;
    }
    report.close();
    Ok(report)
}

fn ended_escrows(conn: &mut Conn) -> Result<Vec<EscrowId>, StoreError> {
    let over: Vec<&str> =
        EscrowState::ALL.iter().filter(|state| state.is_final()).map(|state| state.as_str()).collect();
    let ids: Vec<Key> = escrows::table.filter(escrows::state.eq_any(over)).select(escrows::id).load(conn)?;
    Ok(ids.into_iter().map(EscrowId::from).collect())
}

/// What each payout and refund should hold: its amount while it is under way, and then nothing.
fn on_their_way(conn: &mut Conn) -> Result<Vec<(Account, Currency, i64)>, StoreError> {
    let payouts: Vec<Transit> =
        payouts::table.select((payouts::id, payouts::currency, payouts::amount, payouts::state)).load(conn)?;
    let payouts = payouts
        .into_iter()
        .map(|row| wanted("payouts", row, |id| Account::PayoutTransit(id.into()), PayoutState::is_under_way));
    let refunds: Vec<Transit> =
        refunds::table.select((refunds::id, refunds::currency, refunds::amount, refunds::state)).load(conn)?;
    let refunds = refunds
        .into_iter()
        .map(|row| wanted("refunds", row, |id| Account::RefundTransit(id.into()), RefundState::is_under_way));
    payouts.chain(refunds).collect()
}

type Transit = (Key, String, i64, String);

fn wanted<S: FromStr<Err: Display>>(
    table: &'static str,
    (id, currency, amount, state): Transit,
    account: impl Fn(Key) -> Account,
    is_under_way: impl Fn(S) -> bool,
) -> Result<(Account, Currency, i64), StoreError> {
    let (currency, state) =
        (currency.parse().map_err(corrupt(table, id.0))?, state.parse().map_err(corrupt(table, id.0))?);
    Ok((account(id), currency, if is_under_way(state) { amount } else { 0 }))
}

fn miscounted(conn: &mut Conn) -> Result<Vec<(EventKind, i64, i64)>, StoreError> {
    let booked = journal_entries::table.group_by(journal_entries::kind).select((journal_entries::kind, count_star()));
    let booked: HashMap<String, i64> = booked.load(conn)?.into_iter().collect();
    let told = events::table.group_by(events::kind).select((events::kind, count_star()));
    let told: HashMap<String, i64> = told.load(conn)?.into_iter().collect();
    let number = |counts: &HashMap<String, i64>, kind: &str| counts.get(kind).copied().unwrap_or(0);
    let mut wanted: BTreeMap<EventKind, i64> = BTreeMap::new();
    for kind in EntryKind::ALL {
        for event in kind.events() {
            *wanted.entry(*event).or_default() += number(&booked, kind.as_str());
        }
    }
    let counted = wanted.into_iter().map(|(event, entries)| (event, entries, number(&told, event.as_str())));
    Ok(counted.filter(|(_, entries, events)| entries != events).collect())
}
