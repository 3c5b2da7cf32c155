//! What the clock does to a dispute that does not move.

use domain::{
    dispute::Dispute,
    ids::{DisputeId, MemberId},
};
use persistence::{
    dispute,
    store::{Conn, Tx},
    timer::{self, Timer},
};

use super::commit;
use crate::{context::Context, problem::Problem};

/// The other side kept silent: the parties negotiate all the same.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn meet_silence(tx: &mut Tx<'_>, cx: &Context, due: &Timer) -> Result<(), Problem> {
    let dispute = lock(tx, due)?;
    if timer::take(tx, due)? {
        commit(tx, cx, &dispute.silence(cx.now, &cx.app.rules)?)?;
    }
    Ok(())
}

/// The parties did not agree in time: staff mediate.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn mediate(tx: &mut Tx<'_>, cx: &Context, due: &Timer) -> Result<(), Problem> {
    let dispute = lock(tx, due)?;
    if timer::take(tx, due)? {
        commit(tx, cx, &dispute.mediate(cx.now)?)?;
    }
    Ok(())
}

/// It takes too long: one of staff gets it, by name.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn escalate(tx: &mut Tx<'_>, cx: &Context, due: &Timer) -> Result<(), Problem> {
    let dispute = lock(tx, due)?;
    if timer::take(tx, due)? {
        let owner = least_busy(tx, &dispute)?;
        commit(tx, cx, &dispute.escalate(owner, cx.now)?)?;
    }
    Ok(())
}

/// Who of staff has the fewest running disputes, and no part in this one; the longest-serving of those.
fn least_busy(conn: &mut Conn, dispute: &Dispute) -> Result<Option<MemberId>, Problem> {
    let mut mediators = dispute::mediators(conn)?;
    mediators.retain(|mediator| ![dispute.client, dispute.worker].contains(&mediator.member));
    Ok(mediators.into_iter().min_by_key(|mediator| mediator.running).map(|mediator| mediator.member))
}

fn lock(tx: &mut Tx<'_>, due: &Timer) -> Result<Dispute, Problem> {
    dispute::lock(tx, DisputeId::from_uuid(due.subject))?.ok_or_else(Problem::not_found)
}
