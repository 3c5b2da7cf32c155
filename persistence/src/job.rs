//! Jobs, and how many have applied to each.

use diesel::prelude::*;
use domain::{
    category::Category,
    ids::{JobId, MemberId},
    job::{Job, JobLength, JobState},
    money::Currency,
};

use crate::{
    error::StoreError,
    locked::for_update,
    page::{Position, newest_first},
    row::{corrupt, money, saved},
    schema::jobs,
    session::{Arrived, Ticket},
    store::{Conn, Tx, WriteNow, on_each},
    types::{Key, Moment},
};

/// The only format so far; the column leaves room for the others.
const FORMAT: &str = "fixed";

/// A job with what others did to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The job.
    pub job: Job,
    /// How many members have proposed, each counted once, whatever became of it.
    pub applicants: i32,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = jobs)]
struct Row {
    id: Key,
    client_id: Key,
    title: String,
    description: String,
    category: String,
    currency: String,
    budget_min: Option<i64>,
    budget_max: Option<i64>,
    length: String,
    state: String,
    published_at: Option<Moment>,
    expires_at: Option<Moment>,
    applicant_count: i32,
    version: i32,
    created_at: Moment,
    updated_at: Moment,
}

impl TryFrom<Row> for Listing {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = JobId::from(row.id);
        let bad = corrupt("jobs", id);
        let currency: Currency = row.currency.parse().map_err(&bad)?;
        let budget = |amount: Option<i64>| amount.map(|amount| money(amount, currency, "jobs", id)).transpose();
        let job = Job {
            id,
            client: row.client_id.into(),
            title: row.title,
            description: row.description,
            category: row.category.parse().map_err(&bad)?,
            budget_min: budget(row.budget_min)?,
            budget_max: budget(row.budget_max)?,
            currency,
            length: row.length.parse().map_err(&bad)?,
            state: row.state.parse().map_err(&bad)?,
            published_at: row.published_at.map(Into::into),
            expires_at: row.expires_at.map(Into::into),
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        };
        Ok(Self { job, applicants: row.applicant_count })
    }
}

/// Adds a job, to which nobody has applied yet.
///
/// # Errors
/// Only those of the database.
pub fn insert(tx: &mut Tx<'_>, job: &Job) -> Result<(), StoreError> {
    diesel::insert_into(jobs::table)
        .values((
            jobs::id.eq(Key::from(job.id)),
            jobs::client_id.eq(Key::from(job.client)),
            jobs::format.eq(FORMAT),
            jobs::title.eq(&job.title),
            jobs::description.eq(&job.description),
            jobs::category.eq(job.category.as_str()),
            jobs::currency.eq(job.currency.as_str()),
            jobs::budget_min.eq(job.budget_min.map(|budget| budget.amount())),
            jobs::budget_max.eq(job.budget_max.map(|budget| budget.amount())),
            jobs::length.eq(job.length.as_str()),
            jobs::state.eq(job.state.as_str()),
            jobs::published_at.eq(job.published_at.map(Moment::from)),
            jobs::expires_at.eq(job.expires_at.map(Moment::from)),
            jobs::applicant_count.eq(0),
            jobs::version.eq(job.version),
            jobs::created_at.eq(Moment::from(job.created_at)),
            jobs::updated_at.eq(Moment::from(job.updated_at)),
        ))
        .write(tx)?;
    Ok(())
}

/// Reads a job.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn find(conn: &mut Conn, id: JobId) -> Result<Option<Listing>, StoreError> {
    let row = jobs::table.find(Key::from(id)).select(Row::as_select()).first(conn).optional()?;
    row.map(Listing::try_from).transpose()
}

/// Reads and locks a job.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock(tx: &mut Tx<'_>, id: JobId) -> Result<Option<Listing>, StoreError> {
    let query = jobs::table.find(Key::from(id)).select(Row::as_select());
    for_update(query).get_result::<Row>(&mut **tx).optional()?.map(Listing::try_from).transpose()
}

