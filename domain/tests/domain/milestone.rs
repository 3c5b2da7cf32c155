use domain::decision::Decision;
use domain::escrow::EscrowState;
use domain::event::EventKind;
use domain::ledger::{Account, JournalEntry};
use domain::milestone::{Milestone, MilestoneAction, MilestoneError, MilestoneState, Movement};
use domain::money::MoneyError;
use domain::policy::Standing;
use domain::terms::FundedAhead;
use domain::timer::{NotDue, TimerChange, TimerKind};

use crate::scene::{Deal, client, date, days, id, rules, start, worker, yen};

fn deal() -> Deal {
    Deal::signed(&[10_000], FundedAhead::Current)
}

fn funded() -> Deal {
    let mut deal = deal();
    deal.fund(0, start());
    deal
}

fn delivered() -> Deal {
    let mut deal = funded();
    deal.deliver(0, start());
    deal
}

fn timers<T>(decision: &Decision<T>) -> Vec<TimerChange> {
    decision.timers.iter().filter(|change| matches!(change, TimerChange::Set(..))).copied().collect()
}

fn booked(decision: &Decision<Movement>) -> Vec<(Account, i64)> {
    let postings = decision.entries.iter().flat_map(JournalEntry::postings);
    postings.map(|posting| (posting.account, posting.amount)).collect()
}

#[test]
fn funding_starts_with_what_the_client_has_and_asks_for_the_rest() {
    let decision = deal().milestones[0].start_funding(yen(4_000), yen(0), start(), &rules()).unwrap();
    assert_eq!(decision.next.shortfall(), Ok(yen(6_000)));
    assert_eq!(decision.next.funding_expires_at, Some(start() + days(7)));
    assert_eq!(timers(&decision), [TimerChange::Set(TimerKind::FundingExpiry, start() + days(7))]);
}

#[test]
fn no_more_is_set_aside_than_is_needed_and_never_less_than_nothing() {
    let milestone = &deal().milestones[0];
    for (available, reserved) in [(99_999, 10_000), (0, 0), (-5, 0)] {
        assert_eq!(
            milestone.start_funding(yen(available), yen(0), start(), &rules()).unwrap().next.reserved,
            yen(reserved)
        );
    }
}

#[test]
fn a_milestone_is_not_funded_before_all_the_money_is_there() {
    let deal = deal();
    let funding = deal.milestones[0].start_funding(yen(4_000), yen(0), start(), &rules()).unwrap().next;
    let refused = funding.fund(&deal.escrows[0], start()).unwrap_err();
    assert_eq!(refused, MilestoneError::Underfunded { shortfall: yen(6_000) });
    let full = funding.reserve_more(yen(6_000), start()).unwrap().next;
    let decision = full.fund(&deal.escrows[0], start()).unwrap();
    assert_eq!(
        (decision.next.milestone.state, decision.next.escrow.state),
        (MilestoneState::Funded, EscrowState::Funded)
    );
    assert_eq!(decision.next.milestone.reserved, yen(0));
    let expected = [(Account::ClientFunds(client()), 10_000), (Account::Escrow(deal.escrows[0].id), -10_000)];
    assert_eq!(booked(&decision), expected);
    assert_eq!(decision.events, [EventKind::MilestoneFunded, EventKind::EscrowFunded]);
}

#[test]
fn expired_funding_sets_the_money_free_and_can_start_again() {
    let funding = deal().milestones[0].start_funding(yen(4_000), yen(0), start(), &rules()).unwrap().next;
    let early = funding.expire_funding(start() + days(6)).unwrap_err();
    assert_eq!(early, MilestoneError::NotDue(NotDue { due_at: Some(start() + days(7)) }));
    let planned = funding.expire_funding(start() + days(7)).unwrap();
    assert_eq!((planned.next.state, planned.next.reserved), (MilestoneState::Planned, yen(0)));
    assert!(planned.entries.is_empty());
    assert!(planned.next.start_funding(yen(0), yen(0), start(), &rules()).is_ok());
}

