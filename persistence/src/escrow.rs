//! Escrows: rows to the domain and back. Those of milestones are read and saved with them.

use diesel::prelude::*;
use domain::{
    escrow::Escrow,
    ids::{ContractId, EscrowId, MilestoneId},
    milestone::Proceeds,
    money::{Currency, Money},
};

use crate::{
    error::StoreError,
    locked::for_update,
    row::{corrupt, money},
    schema::escrows,
    store::{Conn, Rows, Tx, WriteNow},
    types::{Key, Moment},
};

/// What an escrow holds money for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A milestone.
    Milestone(MilestoneId),
    /// The termination fee of a contract.
    TerminationFee(ContractId),
}

/// What was taken of a released share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charged {
    /// The fee, with its tax if that is included.
    pub fee: Money,
    /// The consumption tax on it.
    pub tax: Money,
    /// What the worker got.
    pub net: Money,
}

/// Fee, tax and net.
type ChargedRow = (Option<i64>, Option<i64>, Option<i64>);

impl Charged {
    /// What a release takes.
    ///
    /// # Errors
    /// An amount out of range, which the domain never makes.
    pub fn of(proceeds: &Proceeds) -> Result<Self, StoreError> {
        let money = |amount| Money::new(amount, proceeds.gross.currency()).map_err(corrupt("escrows", "release"));
        Ok(Self { fee: money(proceeds.fee.fee)?, tax: money(proceeds.fee.tax)?, net: proceeds.net })
    }

    /// What three columns say that are all there, or none.
    pub(crate) fn read(
        (fee, tax, net): ChargedRow,
        money: impl Fn(i64) -> Result<Money, StoreError>,
        bad: impl Fn(&'static str) -> StoreError,
    ) -> Result<Option<Self>, StoreError> {
        match (fee, tax, net) {
            (Some(fee), Some(tax), Some(net)) => {
                Ok(Some(Self { fee: money(fee)?, tax: money(tax)?, net: money(net)? }))
            }
            (None, None, None) => Ok(None),
            (_, _, _) => Err(bad("some of fee, tax and net are missing")),
        }
    }
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = escrows)]
pub(crate) struct Row {
    id: Key,
    client_id: Key,
    worker_id: Key,
    currency: String,
    amount: i64,
    state: String,
    version: i32,
    created_at: Moment,
    updated_at: Moment,
}

impl TryFrom<Row> for Escrow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = EscrowId::from(row.id);
        let bad = corrupt("escrows", id);
        let currency: Currency = row.currency.parse().map_err(&bad)?;
        Ok(Self {
            id,
            client: row.client_id.into(),
            worker: row.worker_id.into(),
            amount: money(row.amount, currency, "escrows", id)?,
            state: row.state.parse().map_err(&bad)?,
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}

/// Adds an escrow.
///
/// # Errors
/// Only those of the database.
pub fn insert(tx: &mut Tx<'_>, purpose: Purpose, escrow: &Escrow) -> Result<(), StoreError> {
    let (milestone, contract) = match purpose {
        Purpose::Milestone(id) => (Some(Key::from(id)), None),
        Purpose::TerminationFee(id) => (None, Some(Key::from(id))),
    };
    diesel::insert_into(escrows::table)
        .values((
            escrows::id.eq(Key::from(escrow.id)),
            escrows::milestone_id.eq(milestone),
            escrows::contract_id.eq(contract),
            escrows::client_id.eq(Key::from(escrow.client)),
            escrows::worker_id.eq(Key::from(escrow.worker)),
            escrows::currency.eq(escrow.amount.currency().as_str()),
            escrows::amount.eq(escrow.amount.amount()),
            escrows::state.eq(escrow.state.as_str()),
            escrows::version.eq(escrow.version),
            escrows::created_at.eq(Moment::from(escrow.created_at)),
            escrows::updated_at.eq(Moment::from(escrow.updated_at)),
        ))
        .write(tx)?;
    Ok(())
}

/// Saves a changed escrow if it is still as it was read.
///
/// # Errors
/// [`StoreError::LostRace`] otherwise.
pub fn save(tx: &mut Tx<'_>, escrow: &Escrow) -> Result<Escrow, StoreError> {
    let next = Escrow { version: escrow.version + 1, ..escrow.clone() };
    let row = escrows::table.find(Key::from(escrow.id)).filter(escrows::version.eq(escrow.version));
    let update = diesel::update(row).set((
        escrows::state.eq(next.state.as_str()),
        escrows::version.eq(next.version),
        escrows::updated_at.eq(Moment::from(next.updated_at)),
    ));
    tx.later(Rows::One("escrows", escrow.id.uuid()), update)?;
    Ok(next)
}

/// The termination fee of a contract, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminationFee {
    /// What holds it.
    pub escrow: Escrow,
    /// What was charged when the worker got it.
    pub charged: Option<Charged>,
}

fn termination_fee((row, charged): (Row, ChargedRow)) -> Result<TerminationFee, StoreError> {
    let escrow = Escrow::try_from(row)?;
    let money = |amount| money(amount, escrow.amount.currency(), "escrows", escrow.id);
    let charged = Charged::read(charged, money, corrupt("escrows", escrow.id))?;
    Ok(TerminationFee { escrow, charged })
}

/// The termination fees of several contracts.
///
/// # Errors
/// Those of the database, or rows that make no sense.
pub fn termination_fees(
    conn: &mut Conn,
    contracts: &[ContractId],
) -> Result<Vec<(ContractId, TerminationFee)>, StoreError> {
    let ids: Vec<Key> = contracts.iter().copied().map(Key::from).collect();
    let rows: Vec<(Option<Key>, Row, ChargedRow)> = escrows::table
        .filter(escrows::contract_id.eq_any(ids))
        .select((escrows::contract_id, Row::as_select(), (escrows::fee, escrows::fee_tax, escrows::net)))
        .load(conn)?;
    let read = |(contract, row, charged): (Option<Key>, Row, ChargedRow)| {
        Ok(contract.map(ContractId::from).zip(Some(termination_fee((row, charged))?)))
    };
    rows.into_iter().filter_map(|row| read(row).transpose()).collect()
}

/// The termination fee of one contract, locked. The contract is locked before.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock_termination_fee(tx: &mut Tx<'_>, contract: ContractId) -> Result<Option<TerminationFee>, StoreError> {
    let query = escrows::table
        .filter(escrows::contract_id.eq(Key::from(contract)))
        .select((Row::as_select(), (escrows::fee, escrows::fee_tax, escrows::net)));
    for_update(query).get_result::<(Row, ChargedRow)>(&mut **tx).optional()?.map(termination_fee).transpose()
}

/// Saves the termination fee of a contract, with what was charged if the worker got it.
///
/// # Errors
/// [`StoreError::LostRace`] when it is not as it was read.
pub fn save_termination_fee(
    tx: &mut Tx<'_>,
    escrow: &Escrow,
    proceeds: Option<&Proceeds>,
) -> Result<TerminationFee, StoreError> {
    let escrow = save(tx, escrow)?;
    let charged = proceeds.map(Charged::of).transpose()?;
    if let Some(Charged { fee, tax, net }) = charged {
        diesel::update(escrows::table.find(Key::from(escrow.id)))
            .set((escrows::fee.eq(fee.amount()), escrows::fee_tax.eq(tax.amount()), escrows::net.eq(net.amount())))
            .write(tx)?;
    }
    Ok(TerminationFee { escrow, charged })
}
