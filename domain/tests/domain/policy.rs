use domain::actor::{Actor, Party};
use domain::contract::ContractAction;
use domain::dispute::DisputeAction;
use domain::escrow::EscrowAction;
use domain::member::MemberAction;
use domain::milestone::MilestoneAction;
use domain::policy::{Forbidden, Operation, Role, Standing, check, permitted};

use crate::scene::{client, id, worker};

#[test]
fn a_member_is_what_they_are_to_the_thing() {
    let standing = |actor: Actor| actor.standing(client(), worker());
    assert_eq!(standing(Actor::Member(client())), Standing::Client);
    assert_eq!(standing(Actor::Member(worker())), Standing::Worker);
    assert_eq!(standing(Actor::Member(id(3))), Standing::Outsider);
    assert_eq!(standing(Actor::Staff(id(3), Role::Finance)), Standing::Finance);
    assert_eq!(standing(Actor::Staff(id(3), Role::Member)), Standing::Outsider);
    assert_eq!(standing(Actor::System), Standing::System);
    assert_eq!(Actor::Member(client()).standing_to_owner(client()), Standing::Client);
    assert_eq!(Actor::Member(worker()).standing_to_owner(client()), Standing::Outsider);
}

#[test]
fn staff_have_no_staff_powers_where_they_are_a_party() {
    assert_eq!(Actor::Staff(client(), Role::Admin).standing(client(), worker()), Standing::Client);
    assert_eq!(Actor::Staff(worker(), Role::Admin).party(client(), worker()), Some(Party::Worker));
}

#[test]
fn a_standing_is_a_side_or_is_not() {
    for party in Party::ALL.iter().copied() {
        assert_eq!(Party::try_from(party.standing()), Ok(party));
        assert_eq!(party.other().other(), party);
    }
    assert_eq!(Party::try_from(Standing::Admin), Err(Standing::Admin));
}

#[test]
fn money_moves_by_rule_only() {
    for action in EscrowAction::ALL.iter().copied() {
        assert_eq!(permitted(Operation::Escrow(action)), [Standing::System]);
    }
}

#[test]
fn the_worker_delivers_the_client_accepts_and_nobody_does_both() {
    let (deliver, accept) =
        (Operation::Milestone(MilestoneAction::Deliver), Operation::Milestone(MilestoneAction::Accept));
    assert_eq!(check(deliver, Standing::Worker), Ok(()));
    let permitted = permitted(accept);
    assert_eq!(check(accept, Standing::Worker), Err(Forbidden { standing: Standing::Worker, permitted }));
    assert_eq!(check(accept, Standing::Admin).unwrap_err().to_string(), "this is not for the admin to do");
    assert!(check(Operation::Contract(ContractAction::Leave), Standing::Client).is_err());
}

#[test]
fn an_outsider_reads_no_contract_and_proposes_to_no_job_of_their_own() {
    assert!(check(Operation::ReadContract, Standing::Outsider).is_err());
    assert!(check(Operation::SubmitProposal, Standing::Outsider).is_ok());
    assert!(check(Operation::SubmitProposal, Standing::Client).is_err());
}

#[test]
fn only_a_member_leaves_and_only_for_themself() {
    let leave = Operation::Member(MemberAction::Withdraw);
    assert_eq!(check(leave, Actor::Member(client()).standing_to_oneself()), Ok(()));
    assert!(check(leave, Actor::Member(client()).standing_outside()).is_err());
    for role in [Role::Support, Role::Moderator, Role::Finance, Role::Admin] {
        assert!(check(leave, Actor::Staff(client(), role).standing_to_oneself()).is_err(), "{role}");
    }
}

#[test]
fn what_members_have_of_their_own_is_for_members_alone() {
    for operation in [
        Operation::ListOwnWork,
        Operation::ReadOwnMoney,
        Operation::ReadBankAccount,
        Operation::ChangeBankAccount,
        Operation::RequestPayout,
    ] {
        assert_eq!(check(operation, Actor::Member(id(3)).standing_outside()), Ok(()));
        for role in [Role::Support, Role::Moderator, Role::Finance, Role::Admin] {
            assert!(check(operation, Actor::Staff(id(3), role).standing_outside()).is_err(), "{operation:?} {role}");
        }
    }
}

#[test]
fn the_books_are_for_those_who_handle_money() {
    for operation in [Operation::ReadLedger, Operation::RecordBankReceipt, Operation::MatchBankReceipt] {
        assert_eq!(permitted(operation), [Standing::Finance, Standing::Admin]);
    }
}

#[test]
fn a_moderator_reads_what_is_offered_and_said_and_decides_nothing() {
    for operation in [
        Operation::ReadProposal,
        Operation::ReadContract,
        Operation::ReadDispute,
        Operation::ReadAnyDispute,
        Operation::ReadWorklist,
    ] {
        assert_eq!(check(operation, Standing::Moderator), Ok(()), "{operation:?}");
    }
    for operation in [
        Operation::ReadPayment,
        Operation::ReadPayout,
        Operation::ReadRefund,
        Operation::ReadLedger,
        Operation::HandlePayouts,
        Operation::AssignDispute,
        Operation::ReadmitAddress,
        Operation::Dispute(DisputeAction::Rule),
    ] {
        assert!(check(operation, Standing::Moderator).is_err(), "{operation:?}");
    }
}

#[test]
fn only_an_admin_gives_out_roles_and_reads_what_staff_did() {
    for operation in [Operation::ChangeRole, Operation::EndSessionsOfStaff, Operation::ReadAuditLog] {
        assert_eq!(permitted(operation), [Standing::Admin]);
    }
    let admin = Actor::Staff(id(3), Role::Admin);
    assert!(check(Operation::ChangeRole, admin.standing_to_owner(id(3))).is_err(), "not to themselves");
}
