use chrono::TimeDelta;
use domain::business_calendar::Shift;
use domain::rules::{PayoutRules, Rules, RulesError};

#[test]
fn the_default_numbers_contradict_nothing() {
    assert_eq!(Rules::default().check(), Ok(()));
}

#[test]
fn no_acceptance_window_is_so_long_that_payday_is_later_than_60_days_after_delivery() {
    let rules = Rules { acceptance_days_max: 12, ..Rules::default() };
    assert_eq!(rules.check(), Err(RulesError::LatePayday { most: 11 }));
    let payout = PayoutRules { shift: Shift::Previous, ..PayoutRules::default() };
    let earlier = Rules { acceptance_days_max: 14, payout, ..Rules::default() };
    assert_eq!(earlier.check(), Ok(()), "where payday moves forward there are three days more");
    assert!(Rules { acceptance_days_max: 15, ..earlier }.check().is_err());
    // Delivered on day 1 and accepted 11 days later, on the 1st of a month of 31 days; paid on the 15th of the next,
    // a Saturday before a holiday on Monday.
    assert_eq!(1 + i64::from(Rules::default().acceptance_days_max) + 31 + 14 + 3, 60);
}

fn paying(change: impl FnOnce(&mut PayoutRules)) -> Rules {
    let mut rules = Rules::default();
    change(&mut rules.payout);
    rules
}

#[test]
fn numbers_that_contradict_each_other_are_found() {
    let usual = Rules::default;
    for (rules, error) in [
        (Rules { acceptance_days_min: 0, ..usual() }, RulesError::AcceptanceDays),
        (Rules { acceptance_days_min: 8, ..usual() }, RulesError::AcceptanceDays),
        (Rules { acceptance_days_max: 6, ..usual() }, RulesError::AcceptanceDays),
        (Rules { escalation: TimeDelta::days(12), ..usual() }, RulesError::Escalation),
        (
            Rules { payout: PayoutRules { lawful_days: 59, ..usual().payout }, ..usual() },
            RulesError::LatePayday { most: 10 },
        ),
        (paying(|payout| payout.lawful_days = 61), RulesError::LawfulDays),
        (Rules { revision_limit: 21, ..usual() }, RulesError::RevisionLimit),
        (Rules { max_milestones: 0, ..usual() }, RulesError::MaxMilestones),
        (Rules { max_contract_total: 0, ..usual() }, RulesError::MaxContractTotal),
        (Rules { max_contract_total: 1_000_000_000_001, ..usual() }, RulesError::MaxContractTotal),
        (paying(|payout| payout.minimum = 0), RulesError::PayoutMinimum),
        (paying(|payout| payout.minimum = 500), RulesError::PayoutMinimum),
        (paying(|payout| payout.run_chunk = 0), RulesError::PayoutSteps),
        (paying(|payout| payout.run_chunk = 1_001), RulesError::PayoutSteps),
        (paying(|payout| payout.batch_max = 0), RulesError::PayoutSteps),
        (Rules { second_reminder: TimeDelta::hours(72), ..usual() }, RulesError::Reminders),
    ] {
        assert_eq!(rules.check(), Err(error));
    }
}
