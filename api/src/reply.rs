//! Answers: a status, a body, and the headers that follow from them.

use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, http::StatusCode};
use persistence::error::StoreError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    problem::{Code, Problem},
    secrets,
};

/// How many bytes most answers need at most; pages grow from there.
const LIKELY_LENGTH: usize = 4096;

/// A successful answer, not yet sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reply {
    status: u16,
    /// The body as text: kept so, a replayed answer is the same to the byte.
    body: Option<String>,
    version: Option<i32>,
    location: Option<String>,
    #[serde(skip)]
    secret: bool,
}

impl Reply {
    /// 200 with a body.
    ///
    /// # Errors
    /// Only if the body cannot be written as JSON.
    pub fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        let mut text = Vec::with_capacity(LIKELY_LENGTH);
        serde_json::to_writer(&mut text, body).map_err(|_| Problem::new(Code::Internal))?;
        let body = String::from_utf8(text).map_err(|_| Problem::new(Code::Internal))?;
        Ok(Self { status: 200, body: Some(body), version: None, location: None, secret: false })
    }

    /// 201 with a body and the place of the new resource.
    ///
    /// # Errors
    /// Only if the body cannot be written as JSON.
    pub fn created(body: &impl Serialize, location: String) -> Result<Self, Problem> {
        Ok(Self { status: 201, location: Some(location), ..Self::ok(body)? })
    }

    /// 202: something will happen; where nothing else can be said.
    ///
    /// # Errors
    /// Only if the body cannot be written as JSON.
    pub fn accepted(body: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { status: 202, ..Self::ok(body)? })
    }

    /// 204.
    pub const fn empty() -> Self {
        Self { status: 204, body: None, version: None, location: None, secret: false }
    }

    /// The version that the `ETag` starts with.
    #[must_use]
    pub const fn version(mut self, version: i32) -> Self {
        self.version = Some(version);
        self
    }

    /// Without the place of a new resource.
    #[must_use]
    pub fn unlocated(self) -> Self {
        Self { location: None, ..self }
    }

    /// Marks the body as holding a secret, so that it is not kept for replay.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// The form kept under an idempotency key; none if it must not be kept.
    pub fn to_stored(&self) -> Value {
        if self.secret { Value::Null } else { json!(self) }
    }

    /// The answer kept under an idempotency key.
    ///
    /// # Errors
    /// [`Code::AnswerNotRepeatable`] if it was not kept; what was kept and is no answer.
    pub fn from_stored(stored: Option<Value>) -> Result<Self, Problem> {
        let kept = stored.filter(|kept| !kept.is_null()).ok_or_else(|| Problem::new(Code::AnswerNotRepeatable))?;
        // What is wrong with it is not told: it may hold anything that somebody was answered.
        let corrupt = |_| {
            let (id, what) = ("of this request".to_owned(), "the answer cannot be read".to_owned());
            StoreError::Corrupt { table: "idempotency_keys", id, what }
        };
        Ok(serde_json::from_value(kept).map_err(corrupt)?)
    }

    /// Puts the answer on the wire, or 304 if the caller has it already.
    pub fn send(self, request: &HttpRequest, replayed: bool) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK));
        if let Some(location) = self.location {
            response.insert_header(("Location", location));
        }
        if replayed {
            response.insert_header(("Idempotency-Replayed", "true"));
        }
        let Some(body) = self.body else { return response.finish() };
        if let Some(version) = self.version {
            let etag = etag(version, &body);
            response.insert_header(("ETag", etag.as_str()));
            if request.method().is_safe() && names(request, "if-none-match", &etag) {
                return response.status(StatusCode::NOT_MODIFIED).finish();
            }
        }
        response.content_type("application/json").body(body)
    }
}

/// The version in front, so that `If-Match` can compare it alone.
fn etag(version: i32, body: &str) -> String {
    format!("\"{version}-{}\"", secrets::hex(secrets::hash(body.as_bytes()).iter().take(8)))
}

/// Whether a header lists this tag, by weak comparison (RFC 9110 section 8.8.3.2), or `*`.
fn names(request: &HttpRequest, header: &str, etag: &str) -> bool {
    let values = request.headers().get_all(header).filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|tag| tag == "*" || tag == etag)
}
