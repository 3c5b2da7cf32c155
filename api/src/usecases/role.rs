//! Who of the operator's people may do what.

use domain::{
    ids::MemberId,
    member::Member,
    policy::{Operation, Role},
};
use persistence::{member, session::held, store::Tx};

use super::{
    access::email_key,
    commit::{Audience, announce},
    member::lock_beside_own,
    withdrawal,
};
use crate::{clock, context::Context, problem::Problem};

/// An admin gives somebody else another role, which holds from their next request on. Apps and API keys of who becomes
/// staff end.
///
/// # Errors
/// Not the caller's to do, or no longer; their own account, the log-in was too long ago, nobody has this id, or they cannot
/// have it.
pub fn change(tx: &mut Tx<'_>, cx: &Context, id: MemberId, role: Role) -> Result<Member, Problem> {
    cx.permit(Operation::ChangeRole, cx.standing_to_owner(id))?;
    cx.require_recent_login(tx)?;
    let member = lock_beside_own(tx, cx, id)?;
    give(tx, cx, &member, role)
}

/// The same by a command, for the account with this address.
///
/// # Errors
/// Nobody has this address, or they cannot have it.
pub fn change_by_address(tx: &mut Tx<'_>, cx: &Context, email: &str, role: Role) -> Result<Member, Problem> {
    let found = member::by_email(tx, &email_key(email))?.ok_or_else(Problem::not_found)?;
    let member = member::lock(tx, found.id)?.ok_or_else(Problem::not_found)?;
    give(tx, cx, &member, role)
}

fn give(tx: &mut Tx<'_>, cx: &Context, member: &Member, role: Role) -> Result<Member, Problem> {
    let id = member.id;
    cx.check_version(member.version)?;
    cx.remember(id, member);
    let is_tied = !withdrawal::assess_member(tx, member)?.blockers.is_empty();
    let decision = member.change_role(role, is_tied, cx.now)?;
    announce(tx, cx, id, Audience::only(id), &decision)?;
    let saved = member::save(tx, &decision.next)?;
    if saved.role != Role::Member {
        // No app acts for staff, also not once the role is taken away again: whoever allowed it was a member.
        held::revoke_of_member(tx, id, clock::real_now())?;
    }
    Ok(saved)
}