#[test]
fn a_delivery_opens_the_acceptance_window_with_two_reminders() {
    let decision = funded().milestones[0].deliver(id(300), start(), &rules()).unwrap();
    assert_eq!(decision.next.auto_accept_at, Some(start() + days(7)));
    let expected = [
        TimerChange::Set(TimerKind::AutoAccept, start() + days(7)),
        TimerChange::Set(TimerKind::FirstReminder, start() + days(4)),
        TimerChange::Set(TimerKind::SecondReminder, start() + days(6)),
    ];
    assert_eq!(timers(&decision), expected);
}

#[test]
fn a_window_of_three_days_has_only_the_reminder_that_is_ahead() {
    let milestone = Milestone { acceptance_days: 3, ..funded().milestones.remove(0) };
    let decision = milestone.deliver(id(300), start(), &rules()).unwrap();
    let expected = [
        TimerChange::Set(TimerKind::AutoAccept, start() + days(3)),
        TimerChange::Set(TimerKind::SecondReminder, start() + days(2)),
    ];
    assert_eq!(timers(&decision), expected);
}

#[test]
fn accepting_pays_the_worker_and_empties_the_escrow() {
    let deal = delivered();
    let decision = deal.milestones[0].accept(id(300), &deal.escrows[0], deal.fees(), start()).unwrap();
    assert_eq!(
        (decision.next.milestone.state, decision.next.escrow.state),
        (MilestoneState::Accepted, EscrowState::Released)
    );
    assert_eq!(decision.next.milestone.worker_share, Some(yen(10_000)));
    let expected = [
        (Account::Escrow(deal.escrows[0].id), 10_000),
        (Account::Earnings(worker()), -8_000),
        (Account::ConsumptionTax, -181),
        (Account::SystemFee, -1_819),
    ];
    assert_eq!(booked(&decision), expected);
    assert_eq!(decision.events, [EventKind::MilestoneAccepted, EventKind::EscrowReleased]);
    assert!(decision.timers.contains(&TimerChange::Clear(TimerKind::AutoAccept)));
}

#[test]
fn accepting_another_delivery_than_the_latest_is_refused() {
    let deal = delivered();
    let refused = deal.milestones[0].accept(id(299), &deal.escrows[0], deal.fees(), start()).unwrap_err();
    assert_eq!(refused, MilestoneError::StaleDelivery { current: Some(id(300)) });
}

#[test]
fn fees_accumulate_over_the_contract() {
    let mut deal = Deal::signed(&[60_000, 60_000], FundedAhead::All);
    for index in 0..2 {
        deal.fund(index, start());
        deal.deliver(index, start());
    }
    deal.accept(0, start());
    assert_eq!(deal.contract.released, yen(60_000));
    let delivery = deal.milestones[1].delivery.unwrap();
    let second = deal.milestones[1].accept(delivery, &deal.escrows[1], deal.fees(), start()).unwrap();
    assert_eq!(second.next.proceeds.unwrap().fee.fee, 10_000);
}

#[test]
fn fees_do_not_accumulate_over_two_currencies() {
    let deal = delivered();
    let before = domain::money::Money::zero(domain::money::Currency::Usd);
    let fees = domain::milestone::FeeTerms { before, ..deal.fees() };
    let refused = deal.milestones[0].accept(id(300), &deal.escrows[0], fees, start()).unwrap_err();
    assert!(matches!(refused, MilestoneError::Money(MoneyError::CurrencyMismatch(..))));
}

#[test]
fn silence_accepts_at_the_end_of_the_window_and_not_before() {
    let deal = delivered();
    let accept = |now| deal.milestones[0].auto_accept(&deal.escrows[0], deal.fees(), now);
    assert!(matches!(accept(start() + days(7) - days(1)), Err(MilestoneError::NotDue(_))));
    let decision = accept(start() + days(7)).unwrap();
    assert_eq!(decision.next.milestone.state, MilestoneState::Accepted);
    assert_eq!(decision.events, [EventKind::MilestoneAutoAccepted, EventKind::EscrowReleased]);
}

