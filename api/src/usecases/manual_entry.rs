//! Booking by hand what no operation books, which takes two of staff.

use domain::{
    decision::Decision,
    ids::ManualEntryId,
    manual_entry::{Line, ManualEntry, ManualEntryAction, ManualEntryState},
    policy::{Operation, Standing},
};
use persistence::{
    manual_entry, member,
    page::Position,
    store::{Conn, Tx},
};

use super::commit::{Audience, announce};
use crate::{context::Context, problem::Problem};

/// One of staff writes an entry, which waits for another.
///
/// # Errors
/// Not the caller's to do, or no entry that could be posted.
pub fn draft(tx: &mut Tx<'_>, cx: &Context, lines: &[Line], reason: String) -> Result<ManualEntry, Problem> {
    cx.permit(Operation::DraftManualEntry, cx.standing_outside())?;
    let decision = ManualEntry::draft(cx.new_id(), lines, reason, cx.person()?, cx.now)?;
    let drafted = decision.next.clone();
    drafted.check_members(&member::lock_shared(tx, &drafted.members())?)?;
    // It concerns nobody until it is posted.
    announce(tx, cx, drafted.id, Audience::default(), &decision)?;
    manual_entry::insert(tx, &drafted)?;
    Ok(drafted)
}

/// Another of staff posts it: whose accounts it changes is told, and reads why.
///
/// # Errors
/// Not the caller's to do, not in this state, its own writer, or a balance that does not hold so much.
pub fn approve(tx: &mut Tx<'_>, cx: &Context, id: ManualEntryId) -> Result<ManualEntry, Problem> {
    let manual = lock_for(tx, cx, id, ManualEntryAction::Approve)?;
    let decision = manual.approve(cx.person()?, cx.now)?;
    cx.trail().because(&manual.reason);
    let members = manual.members();
    let audience = Audience { client: members.first().copied(), worker: members.get(1).copied() };
    commit(tx, cx, &decision, audience)
}

/// Another of staff refuses it.
///
/// # Errors
/// Not the caller's to do, not in this state, or its own writer.
pub fn reject(tx: &mut Tx<'_>, cx: &Context, id: ManualEntryId, reason: String) -> Result<ManualEntry, Problem> {
    let manual = lock_for(tx, cx, id, ManualEntryAction::Reject)?;
    let decision = manual.reject(cx.person()?, reason, cx.now)?;
    commit(tx, cx, &decision, Audience::default())
}

/// Reads an entry.
///
/// # Errors
/// Not the caller's to see, or none has this id.
pub fn read(conn: &mut Conn, cx: &Context, id: ManualEntryId) -> Result<ManualEntry, Problem> {
    cx.permit(Operation::ReadManualEntries, cx.standing_outside())?;
    manual_entry::find(conn, id)?.ok_or_else(Problem::not_found)
}

/// A page of entries.
///
/// # Errors
/// Not the caller's to see.
pub fn list(
    conn: &mut Conn,
    cx: &Context,
    state: Option<ManualEntryState>,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<ManualEntry>, Problem> {
    cx.permit(Operation::ReadManualEntries, cx.standing_outside())?;
    Ok(manual_entry::list(conn, state, after, fetch)?)
}

fn standing(cx: &Context, manual: &ManualEntry) -> Standing {
    cx.actor.map_or(Standing::Outsider, |actor| manual.standing(actor))
}

/// Those whose money it is come first in the order of locks, and must still be here.
fn lock_for(
    tx: &mut Tx<'_>,
    cx: &Context,
    id: ManualEntryId,
    action: ManualEntryAction,
) -> Result<ManualEntry, Problem> {
    cx.permit(Operation::ManualEntry(action), cx.standing_outside())?;
    let members = manual_entry::find(tx, id)?.ok_or_else(Problem::not_found)?.members();
    let found = member::lock_shared(tx, &members)?;
    let manual = manual_entry::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    let allowed = cx.actor.map(|actor| manual.allowed_actions(actor)).unwrap_or_default();
    cx.admit(Operation::ManualEntry(action), standing(cx, &manual), manual.version, &allowed)?;
    cx.remember(id, &manual);
    if manual.state == ManualEntryState::Drafted && action == ManualEntryAction::Approve {
        manual.check_members(&found)?;
    }
    Ok(manual)
}

fn commit(
    tx: &mut Tx<'_>,
    cx: &Context,
    decision: &Decision<ManualEntry>,
    audience: Audience,
) -> Result<ManualEntry, Problem> {
    announce(tx, cx, decision.next.id, audience, decision)?;
    Ok(manual_entry::save(tx, &decision.next)?)
}
