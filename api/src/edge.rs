//! What happens to every request and answer at the edge: ids, problems, headers, `HEAD`, the log line's numbers.

mod headers;

use std::time::Instant;

use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{HeaderName, HeaderValue},
    },
    middleware::Next,
};

use crate::{
    clock::{self, Ids},
    locale::Locale,
    operations,
    problem::{Code, Problem, Rendered},
    unread::Unread,
};
use headers::set;

/// Wraps every request.
///
/// # Errors
/// None of its own: what goes wrong inside becomes a problem.
pub async fn edge(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let id = request_id(&request);
    if let Ok(value) = HeaderValue::from_str(&id) {
        // For the log span, which opens further in.
        request.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    let method = request.method().clone();
    if method == Method::HEAD {
        // The server leaves out the body of whatever answers a HEAD.
        request.head_mut().method = Method::GET;
    }
    let locale = Locale::of(request.headers());
    let unread = Unread::of(&mut request);
    let mut response = next.call(request).await?.map_into_boxed_body();
    response = render(response, locale, &id);
    if let Some(unread) = unread {
        response = unread.keep_with(response);
    }
    let route = operations::route(response.request());
    let status = response.status().as_u16().to_string();
    metrics::counter!("http_requests_total", "method" => label(&method), "route" => route, "status" => status)
        .increment(1);
    metrics::histogram!("http_request_duration_seconds", "method" => label(&method), "route" => route)
        .record(started.elapsed());
    set(&mut response, "x-request-id", &id);
    headers::complete(&mut response, &method);
    Ok(response)
}

/// Only known methods become labels, so that strangers cannot grow the metrics.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// The caller's id for the request if it is harmless, or a fresh one.
fn request_id(request: &ServiceRequest) -> String {
    let given = request.headers().get("x-request-id").and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    given
        .filter(harmless)
        .map_or_else(|| Ids::default().fresh_uuid(clock::real_now()).simple().to_string(), str::to_owned)
}

/// Puts problems into words; what the framework refused by itself becomes a problem too.
fn render(response: ServiceResponse<BoxBody>, locale: Locale, id: &str) -> ServiceResponse<BoxBody> {
    if let Some(error) = response.response().error() {
        log(error, id);
    }
    let rendered = response.response().extensions().get::<Rendered>().cloned();
    if let Some(rendered) = rendered {
        return response.map_body(|_, _| BoxBody::new(rendered.into_body(locale, id)));
    }
    let foreign = response.status().is_client_error() || response.status().is_server_error();
    let ours = response.headers().get("content-type").is_some_and(|kind| kind == "application/problem+json");
    if !foreign || ours {
        return response;
    }
    let code = match response.status() {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        status if status.is_client_error() => Code::InvalidHeader,
        _ => Code::Internal,
    };
    let problem = Problem::new(code);
    let (request, _) = response.into_parts();
    let body = problem.body(locale, id).to_string();
    let answer = actix_web::ResponseError::error_response(&problem).set_body(BoxBody::new(body));
    ServiceResponse::new(request, answer)
}

/// What broke goes to the log with its causes.
fn log(error: &Error, id: &str) {
    let Some(problem) = error.as_error::<Problem>() else { return };
    if problem.code().status() < 500 {
        return;
    }
    tracing::error!(request_id = id, code = problem.code().as_str(), "request failed{}", problem.causes());
}

/// What no route answers.
///
/// # Errors
/// Always.
pub async fn unmatched() -> Result<actix_web::HttpResponse, Problem> {
    Err(Problem::not_found())
}
