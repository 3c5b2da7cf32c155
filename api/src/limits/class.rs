//! Operations by what they cost us and what they are worth to an attacker.

use actix_web::http::Method;
use domain::names;

names! {
    /// A class of operations with an allowance of its own.
    pub enum Class {
        /// What changes nothing.
        Reads = "reads",
        /// What changes something.
        Writes = "writes",
        /// Where passwords, codes and mailed tokens are taken.
        LogIns = "log-ins",
        /// What sends mail to an address that anybody may name.
        Mails = "mails",
    }
}

/// Where passwords, codes and tokens from elsewhere are taken.
pub const LOG_INS: [&str; 10] = [
    "/oauth/authorize",
    "/v1/accounts/confirm-email",
    "/v1/accounts/social",
    "/v1/me/email-change/confirm",
    "/v1/password-resets/confirm",
    "/v1/sessions",
    "/v1/sessions/second-factor",
    "/v1/sessions/social",
    "/v1/sessions/social/complete",
    "/v1/sessions/step-up",
];

/// What sends mail to an address that anybody may name.
pub const MAILS: [&str; 4] =
    ["/v1/accounts", "/v1/accounts/resend-confirmation", "/v1/me/email-change", "/v1/password-resets"];

impl Class {
    /// The class of a request, by its path as the router reads it: what is written as `%73` counts as the `s` it is.
    pub fn of(method: &Method, path: &str) -> Self {
        match (method.is_safe(), *method == Method::POST) {
            (true, _) => Self::Reads,
            (false, true) if LOG_INS.contains(&path) => Self::LogIns,
            (false, true) if MAILS.contains(&path) => Self::Mails,
            (false, true | false) => Self::Writes,
        }
    }

    /// Whether an address is counted as strictly as a member: what an attacker does with many accounts, or none, counts
    /// as one.
    pub const fn is_guarded(self) -> bool {
        match self {
            Self::LogIns | Self::Mails => true,
            Self::Reads | Self::Writes => false,
        }
    }
}
