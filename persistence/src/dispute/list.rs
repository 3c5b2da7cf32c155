//! Many disputes at once, and who of staff looks after how many.

use diesel::{
    dsl::{count_star, sql},
    prelude::*,
    sql_types::Bool,
};
use domain::{
    dispute::{Dispute, DisputeState},
    ids::{ContractId, MemberId},
    machine::State,
    member::MemberState,
    policy::{Operation, Role, permitted},
};

use super::Row;
use crate::{
    error::StoreError,
    member::STAFF,
    page::{Position, newest_first, of_party},
    schema::{disputes, members},
    store::Conn,
    types::Key,
};

/// Which disputes to list.
#[derive(Debug, Clone, Default)]
pub struct DisputeFilter {
    /// On one contract.
    pub contract: Option<ContractId>,
    /// With this member on either side.
    pub party: Option<MemberId>,
    /// In one state.
    pub state: Option<DisputeState>,
}

/// A page of disputes, newest first.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn list(
    conn: &mut Conn,
    filter: &DisputeFilter,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<Dispute>, StoreError> {
    let page = || {
        let mut query = disputes::table.select(Row::as_select()).into_boxed();
        if let Some(contract) = filter.contract {
            query = query.filter(disputes::contract_id.eq(Key::from(contract)));
        }
        if let Some(state) = filter.state {
            query = query.filter(disputes::state.eq(state.as_str()));
        }
        newest_first!(query, disputes, after, fetch)
    };
    let rows: Vec<Row> = of_party!(conn, disputes, filter.party, page, fetch);
    rows.into_iter().map(Dispute::try_from).collect()
}

/// One of staff who may look after disputes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mediator {
    /// Who.
    pub member: MemberId,
    /// How many running disputes they own.
    pub running: i64,
}

/// Those of staff who may mediate, longest with us first, each with the number of running disputes they own.
///
/// # Errors
/// Only those of the database.
pub fn mediators(conn: &mut Conn) -> Result<Vec<Mediator>, StoreError> {
    let may_mediate = |role: &&Role| permitted(Operation::AssignDispute).contains(&role.standing());
    let roles: Vec<&str> = Role::ALL.iter().filter(may_mediate).map(|role| role.as_str()).collect();
    let staff: Vec<Key> = members::table
        .filter(
            sql::<Bool>(STAFF).and(members::role.eq_any(roles)).and(members::state.eq(MemberState::Active.as_str())),
        )
        .order((members::created_at, members::id))
        .select(members::id)
        .load(conn)?;
    let running: Vec<&str> =
        DisputeState::ALL.iter().filter(|state| !state.is_final()).map(|state| state.as_str()).collect();
    let owned: Vec<(Option<Key>, i64)> = disputes::table
        .filter(disputes::state.eq_any(running).and(disputes::owner_id.is_not_null()))
        .group_by(disputes::owner_id)
        .select((disputes::owner_id, count_star()))
        .load(conn)?;
    let count = |who: Key| owned.iter().find(|(owner, _)| *owner == Some(who)).map_or(0, |(_, count)| *count);
    Ok(staff.into_iter().map(|who| Mediator { member: who.into(), running: count(who) }).collect())
}
