use std::collections::BTreeSet;

use domain::actor::Party;
use domain::contract::ContractState;
use domain::dispute::DisputeState;
use domain::job::JobState;
use domain::ledger::AccountKind;
use domain::machine::State;
use domain::member::MemberState;
use domain::milestone::MilestoneState;
use domain::payout::PayoutState;
use domain::proposal::ProposalState;
use domain::refund::RefundState;
use domain::rules::{EmailReuse, Rules};
use domain::states::machines;
use domain::withdrawal::{BlockerCode, ComingBack, Owner, Readiness, Tie, Tied, Warning, WayOut, assess};

use crate::scene::{days, id, start, yen};

fn alone(tie: Tie) -> Readiness {
    assess(&[Tied { tie, since: start() }])
}

fn blocker(tie: Tie) -> Option<(BlockerCode, bool, Owner)> {
    let readiness = alone(tie);
    assert!(readiness.blockers.len() <= 1);
    readiness.blockers.first().map(|blocker| (blocker.code, blocker.hard, blocker.owner))
}

/// Machines whose running states need no tie of their own, and which tie speaks for them.
const SPOKEN_FOR: &[(&str, &str)] = &[
    ("escrow", "its milestone, or the contract whose termination fee it holds"),
    ("payment", "the milestone that waits for it"),
    ("cancellation", "the contract it would end"),
    ("payout_batch", "its payouts"),
    ("manual_entry", "the accounts it books on, once it is posted; a draft is staff's own"),
];

#[test]
fn every_machine_is_decided_on() {
    let decided: BTreeSet<&str> =
        Tie::MACHINES.iter().copied().chain(SPOKEN_FOR.iter().map(|(machine, _)| *machine)).collect();
    let all: BTreeSet<&str> = machines().iter().map(|machine| machine.name).collect();
    assert_eq!(all, decided, "a new machine needs a tie, or a reason why none");
}

#[test]
fn a_payout_under_way_is_waited_for_and_one_that_is_held_is_looked_at_first() {
    let charge = Some((BlockerCode::ChargeUnderWay, true, Owner::Operator));
    assert_eq!(blocker(Tie::Charge(id(1))), charge);
    for state in PayoutState::ALL.iter().copied() {
        let found = blocker(Tie::Payout(id(1), state));
        let wanted = match state {
            PayoutState::Requested | PayoutState::Processing => Some((BlockerCode::PayoutUnderWay, false)),
            PayoutState::Held => Some((BlockerCode::PayoutHeld, true)),
            PayoutState::Paid | PayoutState::Failed | PayoutState::Returned | PayoutState::Canceled => None,
        };
        let wanted = wanted.map(|(code, hard)| (code, hard, Owner::Operator));
        assert_eq!(found, wanted, "{state}");
    }
}

#[test]
fn a_running_contract_blocks_either_side_and_one_that_is_over_neither() {
    for (party, code) in
        [(Party::Worker, BlockerCode::RunningContractAsWorker), (Party::Client, BlockerCode::RunningContractAsClient)]
    {
        for state in ContractState::ALL.iter().copied() {
            let found = blocker(Tie::Contract(id(1), party, state)).map(|(code, hard, _)| (code, hard));
            assert_eq!(found, (!state.is_final()).then_some((code, true)), "{state}");
        }
    }
}

#[test]
fn money_that_is_held_or_waited_for_blocks_both_sides_and_names_whose_turn_it_is() {
    use BlockerCode::{DeliveryAwaitingAcceptance, EscrowFunding, EscrowHeld};
    let cases = [
        (MilestoneState::Funding, EscrowFunding, Party::Client),
        (MilestoneState::Funded, EscrowHeld, Party::Worker),
        (MilestoneState::ChangesRequested, EscrowHeld, Party::Worker),
        (MilestoneState::Delivered, DeliveryAwaitingAcceptance, Party::Client),
    ];
    for (state, code, turn) in cases {
        let seen = |party| blocker(Tie::Milestone(id(1), party, state));
        assert_eq!(seen(turn), Some((code, true, Owner::Member)));
        assert_eq!(seen(turn.other()), Some((code, true, Owner::Counterparty)));
    }
    let held = MilestoneState::ALL.iter().filter(|state| state.is_held() && **state != MilestoneState::Disputed);
    for state in held {
        assert!(blocker(Tie::Milestone(id(1), Party::Worker, *state)).is_some(), "{state} holds money");
    }
}

#[test]
fn what_still_runs_blocks_and_what_is_over_does_not() {
    for state in DisputeState::ALL.iter().copied() {
        assert_eq!(blocker(Tie::Dispute(id(1), state)).is_some(), !state.is_final(), "{state}");
    }
    assert_eq!(blocker(Tie::Dispute(id(1), DisputeState::Mediation)).unwrap().2, Owner::Operator);
    for state in ProposalState::ALL.iter().copied() {
        let waits = matches!(state, ProposalState::Submitted | ProposalState::Countered);
        assert_eq!(blocker(Tie::Proposal(id(1), Party::Client, state)).is_some(), waits, "{state}");
    }
    for state in JobState::ALL.iter().copied() {
        assert_eq!(blocker(Tie::Job(id(1), state)).is_some(), state == JobState::Open, "{state}");
    }
}

