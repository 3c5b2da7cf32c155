use domain::category::Category;
use domain::job::{Job, JobAction, JobError, JobLength, JobState, NewJob};
use domain::machine::State;
use domain::money::{Currency, Money};
use domain::policy::Standing;
use domain::timer::{TimerChange, TimerKind};

use crate::scene::{client, days, draft, id, open_job, rules, start, yen};

fn budget(budget_min: Option<Money>, budget_max: Option<Money>) -> Result<JobState, JobError> {
    let new = NewJob {
        title: "A shop".into(),
        description: "All of it".into(),
        category: Category::WebDevelopment,
        budget_min,
        budget_max,
        currency: Currency::Jpy,
        length: JobLength::From1To3Months,
    };
    Job::new(id(10), client(), new, start()).map(|decision| decision.next.state)
}

#[test]
fn a_budget_is_open_on_either_side_but_makes_sense() {
    let dollar = Money::new(1, Currency::Usd).unwrap();
    assert_eq!(budget(None, None), Ok(JobState::Draft));
    assert_eq!(budget(Some(yen(5)), None), Ok(JobState::Draft));
    assert_eq!(budget(Some(yen(5)), Some(yen(5))), Ok(JobState::Draft));
    assert_eq!(budget(Some(yen(6)), Some(yen(5))), Err(JobError::BudgetReversed));
    assert_eq!(budget(None, Some(yen(0))), Err(JobError::BudgetNotPositive));
    assert_eq!(budget(Some(dollar), None), Err(JobError::BudgetCurrency(Currency::Jpy)));
}

#[test]
fn a_published_job_is_open_for_thirty_days() {
    let decision = draft().publish(start(), &rules()).unwrap();
    assert_eq!((decision.next.state, decision.next.expires_at), (JobState::Open, Some(start() + days(30))));
    assert_eq!(decision.timers, [TimerChange::Set(TimerKind::JobExpiry, start() + days(30))]);
    assert!(matches!(decision.next.expire(start() + days(29)), Err(JobError::NotDue(_))));
    assert_eq!(decision.next.expire(start() + days(30)).unwrap().next.state, JobState::Expired);
}

#[test]
fn what_was_published_once_stays_readable_and_a_draft_is_its_clients_alone() {
    let withdrawn = draft().cancel(start()).unwrap().next;
    let canceled = open_job().cancel(start()).unwrap().next;
    assert!(withdrawn.is_visible_to(Standing::Client) && !withdrawn.is_visible_to(Standing::Outsider));
    assert!(canceled.is_visible_to(Standing::Outsider));
    let reopened = open_job().fill(start()).unwrap().next.reopen(start() + days(7), &rules()).unwrap().next;
    assert_eq!(reopened.published_at, open_job().published_at);
}

#[test]
fn a_filled_job_does_not_expire_and_opens_again_when_its_contract_lapses() {
    let filled = open_job().fill(start()).unwrap();
    assert_eq!(filled.timers, [TimerChange::Clear(TimerKind::JobExpiry)]);
    assert!(filled.next.expire(start() + days(30)).is_err());
    let reopened = filled.next.reopen(start() + days(7), &rules()).unwrap().next;
    assert_eq!((reopened.state, reopened.expires_at), (JobState::Open, Some(start() + days(37))));
}

#[test]
fn a_client_cancels_a_draft_or_an_open_job() {
    assert!(draft().cancel(start()).is_ok() && open_job().cancel(start()).is_ok());
    assert!(open_job().fill(start()).unwrap().next.cancel(start()).is_err());
    assert_eq!(JobState::Draft.allowed(Standing::Client), [JobAction::Publish, JobAction::Cancel]);
    assert_eq!(JobState::Draft.allowed(Standing::Outsider), []);
}
