use domain::contract::{Contract, ContractAction, ContractError, ContractState};
use domain::event::EventKind;
use domain::fee::FeeSchedule;
use domain::milestone::MilestoneState;
use domain::policy::Standing;
use domain::proposal::ProposalState;
use domain::terms::FundedAhead;
use domain::timer::{NotDue, TimerChange, TimerKind};
use proptest::prelude::*;

use crate::scene::{Deal, days, id, open_job, proposal, rules, start, terms, yen};

/// Three milestones, the first funded and accepted: the second is due three days later.
fn waiting(funded_ahead: FundedAhead) -> Deal {
    let mut deal = Deal::signed(&[10_000, 20_000, 30_000], funded_ahead);
    deal.fund(0, start());
    deal.deliver(0, start());
    deal.accept(0, start());
    deal
}

fn paused() -> Deal {
    let mut deal = waiting(FundedAhead::Current);
    deal.contract = deal.contract.missed_funding(start() + days(3)).unwrap().next;
    deal
}

#[test]
fn only_an_accepted_proposal_to_the_job_is_signed() {
    let open = proposal(terms(&[1], FundedAhead::All));
    let sign =
        |job: &_, proposal: &_| Contract::sign(id(30), job, proposal, &FeeSchedule::standard(), start(), &rules());
    let refused = sign(&open_job(), &open).unwrap_err();
    assert_eq!(refused, ContractError::ProposalNotAccepted(ProposalState::Submitted));
    let accepted = open.accept(domain::actor::Party::Client, 1, start(), &rules()).unwrap().next;
    let other = domain::job::Job { id: id(11), ..open_job() };
    assert_eq!(sign(&other, &accepted).unwrap_err(), ContractError::ForeignProposal);
    let signed = sign(&open_job(), &accepted).unwrap();
    assert_eq!(signed.next.fee_schedule, "standard-1");
    assert_eq!((signed.next.funding_due_at, signed.next.lapse_at), (Some(start() + days(3)), Some(start() + days(7))));
    assert_eq!(signed.timers, [TimerChange::Set(TimerKind::AgreedLapse, start() + days(7))]);
}

#[test]
fn the_terms_say_how_much_must_be_funded_ahead() {
    use MilestoneState::{Accepted, Canceled, Delivered, Disputed, Funded, Funding, Planned};
    let cases = [
        (FundedAhead::Current, [Planned, Planned, Planned], Some(1)),
        (FundedAhead::Current, [Funding, Planned, Planned], Some(1)),
        (FundedAhead::Current, [Delivered, Planned, Planned], None),
        (FundedAhead::Current, [Accepted, Canceled, Planned], Some(3)),
        (FundedAhead::Current, [Planned, Funded, Funded], Some(1)),
        (FundedAhead::Next, [Disputed, Planned, Planned], Some(2)),
        (FundedAhead::Next, [Accepted, Funded, Planned], Some(3)),
        (FundedAhead::Next, [Funded, Funded, Planned], None),
        (FundedAhead::All, [Funded, Funded, Planned], Some(3)),
        (FundedAhead::All, [Accepted, Accepted, Canceled], None),
    ];
    for (funded_ahead, states, expected) in cases {
        let deal = Deal::signed(&[1, 1, 1], funded_ahead);
        let course: Vec<_> = states.into_iter().zip(1..).map(|(state, number)| (id(number), state)).collect();
        assert_eq!(deal.contract.next_to_fund(&course), expected.map(id), "{funded_ahead} {course:?}");
    }
}

#[test]
fn the_first_funding_makes_it_active_and_takes_the_lapse_away() {
    let mut deal = Deal::signed(&[10_000, 20_000], FundedAhead::Current);
    deal.fund(0, start());
    assert_eq!((deal.contract.state, deal.contract.lapse_at), (ContractState::Active, None));
    assert_eq!(deal.contract.funding_due_at, None, "nothing more is required yet");
}

