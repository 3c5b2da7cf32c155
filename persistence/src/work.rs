//! A contract with all its milestones and their escrows, read or locked by one query.

use diesel::prelude::*;
use domain::{
    contract::Contract,
    ids::{ContractId, MilestoneId},
};

use crate::{
    contract,
    error::StoreError,
    escrow,
    locked::for_update,
    milestone::{self, Stored},
    schema::{contracts, escrows, milestones},
    session::{Arrived, Ticket},
    store::{Conn, Tx, on_each},
    types::Key,
};

/// Which contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// This one.
    Contract(ContractId),
    /// The one that a milestone belongs to.
    Of(MilestoneId),
}

/// A contract and all its milestones, in their order.
#[derive(Debug)]
pub struct Whole {
    /// The contract.
    pub contract: Contract,
    /// Its milestones.
    pub milestones: Vec<Stored>,
}

type Rows<T> = QueryResult<Vec<(contract::Row, milestone::Row, escrow::Row, T)>>;

/// All rows of one contract, with one more column.
macro_rules! rows {
    ($which:expr, $more:expr) => {
        contracts::table
            .inner_join(milestones::table.on(milestones::contract_id.eq(contracts::id)))
            .inner_join(escrows::table.on(escrows::id.eq(milestones::escrow_id)))
            .filter($which)
            .order(milestones::position)
            .select((contract::Row::as_select(), milestone::Row::as_select(), escrow::Row::as_select(), $more))
    };
}

/// Reads a contract; the query also asks who arrives, unless it finds nothing.
///
/// # Errors
/// Those of the database, or rows that make no sense.
pub fn find(conn: &mut Conn, ticket: Ticket, id: ContractId) -> Result<(Option<Arrived>, Option<Whole>), StoreError> {
    let rows: Rows<Arrived> =
        on_each!(conn, conn => rows!(contracts::id.eq(Key::from(id)), ticket.arriving()).load(conn));
    let (arrived, whole) = whole(rows?)?;
    Ok((arrived, whole))
}

/// Locks a contract, then its milestones and escrows; and says whether somebody asks for it to be canceled. All of that
/// stands in the locked rows: of what stands elsewhere, PostgreSQL would tell how it was before the lock was waited for.
///
/// # Errors
/// Those of the database, or rows that make no sense.
pub fn lock(tx: &mut Tx<'_>, which: Which) -> Result<Option<(Whole, bool)>, StoreError> {
    let rows: Rows<bool> = match which {
        Which::Contract(id) => {
            on_each!(*tx, conn => for_update(rows!(contracts::id.eq(Key::from(id)), contracts::cancellation_requested)).load(conn))
        }
        Which::Of(id) => on_each!(*tx, conn => {
            let one = diesel::alias!(milestones as one);
            let owner = one.filter(one.field(milestones::id).eq(Key::from(id))).select(one.field(milestones::contract_id));
            let owned = contracts::id.nullable().eq(owner.single_value());
            for_update(rows!(owned, contracts::cancellation_requested)).load(conn)
        }),
    };
    let (asked, whole) = whole(rows?)?;
    Ok(whole.zip(asked))
}

fn whole<T>(
    rows: Vec<(contract::Row, milestone::Row, escrow::Row, T)>,
) -> Result<(Option<T>, Option<Whole>), StoreError> {
    let (mut contract, mut more, mut milestones) = (None, None, Vec::new());
    for (of_contract, of_milestone, of_escrow, column) in rows {
        contract.get_or_insert(of_contract);
        more.get_or_insert(column);
        milestones.push(milestone::stored((of_milestone, of_escrow))?);
    }
    let contract = contract.map(Contract::try_from).transpose()?;
    Ok((more, contract.map(|contract| Whole { contract, milestones })))
}
