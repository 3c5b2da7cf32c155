//! Leaving: what ties a member, the fact that they left, and what is kept of their address.

use chrono::{DateTime, Utc};
use diesel::{dsl::exists, prelude::*};
use domain::{
    actor::Party,
    contract::ContractState,
    dispute::DisputeState,
    ids::MemberId,
    job::JobState,
    milestone::MilestoneState,
    names::Named,
    payout::PayoutState,
    proposal::ProposalState,
    refund::RefundState,
    timer::TimerKind,
    withdrawal::{LeavingReason, Tie, Tied, Warning, matters},
};
use uuid::Uuid;

use crate::{
    error::StoreError,
    locked::for_update,
    row::corrupt,
    schema::{
        contracts, disputes, jobs, milestones, payments, payouts, proposals, refunds, timers, tombstones, withdrawals,
    },
    store::{Conn, Tx, WriteNow},
    types::{Document, Key, Moment},
    union_all::for_each,
};

/// A row that ties somebody: its id, its state, and since when.
type Row = (Key, String, Moment);

/// What ties somebody in one table, loaded for the states that do; the others would only be read to be ignored.
fn tied<S: Named>(
    table: &'static str,
    tie: impl Fn(Key, S) -> Tie,
    load: impl FnOnce(&[&'static str]) -> QueryResult<Vec<Row>>,
) -> Result<Vec<Tied>, StoreError> {
    let ties = |state: &S| matters(tie(Key(Uuid::nil()), *state));
    let states: Vec<&'static str> = S::MEMBERS.iter().copied().filter(ties).map(Named::name).collect();
    let one = |(id, state, since): Row| {
        let state = state.parse().map_err(corrupt(table, id.0))?;
        Ok(Tied { tie: tie(id, state), since: since.into() })
    };
    load(&states)?.into_iter().map(one).collect()
}

/// Everything that runs between a member and others. What they own comes from the books.
///
/// # Errors
/// Those of the database, or rows that make no sense.
pub fn ties(conn: &mut Conn, member: MemberId) -> Result<Vec<Tied>, StoreError> {
    let mut ties = Vec::new();
    for party in Party::ALL.iter().copied() {
        ties.extend(of_contracts(conn, member, party)?);
    }
    ties.extend(of_disputes(conn, member)?);
    ties.extend(of_proposals(conn, member)?);
    ties.extend(of_jobs(conn, member)?);
    ties.extend(of_charges(conn, member)?);
    ties.extend(of_payouts(conn, member)?);
    ties.extend(of_refunds(conn, member)?);
    Ok(ties)
}

fn of_contracts(conn: &mut Conn, member: MemberId, party: Party) -> Result<Vec<Tied>, StoreError> {
    let me = Key::from(member);
    let query = |state| {
        contracts::table.filter(contracts::state.eq(state)).select((
            contracts::id,
            contracts::state,
            contracts::created_at,
        ))
    };
    let tie = |id: Key, state: ContractState| Tie::Contract(id.into(), party, state);
    let mut running = Vec::new();
    let mut ties = tied("contracts", tie, |states| {
        let rows: Vec<Row> = match party {
            Party::Client => for_each(states, |state| query(state).filter(contracts::client_id.eq(me))).load(conn)?,
            Party::Worker => for_each(states, |state| query(state).filter(contracts::worker_id.eq(me))).load(conn)?,
        };
        running.extend(rows.iter().map(|(id, ..)| *id));
        Ok(rows)
    })?;
    ties.extend(of_milestones(conn, running, party)?);
    Ok(ties)
}

fn of_milestones(conn: &mut Conn, contracts: Vec<Key>, party: Party) -> Result<Vec<Tied>, StoreError> {
    let tie = |id: Key, state: MilestoneState| Tie::Milestone(id.into(), party, state);
    tied("milestones", tie, |states| {
        milestones::table
            .filter(milestones::contract_id.eq_any(contracts).and(milestones::state.eq_any(states)))
            .select((milestones::id, milestones::state, milestones::updated_at))
            .load(conn)
    })
}

fn of_disputes(conn: &mut Conn, member: MemberId) -> Result<Vec<Tied>, StoreError> {
    let me = Key::from(member);
    let query = |state| {
        disputes::table.filter(disputes::state.eq(state)).select((disputes::id, disputes::state, disputes::created_at))
    };
    let tie = |id: Key, state: DisputeState| Tie::Dispute(id.into(), state);
    tied("disputes", tie, |states| {
        let mut rows: Vec<Row> =
            for_each(states, |state| query(state).filter(disputes::client_id.eq(me))).load(conn)?;
        rows.extend(for_each(states, |state| query(state).filter(disputes::worker_id.eq(me))).load::<Row>(conn)?);
        Ok(rows)
    })
}

fn of_proposals(conn: &mut Conn, member: MemberId) -> Result<Vec<Tied>, StoreError> {
    let me = Key::from(member);
    let query = |state| {
        proposals::table.filter(proposals::state.eq(state)).select((
            proposals::id,
            proposals::state,
            proposals::created_at,
        ))
    };
    let tie = |party| move |id: Key, state: ProposalState| Tie::Proposal(id.into(), party, state);
    let mut ties = tied("proposals", tie(Party::Worker), |states| {
        for_each(states, |state| query(state).filter(proposals::worker_id.eq(me))).load(conn)
    })?;
    ties.extend(tied("proposals", tie(Party::Client), |states| {
        for_each(states, |state| query(state).filter(proposals::client_id.eq(me))).load(conn)
    })?);
    Ok(ties)
}

fn of_jobs(conn: &mut Conn, member: MemberId) -> Result<Vec<Tied>, StoreError> {
    let query = |state| {
        jobs::table.filter(jobs::client_id.eq(Key::from(member)).and(jobs::state.eq(state))).select((
            jobs::id,
            jobs::state,
            jobs::created_at,
        ))
    };
    tied("jobs", |id, state: JobState| Tie::Job(id.into(), state), |states| for_each(states, query).load(conn))
}

fn of_charges(conn: &mut Conn, member: MemberId) -> Result<Vec<Tied>, StoreError> {
    let charging =
        timers::table.filter(timers::subject.eq(payments::id).and(timers::kind.eq(TimerKind::SlowCharge.as_str())));
    let own: Vec<(Key, Moment)> = payments::table
        .filter(payments::client_id.eq(Key::from(member)).and(exists(charging)))
        .select((payments::id, payments::updated_at))
        .load(conn)?;
    Ok(own.into_iter().map(|(id, since)| Tied { tie: Tie::Charge(id.into()), since: since.into() }).collect())
}

fn of_payouts(conn: &mut Conn, member: MemberId) -> Result<Vec<Tied>, StoreError> {
    let query = |state| {
        payouts::table.filter(payouts::worker_id.eq(Key::from(member)).and(payouts::state.eq(state))).select((
            payouts::id,
            payouts::state,
            payouts::created_at,
        ))
    };
    tied("payouts", |id, state: PayoutState| Tie::Payout(id.into(), state), |states| for_each(states, query).load(conn))
}

fn of_refunds(conn: &mut Conn, member: MemberId) -> Result<Vec<Tied>, StoreError> {
    let query = |state| {
        refunds::table.filter(refunds::client_id.eq(Key::from(member)).and(refunds::state.eq(state))).select((
            refunds::id,
            refunds::state,
            refunds::created_at,
        ))
    };
    tied("refunds", |id, state: RefundState| Tie::Refund(id.into(), state), |states| for_each(states, query).load(conn))
}

/// Whether money is on its way to a member.
///
/// # Errors
/// Those of the database, or rows that make no sense.
pub fn is_money_on_its_way(conn: &mut Conn, member: MemberId) -> Result<bool, StoreError> {
    Ok(!of_payouts(conn, member)?.is_empty() || !of_refunds(conn, member)?.is_empty())
}

/// That somebody left, and why.
#[derive(Debug, Clone)]
pub struct Withdrawal {
    /// Who.
    pub member: MemberId,
    /// Why, if they said so.
    pub reason: Option<LeavingReason>,
    /// In their own words.
    pub comment: Option<String>,
    /// Which warnings they acknowledged.
    pub acknowledged: Vec<Warning>,
    /// When.
    pub requested_at: DateTime<Utc>,
}

/// Notes that somebody leaves.
///
/// # Errors
/// Only those of the database.
pub fn insert(tx: &mut Tx<'_>, withdrawal: &Withdrawal) -> Result<(), StoreError> {
    let acknowledged: Vec<&str> = withdrawal.acknowledged.iter().map(|warning| warning.as_str()).collect();
    diesel::insert_into(withdrawals::table)
        .values((
            withdrawals::member_id.eq(Key::from(withdrawal.member)),
            withdrawals::reason.eq(withdrawal.reason.map(LeavingReason::as_str)),
            withdrawals::comment.eq(&withdrawal.comment),
            withdrawals::acknowledged.eq(Document(acknowledged.into())),
            withdrawals::requested_at.eq(Moment::from(withdrawal.requested_at)),
        ))
        .write(tx)?;
    Ok(())
}

/// What is kept of somebody who left: keyed hashes, which tell nobody what they are of.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Of the address.
    pub email: Vec<u8>,
    /// Of the username, which nobody can have again.
    pub username: Option<Vec<u8>>,
}

/// Notes that nothing is on its way to somebody any more, and what is kept of them.
///
/// # Errors
/// Only those of the database.
pub fn complete(tx: &mut Tx<'_>, member: MemberId, kept: &Kept, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(withdrawals::table.find(Key::from(member)))
        .set(withdrawals::completed_at.eq(Moment::from(now)))
        .write(tx)?;
    diesel::insert_into(tombstones::table)
        .values((
            tombstones::member_id.eq(Key::from(member)),
            tombstones::email_hash.eq(&kept.email),
            tombstones::username_hash.eq(&kept.username),
            tombstones::left_at.eq(Moment::from(now)),
        ))
        .write(tx)?;
    Ok(())
}

/// What is kept of the address of somebody who left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tombstone {
    /// Who they were.
    pub member: MemberId,
    /// When they left.
    pub left_at: DateTime<Utc>,
    /// Whether staff have let them come back.
    pub readmitted: bool,
}

/// What is kept of the last who left with this address, locked.
///
/// # Errors
/// Only those of the database.
pub fn tombstone(tx: &mut Tx<'_>, email_hash: &[u8]) -> Result<Option<Tombstone>, StoreError> {
    let query = tombstones::table
        .filter(tombstones::email_hash.eq(email_hash))
        .order((tombstones::left_at.desc(), tombstones::member_id.desc()))
        .limit(1)
        .select((tombstones::member_id, tombstones::left_at, tombstones::readmitted_at));
    let row: Option<(Key, Moment, Option<Moment>)> = for_update(query).get_result(&mut **tx).optional()?;
    Ok(row.map(|(member, left_at, readmitted_at)| Tombstone {
        member: member.into(),
        left_at: left_at.into(),
        readmitted: readmitted_at.is_some(),
    }))
}

/// Lets the address of somebody who left join again.
///
/// # Errors
/// Only those of the database.
pub fn readmit(tx: &mut Tx<'_>, member: MemberId, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(tombstones::table.find(Key::from(member)))
        .set(tombstones::readmitted_at.eq(Moment::from(now)))
        .write(tx)?;
    Ok(())
}
