//! What staff do with a payout before the bank has it.

use domain::{
    ids::PayoutId,
    payout::{Payout, PayoutAction},
    policy::Operation,
};
use persistence::store::Tx;

use super::{commit, lock_for};
use crate::{context::Context, problem::Problem};

/// Somebody looks at it first, and says why.
///
/// # Errors
/// Not the caller's to do, or not in this state.
pub fn hold(tx: &mut Tx<'_>, cx: &Context, id: PayoutId, reason: String) -> Result<Payout, Problem> {
    let payout = lock_as_staff(tx, cx, id, PayoutAction::Hold)?;
    commit(tx, cx, &payout.hold(reason, cx.now)?)
}

/// They have looked: it goes on.
///
/// # Errors
/// Not the caller's to do, or not in this state.
pub fn resume(tx: &mut Tx<'_>, cx: &Context, id: PayoutId) -> Result<Payout, Problem> {
    let payout = lock_as_staff(tx, cx, id, PayoutAction::Resume)?;
    commit(tx, cx, &payout.resume(cx.now)?)
}

/// It is taken back, and the worker reads why.
///
/// # Errors
/// Not the caller's to do, or not in this state.
pub fn cancel_by_staff(tx: &mut Tx<'_>, cx: &Context, id: PayoutId, reason: String) -> Result<Payout, Problem> {
    let payout = lock_as_staff(tx, cx, id, PayoutAction::Cancel)?;
    commit(tx, cx, &payout.cancel(cx.standing_to_worker(payout.worker), Some(reason), cx.now)?)
}

/// The same as for anybody, for whom it is no secret that there are payouts.
pub(super) fn lock_as_staff(
    tx: &mut Tx<'_>,
    cx: &Context,
    id: PayoutId,
    action: PayoutAction,
) -> Result<Payout, Problem> {
    cx.permit(Operation::HandlePayouts, cx.standing_outside())?;
    lock_for(tx, cx, id, action)
}
