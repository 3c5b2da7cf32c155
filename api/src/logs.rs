//! Log lines: one JSON object each, without secrets, addresses or bodies.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
};
use tracing::Span;
use tracing_actix_web::RootSpanBuilder;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::operations;

/// Starts logging to standard error.
///
/// # Errors
/// A filter that cannot be read, or logging that was started before.
pub fn start(filter: &str) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| format!("AZUKARI_LOG: {error}"))?;
    let lines = tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(filter).with(lines).try_init().map_err(|error| error.to_string())
}

/// Each request's span: method, route and `traceparent`, never the query or a header that may hold a secret.
#[derive(Debug)]
pub struct Spans;

impl RootSpanBuilder for Spans {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let route = operations::route(request.request());
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (id, parent) = (header("x-request-id"), header("traceparent"));
        let method = request.method().as_str();
        tracing::info_span!("request", method, route, request_id = id, traceparent = parent)
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let failed = |error: &Error| error.as_response_error().status_code();
        let status = outcome.as_ref().map_or_else(failed, ServiceResponse::status).as_u16();
        // With the line and not with the span, which would be written anew for it, whether there is a line or not.
        tracing::debug!(parent: &span, status, "answered");
    }
}