#[test]
fn changes_stop_the_window_and_a_redelivery_opens_a_new_one() {
    let milestone = delivered().milestones.remove(0);
    let changes = milestone.request_changes(date("2026-04-10"), start(), &rules()).unwrap();
    assert_eq!((changes.next.auto_accept_at, changes.next.revision_rounds), (None, 1));
    // The end of April 10th in Tokyo, and 30 days.
    let overdue_at = "2026-05-10T15:00:00Z".parse().unwrap();
    assert_eq!(timers(&changes), [TimerChange::Set(TimerKind::RedeliveryOverdue, overdue_at)]);
    assert_eq!(changes.next.overdue(overdue_at, &rules()), Some(EventKind::MilestoneRedeliveryOverdue));
    assert_eq!(changes.next.overdue(overdue_at - days(1), &rules()), None);
    let again = changes.next.deliver(id(301), start() + days(2), &rules()).unwrap();
    assert_eq!((again.next.auto_accept_at, again.next.delivery), (Some(start() + days(9)), Some(id(301))));
    assert!(again.timers.contains(&TimerChange::Clear(TimerKind::RedeliveryOverdue)));
}

#[test]
fn no_more_rounds_of_changes_than_agreed() {
    let mut milestone = delivered().milestones.remove(0);
    for number in 301..304 {
        milestone = milestone.request_changes(date("2026-04-10"), start(), &rules()).unwrap().next;
        milestone = milestone.deliver(id(number), start(), &rules()).unwrap().next;
    }
    assert!(!milestone.allowed_actions(Standing::Client, false).contains(&MilestoneAction::RequestChanges));
    let refused = milestone.request_changes(date("2026-04-10"), start(), &rules()).unwrap_err();
    assert_eq!(refused, MilestoneError::RevisionsExhausted { limit: 3 });
}

#[test]
fn changes_cannot_be_due_yesterday_in_tokyo() {
    let milestone = delivered().milestones.remove(0);
    let late_evening_in_utc = "2026-04-01T15:30:00Z".parse().unwrap();
    let refused = milestone.request_changes(date("2026-04-01"), late_evening_in_utc, &rules()).unwrap_err();
    assert_eq!(refused, MilestoneError::DueInThePast);
}

#[test]
fn a_dispute_freezes_the_window() {
    let deal = delivered();
    let disputed = deal.milestones[0].dispute(start()).unwrap();
    assert_eq!(disputed.next.auto_accept_at, None);
    assert!(disputed.timers.contains(&TimerChange::Clear(TimerKind::AutoAccept)));
    assert!(disputed.next.auto_accept(&deal.escrows[0], deal.fees(), start() + days(7)).is_err());
}

#[test]
fn a_settlement_goes_where_the_share_says() {
    let deal = delivered();
    let disputed = deal.milestones[0].dispute(start()).unwrap().next;
    let ends = [
        (0, MilestoneState::Canceled, EscrowState::Refunded, EventKind::EscrowRefunded),
        (4_000, MilestoneState::Accepted, EscrowState::Split, EventKind::EscrowSplit),
        (10_000, MilestoneState::Accepted, EscrowState::Released, EventKind::EscrowReleased),
    ];
    for (share, milestone, escrow, event) in ends {
        let settled = disputed.settle(yen(share), &deal.escrows[0], deal.fees(), start()).unwrap();
        assert_eq!((settled.next.milestone.state, settled.next.escrow.state), (milestone, escrow));
        assert_eq!(settled.events, [EventKind::MilestoneSettled, event]);
        assert_eq!(settled.next.proceeds.is_some(), share > 0);
        let left =
            booked(&settled).iter().find(|(account, _)| *account == Account::Escrow(deal.escrows[0].id)).unwrap().1;
        assert_eq!(left, 10_000, "all of it leaves the escrow");
        let ruled = disputed.rule(yen(share), &deal.escrows[0], deal.fees(), start()).unwrap();
        assert_eq!((ruled.entries, ruled.events[0]), (settled.entries, EventKind::MilestoneRuled));
    }
}

#[test]
fn a_share_outside_what_is_held_is_refused() {
    let deal = delivered();
    let disputed = deal.milestones[0].dispute(start()).unwrap().next;
    for share in [-1, 10_001] {
        let refused = disputed.settle(yen(share), &deal.escrows[0], deal.fees(), start()).unwrap_err();
        assert_eq!(refused, MilestoneError::ShareOutOfRange { held: yen(10_000) });
    }
    let dollars = domain::money::Money::new(1, domain::money::Currency::Usd).unwrap();
    let refused = disputed.settle(dollars, &deal.escrows[0], deal.fees(), start()).unwrap_err();
    assert!(matches!(refused, MilestoneError::Money(MoneyError::CurrencyMismatch(..))));
}

