use domain::event::EventKind;
use domain::member::{Member, MemberKind, MemberState};
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
