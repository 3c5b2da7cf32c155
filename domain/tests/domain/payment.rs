use domain::event::EventKind;
use domain::ledger::EntryKind;
use domain::payment::{Means, Payment, PaymentError, PaymentMethod, PaymentState};
use domain::terms::FundedAhead;

use crate::scene::{Deal, days, id, rules, start, yen};

fn requested(method: PaymentMethod, available: i64) -> Result<Payment, PaymentError> {
    let deal = Deal::signed(&[10_000], FundedAhead::Current);
    let funding = deal.milestones[0].start_funding(yen(available), yen(0), start(), &rules()).unwrap().next;
    let means = Means { method, transfer_reference: None };
    Payment::request(id(40), &funding, means, start()).map(|decision| decision.next)
}

fn transfer() -> Payment {
    requested(PaymentMethod::BankTransfer, 4_000).unwrap()
}

#[test]
fn a_payment_asks_for_the_shortfall_for_as_long_as_the_milestone_waits() {
    let payment = transfer();
    assert_eq!((payment.amount, payment.expires_at), (yen(6_000), Some(start() + days(7))));
    assert_eq!(requested(PaymentMethod::Card, 10_000), Err(PaymentError::NothingMissing));
}

#[test]
fn a_partial_receipt_is_the_clients_at_once_and_waits_for_the_rest() {
    let part = transfer().receive(yen(2_500), start()).unwrap();
    assert_eq!((part.next.state, part.next.shortfall()), (PaymentState::Pending, Ok(yen(3_500))));
    assert_eq!((part.events, part.entries.len()), (vec![EventKind::PaymentReceived], 1));
    let rest = part.next.receive(yen(3_500), start()).unwrap();
    assert_eq!((rest.next.state, rest.next.shortfall()), (PaymentState::Succeeded, Ok(yen(0))));
    assert_eq!(rest.events, [EventKind::PaymentReceived, EventKind::PaymentSucceeded]);
}

#[test]
fn too_much_is_booked_in_full() {
    let decision = transfer().receive(yen(7_000), start()).unwrap();
    assert_eq!((decision.next.received, decision.next.shortfall()), (yen(7_000), Ok(yen(0))));
    assert_eq!(decision.entries[0].postings()[0].amount, 7_000);
}

#[test]
fn each_way_of_paying_has_its_own_entry() {
    let card = requested(PaymentMethod::Card, 0).unwrap();
    let kind = |entries: Vec<domain::ledger::JournalEntry>| entries[0].kind();
    assert_eq!(kind(card.receive(yen(10_000), start()).unwrap().entries), EntryKind::CardSettled);
    assert_eq!(kind(transfer().receive(yen(1), start()).unwrap().entries), EntryKind::BankReceived);
    assert_eq!(kind(transfer().receive_from_suspense(yen(1), start()).unwrap().entries), EntryKind::SuspenseMatched);
}

#[test]
fn money_that_comes_late_still_counts_also_in_parts() {
    let expired = transfer().expire(start() + days(7)).unwrap().next;
    let part = expired.receive(yen(1_000), start() + days(8)).unwrap().next;
    assert_eq!(part.state, PaymentState::Expired);
    assert_eq!(part.receive(yen(5_000), start() + days(9)).unwrap().next.state, PaymentState::Succeeded);
}

#[test]
fn a_payment_that_is_over_takes_no_more() {
    let failed = transfer().fail("card_declined".into(), start()).unwrap().next;
    assert_eq!(failed.failure_code.as_deref(), Some("card_declined"));
    let succeeded = transfer().receive(yen(6_000), start()).unwrap().next;
    for over in [failed, succeeded] {
        assert!(matches!(over.receive(yen(1), start()), Err(PaymentError::Refused(_))));
        assert!(over.expire(start() + days(7)).is_err());
    }
}

#[test]
fn a_receipt_of_nothing_is_refused() {
    for amount in [0, -1] {
        assert!(transfer().receive(yen(amount), start()).is_err());
    }
}

#[test]
fn a_card_is_charged_once_at_a_time_and_only_while_it_is_waited_for() {
    let card = requested(PaymentMethod::Card, 0).unwrap();
    assert_eq!(card.check_chargeable(false), Ok(()));
    assert_eq!(card.check_chargeable(true), Err(PaymentError::NotChargeable));
    assert_eq!(transfer().check_chargeable(false), Err(PaymentError::NotChargeable));
    let expired = card.expire(start()).unwrap().next;
    assert_eq!(expired.check_chargeable(false), Err(PaymentError::NotChargeable));
}
