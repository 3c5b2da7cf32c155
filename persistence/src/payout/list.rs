//! Many payouts.

use chrono::NaiveDate;
use diesel::prelude::*;
use domain::{
    ids::{MemberId, PayoutBatchId},
    payout::{Payout, PayoutState},
};

use super::Row;
use crate::{
    error::StoreError,
    page::{Position, newest_first},
    schema::payouts,
    store::Conn,
    types::Key,
};

/// Which payouts to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct PayoutFilter {
    /// Of one worker.
    pub worker: Option<MemberId>,
    /// In one batch.
    pub batch: Option<PayoutBatchId>,
    /// In one state.
    pub state: Option<PayoutState>,
    /// For one payday.
    pub pay_on: Option<NaiveDate>,
}

/// A page of payouts, newest first.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn list(
    conn: &mut Conn,
    filter: PayoutFilter,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<Payout>, StoreError> {
    let mut query = payouts::table.select(Row::as_select()).into_boxed();
    if let Some(worker) = filter.worker {
        query = query.filter(payouts::worker_id.eq(Key::from(worker)));
    }
    if let Some(batch) = filter.batch {
        query = query.filter(payouts::batch_id.eq(Key::from(batch)));
    }
    if let Some(state) = filter.state {
        query = query.filter(payouts::state.eq(state.as_str()));
    }
    if let Some(pay_on) = filter.pay_on {
        query = query.filter(payouts::pay_on.eq(pay_on));
    }
    let rows: Vec<Row> = newest_first!(query, payouts, after, fetch).load(conn)?;
    rows.into_iter().map(Payout::try_from).collect()
}
