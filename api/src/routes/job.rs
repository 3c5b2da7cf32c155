//! Jobs: listing, finding and closing them.

mod list;

use actix_web::{get, post};
use domain::{
    ids::JobKind,
    job::{self, NewJob},
    machine::State,
    money,
};
use garde::Validate;
use persistence::job::Listing;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    context::Context,
    date_time::DateTime,
    extract::PathId,
    money::{Money, positive},
    problem::Problem,
    reply::Reply,
    state::App,
    usecases::job::{self as usecase, Start},
    words::{Category, Currency, JobLength, JobState, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(post_job).service(list::list_jobs).service(read_job).service(publish_job).service(cancel_job);
    config.service(list::list_my_jobs).service(list::list_categories);
}

/// Where a new job begins.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum InitialStatus {
    Draft,
    Open,
}

/// Work to be done.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct JobPost {
    #[schema(min_length = 1, max_length = 100)]
    #[garde(length(chars, min = 1, max = 100))]
    title: String,
    #[schema(min_length = 1, max_length = 10000)]
    #[garde(length(chars, min = 1, max = 10_000))]
    description: String,
    /// What kind of work it is; `/v1/categories` has them all.
    #[garde(skip)]
    category: Category,
    /// The least you think of paying.
    #[garde(dive)]
    budget_min: Option<Money>,
    /// The most you think of paying.
    #[garde(dive)]
    budget_max: Option<Money>,
    /// What it is paid in: that of the budget, or JPY, if you don't say.
    #[garde(skip)]
    currency: Option<Currency>,
    /// How long you expect it to last.
    #[garde(skip)]
    length: JobLength,
    /// `open` if you don't say: others see it at once. A `draft` is yours alone until you publish it.
    #[schema(inline, example = "open")]
    #[garde(skip)]
    status: Option<InitialStatus>,
}

impl JobPost {
    fn start(&self) -> Start {
        match self.status {
            Some(InitialStatus::Draft) => Start::Draft,
            Some(InitialStatus::Open) | None => Start::Open,
        }
    }
}

impl TryFrom<JobPost> for NewJob {
    type Error = Problem;

    fn try_from(post: JobPost) -> Result<Self, Problem> {
        let budget_min = post.budget_min.map(|budget| positive(budget, "/budget_min/amount")).transpose()?;
        let budget_max = post.budget_max.map(|budget| positive(budget, "/budget_max/amount")).transpose()?;
        let implied = budget_min.or(budget_max).map_or(money::Currency::Jpy, money::Money::currency);
        Ok(Self {
            title: post.title,
            description: post.description,
            category: post.category.0,
            budget_min,
            budget_max,
            currency: post.currency.map_or(implied, |word| word.0),
            length: post.length.0,
        })
    }
}

/// A job, as this caller sees it.
#[derive(Debug, Serialize, ToSchema)]
struct Job {
    id: String,
    client_id: String,
    /// How it is paid.
    #[schema(example = "fixed")]
    format: &'static str,
    title: String,
    description: String,
    category: Category,
    #[schema(required = true)]
    budget_min: Option<Money>,
    /// What the least would leave the worker.
    #[schema(required = true)]
    budget_min_net: Option<Money>,
    #[schema(required = true)]
    budget_max: Option<Money>,
    /// What the most would leave the worker.
    #[schema(required = true)]
    budget_max_net: Option<Money>,
    currency: Currency,
    length: JobLength,
    status: JobState,
    /// How many members have proposed so far, each counted once.
    #[schema(minimum = 0, example = 3)]
    applicant_count: i32,
    #[schema(required = true)]
    published_at: Option<DateTime>,
    /// When it stops taking proposals, while open.
    #[schema(required = true)]
    expires_at: Option<DateTime>,
    allowed_actions: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
}

impl Job {
    fn new(cx: &Context, listing: Listing) -> Result<Self, Problem> {
        let Listing { job, applicants } = listing;
        let allowed = job.state.allowed(cx.standing_to_owner(job.client));
        Ok(Self {
            id: job.id.to_string(),
            client_id: job.client.to_string(),
            format: "fixed",
            title: job.title,
            description: job.description,
            category: Word(job.category),
            budget_min: job.budget_min.map(Money::from),
            budget_min_net: job.budget_min.map(|price| net(&cx.app, price)).transpose()?,
            budget_max: job.budget_max.map(Money::from),
            budget_max_net: job.budget_max.map(|price| net(&cx.app, price)).transpose()?,
            currency: Word(job.currency),
            length: Word(job.length),
            status: Word(job.state),
            applicant_count: applicants,
            published_at: job.published_at.map(Into::into),
            expires_at: job.expires_at.map(Into::into),
            allowed_actions: allowed.iter().map(job::JobAction::to_string).collect(),
            version: job.version,
            created_at: job.created_at.into(),
            updated_at: job.updated_at.into(),
        })
    }
}

fn net(app: &App, price: money::Money) -> Result<Money, Problem> {
    Ok(money::Money::new(app.fees.first_net(price.amount())?, price.currency())?.into())
}

fn reply(cx: &Context, listing: Listing) -> Result<Reply, Problem> {
    let version = listing.job.version;
    Ok(Reply::ok(&Job::new(cx, listing)?)?.version(version))
}

/// Post a job
///
/// It takes proposals at once, for 30 days, unless you ask for a draft.
#[utoipa::path(tag = "market", request_body = JobPost, responses((status = 201, description = "The job", body = Job)),
    extensions(("x-errors" = json!(["not_permitted", "member_left"]))))]
#[post("/v1/jobs")]
async fn post_job(call: Call, body: Body<JobPost>) -> Answer {
    let Body { value, canonical } = body;
    let start = value.start();
    let new = NewJob::try_from(value)?;
    call.act(Key::Optional, &canonical, move |tx, cx| {
        let listing = usecase::post(tx, cx, new.clone(), start)?;
        let (location, version) = (format!("/v1/jobs/{}", listing.job.id), listing.job.version);
        Ok(Reply::created(&Job::new(cx, listing)?, location)?.version(version))
    })
    .await
}

/// Read a job
///
/// A draft is its client's alone; what was published once stays readable.
#[utoipa::path(tag = "market", responses((status = 200, description = "The job", body = Job)), security((), ("bearer" = [])))]
#[get("/v1/jobs/{id}")]
async fn read_job(call: Call, id: PathId<JobKind>) -> Answer {
    call.read_open(move |conn, cx| reply(cx, usecase::read(conn, cx, id.0)?)).await
}

/// Publish a draft
///
/// It takes proposals from now on, for 30 days.
#[utoipa::path(tag = "market", responses((status = 200, description = "The open job", body = Job)))]
#[post("/v1/jobs/{id}/publish")]
async fn publish_job(call: Call, id: PathId<JobKind>) -> Answer {
    call.act(Key::Optional, "", move |tx, cx| reply(cx, usecase::publish(tx, cx, id.0)?)).await
}

/// Take a job back
///
/// Everyone who waits for an answer to a proposal is declined.
#[utoipa::path(tag = "market", responses((status = 200, description = "The canceled job", body = Job)))]
#[post("/v1/jobs/{id}/cancel")]
async fn cancel_job(call: Call, id: PathId<JobKind>) -> Answer {
    call.act(Key::Optional, "", move |tx, cx| reply(cx, usecase::cancel(tx, cx, id.0)?)).await
}