#[test]
fn canceling_what_was_never_funded_books_nothing_and_pays_nobody() {
    let deal = deal();
    let refused = deal.milestones[0].cancel(yen(1), &deal.escrows[0], deal.fees(), start()).unwrap_err();
    assert_eq!(refused, MilestoneError::ShareOutOfRange { held: yen(0) });
    let funding = deal.milestones[0].start_funding(yen(4_000), yen(0), start(), &rules()).unwrap().next;
    let canceled = funding.cancel(yen(0), &deal.escrows[0], deal.fees(), start()).unwrap();
    assert_eq!(
        (canceled.next.milestone.state, canceled.next.escrow.state),
        (MilestoneState::Canceled, EscrowState::Void)
    );
    assert_eq!((canceled.next.milestone.reserved, canceled.entries.len()), (yen(0), 0));
    assert_eq!(canceled.events, [EventKind::MilestoneCanceled, EventKind::EscrowVoided]);
}

#[test]
fn a_consented_cancellation_that_pays_the_worker_is_told_as_a_settlement() {
    let deal = funded();
    let paid = deal.milestones[0].cancel(yen(1), &deal.escrows[0], deal.fees(), start()).unwrap();
    assert_eq!((paid.next.milestone.state, paid.events[0]), (MilestoneState::Accepted, EventKind::MilestoneSettled));
    let unpaid = deal.milestones[0].cancel(yen(0), &deal.escrows[0], deal.fees(), start()).unwrap();
    assert_eq!(
        (unpaid.next.milestone.state, unpaid.events[0]),
        (MilestoneState::Canceled, EventKind::MilestoneCanceled)
    );
}

#[test]
fn refund_after_release_is_refused_and_names_what_would_be_allowed() {
    let mut deal = delivered();
    deal.accept(0, start());
    let refused = deal.milestones[0].cancel(yen(0), &deal.escrows[0], deal.fees(), start()).unwrap_err();
    assert_eq!(refused.to_string(), "a milestone that is accepted does not allow cancel, nor anything else");
    assert!(deal.escrows[0].step(domain::escrow::EscrowAction::Refund, start()).is_err());
}

#[test]
fn the_escrow_of_another_milestone_is_refused() {
    let mut deal = Deal::signed(&[10_000, 20_000], FundedAhead::All);
    deal.fund(0, start());
    deal.fund(1, start());
    let refused = deal.milestones[0].cancel(yen(0), &deal.escrows[1], deal.fees(), start()).unwrap_err();
    assert_eq!(refused, MilestoneError::ForeignEscrow);
    let fresh = Deal::signed(&[10_000, 20_000], FundedAhead::All);
    let funding = fresh.milestones[0].start_funding(yen(10_000), yen(0), start(), &rules()).unwrap().next;
    assert_eq!(funding.fund(&fresh.escrows[1], start()).unwrap_err(), MilestoneError::ForeignEscrow);
}

#[test]
fn a_pause_moves_the_due_dates_of_what_is_with_the_worker_only() {
    let deal = delivered();
    assert_eq!(deal.milestones[0].reschedule(2, start(), &rules()), None);
    let changes = deal.milestones[0].request_changes(date("2026-04-10"), start(), &rules()).unwrap().next;
    assert_eq!(changes.reschedule(0, start(), &rules()), None);
    let moved = changes.reschedule(2, start(), &rules()).unwrap();
    assert_eq!(moved.next.due_on, date("2026-04-12"));
    assert_eq!(timers(&moved).len(), 1, "the late redelivery is late later");
}

#[test]
fn funding_is_offered_unless_another_milestone_waits_for_the_termination_fee() {
    let planned = &Deal::signed(&[10_000], FundedAhead::Current).milestones[0];
    assert_eq!(planned.allowed_actions(Standing::Client, false), [MilestoneAction::StartFunding]);
    assert_eq!(planned.allowed_actions(Standing::Client, true), []);
}

#[test]
fn another_payment_takes_the_place_of_one_for_which_nothing_has_come() {
    let planned = &Deal::signed(&[10_000], FundedAhead::Current).milestones[0];
    let funding = planned.start_funding(yen(0), yen(0), start(), &rules()).unwrap().next;
    assert!(funding.takes_another_payment(false) && !funding.takes_another_payment(true));
    assert!(!planned.takes_another_payment(false));
}
