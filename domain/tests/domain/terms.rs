use domain::money::{Currency, MAX_AMOUNT, Money};
use domain::rules::Rules;
use domain::terms::{FundedAhead, Terms, TermsError};

use crate::scene::{date, rules, terms, yen};

fn errors(terms: &Terms) -> Vec<TermsError> {
    terms.check(date("2026-04-01"), &rules()).err().unwrap_or_default()
}

fn two() -> Terms {
    terms(&[10_000, 20_000], FundedAhead::Current)
}

#[test]
fn sound_terms_can_be_signed_until_the_day_they_are_due() {
    assert_eq!(errors(&two()), []);
    assert_eq!(two().total(), Ok(yen(30_000)));
    assert_eq!(two().check(date("2026-05-01"), &rules()), Ok(()));
}

#[test]
fn there_is_at_least_one_milestone_and_at_most_fifty() {
    assert_eq!(errors(&terms(&[], FundedAhead::All)), [TermsError::NoMilestones]);
    assert_eq!(errors(&terms(&[1; 50], FundedAhead::All)), []);
    assert_eq!(errors(&terms(&[1; 51], FundedAhead::All)), [TermsError::TooManyMilestones { max: 50 }]);
}

#[test]
fn every_amount_is_positive_and_in_one_currency() {
    let mut terms = terms(&[1, 0, -1, 1], FundedAhead::All);
    terms.milestones[3].amount = Money::new(1, Currency::Usd).unwrap();
    let expected = [
        TermsError::AmountNotPositive { index: 1 },
        TermsError::AmountNotPositive { index: 2 },
        TermsError::AmountCurrency { index: 3, expected: Currency::Jpy },
    ];
    assert_eq!(errors(&terms), expected);
}

#[test]
fn a_contract_amounts_to_a_hundred_million_yen_at_most_with_its_termination_fee() {
    let too_large = [TermsError::TotalTooLarge { max: yen(100_000_000) }];
    let fitting = terms(&[60_000_000, 40_000_000], FundedAhead::All);
    assert_eq!(errors(&fitting), []);
    assert_eq!(errors(&Terms { termination_fee: Some(yen(1)), ..fitting }), too_large);
    assert_eq!(errors(&terms(&[60_000_000, 40_000_001], FundedAhead::All)), too_large);
    assert_eq!(errors(&terms(&[MAX_AMOUNT, 1], FundedAhead::All)), too_large, "more than can be added, too");
}

#[test]
fn due_dates_lie_ahead_and_in_order() {
    let mut terms = terms(&[1, 1, 1], FundedAhead::All);
    terms.milestones[0].due_on = date("2026-03-31");
    terms.milestones[1].due_on = date("2026-05-02");
    let expected = [TermsError::DueInThePast { index: 0 }, TermsError::DueOutOfOrder { index: 2 }];
    assert_eq!(errors(&terms), expected);
}

#[test]
fn the_acceptance_window_is_three_to_eleven_days() {
    for (days, is_fine) in [(2, false), (3, true), (11, true), (12, false)] {
        let terms = Terms { acceptance_days: days, ..two() };
        let expected = if is_fine { vec![] } else { vec![TermsError::AcceptanceDays { min: 3, max: 11 }] };
        assert_eq!(errors(&terms), expected, "{days}");
    }
}

#[test]
fn a_setting_widens_what_may_be_agreed() {
    let rules = Rules { acceptance_days_max: 14, ..rules() };
    assert_eq!(Terms { acceptance_days: 14, ..two() }.check(date("2026-04-01"), &rules), Ok(()));
}

#[test]
fn a_termination_fee_is_something_in_the_same_currency() {
    for fee in [yen(0), yen(-1), Money::new(1, Currency::Usd).unwrap()] {
        assert_eq!(errors(&Terms { termination_fee: Some(fee), ..two() }), [TermsError::TerminationFee]);
    }
    assert_eq!(errors(&Terms { termination_fee: Some(yen(1)), ..two() }), []);
}
