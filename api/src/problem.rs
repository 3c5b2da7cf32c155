//! Errors as the outside sees them: `application/problem+json` (RFC 9457).

mod code;
mod domain_errors;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use domain::withdrawal::Blocker;
use persistence::error::{Abort, StoreError};
use serde_json::{Value, json};

use crate::{
    blocker,
    context::Context,
    locale::{Locale, Text},
    secrets::UnusableSecret,
};
pub use code::Code;

/// One thing wrong with one place of the request.
#[derive(Debug, Clone)]
pub struct FieldError {
    /// A JSON Pointer (RFC 6901) into the body, or the name of a parameter or header.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: Text,
}

/// A refusal, with everything the caller needs to do better.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    // Apart, so that the happy road does not carry the size of every refusal around.
    more: Box<More>,
}

#[derive(Debug, Default)]
struct More {
    detail: Option<Text>,
    errors: Vec<FieldError>,
    allowed_actions: Option<Vec<String>>,
    allow: Option<String>,
    retry_after: Option<i64>,
    challenge: Option<String>,
    extra: Vec<(&'static str, Value)>,
    blockers: Vec<Blocker>,
    source: Option<StoreError>,
}

impl Problem {
    /// A problem with nothing to add to its title.
    pub fn new(code: Code) -> Self {
        Self { code, more: Box::default() }
    }

    /// What exactly went wrong, in both languages.
    #[must_use]
    pub fn detail(mut self, en: impl Into<String>, ja: impl Into<String>) -> Self {
        self.more.detail = Some(Text { en: en.into(), ja: ja.into() });
        self
    }

    /// The problem of one place of the body.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>, en: impl Into<String>, ja: impl Into<String>) -> Self {
        self.more.errors.push(FieldError { pointer: pointer.into(), detail: Text { en: en.into(), ja: ja.into() } });
        self
    }

    /// Where a step was refused because of how things stand: what the caller could do instead.
    #[must_use]
    pub fn instead(mut self, cx: &Context) -> Self {
        if self.code == Code::ActionRefused {
            self.more.allowed_actions = Some(cx.instead());
        }
        self
    }

