use domain::actor::Party;
use domain::event::EventKind;
use domain::job::JobState;
use domain::money::{Currency, Money};
use domain::policy::Standing;
use domain::proposal::{Proposal, ProposalAction, ProposalError, ProposalState};
use domain::terms::{FundedAhead, Terms, TermsError};
use domain::timer::{TimerChange, TimerKind};

use crate::scene::{client, days, draft, id, open_job, proposal, round, rules, start, terms, worker, yen};

fn price(amount: i64) -> Terms {
    terms(&[amount], FundedAhead::Current)
}

fn submitted() -> Proposal {
    proposal(price(10_000))
}

fn countered() -> Proposal {
    submitted().counter(&open_job(), Party::Client, round(price(9_000)), start(), &rules()).unwrap().next
}

#[test]
fn nobody_proposes_to_their_own_job_nor_to_one_that_is_closed_in_any_round() {
    let submit = |job: &_, worker| Proposal::submit(id(20), job, worker, round(price(1)), start(), &rules());
    assert_eq!(submit(&open_job(), client()).unwrap_err(), ProposalError::OwnJob);
    assert_eq!(submit(&draft(), worker()).unwrap_err(), ProposalError::JobNotOpen(JobState::Draft));
    let filled = open_job().fill(start()).unwrap().next;
    let counter = submitted().counter(&filled, Party::Client, round(price(9_000)), start(), &rules());
    assert_eq!(counter.unwrap_err(), ProposalError::JobNotOpen(JobState::Filled));
}

#[test]
fn the_terms_are_in_the_currency_of_the_job_in_every_round() {
    let mut dollars = price(1);
    dollars.milestones[0].amount = Money::new(1, Currency::Usd).unwrap();
    let submit = Proposal::submit(id(20), &open_job(), worker(), round(dollars.clone()), start(), &rules());
    assert_eq!(submit.unwrap_err(), ProposalError::Currency(Currency::Jpy));
    let counter = submitted().counter(&open_job(), Party::Client, round(dollars), start(), &rules());
    assert_eq!(counter.unwrap_err(), ProposalError::Currency(Currency::Jpy));
}

#[test]
fn each_round_waits_two_weeks_for_the_other_side() {
    let decision =
        submitted().counter(&open_job(), Party::Client, round(price(9_000)), start() + days(1), &rules()).unwrap();
    assert_eq!(decision.next.respond_by, Some(start() + days(15)));
    assert_eq!(decision.timers, [TimerChange::Set(TimerKind::ProposalExpiry, start() + days(15))]);
    assert_eq!((decision.next.round, decision.next.round_by, decision.next.turn()), (2, Party::Client, Party::Worker));
    assert_eq!(decision.next.terms.total(), Ok(yen(9_000)));
}

#[test]
fn nobody_counters_or_accepts_out_of_turn() {
    let not_yours = ProposalError::NotYourTurn { turn: Party::Client };
    let submitted = submitted();
    assert_eq!(
        submitted.counter(&open_job(), Party::Worker, round(price(1)), start(), &rules()).unwrap_err(),
        not_yours
    );
    assert_eq!(submitted.accept(Party::Worker, 1, start(), &rules()).unwrap_err(), not_yours);
    assert!(countered().accept(Party::Worker, 2, start(), &rules()).is_ok());
}

#[test]
fn accepting_names_the_round_that_counts() {
    let refused = countered().accept(Party::Worker, 1, start(), &rules()).unwrap_err();
    assert_eq!(refused, ProposalError::StaleRound { current: 2 });
}

#[test]
fn terms_whose_due_date_has_passed_cannot_be_accepted_any_more() {
    let refused = submitted().accept(Party::Client, 1, start() + days(40), &rules()).unwrap_err();
    assert_eq!(refused, ProposalError::Terms(vec![TermsError::DueInThePast { index: 0 }]));
}

#[test]
fn what_one_may_do_depends_on_whose_turn_it_is() {
    use ProposalAction::{Accept, Counter, Decline, Retract};
    assert_eq!(submitted().allowed_actions(Standing::Client, start(), &rules()), [Counter, Accept, Decline]);
    assert_eq!(submitted().allowed_actions(Standing::Worker, start(), &rules()), [Retract]);
    assert_eq!(countered().allowed_actions(Standing::Client, start(), &rules()), [Decline]);
    assert_eq!(countered().allowed_actions(Standing::Worker, start(), &rules()), [Counter, Accept, Retract]);
    assert_eq!(submitted().allowed_actions(Standing::Outsider, start(), &rules()), []);
    let too_late = submitted().allowed_actions(Standing::Client, start() + days(40), &rules());
    assert_eq!(too_late, [Counter, Decline], "terms whose due date has passed cannot be signed");
}

#[test]
fn a_proposal_that_was_set_aside_comes_back_as_it_was_and_waits_anew() {
    for (before, state) in [(submitted(), ProposalState::Submitted), (countered(), ProposalState::Countered)] {
        let aside = before.set_aside(start()).unwrap().next;
        assert_eq!((aside.state, aside.respond_by), (ProposalState::SetAside, None));
        let restored = aside.restore(start() + days(7), &rules()).unwrap().next;
        assert_eq!((restored.state, restored.respond_by), (state, Some(start() + days(21))));
        assert_eq!((restored.round, restored.turn()), (before.round, before.turn()));
    }
}

#[test]
fn a_proposal_expires_in_time_and_not_before() {
    assert!(matches!(submitted().expire(start() + days(13)), Err(ProposalError::NotDue(_))));
    assert_eq!(submitted().expire(start() + days(14)).unwrap().next.state, ProposalState::Expired);
}

#[test]
fn the_proposal_of_a_contract_that_lapsed_is_over() {
    let accepted = submitted().accept(Party::Client, 1, start(), &rules()).unwrap().next;
    let lapsed = accepted.lapse(start()).unwrap();
    assert_eq!((lapsed.next.state, lapsed.events), (ProposalState::Expired, vec![EventKind::ProposalExpired]));
}

#[test]
fn a_declined_or_retracted_proposal_stays_so() {
    for over in [submitted().decline(start()).unwrap().next, submitted().retract(start()).unwrap().next] {
        assert!(over.accept(Party::Client, 1, start(), &rules()).is_err());
        assert!(over.restore(start(), &rules()).is_err());
        assert_eq!(over.respond_by, None);
    }
}