#[test]
fn what_is_still_missing_at_activation_keeps_its_date_or_gets_a_new_one_if_that_passed() {
    let mut early = Deal::signed(&[10_000, 20_000], FundedAhead::All);
    early.fund(0, start() + days(1));
    assert_eq!(early.contract.funding_due_at, Some(start() + days(3)));
    let mut late = Deal::signed(&[10_000, 20_000], FundedAhead::All);
    late.fund(0, start() + days(5));
    assert_eq!(late.contract.funding_due_at, Some(start() + days(8)));
}

#[test]
fn an_agreed_contract_lapses_after_a_week_without_money() {
    let deal = Deal::signed(&[10_000], FundedAhead::Current);
    let early = deal.contract.lapse(start() + days(6)).unwrap_err();
    assert_eq!(early, ContractError::NotDue(NotDue { due_at: Some(start() + days(7)) }));
    let lapsed = deal.contract.lapse(start() + days(7)).unwrap();
    assert_eq!((lapsed.next.state, lapsed.next.ended_at), (ContractState::Lapsed, Some(start() + days(7))));
    let mut funded = Deal::signed(&[10_000], FundedAhead::Current);
    funded.fund(0, start());
    assert!(matches!(funded.contract.lapse(start() + days(7)), Err(ContractError::Refused(_))));
}

#[test]
fn acceptance_makes_the_next_funding_due_and_missing_it_pauses() {
    let deal = waiting(FundedAhead::Current);
    assert_eq!(deal.contract.funding_due_at, Some(start() + days(3)));
    assert!(deal.contract.missed_funding(start() + days(2)).is_err());
    let paused = deal.contract.missed_funding(start() + days(3)).unwrap();
    assert_eq!((paused.next.state, paused.next.paused_at), (ContractState::Paused, Some(start() + days(3))));
    assert_eq!(paused.events, [EventKind::ContractPaused]);
}

#[test]
fn an_agreed_contract_is_not_paused() {
    let deal = Deal::signed(&[10_000], FundedAhead::Current);
    assert!(matches!(deal.contract.missed_funding(start() + days(3)), Err(ContractError::Refused(_))));
}

#[test]
fn funding_resumes_a_paused_contract_and_shifts_by_whole_days_rounded_up() {
    let pause = start() + days(3);
    let second = chrono::TimeDelta::milliseconds(1);
    for (resumed_at, shift) in [(pause, 0), (pause + second, 1), (pause + days(1), 1), (pause + days(1) + second, 2)] {
        let mut deal = paused();
        assert_eq!(deal.fund(1, resumed_at), shift);
        assert_eq!((deal.contract.state, deal.contract.paused_at), (ContractState::Active, None));
        assert_eq!(deal.contract.funding_due_at, None);
    }
}

#[test]
fn a_contract_stays_paused_until_nothing_required_is_missing() {
    let mut deal = waiting(FundedAhead::Next);
    deal.contract = deal.contract.missed_funding(start() + days(3)).unwrap().next;
    assert_eq!(deal.fund(1, start() + days(4)), 0);
    assert_eq!(deal.contract.state, ContractState::Paused);
    assert_eq!(deal.fund(2, start() + days(5)), 2);
    assert_eq!(deal.contract.state, ContractState::Active);
}

#[test]
fn a_worker_leaves_a_contract_that_was_paused_for_a_week() {
    let deal = paused();
    let may = |days_paused: i64| {
        let now = start() + days(3 + days_paused);
        (
            deal.contract.allowed_actions(Standing::Worker, &deal.course(), now, &rules()),
            deal.contract.leave(&deal.course(), now, &rules()),
        )
    };
    let (allowed, early) = may(6);
    assert_eq!((allowed, early.is_err()), (vec![], true));
    let (allowed, left) = may(7);
    assert_eq!(allowed, [ContractAction::Leave]);
    assert_eq!(left.unwrap().next.state, ContractState::Ended);
    assert!(deal.contract.allowed_actions(Standing::Client, &deal.course(), start() + days(10), &rules()).is_empty());
}

