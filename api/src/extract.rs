//! Path and query parameters, parsed strictly.

use std::fmt::Debug;

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use chrono::NaiveDate;
use domain::ids::{Id, Kind};
use futures_util::future::{Ready, ready};
use serde::de::DeserializeOwned;

use crate::{
    dates::is_writable,
    problem::{Code, Problem},
};

/// The `{id}` of the path, of the kind that belongs there.
#[derive(Debug)]
pub struct PathId<K: Kind>(pub Id<K>);

impl<K: Kind + 'static> FromRequest for PathId<K> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.match_info().query("id").parse().map(Self).map_err(Problem::from))
    }
}

/// The `{date}` of the path.
#[derive(Debug)]
pub struct PathDate(pub NaiveDate);

impl FromRequest for PathDate {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let date = request.match_info().query("date").parse().ok().filter(|date| is_writable(*date));
        ready(date.map(Self).ok_or_else(|| {
            Problem::new(Code::InvalidParameter)
                .detail("A date is written as in 2026-04-30.", "日付は2026-04-30のように指定してください。")
        }))
    }
}

/// Query parameters; unknown and repeated ones are refused.
#[derive(Debug)]
pub struct Filter<T>(pub T);

impl<T: DeserializeOwned + Debug + 'static> FromRequest for Filter<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // No text we keep can hold a NUL character, and PostgreSQL does not even compare with one.
        if request.query_string().contains("%00") {
            return ready(Err(Problem::new(Code::InvalidParameter)
                .detail("A parameter contains a NUL character.", "クエリパラメーターにNUL文字が含まれています。")));
        }
        let parsed = web::Query::<T>::from_query(request.query_string()).map(|query| Self(query.into_inner()));
        ready(parsed.map_err(|error| {
            Problem::new(Code::InvalidParameter).detail(
                error.to_string().replace("Query deserialize error: ", ""),
                "クエリパラメーターを読み取れません。",
            )
        }))
    }
}
