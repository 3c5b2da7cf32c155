//! Finding jobs.

use actix_web::get;
use domain::{category, job, money, policy::Operation};
use persistence::{
    job::{self as jobs, Budget, JobFilter, Listing},
    page::Position,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Job;
use crate::{
    call::{Answer, Call},
    context::Context,
    extract::Filter,
    page::PageRequest,
    problem::{Code, Problem},
    reply::Reply,
    words::{Category, Currency, JobLength, JobState, Word},
};

/// The states that strangers see: a draft is its client's alone.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PublicStatus {
    Open,
    Filled,
    Expired,
    Canceled,
}

impl From<PublicStatus> for job::JobState {
    fn from(status: PublicStatus) -> Self {
        match status {
            PublicStatus::Open => Self::Open,
            PublicStatus::Filled => Self::Filled,
            PublicStatus::Expired => Self::Expired,
            PublicStatus::Canceled => Self::Canceled,
        }
    }
}

/// Which jobs to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct JobQuery {
    /// Open ones, if you don't say. Drafts are listed for their client alone, under `/v1/me/jobs`.
    #[param(inline)]
    status: Option<PublicStatus>,
    /// Only those of this kind of work, as `/v1/categories` names it.
    #[param(inline)]
    category: Option<Category>,
    /// Only those that are expected to last so long.
    #[param(inline)]
    length: Option<JobLength>,
    /// Jobs that may pay this much, in minor units, or leave it open.
    #[param(minimum = 1, maximum = 9007199254740991_i64, example = 10000)]
    budget_min: Option<i64>,
    /// Jobs that may cost no more than this, in minor units, or leave it open.
    #[param(minimum = 1, maximum = 9007199254740991_i64, example = 500000)]
    budget_max: Option<i64>,
    /// What the job is paid in. JPY if you name a budget without it.
    #[param(inline)]
    currency: Option<Currency>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
    /// The `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

impl JobQuery {
    fn filter(&self) -> Result<JobFilter, Problem> {
        Ok(JobFilter {
            client: None,
            state: Some(self.status.unwrap_or(PublicStatus::Open).into()),
            category: self.category.map(|word| word.0),
            length: self.length.map(|word| word.0),
            budget: self.budget()?,
        })
    }

    fn budget(&self) -> Result<Option<Budget>, Problem> {
        let bounds = [self.budget_min, self.budget_max];
        if bounds.into_iter().flatten().any(|bound| !(1..=money::MAX_AMOUNT).contains(&bound)) {
            return Err(Problem::new(Code::InvalidParameter)
                .detail("A budget is from 1 to 2^53 - 1.", "予算は1～2^53-1で指定してください。"));
        }
        let named = self.currency.is_some() || bounds.into_iter().any(|bound| bound.is_some());
        let currency = self.currency.map_or(money::Currency::Jpy, |word| word.0);
        Ok(named.then_some(Budget { currency, min: self.budget_min, max: self.budget_max }))
    }
}

/// Jobs, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct JobPage {
    items: Vec<Job>,
    /// What to pass as `cursor` for the next page; null on the last one.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

fn page(cx: &Context, found: Vec<Listing>, request: &PageRequest) -> Result<Reply, Problem> {
    let position = |listing: &Listing| Position { at: listing.job.created_at, id: listing.job.id.uuid() };
    let (listings, next_cursor) = request.cut(found, position, cx.app.tokens.secrets());
    let items = listings.into_iter().map(|listing| Job::new(cx, listing)).collect::<Result<_, _>>()?;
    Reply::ok(&JobPage { items, next_cursor })
}

/// Find jobs
///
/// Newest first. A job without a budget fits every budget.
#[utoipa::path(tag = "market", params(JobQuery), responses((status = 200, description = "Jobs", body = JobPage)), security((), ("bearer" = [])))]
#[get("/v1/jobs")]
pub(super) async fn list_jobs(call: Call, query: Filter<JobQuery>) -> Answer {
    let filter = query.0.filter()?;
    let list = format!("jobs {filter:?}");
    let request = PageRequest::read(query.0.limit, query.0.cursor.as_deref(), list, call.app().tokens.secrets())?;
    let (after, fetch) = (request.after, request.fetch());
    call.read_first_open(
        move |conn, ticket| jobs::list(conn, ticket, &filter, after, fetch),
        move |_, cx, found| page(cx, found, &request),
    )
    .await
}

/// Which of the caller's jobs to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MyJobQuery {
    /// Only those with this status.
    #[param(inline)]
    status: Option<JobState>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
    /// The `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

/// The caller's own jobs, drafts included
#[utoipa::path(tag = "market", params(MyJobQuery), responses((status = 200, description = "Jobs", body = JobPage)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/me/jobs")]
pub(super) async fn list_my_jobs(call: Call, query: Filter<MyJobQuery>) -> Answer {
    let state = query.0.status.map(|word| word.0);
    let list = format!("my jobs {state:?}");
    let request = PageRequest::read(query.0.limit, query.0.cursor.as_deref(), list, call.app().tokens.secrets())?;
    call.read(move |conn, cx| {
        cx.permit(Operation::ListOwnWork, cx.standing_outside())?;
        let filter = JobFilter { client: Some(cx.member()?), state, ..JobFilter::default() };
        let (_, found) = jobs::list(conn, cx.ticket(), &filter, request.after, request.fetch())?;
        page(cx, found, &request)
    })
    .await
}

/// A kind of work.
#[derive(Debug, Serialize, ToSchema)]
struct CategoryEntry {
    /// What to send as `category`.
    name: Category,
    #[schema(example = "Translation")]
    title_en: &'static str,
    #[schema(example = "翻訳")]
    title_ja: &'static str,
}

/// Every kind of work there is.
#[derive(Debug, Serialize, ToSchema)]
struct Categories {
    items: Vec<CategoryEntry>,
}

/// Every kind of work there is
#[utoipa::path(tag = "market", responses((status = 200, description = "Categories", body = Categories)), security(()))]
#[get("/v1/categories")]
pub(super) async fn list_categories(call: Call) -> Answer {
    let entry = |category: &category::Category| CategoryEntry {
        name: Word(*category),
        title_en: category.in_english(),
        title_ja: category.in_japanese(),
    };
    let items = category::Category::ALL.iter().map(entry).collect();
    Ok(Reply::ok(&Categories { items })?.send(call.request(), false))
}