/// Saves a changed job if it is still as it was read.
///
/// # Errors
/// [`StoreError::LostRace`] otherwise.
pub fn save(tx: &mut Tx<'_>, job: &Job) -> Result<Job, StoreError> {
    let changed = diesel::update(jobs::table.find(Key::from(job.id)))
        .filter(jobs::version.eq(job.version))
        .set((
            jobs::state.eq(job.state.as_str()),
            jobs::published_at.eq(job.published_at.map(Moment::from)),
            jobs::expires_at.eq(job.expires_at.map(Moment::from)),
            jobs::version.eq(job.version + 1),
            jobs::updated_at.eq(Moment::from(job.updated_at)),
        ))
        .write(tx)?;
    saved(changed, "jobs")?;
    Ok(Job { version: job.version + 1, ..job.clone() })
}

/// Counts one more member who has proposed. The job itself did not change, so its version stays.
///
/// # Errors
/// Those of the database; [`StoreError::LostRace`] when it is not there.
pub fn count_applicant(tx: &mut Tx<'_>, id: JobId) -> Result<(), StoreError> {
    let changed = diesel::update(jobs::table.find(Key::from(id)))
        .set(jobs::applicant_count.eq(jobs::applicant_count + 1))
        .write(tx)?;
    saved(changed, "jobs")
}

/// An amount that a budget may meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// What it is counted in; other jobs are left out.
    pub currency: Currency,
    /// At least this, in minor units.
    pub min: Option<i64>,
    /// At most this, in minor units.
    pub max: Option<i64>,
}

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Those of one client, also what was never published; without it only what was.
    pub client: Option<MemberId>,
    /// In one state.
    pub state: Option<JobState>,
    /// Of one kind of work.
    pub category: Option<Category>,
    /// Of one length.
    pub length: Option<JobLength>,
    /// Whose budget overlaps this; a side that the job leaves open overlaps everything.
    pub budget: Option<Budget>,
}

/// The jobs that a filter lets through, and who asks for them, newest first.
macro_rules! listed {
    ($conn:expr, $ticket:expr, $filter:expr, $after:expr, $fetch:expr) => {{
        let mut query = jobs::table.select((Row::as_select(), $ticket.arriving())).into_boxed();
        query = match $filter.client {
            Some(client) => query.filter(jobs::client_id.eq(Key::from(client))),
            None => query.filter(jobs::published_at.is_not_null()),
        };
        if let Some(state) = $filter.state {
            query = query.filter(jobs::state.eq(state.as_str()));
        }
        if let Some(category) = $filter.category {
            query = query.filter(jobs::category.eq(category.as_str()));
        }
        if let Some(length) = $filter.length {
            query = query.filter(jobs::length.eq(length.as_str()));
        }
        if let Some(budget) = $filter.budget {
            query = query.filter(jobs::currency.eq(budget.currency.as_str()));
            if let Some(min) = budget.min {
                query = query.filter(jobs::budget_max.is_null().or(jobs::budget_max.ge(min)));
            }
            if let Some(max) = budget.max {
                query = query.filter(jobs::budget_min.is_null().or(jobs::budget_min.le(max)));
            }
        }
        newest_first!(query, jobs, $after, $fetch).load($conn)
    }};
}

/// A page of jobs, newest first, and who asks for it, if there is any.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn list(
    conn: &mut Conn,
    ticket: Ticket,
    filter: &JobFilter,
    after: Option<Position>,
    fetch: i64,
) -> Result<(Option<Arrived>, Vec<Listing>), StoreError> {
    // Its text is built for each call, so not for both engines at once, which would build it twice.
    let rows: QueryResult<Vec<(Row, Arrived)>> = on_each!(conn, conn => listed!(conn, ticket, filter, after, fetch));
    let rows = rows?;
    let arrived = rows.first().map(|(_, arrived)| *arrived);
    Ok((arrived, rows.into_iter().map(|(row, _)| Listing::try_from(row)).collect::<Result<_, _>>()?))
}
