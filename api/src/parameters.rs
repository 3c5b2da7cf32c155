//! Query parameters: each operation takes those that the specification names, and refuses the rest by name.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use actix_web::{
    Error, ResponseError,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web,
};
use serde_json::Value;

use crate::problem::{Code, Problem};

/// The names that an operation takes, by its method and path.
type Declared = BTreeMap<(String, String), BTreeSet<String>>;

/// Refuses a query parameter that the operation does not have, before anything is done for it.
///
/// # Errors
/// [`Code::InvalidParameter`] that names it.
pub async fn check(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    match unknown(&request) {
        None => Ok(next.call(request).await?.map_into_left_body()),
        Some(name) => {
            let problem = Problem::new(Code::InvalidParameter).detail(
                format!("There is no query parameter `{name}` here."),
                format!("クエリパラメーター`{name}`はありません。"),
            );
            Ok(request.into_response(problem.error_response()).map_into_right_body())
        }
    }
}

/// The first parameter that the operation does not have. What is no operation is judged by others.
fn unknown(request: &ServiceRequest) -> Option<String> {
    if request.query_string().is_empty() {
        return None;
    }
    // A member's browser may bring more than we know (RFC 6749 section 3.1).
    if request.path() == "/oauth/authorize" {
        return None;
    }
    let known = declared().get(&(request.method().to_string(), request.match_pattern()?))?;
    // What cannot be read at all is refused by whoever reads it.
    let given = web::Query::<Vec<(String, String)>>::from_query(request.query_string()).ok()?.into_inner();
    given.into_iter().map(|(name, _)| name).find(|name| !known.contains(name))
}

fn declared() -> &'static Declared {
    static DECLARED: OnceLock<Declared> = OnceLock::new();
    DECLARED.get_or_init(|| {
        let document = crate::openapi::document().unwrap_or_default();
        let paths = document.get("paths").and_then(|paths| paths.as_object().cloned()).unwrap_or_default();
        let operations = |(path, item): (String, Value)| {
            let item = item.as_object().cloned().unwrap_or_default();
            item.into_iter().map(move |(method, operation)| ((method.to_uppercase(), path.clone()), names(&operation)))
        };
        paths.into_iter().flat_map(operations).collect()
    })
}

fn names(operation: &Value) -> BTreeSet<String> {
    let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let queried = parameters.filter(|parameter| parameter.get("in").is_some_and(|place| place == "query"));
    queried.filter_map(|parameter| parameter.get("name")?.as_str().map(str::to_owned)).collect()
}
