//! Reading JSON bodies strictly: what is not exactly right is refused by name, and nothing is guessed.

pub mod objects;
pub mod strict;

use std::time::Duration;

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use futures_util::future::LocalBoxFuture;
use garde::Validate;
use serde::de::DeserializeOwned;

use crate::{
    problem::{Code, Problem},
    state::App,
};
use objects::Objects;
pub use strict::is_control;

/// The largest body that is read.
const MAX_BYTES: usize = 256 * 1024;

/// A body that has been read, checked and understood.
#[derive(Debug)]
pub struct Body<T> {
    /// What it says.
    pub value: T,
    /// The same, in one spelling, for telling requests apart.
    pub canonical: String,
}

impl<T: DeserializeOwned + Validate<Context = ()> + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let checked = check_content_type(request);
        let bytes = web::Payload::from_request(request, payload);
        let patience = request.app_data::<web::Data<App>>().map_or(Duration::ZERO, |app| app.settings.body_wait);
        Box::pin(async move {
            checked?;
            let payload = bytes.await.map_err(|_| Problem::new(Code::MalformedJson))?;
            let read = tokio::time::timeout(patience, payload.to_bytes_limited(MAX_BYTES)).await;
            let bytes =
                read.map_err(|_| Problem::new(Code::BodyTooSlow))?.map_err(|_| Problem::new(Code::BodyTooLarge))?;
            parse(&bytes.map_err(|_| Problem::new(Code::MalformedJson))?)
        })
    }
}

fn check_content_type(request: &HttpRequest) -> Result<(), Problem> {
    let header = request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = header.split(';').map(str::trim);
    let json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let utf8 = parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    if json && utf8 { Ok(()) } else { Err(Problem::new(Code::UnsupportedMediaType)) }
}

/// Bytes to a checked request.
fn parse<T: DeserializeOwned + Validate<Context = ()>>(bytes: &[u8]) -> Result<Body<T>, Problem> {
    let value = strict::parse(bytes)?;
    let canonical = value.to_string();
    let typed: T = serde_path_to_error::deserialize(Objects(value)).map_err(|error| {
        let place = pointer_of(&error.path().to_string());
        let what = error.into_inner().to_string();
        let (pointer, ja) = name_of(&what, &place);
        Problem::new(Code::InvalidBody).at(pointer, what, ja)
    })?;
    typed.validate().map_err(|report| {
        report.iter().fold(Problem::new(Code::InvalidBody), |problem, (path, error)| {
            problem.at(pointer_of(&path.to_string()), error.message(), "値が許される範囲にありません。")
        })
    })?;
    Ok(Body { value: typed, canonical })
}

/// Where a missing or unknown member stands, which the path alone does not say, and the sentence in Japanese.
fn name_of(what: &str, place: &str) -> (String, String) {
    let name = what.split('`').nth(1).unwrap_or_default();
    if what.starts_with("missing field") {
        return (format!("{place}/{name}"), format!("必須の項目「{name}」がありません。"));
    }
    if what.starts_with("unknown field") {
        let own = format!("/{name}");
        let pointer = if place.ends_with(&own) { place.to_owned() } else { format!("{place}{own}") };
        return (pointer, format!("「{name}」という項目はありません。"));
    }
    (place.to_owned(), "値の型が正しくありません。".to_owned())
}

/// `milestones[0].title` as `/milestones/0/title`.
fn pointer_of(path: &str) -> String {
    if path.is_empty() || path == "." {
        return String::new();
    }
    let plain = path.replace('[', ".").replace(']', "");
    plain.split('.').filter(|part| !part.is_empty()).map(|part| format!("/{part}")).collect()
}
