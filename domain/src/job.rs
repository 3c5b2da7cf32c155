//! Jobs: posted requests for work (募集).

use chrono::{DateTime, Utc};

use crate::{
    calendar::after,
    category::Category,
    decision::Decision,
    event::EventKind,
    ids::{JobId, MemberId},
    machine::{Refused, State},
    money::{Currency, Money},
    names,
    policy::{Operation, Standing, permitted},
    rules::Rules,
    timer::{NotDue, TimerKind, check_due},
};

names! {
    /// Where a job stands. It is closed when filled, expired or canceled.
    pub enum JobState {
        /// Seen by its client only.
        Draft = "draft",
        /// Takes proposals.
        Open = "open",
        /// A contract was signed for it.
        Filled = "filled",
        /// It was open long enough.
        Expired = "expired",
        /// The client took it back.
        Canceled = "canceled",
    }
}

names! {
    /// What can happen to a job.
    pub enum JobAction {
        /// Opens it for proposals.
        Publish = "publish",
        /// A contract is signed.
        Fill = "fill",
        /// Its time is over.
        Expire = "expire",
        /// Takes it back.
        Cancel = "cancel",
        /// Its contract lapsed.
        Reopen = "reopen",
    }
}

impl State for JobState {
    type Action = JobAction;
    const MACHINE: &'static str = "job";
    const INITIAL: Self = Self::Draft;
    const STATES: &'static [Self] = Self::ALL;
    const ACTIONS: &'static [JobAction] = JobAction::ALL;

    fn targets(self, action: JobAction) -> &'static [Self] {
        use JobAction::{Cancel, Expire, Fill, Publish, Reopen};
        match (self, action) {
            (Self::Draft, Publish) | (Self::Filled, Reopen) => &[Self::Open],
            (Self::Open, Fill) => &[Self::Filled],
            (Self::Open, Expire) => &[Self::Expired],
            (Self::Draft | Self::Open, Cancel) => &[Self::Canceled],
            (Self::Draft, Fill | Expire | Reopen)
            | (Self::Open, Publish | Reopen)
            | (Self::Filled, Publish | Fill | Expire | Cancel)
            | (Self::Expired | Self::Canceled, Publish | Fill | Expire | Cancel | Reopen) => &[],
        }
    }

    fn actors(action: JobAction) -> &'static [Standing] {
        permitted(Operation::Job(action))
    }
}

names! {
    /// How long the work is expected to last.
    pub enum JobLength {
        /// One piece of work.
        OneOff = "one_off",
        /// Less than a month.
        Under1Month = "under_1_month",
        /// One to three months.
        From1To3Months = "1_to_3_months",
        /// Three to six months.
        From3To6Months = "3_to_6_months",
        /// More than six months.
        Over6Months = "over_6_months",
    }
}

/// A posted request for work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Who posted it.
    pub client: MemberId,
    /// One line.
    pub title: String,
    /// The whole of it.
    pub description: String,
    /// The kind of work.
    pub category: Category,
    /// The least the client thinks of paying.
    pub budget_min: Option<Money>,
    /// The most.
    pub budget_max: Option<Money>,
    /// What it is paid in.
    pub currency: Currency,
    /// How long it is expected to last.
    pub length: JobLength,
    /// Where it stands.
    pub state: JobState,
    /// When it was first opened; none if nobody but its client has seen it.
    pub published_at: Option<DateTime<Utc>>,
    /// When it stops taking proposals, while open.
    pub expires_at: Option<DateTime<Utc>>,
    /// How often it was written.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

/// What a client writes to post a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// One line.
    pub title: String,
    /// The whole of it.
    pub description: String,
    /// The kind of work.
    pub category: Category,
    /// The least the client thinks of paying.
    pub budget_min: Option<Money>,
    /// The most.
    pub budget_max: Option<Money>,
    /// What it is paid in.
    pub currency: Currency,
    /// How long it is expected to last.
    pub length: JobLength,
}

