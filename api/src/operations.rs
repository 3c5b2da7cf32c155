//! Every operation of the specification, found by the path and method of a request.

use std::{
    collections::{BTreeSet, HashMap},
    str::Split,
    sync::OnceLock,
};

use actix_web::{
    Error, HttpRequest, HttpResponse, ResponseError,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, header::ALLOW},
    middleware::Next,
    web,
};
use domain::scope::Need;
use serde_json::Value;

use crate::{
    needs,
    problem::{Code, Problem},
};

/// One of them.
#[derive(Debug)]
pub struct Operation {
    /// As in `POST /v1/jobs`.
    pub name: String,
    /// What it asks of apps and API keys.
    pub need: Need,
    method: Method,
    /// The query parameters it takes.
    parameters: BTreeSet<String>,
}

/// A path with its operations.
#[derive(Debug)]
pub struct Place {
    /// As in `/v1/jobs/{id}`.
    pub template: String,
    operations: Vec<Operation>,
}

/// Paths that begin alike, part by part.
#[derive(Debug, Default)]
struct Tree {
    place: Option<Place>,
    named: HashMap<String, Tree>,
    /// Where a parameter stands.
    any: Option<Box<Tree>>,
}

/// Where a request goes; nothing if the specification does not know it. The path is read as the router reads it, so that
/// `/v1/%73essions` is what it is.
pub fn place(request: &HttpRequest) -> Option<&'static Place> {
    static TREE: OnceLock<Tree> = OnceLock::new();
    TREE.get_or_init(Tree::grow).find(request.match_info().as_str().split('/'))
}

/// What a request asks for.
pub fn of(request: &HttpRequest) -> Option<&'static Operation> {
    place(request)?.operation(request.method())
}

/// What metrics and log lines call the way of a request. What the router knows and the specification does not, is the
/// documentation.
pub fn route(request: &HttpRequest) -> &'static str {
    match place(request) {
        Some(place) => &place.template,
        None if request.match_pattern().is_some() => "/docs",
        None => "unmatched",
    }
}

/// Refuses a method that the path does not have and a query parameter that the operation does not have, before anything
/// is done for it.
///
/// # Errors
/// [`Code::MethodNotAllowed`] with `Allow`, [`Code::InvalidParameter`] that names it.
pub async fn check(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    match early(request.request()) {
        None => Ok(next.call(request).await?.map_into_left_body()),
        Some(answer) => Ok(request.into_response(answer).map_into_right_body()),
    }
}

/// The answer that needs no more than the request line. What is nowhere in the specification is judged by others.
fn early(request: &HttpRequest) -> Option<HttpResponse> {
    let place = place(request)?;
    if let Some(operation) = place.operation(request.method()) {
        let name = operation.unknown(request)?;
        let problem = Problem::new(Code::InvalidParameter).detail(
            format!("There is no query parameter `{name}` here."),
            format!("クエリパラメーター`{name}`はありません。"),
        );
        return Some(problem.error_response());
    }
    let allow = place.allow();
    if request.method() == Method::OPTIONS {
        return Some(HttpResponse::NoContent().insert_header((ALLOW, allow)).finish());
    }
    Some(Problem::new(Code::MethodNotAllowed).methods(allow).error_response())
}

impl Operation {
    fn read(path: &str, method: &str, operation: &Value) -> Option<Self> {
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).ok()?;
        let id = operation.get("operationId")?.as_str()?;
        let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
        let queried = parameters.filter(|parameter| parameter.get("in").is_some_and(|place| place == "query"));
        let parameters = queried.filter_map(|parameter| Some(parameter.get("name")?.as_str()?.to_owned())).collect();
        Some(Self { name: format!("{method} {path}"), need: needs::of_operation(id), method, parameters })
    }

    /// The first query parameter that it does not have.
    fn unknown(&self, request: &HttpRequest) -> Option<String> {
        // A member's browser may bring more than we know (RFC 6749 section 3.1), and the page's form sends it again.
        if request.query_string().is_empty() || self.name.ends_with(" /oauth/authorize") {
            return None;
        }
        // What cannot be read at all is refused by whoever reads it.
        let given = web::Query::<Vec<(String, String)>>::from_query(request.query_string()).ok()?.into_inner();
        given.into_iter().map(|(name, _)| name).find(|name| !self.parameters.contains(name))
    }
}

impl Place {
    fn read(path: &str, item: &Value) -> Self {
        let operations = item.as_object().into_iter().flatten();
        let operations = operations.filter_map(|(method, operation)| Operation::read(path, method, operation));
        Self { template: path.to_owned(), operations: operations.collect() }
    }

    fn operation(&self, method: &Method) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.method == *method)
    }

    /// Its methods, as `Allow` lists them (RFC 9110 section 10.2.1).
    fn allow(&self) -> String {
        let head = self.operation(&Method::GET).map(|_| "HEAD");
        let named = self.operations.iter().map(|operation| operation.method.as_str());
        named.chain(head).chain(["OPTIONS"]).collect::<Vec<_>>().join(", ")
    }
}

impl Tree {
    fn grow() -> Self {
        let document = crate::openapi::outline().unwrap_or_default();
        let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
        let mut tree = Self::default();
        for (path, item) in paths {
            tree.add(path.split('/'), Place::read(path, item));
        }
        tree
    }

    fn add(&mut self, mut parts: Split<'_, char>, place: Place) {
        match parts.next() {
            None => self.place = Some(place),
            Some(part) if part.starts_with('{') => self.any.get_or_insert_default().add(parts, place),
            Some(part) => self.named.entry(part.to_owned()).or_default().add(parts, place),
        }
    }

    /// A name goes before a parameter.
    fn find(&self, mut parts: Split<'_, char>) -> Option<&Place> {
        let Some(part) = parts.next() else { return self.place.as_ref() };
        let named = self.named.get(part).and_then(|tree| tree.find(parts.clone()));
        named.or_else(|| self.any.as_ref().filter(|_| !part.is_empty())?.find(parts))
    }
}
