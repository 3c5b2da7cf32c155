//! Requests as a client makes them, and what is asserted of every answer.

use std::{sync::OnceLock, time::Duration};

use reqwest::{
    Method,
    blocking::{Client, RequestBuilder},
    header::{HeaderMap, HeaderValue},
};
use serde_json::Value;
use uuid::Uuid;

use super::Person;

/// A request that is being put together.
pub struct Request(RequestBuilder);

impl Request {
    pub fn new(method: &str, url: &str) -> Self {
        Self(client().request(Method::from_bytes(method.as_bytes()).unwrap(), url))
    }

    /// With the access token of somebody.
    pub fn by(self, person: &Person) -> Self {
        self.token(&person.access_token)
    }

    /// With any bearer token.
    pub fn token(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// With this `Idempotency-Key`.
    pub fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// With a fresh `Idempotency-Key`.
    pub fn fresh_key(self) -> Self {
        self.key(&fresh_key())
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, HeaderValue::from_bytes(value.as_bytes()).unwrap()))
    }

    /// Sends JSON.
    pub fn json(self, body: &Value) -> Response {
        self.raw(body.to_string())
    }

    /// Sends any bytes as if they were JSON.
    pub fn raw(self, body: impl Into<Vec<u8>>) -> Response {
        self.header("Content-Type", "application/json").bytes(body)
    }

    /// Sends any bytes.
    pub fn bytes(self, body: impl Into<Vec<u8>>) -> Response {
        Self(self.0.body(body.into())).send()
    }

    /// Sends no body.
    pub fn send(self) -> Response {
        let answer = self.0.send().unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Response { status, headers, text: answer.text().unwrap() }
    }
}

/// A key that no request had before.
#[expect(clippy::disallowed_methods, reason = "the tests are a client, and clients make random keys")]
pub fn fresh_key() -> String {
    Uuid::now_v7().to_string()
}

/// Each request has its own connection, so that none is left open when the server stops. Nothing here speaks TLS, so no
/// certificates are read.
fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let builder = Client::builder().pool_max_idle_per_host(0).timeout(Duration::from_secs(60)).no_proxy();
        builder.tls_certs_only([]).redirect(reqwest::redirect::Policy::none()).build().unwrap()
    })
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Response {
    /// A header, or nothing at all.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The cookies that are set, as they are sent back.
    pub fn cookies(&self) -> Vec<String> {
        let set = self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        set.map(|value| value.split(';').next().unwrap().to_owned()).collect()
    }

    /// The body of an answer that has this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert!(!self.header("x-request-id").is_empty(), "every answer has a request id");
        if self.text.is_empty() { Value::Null } else { serde_json::from_str(&self.text).unwrap() }
    }

    /// The body of a refusal with this status and code, which is a complete problem.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status, "{body}");
        assert_eq!(body["type"], format!("/docs/errors#{code}"), "{body}");
        assert_eq!(body["request_id"], self.header("x-request-id"), "{body}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        for text in ["title", "detail"] {
            assert!(body[text].as_str().is_some_and(|text| !text.is_empty()), "{body}");
        }
        body
    }
}
