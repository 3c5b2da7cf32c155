use domain::actor::{Actor, Party};
use domain::dispute::{Claim, Dispute, DisputeAction, DisputeError, DisputeReason, DisputeState, ProposedRuling};
use domain::ids::MemberId;
use domain::milestone::MilestoneState;
use domain::money::{Currency, Money};
use domain::policy::Role;
use domain::terms::FundedAhead;
use domain::timer::{TimerChange, TimerKind};

use crate::scene::{Deal, client, days, id, rules, start, worker, yen};

fn mia() -> MemberId {
    id(61)
}

fn noa() -> MemberId {
    id(62)
}

fn open() -> Dispute {
    let mut deal = Deal::signed(&[10_000], FundedAhead::Current);
    deal.fund(0, start());
    let disputed = deal.milestones[0].dispute(start()).unwrap().next;
    let claim = Claim { by: Party::Client, reason: DisputeReason::NotAsAgreed, text: "It is blue".into() };
    Dispute::open(id(60), &disputed, claim, start(), &rules()).unwrap().next
}

fn negotiating() -> Dispute {
    open().answer(Party::Worker, "It is azure".into(), start(), &rules()).unwrap().next
}

fn mediation() -> Dispute {
    negotiating().mediate(start() + days(7)).unwrap().next
}

fn ruling(by: MemberId, share: i64) -> ProposedRuling {
    ProposedRuling { by, worker_share: yen(share), reasoning: "Azure is blue".into() }
}

#[test]
fn only_a_disputed_milestone_has_a_dispute_over_what_is_held() {
    assert_eq!(open().held, yen(10_000));
    let deal = Deal::signed(&[10_000], FundedAhead::Current);
    let claim = Claim { by: Party::Client, reason: DisputeReason::Other, text: String::new() };
    let refused = Dispute::open(id(60), &deal.milestones[0], claim, start(), &rules()).unwrap_err();
    assert_eq!(refused, DisputeError::MilestoneNotDisputed(MilestoneState::Planned));
}

#[test]
fn the_other_side_answers_or_five_days_of_silence_do() {
    assert_eq!(open().answer(Party::Client, String::new(), start(), &rules()).unwrap_err(), DisputeError::OwnClaim);
    let answered = open().answer(Party::Worker, "No".into(), start() + days(1), &rules()).unwrap();
    assert_eq!(answered.next.negotiation_ends_at, Some(start() + days(8)));
    assert!(matches!(open().silence(start() + days(4), &rules()), Err(DisputeError::NotDue(_))));
    let silent = open().silence(start() + days(5), &rules()).unwrap();
    assert_eq!((silent.next.state, silent.next.answer), (DisputeState::Negotiating, None));
    let expected = [
        TimerChange::Clear(TimerKind::DisputeAnswer),
        TimerChange::Set(TimerKind::DisputeNegotiation, start() + days(12)),
    ];
    assert_eq!(silent.timers, expected);
}

#[test]
fn an_offer_is_a_share_of_what_is_held() {
    let out_of_range = DisputeError::ShareOutOfRange { held: yen(10_000) };
    for share in [yen(-1), yen(10_001), Money::new(1, Currency::Usd).unwrap()] {
        assert_eq!(negotiating().offer(Party::Worker, share, start()).unwrap_err(), out_of_range);
        let ruling = ProposedRuling { worker_share: share, ..ruling(mia(), 0) };
        assert_eq!(mediation().propose_ruling(ruling, start()).unwrap_err(), out_of_range);
    }
}

#[test]
fn the_side_that_did_not_make_the_offer_accepts_it_by_its_share() {
    assert_eq!(negotiating().settle(Party::Client, yen(0), start()).unwrap_err(), DisputeError::NoOffer);
    let offered = negotiating().offer(Party::Worker, yen(6_000), start()).unwrap().next;
    assert_eq!(offered.settle(Party::Worker, yen(6_000), start()).unwrap_err(), DisputeError::OwnOffer);
    let stale = offered.settle(Party::Client, yen(4_000), start()).unwrap_err();
    assert_eq!(stale, DisputeError::StaleOffer { current: yen(6_000) });
    let settled = offered.settle(Party::Client, yen(6_000), start()).unwrap();
    assert_eq!(settled.next.state, DisputeState::Settled);
    assert!(settled.timers.contains(&TimerChange::Clear(TimerKind::DisputeEscalation)));
}