#[test]
fn money_on_its_way_delays_and_money_that_is_held_blocks() {
    for state in PayoutState::ALL.iter().copied() {
        let expected = match state {
            PayoutState::Requested | PayoutState::Processing => {
                Some((BlockerCode::PayoutUnderWay, false, Owner::Operator))
            }
            PayoutState::Held => Some((BlockerCode::PayoutHeld, true, Owner::Operator)),
            PayoutState::Paid | PayoutState::Failed | PayoutState::Returned | PayoutState::Canceled => None,
        };
        assert_eq!(blocker(Tie::Payout(id(1), state)), expected, "{state}");
    }
    for state in RefundState::ALL.iter().copied() {
        let expected = state.is_under_way().then_some((BlockerCode::RefundUnderWay, false, Owner::Operator));
        assert_eq!(blocker(Tie::Refund(id(1), state)), expected, "{state}");
    }
}

#[test]
fn what_is_lost_is_a_warning_told_once() {
    let set_aside =
        |number| Tied { tie: Tie::Proposal(id(number), Party::Worker, ProposalState::SetAside), since: start() };
    let draft = Tied { tie: Tie::Job(id(3), JobState::Draft), since: start() };
    let readiness = assess(&[set_aside(1), draft, set_aside(2)]);
    assert_eq!(readiness.warnings, [Warning::DraftJobsDiscarded, Warning::ProposalsRetracted]);
    assert!(readiness.is_ready(), "a warning stops nobody who knows it");
    assert_eq!(readiness.unacknowledged(&[Warning::DraftJobsDiscarded]), [Warning::ProposalsRetracted]);
    assert_eq!(readiness.unacknowledged(&readiness.warnings), []);
}

#[test]
fn money_leaves_with_its_owner_where_there_is_a_way() {
    let (earned, funds) = (AccountKind::Earnings, AccountKind::ClientFunds);
    for (kind, code) in [(earned, BlockerCode::EarningsUnpaid), (funds, BlockerCode::ClientFundsLeft)] {
        let of = |way_out| Tie::Balance(kind, yen(1), way_out);
        assert_eq!(blocker(of(WayOut::Payable)), Some((code, false, Owner::Operator)));
        assert_eq!(blocker(of(WayOut::NeedsBankAccount)), Some((code, true, Owner::Member)));
        assert_eq!(alone(of(WayOut::Nowhere)).warnings, [Warning::MoneyBecomesUnclaimed]);
        assert_eq!(alone(Tie::Balance(kind, yen(0), WayOut::NeedsBankAccount)), Readiness::default());
    }
    let owed = Tie::Balance(AccountKind::Receivable, yen(1), WayOut::Nowhere);
    assert_eq!(blocker(owed), Some((BlockerCode::Receivable, true, Owner::Member)));
}

#[test]
fn every_account_of_a_member_that_is_owed_to_them_or_by_them_is_told() {
    for kind in AccountKind::ALL.iter().copied() {
        let told = alone(Tie::Balance(kind, yen(1), WayOut::Payable)) != Readiness::default();
        let of_members =
            [AccountKind::Earnings, AccountKind::ClientFunds, AccountKind::Receivable, AccountKind::Points];
        assert_eq!(told, of_members.contains(&kind), "{kind}");
    }
}

#[test]
fn a_registration_must_be_whole() {
    let pending = blocker(Tie::Registration(MemberState::Pending));
    assert_eq!(pending, Some((BlockerCode::EmailUnconfirmed, true, Owner::Member)));
    assert_eq!(blocker(Tie::Registration(MemberState::Active)), None);
    assert_eq!(blocker(Tie::Password(false)), Some((BlockerCode::NoPassword, true, Owner::Member)));
    assert_eq!(blocker(Tie::Password(true)), None);
}

#[test]
fn the_oldest_blocker_comes_first() {
    let job = |number, since| Tied { tie: Tie::Job(id(number), JobState::Open), since };
    let readiness = assess(&[job(2, start() + days(1)), job(1, start())]);
    let since: Vec<_> = readiness.blockers.iter().map(|blocker| blocker.since).collect();
    assert_eq!(since, [start(), start() + days(1)]);
    assert_eq!(readiness.blockers[0].subject, Some(domain::ids::JobId::to_string(&id(1))));
    assert!(!readiness.is_ready());
}

#[test]
fn an_address_comes_back_as_the_rules_say() {
    let back = |email_reuse, readmitted, waited| {
        let rules = Rules { email_reuse, ..Rules::default() };
        ComingBack::of(start(), readmitted, start() + days(waited), &rules)
    };
    assert_eq!(back(EmailReuse::AfterPurge, false, 29), ComingBack::NotYet(Some(start() + days(30))));
    assert_eq!(back(EmailReuse::AfterPurge, false, 30), ComingBack::Free);
    assert_eq!(back(EmailReuse::AfterPurge, true, 0), ComingBack::Free);
    assert_eq!(back(EmailReuse::Support, false, 400), ComingBack::NotYet(None));
    assert_eq!(back(EmailReuse::Support, true, 0), ComingBack::Free);
    assert_eq!(back(EmailReuse::Forbidden, true, 400), ComingBack::NotYet(None));
}