/// Why a job cannot be, or cannot do that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// The budget ends before it begins.
    #[error("the budget's minimum is above its maximum")]
    BudgetReversed,
    /// A budget of nothing or less.
    #[error("a budget must be more than nothing")]
    BudgetNotPositive,
    /// The budget is in another currency than the job.
    #[error("the budget must be in {0}")]
    BudgetCurrency(Currency),
    /// Not in this state.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Not at this time.
    #[error(transparent)]
    NotDue(#[from] NotDue),
}

impl Job {
    /// A draft.
    ///
    /// # Errors
    /// The budget makes no sense.
    pub fn new(id: JobId, client: MemberId, new: NewJob, now: DateTime<Utc>) -> Result<Decision<Self>, JobError> {
        check_budget(&new)?;
        let NewJob { title, description, category, budget_min, budget_max, currency, length } = new;
        let job = Self {
            id,
            client,
            title,
            description,
            category,
            budget_min,
            budget_max,
            currency,
            length,
            state: JobState::INITIAL,
            published_at: None,
            expires_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Ok(Decision::new(job, EventKind::JobDrafted))
    }

    /// Whether this caller may read it: its client always, everybody once it was published. What was published once
    /// stays readable, because others have proposed to it and signed.
    pub fn is_visible_to(&self, standing: Standing) -> bool {
        self.published_at.is_some() || standing == Standing::Client
    }

    /// Opens it for proposals, for as long as the rules say.
    ///
    /// # Errors
    /// Not in this state.
    pub fn publish(&self, now: DateTime<Utc>, rules: &Rules) -> Result<Decision<Self>, JobError> {
        let state = self.state.advance(JobAction::Publish)?;
        Ok(self.open(state, EventKind::JobPublished, now, rules))
    }

    /// A contract is signed for it.
    ///
    /// # Errors
    /// Not in this state.
    pub fn fill(&self, now: DateTime<Utc>) -> Result<Decision<Self>, JobError> {
        let state = self.state.advance(JobAction::Fill)?;
        Ok(self.close(state, EventKind::JobFilled, now))
    }

    /// Its time is over.
    ///
    /// # Errors
    /// Not in this state, or not yet.
    pub fn expire(&self, now: DateTime<Utc>) -> Result<Decision<Self>, JobError> {
        let state = self.state.advance(JobAction::Expire)?;
        check_due(self.expires_at, now)?;
        Ok(self.close(state, EventKind::JobExpired, now))
    }

    /// The client takes it back.
    ///
    /// # Errors
    /// Not in this state.
    pub fn cancel(&self, now: DateTime<Utc>) -> Result<Decision<Self>, JobError> {
        let state = self.state.advance(JobAction::Cancel)?;
        Ok(self.close(state, EventKind::JobCanceled, now))
    }

    /// Its contract lapsed: it is open again, for as long as a new one would be.
    ///
    /// # Errors
    /// Not in this state.
    pub fn reopen(&self, now: DateTime<Utc>, rules: &Rules) -> Result<Decision<Self>, JobError> {
        let state = self.state.advance(JobAction::Reopen)?;
        Ok(self.open(state, EventKind::JobReopened, now, rules))
    }

    fn open(&self, state: JobState, event: EventKind, now: DateTime<Utc>, rules: &Rules) -> Decision<Self> {
        let expires_at = after(now, rules.job_open);
        let published_at = self.published_at.or(Some(now));
        let next = Self { state, published_at, expires_at: Some(expires_at), updated_at: now, ..self.clone() };
        Decision::new(next, event).set(TimerKind::JobExpiry, expires_at)
    }

    fn close(&self, state: JobState, event: EventKind, now: DateTime<Utc>) -> Decision<Self> {
        let next = Self { state, expires_at: None, updated_at: now, ..self.clone() };
        Decision::new(next, event).clear(&[TimerKind::JobExpiry])
    }
}

fn check_budget(new: &NewJob) -> Result<(), JobError> {
    for budget in [new.budget_min, new.budget_max].into_iter().flatten() {
        if budget.currency() != new.currency {
            return Err(JobError::BudgetCurrency(new.currency));
        }
        if !budget.is_positive() {
            return Err(JobError::BudgetNotPositive);
        }
    }
    match (new.budget_min, new.budget_max) {
        (Some(min), Some(max)) if min.amount() > max.amount() => Err(JobError::BudgetReversed),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}