#[test]
fn a_newer_offer_takes_the_place_of_the_older() {
    let offered = negotiating().offer(Party::Worker, yen(6_000), start()).unwrap().next;
    let countered = offered.offer(Party::Client, yen(3_000), start()).unwrap().next;
    assert_eq!(countered.settle(Party::Client, yen(6_000), start()).unwrap_err(), DisputeError::OwnOffer);
    assert!(countered.settle(Party::Worker, yen(3_000), start()).is_ok());
}

#[test]
fn the_parties_may_still_settle_while_staff_mediate() {
    assert!(matches!(negotiating().mediate(start() + days(6)), Err(DisputeError::NotDue(_))));
    let offered = mediation().offer(Party::Client, yen(3_000), start()).unwrap().next;
    assert_eq!(offered.settle(Party::Worker, yen(3_000), start()).unwrap().next.state, DisputeState::Settled);
}

#[test]
fn a_ruling_needs_a_second_person_of_staff() {
    assert_eq!(mediation().rule(noa(), yen(5_000), start()).unwrap_err(), DisputeError::NoRuling);
    let proposed = mediation().propose_ruling(ruling(mia(), 5_000), start()).unwrap().next;
    assert_eq!(proposed.rule(mia(), yen(5_000), start()).unwrap_err(), DisputeError::FourEyes);
    let stale = proposed.rule(noa(), yen(4_000), start()).unwrap_err();
    assert_eq!(stale, DisputeError::StaleRuling { current: yen(5_000) });
    assert_eq!(proposed.rule(noa(), yen(5_000), start()).unwrap().next.state, DisputeState::Ruled);
}

#[test]
fn nobody_rules_in_their_own_cause() {
    assert_eq!(mediation().propose_ruling(ruling(client(), 0), start()).unwrap_err(), DisputeError::OwnCause);
    let proposed = mediation().propose_ruling(ruling(mia(), 0), start()).unwrap().next;
    assert_eq!(proposed.rule(worker(), yen(0), start()).unwrap_err(), DisputeError::OwnCause);
    let as_staff = Actor::Staff(worker(), Role::Admin);
    assert_eq!(proposed.allowed_actions(as_staff), [DisputeAction::Offer]);
}

#[test]
fn what_one_may_do_depends_on_who_one_is() {
    use DisputeAction::{Answer, Offer, ProposeRuling, Rule, Settle};
    let (client, worker) = (Actor::Member(client()), Actor::Member(worker()));
    let (mia, noa) = (Actor::Staff(mia(), Role::Support), Actor::Staff(noa(), Role::Admin));
    assert_eq!((open().allowed_actions(client), open().allowed_actions(worker)), (vec![], vec![Answer]));
    let offered = negotiating().offer(Party::Worker, yen(1), start()).unwrap().next;
    assert_eq!((offered.allowed_actions(client), offered.allowed_actions(worker)), (vec![Offer, Settle], vec![Offer]));
    let proposed = mediation().propose_ruling(ruling(id(61), 0), start()).unwrap().next;
    assert_eq!(
        (proposed.allowed_actions(mia), proposed.allowed_actions(noa)),
        (vec![ProposeRuling], vec![ProposeRuling, Rule])
    );
    assert_eq!(proposed.allowed_actions(Actor::Staff(id(63), Role::Finance)), []);
    assert_eq!(proposed.allowed_actions(Actor::Member(id(64))), []);
}

#[test]
fn after_thirty_days_it_has_an_owner_and_keeps_the_one_it_had() {
    assert!(matches!(mediation().escalate(Some(mia()), start() + days(29)), Err(DisputeError::NotDue(_))));
    let escalated = mediation().escalate(Some(mia()), start() + days(30)).unwrap().next;
    assert_eq!((escalated.state, escalated.owner), (DisputeState::Mediation, Some(mia())));
    assert_eq!(escalated.escalated_at, Some(start() + days(30)));
    let owned = Dispute { owner: Some(noa()), ..mediation() };
    assert_eq!(owned.escalate(Some(mia()), start() + days(30)).unwrap().next.owner, Some(noa()));
    assert!(escalated.escalate(None, start() + days(31)).is_err(), "once");
}
