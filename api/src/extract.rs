//! Path and query parameters, parsed strictly.

use std::fmt::Debug;

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use chrono::NaiveDate;
use domain::ids::{Id, Kind};
use futures_util::future::{Ready, ready};
use serde::de::DeserializeOwned;

use crate::{
    body::is_control,
    dates::is_writable,
    email,
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

/// The longest parameter that is read, in characters: an e-mail address.
const MOST: usize = email::MOST;

/// The parameters of a query or a form, decoded.
pub fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    web::Query::from_query(text).ok().map(web::Query::into_inner)
}

/// Whether a parameter is a text as the specification bounds them.
pub fn is_text(value: &str, most: usize) -> bool {
    value.chars().count() <= most && !value.chars().any(is_control)
}

/// Query parameters; unknown and repeated ones are refused.
#[derive(Debug)]
pub struct Filter<T>(pub T);

impl<T: DeserializeOwned + Debug + 'static> FromRequest for Filter<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let sane = |(name, value): &(String, String)| is_text(name, MOST) && is_text(value, MOST);
        if !pairs(request.query_string()).is_some_and(|pairs| pairs.iter().all(sane)) {
            return ready(Err(Problem::new(Code::InvalidParameter).detail(
                "A parameter is too long, or contains control characters.",
                "クエリパラメーターが長すぎるか、制御文字が含まれています。",
            )));
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