    /// One more member of the body, for programs (RFC 9457 section 3.2).
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.more.extra.push((name, value.into()));
        self
    }

    /// What stands in the way of leaving.
    #[must_use]
    pub fn blockers(mut self, blockers: Vec<Blocker>) -> Self {
        self.more.blockers = blockers;
        self
    }

    /// The methods that a path does have, for the `Allow` header of a 405.
    #[must_use]
    pub fn methods(mut self, methods: String) -> Self {
        self.more.allow = Some(methods);
        self
    }

    /// How many seconds to wait, for the `Retry-After` header.
    #[must_use]
    pub fn retry_after(mut self, seconds: i64) -> Self {
        self.more.retry_after = Some(seconds);
        self
    }

    /// The scope that was missing, for the body and the `WWW-Authenticate` header (RFC 6750 section 3).
    #[must_use]
    pub fn missing_scope(mut self, scope: &str) -> Self {
        self.more.challenge = Some(format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""));
        self.with("scope", scope)
    }

    /// Absent, or none of the caller's business: the two are not told apart.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// The stable code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// How many seconds to wait before it may be tried again.
    pub const fn wait(&self) -> Option<i64> {
        self.more.retry_after
    }

    /// What went wrong, in English, for those who read no JSON.
    pub fn told(&self) -> String {
        let at_fault = self.more.errors.iter().map(|error| format!("{}: {}", error.pointer, error.detail.en));
        let at_fault = at_fault.collect::<Vec<_>>().join("; ");
        let detail = self.more.detail.as_ref().map(|detail| detail.en.clone());
        let detail = detail.or_else(|| Some(at_fault).filter(|at_fault| !at_fault.is_empty()));
        detail.unwrap_or_else(|| self.code.meaning().en) + &self.causes()
    }

    /// The whole chain of causes, which goes to the log and never into a body: nothing, or `: one: another`.
    pub fn causes(&self) -> String {
        let mut chain = String::new();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            chain = format!("{chain}: {error}");
            cause = error.source();
        }
        chain
    }

    /// The body, in the language of the request.
    pub fn body(&self, locale: Locale, request_id: &str) -> Value {
        let detail = self.more.detail.clone().unwrap_or_else(|| self.code.meaning());
        let mut body = json!({
            "type": format!("/docs/errors#{}", self.code.as_str()),
            "title": self.code.title().in_locale(locale),
            "status": self.code.status(),
            "detail": detail.in_locale(locale),
            "code": self.code.as_str(),
            "request_id": request_id,
        });
        if let Some(map) = body.as_object_mut() {
            if !self.more.errors.is_empty() {
                let errors = self.more.errors.iter().map(|error| {
                    json!({"pointer": error.pointer, "code": self.code.as_str(), "detail": error.detail.in_locale(locale)})
                });
                map.insert("errors".into(), errors.collect());
            }
            if let Some(actions) = &self.more.allowed_actions {
                map.insert("allowed_actions".into(), json!(actions));
            }
            if !self.more.blockers.is_empty() {
                let blockers = self.more.blockers.iter().map(|blocker| json!(blocker::Blocker::of(blocker, locale)));
                map.insert("blockers".into(), blockers.collect());
            }
            map.extend(self.more.extra.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        }
        body
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl std::error::Error for Problem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source: &(dyn std::error::Error + 'static) = self.more.source.as_ref()?;
        Some(source)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The body is written by the middleware that knows the request's language and id; see [`crate::edge`].
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type("application/problem+json");
        if let Some(methods) = &self.more.allow {
            response.insert_header(("Allow", methods.as_str()));
        }
        if self.code == Code::Unauthenticated || self.code == Code::InvalidToken {
            response.insert_header(("WWW-Authenticate", "Bearer"));
        }
        if let Some(challenge) = &self.more.challenge {
            response.insert_header(("WWW-Authenticate", challenge.as_str()));
        }
        let soon = (self.status_code() == StatusCode::SERVICE_UNAVAILABLE).then_some(2);
        if let Some(seconds) = self.more.retry_after.or(soon) {
            response.insert_header(("Retry-After", seconds.to_string()));
        }
        let mut response = response.finish();
        response
            .extensions_mut()
            .insert(Rendered::Problem { locale_en: self.body(Locale::En, ""), locale_ja: self.body(Locale::Ja, "") });
        response
    }
}

/// A refusal as it goes out, left for the middleware.
#[derive(Debug, Clone)]
pub enum Rendered {
    /// A problem, in both languages to choose from.
    Problem {
        /// In English.
        locale_en: Value,
        /// In Japanese.
        locale_ja: Value,
    },
    /// Written already, in the words of another standard.
    Ready(String),
}

impl Rendered {
    /// The body for this request.
    pub fn into_body(self, locale: Locale, request_id: &str) -> String {
        let mut body = match (self, locale) {
            (Self::Ready(text), _) => return text,
            (Self::Problem { locale_en, .. }, Locale::En) => locale_en,
            (Self::Problem { locale_ja, .. }, Locale::Ja) => locale_ja,
        };
        if let Some(map) = body.as_object_mut() {
            map.insert("request_id".into(), request_id.into());
        }
        body.to_string()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::LostRace { .. } => Code::LostRace,
            StoreError::OutOfRange => Code::BalanceTooLarge,
            StoreError::Insufficient => Code::InsufficientFunds,
            StoreError::StillRunning => Code::StillRunning,
            StoreError::Unavailable(_) | StoreError::Transient(_) => Code::Unavailable,
            StoreError::Taken { .. }
            | StoreError::Corrupt { .. }
            | StoreError::Missing { .. }
            | StoreError::Panicked
            | StoreError::Database(_) => Code::Internal,
        };
        let mut problem = Self::new(code);
        problem.more.source = Some(error);
        problem
    }
}

impl From<UnusableSecret> for Problem {
    /// The system has no randomness, or its cipher failed.
    fn from(_: UnusableSecret) -> Self {
        Self::new(Code::Internal)
    }
}

impl Abort for Problem {
    fn store_error(&self) -> Option<&StoreError> {
        self.more.source.as_ref()
    }
}
