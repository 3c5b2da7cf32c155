use domain::actor::Party;
use domain::cancellation::{
    CancellationAction, CancellationError, CancellationRequest, CancellationState, ProposedEnd, Share, Silence, silence,
};
use domain::contract::{Contract, ContractState};
use domain::milestone::MilestoneState;
use domain::policy::Standing;
use domain::terms::FundedAhead;
use domain::timer::{TimerChange, TimerKind};

use crate::scene::{Deal, days, id, rules, start, yen};

/// The first milestone is held, the second has no money.
fn deal() -> Deal {
    let mut deal = Deal::signed(&[10_000, 20_000], FundedAhead::Current);
    deal.fund(0, start());
    deal
}

fn shares(shares: &[(u128, i64)]) -> Vec<Share> {
    let share = |&(milestone, share): &(u128, i64)| Share { milestone: id(milestone), worker_share: yen(share) };
    shares.iter().map(share).collect()
}

fn request(named: &[(u128, i64)]) -> Result<CancellationRequest, CancellationError> {
    let (deal, end) =
        (deal(), ProposedEnd { by: Party::Client, reason: "Plans changed".into(), shares: shares(named) });
    let decision = CancellationRequest::request(id(50), &deal.contract, end, &deal.milestones, start(), &rules());
    decision.map(|decision| decision.next)
}

fn requested() -> CancellationRequest {
    request(&[(101, 4_000), (102, 0)]).unwrap()
}

#[test]
fn a_request_names_each_open_milestone_once() {
    assert!(request(&[(102, 0), (101, 10_000)]).is_ok());
    assert_eq!(request(&[(101, 0)]), Err(CancellationError::ShareMissing(id(102))));
    assert_eq!(request(&[(101, 0), (102, 0), (101, 0)]), Err(CancellationError::ShareUnexpected(id(101))));
    assert_eq!(request(&[(101, 0), (102, 0), (103, 0)]), Err(CancellationError::ShareUnexpected(id(103))));
}

#[test]
fn a_share_is_at_most_what_is_held() {
    let out_of_range =
        |milestone, held| Err(CancellationError::ShareOutOfRange { milestone: id(milestone), held: yen(held) });
    assert_eq!(request(&[(101, 10_001), (102, 0)]), out_of_range(101, 10_000));
    assert_eq!(request(&[(101, -1), (102, 0)]), out_of_range(101, 10_000));
    assert_eq!(request(&[(101, 0), (102, 1)]), out_of_range(102, 0));
}

#[test]
fn a_contract_that_is_over_or_has_nothing_open_cannot_be_canceled() {
    let mut deal = deal();
    let end = || ProposedEnd { by: Party::Worker, reason: String::new(), shares: vec![] };
    deal.milestones = deal.milestones[..1].to_vec();
    deal.milestones[0].state = MilestoneState::Disputed;
    let nothing = CancellationRequest::request(id(50), &deal.contract, end(), &deal.milestones, start(), &rules());
    assert_eq!(nothing.unwrap_err(), CancellationError::NothingOpen);
    let ended = Contract { state: ContractState::Ended, ..deal.contract };
    let over = CancellationRequest::request(id(50), &ended, end(), &deal.milestones, start(), &rules());
    assert_eq!(over.unwrap_err(), CancellationError::ContractOver(ContractState::Ended));
}

#[test]
fn only_the_other_side_answers_and_only_the_asker_takes_back() {
    use CancellationAction::{Consent, Refuse, Retract};
    let (request, deal) = (requested(), deal());
    assert_eq!(request.consent(Party::Client, &deal.milestones, start()).unwrap_err(), CancellationError::OwnRequest);
    assert_eq!(request.refuse(Party::Client, start()).unwrap_err(), CancellationError::OwnRequest);
    assert_eq!(request.retract(Party::Worker, start()).unwrap_err(), CancellationError::NotOwnRequest);
    assert_eq!(request.allowed_actions(Standing::Client), [Retract]);
    assert_eq!(request.allowed_actions(Standing::Worker), [Consent, Refuse]);
    assert_eq!(request.refuse(Party::Worker, start()).unwrap().next.state, CancellationState::Refused);
    assert_eq!(request.retract(Party::Client, start()).unwrap().next.state, CancellationState::Retracted);
}

#[test]
fn consent_is_checked_against_what_the_milestones_are_by_then() {
    let (request, mut deal) = (requested(), deal());
    assert_eq!(
        request.consent(Party::Worker, &deal.milestones, start()).unwrap().next.state,
        CancellationState::Consented
    );
    deal.milestones[0].state = MilestoneState::Accepted;
    let refused = request.consent(Party::Worker, &deal.milestones, start()).unwrap_err();
    assert_eq!(refused, CancellationError::ShareUnexpected(id(101)));
}

#[test]
fn a_milestone_that_was_accepted_is_taken_out_and_the_last_one_takes_the_request_with_it() {
    let request = requested();
    assert_eq!(request.without(id(999), start()), Ok(None));
    let narrowed = request.without(id(101), start()).unwrap().unwrap().next;
    assert_eq!((narrowed.state, narrowed.shares), (CancellationState::Requested, shares(&[(102, 0)])));
    let narrowed = request.without(id(101), start()).unwrap().unwrap().next;
    let moot = narrowed.without(id(102), start()).unwrap().unwrap();
    assert_eq!(moot.next.state, CancellationState::Lapsed);
    assert_eq!(moot.timers, [TimerChange::Clear(TimerKind::CancellationLapse)]);
}

#[test]
fn a_request_lapses_after_a_week() {
    assert!(matches!(requested().lapse(start() + days(6)), Err(CancellationError::NotDue(_))));
    assert_eq!(requested().lapse(start() + days(7)).unwrap().next.state, CancellationState::Lapsed);
}

#[test]
fn silence_refunds_only_where_the_worker_showed_nothing() {
    for state in MilestoneState::ALL.iter().copied() {
        for (delivered, spoke) in [(false, false), (false, true), (true, false), (true, true)] {
            let expected = match state {
                MilestoneState::Planned | MilestoneState::Funding => Silence::Void,
                MilestoneState::Disputed | MilestoneState::Accepted | MilestoneState::Canceled => Silence::Nothing,
                MilestoneState::Funded | MilestoneState::Delivered | MilestoneState::ChangesRequested => {
                    if delivered || spoke { Silence::Dispute } else { Silence::Refund }
                }
            };
            assert_eq!(silence(state, delivered, spoke), expected, "{state} {delivered} {spoke}");
        }
    }
}
