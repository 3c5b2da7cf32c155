use domain::actor::Actor;
use domain::event::EventKind;
use domain::ids::MemberId;
use domain::ledger::{Account, AccountKind, EntryKind, InvalidEntry};
use domain::manual_entry::{Line, ManualEntry, ManualEntryAction, ManualEntryError, ManualEntryState, Side};
use domain::member::{Member, MemberKind, MemberState};
use domain::policy::{Role, Standing};

use crate::scene::{client, id, start, worker, yen};

const fn drafter() -> MemberId {
    MemberId::from_uuid(uuid::Uuid::from_u128(90))
}

fn line(account: Account, side: Side, amount: i64) -> Line {
    Line { account, side, amount: yen(amount) }
}

fn draft(lines: &[Line]) -> Result<ManualEntry, ManualEntryError> {
    ManualEntry::draft(id(80), lines, "We were late.".into(), drafter(), start()).map(|decision| decision.next)
}

fn correction() -> ManualEntry {
    let (from, to) = (Account::ClientFunds(client()), Account::ClientFunds(worker()));
    draft(&[line(from, Side::Debit, 500), line(to, Side::Credit, 500)]).unwrap()
}

#[test]
fn a_draft_books_nothing_and_an_approval_books_its_lines() {
    let manual = correction();
    assert_eq!(manual.state, ManualEntryState::Drafted);
    let decision = manual.approve(id(91), start()).unwrap();
    assert_eq!(decision.entries, std::slice::from_ref(&manual.entry));
    assert_eq!(manual.entry.kind(), EntryKind::Manual);
    assert_eq!(decision.events, [EventKind::ManualEntryPosted]);
    assert_eq!((decision.next.state, decision.next.decider_id), (ManualEntryState::Posted, Some(id(91))));
}

#[test]
fn its_writer_neither_approves_nor_rejects_it() {
    let manual = correction();
    assert_eq!(manual.approve(drafter(), start()), Err(ManualEntryError::FourEyes));
    let rejected = manual.reject(drafter(), "No.".into(), start());
    assert_eq!(rejected, Err(ManualEntryError::FourEyes));
    assert_eq!(manual.allowed_actions(Actor::Staff(drafter(), Role::Admin)), []);
    let both = [ManualEntryAction::Approve, ManualEntryAction::Reject];
    assert_eq!(manual.allowed_actions(Actor::Staff(id(91), Role::Finance)), both);
    assert_eq!(manual.allowed_actions(Actor::Staff(id(91), Role::Support)), []);
}

#[test]
fn whoevers_money_it_moves_has_no_say() {
    let manual = correction();
    assert_eq!(manual.standing(Actor::Staff(worker(), Role::Finance)), Standing::Client);
    assert_eq!(manual.allowed_actions(Actor::Staff(worker(), Role::Finance)), []);
}

#[test]
fn what_follows_from_the_state_of_something_else_is_not_booked_by_hand() {
    let by_hand: Vec<&str> =
        AccountKind::ALL.iter().filter(|kind| kind.is_booked_by_hand()).map(|kind| kind.as_str()).collect();
    let refused = ["escrow", "earnings", "payout_transit", "refund_transit", "points", "campaign", "suspense"];
    assert!(refused.iter().all(|kind| !by_hand.contains(kind)));
    assert_eq!(by_hand.len() + refused.len(), AccountKind::ALL.len());
    let earnings = [line(Account::Bank, Side::Debit, 5), line(Account::Earnings(worker()), Side::Credit, 5)];
    assert_eq!(draft(&earnings), Err(ManualEntryError::NotByHand(AccountKind::Earnings)));
}

#[test]
fn lines_that_make_no_entry_are_refused() {
    let unbalanced = draft(&[line(Account::BankFee, Side::Debit, 5), line(Account::Bank, Side::Credit, 6)]);
    assert_eq!(unbalanced, Err(ManualEntryError::Entry(InvalidEntry::Unbalanced(-1))));
    assert_eq!(draft(&[]), Err(ManualEntryError::Entry(InvalidEntry::Empty)));
    let crowd: Vec<Line> = (1..=3).map(|number| line(Account::ClientFunds(id(number)), Side::Credit, 1)).collect();
    let crowd = [&crowd[..], &[line(Account::Bank, Side::Debit, 3)]].concat();
    assert_eq!(draft(&crowd), Err(ManualEntryError::ManyMembers));
}

#[test]
fn client_funds_are_of_members_who_are_here() {
    let member = |id, role, state| {
        let new = Member::register(id, MemberKind::Individual, String::new(), String::new(), start()).next;
        Member { role, state, ..new }
    };
    let here = |id| member(id, Role::Member, MemberState::Active);
    let manual = correction();
    assert_eq!(manual.check_members(&[here(client()), here(worker())]), Ok(()));
    assert_eq!(manual.check_members(&[here(client())]), Err(ManualEntryError::NoMember(worker())));
    let left = member(worker(), Role::Member, MemberState::Closing);
    assert_eq!(manual.check_members(&[here(client()), left.clone()]), Err(ManualEntryError::Left(worker())));
    let staff = member(worker(), Role::Support, MemberState::Active);
    assert_eq!(manual.check_members(&[here(client()), staff]), Err(ManualEntryError::NoMember(worker())));
    let lines = [line(Account::Unclaimed(worker()), Side::Debit, 5), line(Account::Bank, Side::Credit, 5)];
    assert_eq!(draft(&lines).unwrap().check_members(&[left]), Ok(()), "what is unclaimed is of those who left");
}
