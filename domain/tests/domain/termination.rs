use domain::contract::{Contract, ContractError, Ending};
use domain::escrow::{Escrow, EscrowState};
use domain::event::EventKind;
use domain::ledger::EntryKind;
use domain::terms::{FundedAhead, Terms};

use crate::scene::{Deal, id, rules, start, terms, yen};

fn with_fee() -> (Contract, Escrow, Deal) {
    let deal = Deal::signed(&[10_000], FundedAhead::Current);
    let agreed = Terms { termination_fee: Some(yen(30_000)), ..terms(&[10_000], FundedAhead::Current) };
    let contract = Contract { terms: agreed, ..deal.contract.clone() };
    let escrow = contract.plan_termination(id(400), start()).unwrap();
    (contract, escrow, deal)
}

#[test]
fn a_contract_without_a_termination_fee_has_no_escrow_for_one() {
    assert_eq!(Deal::signed(&[1], FundedAhead::All).contract.plan_termination(id(400), start()), None);
}

#[test]
fn it_is_funded_once() {
    let (contract, escrow, _) = with_fee();
    let funded = contract.fund_termination(&escrow, start()).unwrap();
    assert_eq!((funded.next.state, funded.entries[0].kind()), (EscrowState::Funded, EntryKind::EscrowFunded));
    assert!(matches!(contract.fund_termination(&funded.next, start()), Err(ContractError::Refused(_))));
}

#[test]
fn how_the_contract_ends_decides_where_it_goes() {
    let (contract, escrow, deal) = with_fee();
    let funded = contract.fund_termination(&escrow, start()).unwrap().next;
    let cases = [
        (&escrow, Ending::Completed, EscrowState::Void, EventKind::EscrowVoided, None),
        (&escrow, Ending::ByClient, EscrowState::Void, EventKind::EscrowVoided, None),
        (&funded, Ending::Completed, EscrowState::Refunded, EventKind::EscrowRefunded, None),
        (&funded, Ending::ByClient, EscrowState::Released, EventKind::EscrowReleased, Some(yen(24_000))),
    ];
    for (escrow, ending, state, event, net) in cases {
        let contract = Contract { ending, ..contract.clone() };
        let paid = contract.pay_termination(escrow, deal.fees(), start()).unwrap();
        assert_eq!((paid.next.escrow.state, paid.events.as_slice()), (state, [event].as_slice()), "{ending:?}");
        assert_eq!(paid.next.proceeds.as_ref().map(|proceeds| proceeds.net), net);
        assert_eq!(paid.entries.len(), usize::from(state != EscrowState::Void));
        let released = net.map_or(contract.released, |_| yen(30_000));
        assert_eq!(paid.next.contract.released, released, "what the worker got counts for the next fee");
        assert!(contract.pay_termination(&paid.next.escrow, deal.fees(), start()).is_err(), "paid once");
    }
}

#[test]
fn the_escrow_of_something_else_is_not_taken_for_it() {
    let (contract, escrow, deal) = with_fee();
    let other = Escrow { client: id(9), ..escrow.clone() };
    assert_eq!(contract.fund_termination(&other, start()), Err(ContractError::ForeignEscrow));
    let other = Escrow { amount: yen(1), ..escrow };
    let paid = contract.pay_termination(&other, deal.fees(), start());
    assert_eq!(paid, Err(ContractError::ForeignEscrow));
}

#[test]
fn it_comes_with_the_first_milestone_and_no_other_waits_for_money_meanwhile() {
    let (contract, escrow, deal) = with_fee();
    let planned = &deal.milestones[0];
    assert_eq!(contract.termination_fee_due(Some(&escrow), [planned]), Ok(yen(30_000)));
    let waiting = planned.start_funding(yen(0), yen(30_000), start(), &rules()).unwrap().next;
    let second = contract.termination_fee_due(Some(&escrow), [&waiting, planned]);
    assert_eq!(second, Err(ContractError::TerminationFeeAwaited));
    let funded = contract.fund_termination(&escrow, start()).unwrap().next;
    assert_eq!(contract.termination_fee_due(Some(&funded), [planned]), Ok(yen(0)));
    assert_eq!(contract.termination_fee_due(None, [planned]), Ok(yen(0)));
}