#[test]
fn a_worker_does_not_leave_what_waits_for_a_decision() {
    let deal = paused();
    for state in [MilestoneState::Delivered, MilestoneState::Disputed] {
        let course = [(id(101), MilestoneState::Accepted), (id(102), state), (id(103), MilestoneState::Planned)];
        let refused = deal.contract.leave(&course, start() + days(10), &rules()).unwrap_err();
        assert_eq!(refused, ContractError::WorkUndecided { milestone: id(102), state });
    }
}

#[test]
fn the_contract_ends_with_its_last_milestone() {
    let mut deal = Deal::signed(&[10_000], FundedAhead::Current);
    deal.fund(0, start());
    deal.deliver(0, start());
    deal.accept(0, start() + days(1));
    assert_eq!((deal.contract.state, deal.contract.ended_at), (ContractState::Ended, Some(start() + days(1))));
    assert_eq!(deal.contract.released, yen(10_000));
    assert!(deal.contract.milestone_finished(None, &deal.course(), start(), &rules()).is_err(), "once");
}

#[test]
fn consent_ends_a_contract_that_was_never_funded_and_one_that_is_paused() {
    let mut agreed = Deal::signed(&[10_000], FundedAhead::Current);
    agreed.cancel(0, 0, start());
    assert_eq!(agreed.contract.state, ContractState::Ended);
    let mut paused = paused();
    paused.cancel(1, 0, start() + days(4));
    assert_eq!(paused.contract.state, ContractState::Paused);
    paused.cancel(2, 0, start() + days(4));
    assert_eq!(paused.contract.state, ContractState::Ended);
    assert_eq!(paused.contract.paused_at, None);
}

#[test]
fn a_contract_without_money_stays_agreed_when_a_part_of_it_is_canceled() {
    let mut deal = Deal::signed(&[10_000, 20_000], FundedAhead::Current);
    deal.cancel(0, 0, start());
    assert_eq!((deal.contract.state, deal.contract.lapse_at), (ContractState::Agreed, Some(start() + days(7))));
}

#[test]
fn only_what_the_worker_got_counts_as_released() {
    let mut deal = Deal::signed(&[10_000, 20_000], FundedAhead::All);
    deal.fund(0, start());
    deal.fund(1, start());
    deal.cancel(0, 4_000, start());
    assert_eq!(deal.contract.released, yen(4_000));
    deal.cancel(1, 0, start());
    assert_eq!(deal.contract.released, yen(4_000));
}

proptest! {
    #[test]
    fn an_active_contract_has_a_date_exactly_while_something_required_is_missing(
        steps in prop::collection::vec((0_usize..3, 0_u8..3, 0_i64..5), 1..25),
        funded_ahead in prop::sample::select(FundedAhead::ALL),
    ) {
        let (mut deal, mut now) = (Deal::signed(&[10, 20, 30], funded_ahead), start());
        for (index, step, wait) in steps {
            now += days(wait);
            if let Ok(paused) = deal.contract.missed_funding(now) {
                deal.contract = paused.next;
            }
            match (step, deal.milestones[index].state) {
                (0, MilestoneState::Planned) => { deal.fund(index, now); }
                (1, MilestoneState::Funded) => { deal.deliver(index, now); deal.accept(index, now); }
                (2, MilestoneState::Planned | MilestoneState::Funded) => deal.cancel(index, 0, now),
                _ => {}
            }
            let contract = &deal.contract;
            let is_missing = contract.next_to_fund(&deal.course()).is_some();
            match contract.state {
                ContractState::Agreed => prop_assert!(contract.lapse_at.is_some()),
                ContractState::Active => prop_assert_eq!(contract.funding_due_at.is_some(), is_missing),
                ContractState::Paused => prop_assert!(is_missing && contract.paused_at.is_some()),
                ContractState::Ended | ContractState::Lapsed => prop_assert!(contract.funding_due_at.is_none()),
            }
        }
    }
}
