//! Refusals in the words of RFC 6749, which client libraries understand.

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use domain::names;
use serde_json::json;

use crate::problem::Rendered;

names! {
    /// The codes of RFC 6749 (sections 4.1.2.1 and 5.2).
    pub enum ErrorCode {
        /// Something is missing, doubled or malformed.
        InvalidRequest = "invalid_request",
        /// The app is not who it says.
        InvalidClient = "invalid_client",
        /// What was sent to be traded is unknown, used, expired or somebody else's.
        InvalidGrant = "invalid_grant",
        /// This app may not use this way.
        UnauthorizedClient = "unauthorized_client",
        /// There is no such way.
        UnsupportedGrantType = "unsupported_grant_type",
        /// Only codes are given.
        UnsupportedResponseType = "unsupported_response_type",
        /// A scope that there is not, or that was not given.
        InvalidScope = "invalid_scope",
        /// The member said no.
        AccessDenied = "access_denied",
    }
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthError {
    /// For programs.
    pub code: ErrorCode,
    /// For developers.
    pub description: &'static str,
}

impl OauthError {
    /// With this said to developers: printable ASCII without quotes and backslashes.
    pub const fn new(code: ErrorCode, description: &'static str) -> Self {
        Self { code, description }
    }

    /// The app is not who it says; which part was wrong is not told.
    pub const fn client() -> Self {
        Self::new(ErrorCode::InvalidClient, "The app is unknown, or did not authenticate as it was registered.")
    }

    /// What was sent to be traded is worth nothing; why is not told.
    pub const fn grant() -> Self {
        Self::new(ErrorCode::InvalidGrant, "It is unknown, used, expired, revoked, or was given to another app.")
    }
}

impl std::fmt::Display for OauthError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl std::error::Error for OauthError {}

impl ResponseError for OauthError {
    fn status_code(&self) -> StatusCode {
        if self.code == ErrorCode::InvalidClient { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type("application/json").insert_header(("Cache-Control", "no-store"));
        if self.code == ErrorCode::InvalidClient {
            response.insert_header(("WWW-Authenticate", "Basic realm=\"azukari\""));
        }
        let mut response = response.finish();
        let body = json!({"error": self.code.as_str(), "error_description": self.description});
        response.extensions_mut().insert(Rendered::Ready(body.to_string()));
        response
    }
}
