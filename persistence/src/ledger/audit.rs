//! The audit of the books as they are stored.

use std::{collections::BTreeMap, fmt::Display, str::FromStr};

use diesel::prelude::*;
use domain::{
    escrow::EscrowState,
    ids::{EscrowId, JournalEntryId},
    ledger::{Account, AccountKind, EntryKind, Posting, Report, verify as audit},
    machine::State,
    money::Currency,
    payout::PayoutState,
    refund::RefundState,
};

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
    /// Kinds of which the number of entries and of events differ: kind, entries, events.
    pub miscounted: Vec<(EntryKind, i64, i64)>,
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
        let counts = self.miscounted.iter().map(|(kind, entries, events)| {
            format!("{entries} entries of kind {kind}, but {events} events tell of one")
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
    let mut report = audit(entries(conn)?);
    let accounts: Vec<AccountRow> = ledger_accounts::table
        .filter(ledger_accounts::balance.is_not_null())
        .select(AccountRow::as_select())
        .load(conn)?;
    let (mut stored, mut misreserved, mut misearned) = (Vec::new(), Vec::new(), Vec::new());
    let mut unpaid = unpaid_releases(conn)?;
    let mut wanted = wanted_reservations(conn)?;
    for row in accounts {
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

type Entry = (JournalEntryId, Currency, Vec<Posting>);

fn entries(conn: &mut Conn) -> Result<Vec<Entry>, StoreError> {
    let heads: Vec<(Key, String)> = journal_entries::table
        .order(journal_entries::id)
        .select((journal_entries::id, journal_entries::currency))
        .load(conn)?;
    let lines: Vec<(Key, i64, AccountRow)> = postings::table
        .inner_join(ledger_accounts::table)
        .order((postings::entry_id, postings::line))
        .select((postings::entry_id, postings::amount, AccountRow::as_select()))
        .load(conn)?;
    let mut lines = lines.into_iter().peekable();
    let mut entries = Vec::with_capacity(heads.len());
    for (id, currency) in heads {
        let mut own: Vec<Posting> = Vec::new();
        while let Some((_, amount, account)) = lines.next_if(|(entry, ..)| *entry == id) {
            own.push(Posting { account: account.read()?.0, amount });
        }
        entries.push((id.into(), currency.parse().map_err(corrupt("journal_entries", id.0))?, own));
    }
    Ok(entries)
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

fn miscounted(conn: &mut Conn) -> Result<Vec<(EntryKind, i64, i64)>, StoreError> {
    let mut found = Vec::new();
    for kind in EntryKind::ALL.iter().copied() {
        let Some(event) = kind.event() else { continue };
        let booked: i64 =
            journal_entries::table.filter(journal_entries::kind.eq(kind.as_str())).count().get_result(conn)?;
        let told: i64 = events::table.filter(events::kind.eq(event.as_str())).count().get_result(conn)?;
        if booked != told {
            found.push((kind, booked, told));
        }
    }
    Ok(found)
}
