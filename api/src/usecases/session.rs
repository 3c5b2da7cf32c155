//! A member's sessions: which there are, and ending them.

use domain::{
    ids::{MemberId, SessionId},
    policy::Operation,
};
use persistence::{
    email_change, member,
    session::devices::{self, Session},
    store::{Conn, Tx},
};

use super::{commit::Audience, social};
use crate::{clock, context::Context, page::PageRequest, problem::Problem};

/// A page of the caller's live sessions, one more than it holds.
///
/// # Errors
/// Those of the store; [`Code::Unauthenticated`](crate::problem::Code::Unauthenticated) if the caller is nobody.
pub fn list(conn: &mut Conn, cx: &Context, request: &PageRequest) -> Result<Vec<Session>, Problem> {
    Ok(devices::list(conn, cx.person()?, clock::real_now(), request.after, request.fetch())?)
}

/// One live session of the caller.
///
/// # Errors
/// There is none.
pub fn find(conn: &mut Conn, cx: &Context, id: SessionId) -> Result<Session, Problem> {
    devices::find(conn, cx.person()?, id, clock::real_now())?.ok_or_else(Problem::not_found)
}

/// Ends one session of the caller, at once and everywhere.
///
/// # Errors
/// There is none.
pub fn revoke(tx: &mut Tx<'_>, cx: &Context, id: SessionId) -> Result<(), Problem> {
    let ended = devices::revoke_one(tx, cx.person()?, id, clock::real_now())?;
    if ended { Ok(()) } else { Err(Problem::not_found()) }
}

/// Ends every session of the caller, this one included.
///
/// # Errors
/// Those of the store; [`Code::Unauthenticated`](crate::problem::Code::Unauthenticated) if the caller is nobody.
pub fn log_out_everywhere(tx: &mut Tx<'_>, cx: &Context) -> Result<(), Problem> {
    let me = cx.person()?;
    // Whoever is making something that would outlive this waits, and sees that the session is over.
    member::lock(tx, me)?.ok_or_else(Problem::not_found)?;
    Ok(devices::revoke_others(tx, me, None, clock::real_now())?)
}

/// Staff end every session of somebody whose account is in wrong hands, and of the apps and keys that act for them, and
/// unlink what else logs in (decision 0035).
///
/// # Errors
/// Not the caller's to do, nobody has this id, or the caller saw another version of the account.
pub fn end_all(tx: &mut Tx<'_>, cx: &Context, id: MemberId) -> Result<(), Problem> {
    cx.permit(Operation::EndSessions, cx.standing_to_owner(id))?;
    let member = member::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    cx.check_version(member.version)?;
    devices::revoke_others(tx, member.id, None, clock::real_now())?;
    social::unlink_all(tx, cx, member.id)?;
    email_change::cancel(tx, member.id)?;
    cx.changed(&member.id.to_string(), Audience::only(member.id), &());
    Ok(())
}
