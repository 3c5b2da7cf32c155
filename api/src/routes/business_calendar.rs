//! Paydays, and the days on which banks are open.

use actix_web::{delete, get, put};
use chrono::NaiveDate;
use garde::Validate;
use persistence::business_calendar::Override;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    date_time::DateTime,
    extract::{Filter, PathDate},
    page::{PageFilter, of_day},
    reply::Reply,
    usecases::business_calendar as usecase,
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(payout_calendar).service(list_overrides).service(put_override).service(delete_override);
}

/// Which month.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CalendarQuery {
    /// Its last day.
    #[param(example = "2026-04-30")]
    #[serde(deserialize_with = "crate::dates::read")]
    closed_on: NaiveDate,
}

/// A month and its payday.
#[derive(Debug, Serialize, ToSchema)]
struct Payday {
    /// The last day of the month: what is released by 24:00 in Asia/Tokyo counts.
    #[schema(example = "2026-04-30")]
    closed_on: NaiveDate,
    /// The day on which that is paid: the 15th of the next month, or a business day beside it when the banks are closed.
    #[schema(example = "2026-05-15")]
    pay_on: NaiveDate,
}

/// When a month is paid
#[utoipa::path(tag = "money", params(CalendarQuery), responses((status = 200, description = "The payday", body = Payday)), security(()),
    extensions(("x-errors" = json!(["not_a_month_end"]))))]
#[get("/v1/payout-calendar")]
async fn payout_calendar(call: Call, query: Filter<CalendarQuery>) -> Answer {
    let closed_on = query.0.closed_on;
    call.read_public(move |conn, cx| {
        let pay_on = usecase::pay_on(conn, cx, closed_on)?;
        Reply::ok(&Payday { closed_on, pay_on })
    })
    .await
}

/// A day of which staff know better than the law.
#[derive(Debug, Serialize, ToSchema)]
struct CalendarOverride {
    #[schema(example = "2026-05-15")]
    day_on: NaiveDate,
    /// Whether banks are open.
    #[schema(example = false)]
    is_business_day: bool,
    #[schema(example = "The clearing system is under maintenance")]
    note: String,
    /// Who said so.
    author_id: String,
    updated_at: DateTime,
}

impl From<Override> for CalendarOverride {
    fn from(said: Override) -> Self {
        Self {
            day_on: said.day,
            is_business_day: said.is_business_day,
            note: said.note,
            author_id: said.author_id.to_string(),
            updated_at: said.updated_at.into(),
        }
    }
}

/// Days, by day.
#[derive(Debug, Serialize, ToSchema)]
struct CalendarOverrides {
    items: Vec<CalendarOverride>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Days on which banks are open or closed against the law of holidays, by day
#[utoipa::path(tag = "staff", params(PageFilter), responses((status = 200, description = "The days", body = CalendarOverrides)),
    extensions(("x-errors" = json!(["not_permitted", "not_found"]))))]
#[get("/v1/admin/calendar-overrides")]
async fn list_overrides(call: Call, filter: Filter<PageFilter>) -> Answer {
    call.read(move |conn, cx| {
        let secrets = cx.app.tokens.secrets();
        let page = filter.0.page("calendar overrides".to_owned(), secrets)?;
        let found = usecase::overrides(conn, cx, page.after_day(), page.fetch())?;
        let (found, next_cursor) = page.cut(found, |said| of_day(said.day), secrets);
        let items = found.into_iter().map(CalendarOverride::from).collect();
        Reply::ok(&CalendarOverrides { items, next_cursor })
    })
    .await
}

/// Whether banks are open, and why that is not as the law says.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct CalendarOverridePut {
    /// Whether banks are open.
    #[schema(example = false)]
    #[garde(skip)]
    is_business_day: bool,
    /// Why that is not as the law says.
    #[schema(min_length = 1, max_length = 200, example = "The clearing system is under maintenance")]
    #[garde(length(chars, min = 1, max = 200))]
    note: String,
}

/// Say of a day whether banks are open
///
/// Paydays are reckoned with it from now on; payouts that exist keep theirs.
#[utoipa::path(tag = "staff", params(("date" = NaiveDate, Path, description = "The day.", example = "2026-05-15")), request_body = CalendarOverridePut,
    responses((status = 200, description = "The day", body = CalendarOverride)), extensions(("x-errors" = json!(["not_permitted", "not_found", "invalid_parameter"]))))]
#[put("/v1/admin/calendar-overrides/{date}")]
async fn put_override(call: Call, date: PathDate, body: Body<CalendarOverridePut>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Optional, &canonical, move |tx, cx| {
        let said = usecase::put(tx, cx, date.0, value.is_business_day, value.note.clone())?;
        Reply::ok(&CalendarOverride::from(said))
    })
    .await
}

/// Let the law of holidays hold again for a day
#[utoipa::path(tag = "staff", params(("date" = NaiveDate, Path, description = "The day.", example = "2026-05-15")),
    responses((status = 204, description = "The law holds")), extensions(("x-errors" = json!(["not_permitted", "not_found", "invalid_parameter"]))))]
#[delete("/v1/admin/calendar-overrides/{date}")]
async fn delete_override(call: Call, date: PathDate) -> Answer {
    call.act(Key::Optional, "", move |tx, cx| {
        usecase::remove(tx, cx, date.0)?;
        Ok(Reply::empty())
    })
    .await
}
