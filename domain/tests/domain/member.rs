use domain::event::EventKind;
use domain::member::{Member, MemberKind, MemberState, RoleRefused};
use domain::policy::Role;

use crate::scene::{id, start};

#[test]
fn an_account_is_an_ordinary_members_and_waits_for_its_address_to_be_confirmed_once() {
    let registered = Member::register(id(1), MemberKind::Individual, "mia@example.jp".into(), "Mia".into(), start());
    assert_eq!((registered.next.role, registered.next.state), (Role::Member, MemberState::Pending));
    let confirmed = registered.next.confirm(start()).unwrap();
    assert_eq!((confirmed.next.state, confirmed.events), (MemberState::Active, vec![EventKind::MemberConfirmed]));
    assert!(confirmed.next.confirm(start()).is_err());
}

fn active() -> Member {
    let registered = Member::register(id(1), MemberKind::Individual, "mia@example.jp".into(), "Mia".into(), start());
    registered.next.confirm(start()).unwrap().next
}

#[test]
fn who_leaves_is_forgotten_once_no_money_is_on_its_way() {
    let closing = active().withdraw(true, start()).unwrap();
    assert_eq!(
        (closing.next.state, closing.events.as_slice()),
        (MemberState::Closing, [EventKind::MemberWithdrawn].as_slice())
    );
    assert_eq!(closing.next.email, "mia@example.jp", "the bank may still have to ask");
    let closed = closing.next.complete(start()).unwrap();
    let at_once = active().withdraw(false, start()).unwrap();
    assert_eq!(at_once.events, [EventKind::MemberWithdrawn, EventKind::MemberClosed]);
    for left in [&closed.next, &at_once.next] {
        assert_eq!((left.state, left.email.as_str(), left.display_name.as_str()), (MemberState::Closed, "", ""));
        assert!(left.withdraw(false, start()).is_err() && left.complete(start()).is_err());
    }
}

#[test]
fn nobody_leaves_twice_or_before_joining() {
    let registered = Member::register(id(1), MemberKind::Company, "mia@example.jp".into(), "Mia".into(), start());
    assert!(registered.next.withdraw(false, start()).is_err());
    assert!(active().withdraw(true, start()).unwrap().next.withdraw(true, start()).is_err());
}

#[test]
fn a_role_is_given_to_an_active_account_without_business_of_its_own() {
    let member = active();
    let staff = member.change_role(Role::Moderator, false, start()).unwrap();
    assert_eq!((staff.next.role, staff.events), (Role::Moderator, vec![EventKind::MemberRoleChanged]));
    assert_eq!(member.change_role(Role::Support, true, start()), Err(RoleRefused::HasBusiness));
    assert_eq!(staff.next.change_role(Role::Member, true, start()).unwrap().next.role, Role::Member);
    let pending = Member { state: MemberState::Pending, ..active() };
    let refused = pending.change_role(Role::Support, false, start());
    assert_eq!(refused, Err(RoleRefused::NotHere(MemberState::Pending)));
}
