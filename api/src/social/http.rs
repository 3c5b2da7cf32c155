//! How we talk with providers: with little patience, to them alone, and not for long answers.

use std::{future::Future, time::Duration};

use openidconnect::{HttpRequest, HttpResponse};
use reqwest::redirect::Policy;

/// How long one answer of a provider is waited for.
const PATIENCE: Duration = Duration::from_secs(4);

/// The longest answer that is read, in bytes.
const LONGEST: usize = 256 * 1024;

/// Why an answer is missing.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// It did not come, or not in time.
    #[error("no answer")]
    NoAnswer(#[from] reqwest::Error),
    /// It is too long.
    #[error("an answer longer than {LONGEST} bytes")]
    TooLong,
    /// It cannot be put together.
    #[error("an answer that cannot be read")]
    Unreadable(#[from] openidconnect::http::Error),
}

/// This machine cannot make an HTTPS client.
#[derive(Debug, thiserror::Error)]
#[error("no HTTPS client can be made: {0}")]
pub struct BrokenClient(#[from] reqwest::Error);

/// A client for providers.
#[derive(Debug, Clone)]
pub struct Client(reqwest::Client);

impl Client {
    /// One that follows nobody elsewhere, and keeps no connection that another runtime may own; it may be one that asks
    /// nothing without encryption.
    ///
    /// # Errors
    /// Only if this machine has no TLS.
    pub fn new(https_only: bool) -> Result<Self, BrokenClient> {
        let builder = reqwest::Client::builder().redirect(Policy::none()).timeout(PATIENCE).connect_timeout(PATIENCE);
        Ok(Self(builder.pool_max_idle_per_host(0).no_proxy().https_only(https_only).build()?))
    }

    /// In the form that the protocol asks for.
    pub fn caller(&self) -> impl Fn(HttpRequest) -> CallFuture + use<> {
        let client = self.0.clone();
        move |request| -> CallFuture { Box::pin(call(client.clone(), request)) }
    }
}

/// An answer to be.
pub type CallFuture = std::pin::Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send>>;

async fn call(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let mut answer = client.execute(request.try_into()?).await?;
    let mut response = openidconnect::http::Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        *headers = std::mem::take(answer.headers_mut());
    }
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await? {
        body.extend_from_slice(&part);
        if body.len() > LONGEST {
            return Err(HttpError::TooLong);
        }
    }
    Ok(response.body(body)?)
}
