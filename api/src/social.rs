//! Social log-in: what is asked of providers, and what is believed of their answers (OpenID Connect Core 1.0). Nothing
//! here waits in a thread or holds a connection to the database.

mod http;
mod provider;

use std::collections::BTreeMap;

use crate::{
    config::SocialSettings,
    problem::{Code, Problem},
    secrets::Secrets,
};
pub use http::BrokenClient;
use provider::Provider;
pub use provider::unencrypted;

/// An account at a provider, as the provider vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Who vouches.
    pub issuer: String,
    /// For whom.
    pub subject: String,
    /// How to reach them: an address that the provider has verified.
    pub email: String,
}

/// What belongs together in one visit to a provider, all made of the token that the visitor's app keeps, so that none of
/// it has to be stored.
#[derive(Debug, Clone)]
pub struct Visit {
    /// What comes back with the visitor.
    pub state: String,
    /// What the ID token must name.
    pub nonce: String,
    /// What proves to the provider that we are who sent the visitor (RFC 7636).
    pub verifier: String,
}

impl Visit {
    /// The visit of this token.
    pub fn of(secrets: &Secrets, flow_token: &str) -> Self {
        let made = |what: &str| secrets.sign(&format!("social {what} {flow_token}"));
        Self { state: made("state"), nonce: made("nonce"), verifier: made("verifier") }
    }
}

/// What a visitor brings back.
#[derive(Debug, Clone)]
pub struct Brought {
    /// The authorization code.
    pub code: String,
    /// Where they were sent back to.
    pub redirect_uri: String,
    /// Whose answer it is, if the answer says so (RFC 9207).
    pub issuer: Option<String>,
}

/// All providers there are.
#[derive(Debug)]
pub struct Providers(BTreeMap<String, Provider>);

impl Providers {
    /// Those of the settings; nothing is asked of them yet. Each has a client of its own, so that without any no list of
    /// certificates is read and kept.
    ///
    /// # Errors
    /// Only if this machine cannot make an HTTPS client.
    pub fn new(settings: &BTreeMap<String, SocialSettings>, https_only: bool) -> Result<Self, BrokenClient> {
        let provider = |(id, one): (&String, &SocialSettings)| -> Result<_, BrokenClient> {
            Ok((id.clone(), Provider::new(one.clone(), https_only)?))
        };
        Ok(Self(settings.iter().map(provider).collect::<Result<_, _>>()?))
    }

    /// The provider of this name.
    ///
    /// # Errors
    /// [`Code::InvalidBody`] when there is none.
    pub fn get(&self, id: &str) -> Result<&Provider, Problem> {
        let unknown =
            || Problem::new(Code::InvalidBody).at("/provider", "there is no such provider", "この連携先はありません。");
        self.0.get(id).ok_or_else(unknown)
    }

    /// The name of who has this issuer, as it stands in the settings.
    pub fn of_issuer(&self, issuer: &str) -> Option<&str> {
        self.0.iter().find(|(_, one)| one.issuer() == issuer).map(|(id, _)| id.as_str())
    }
}

/// Why a visit ended without an account.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The provider did not answer, or not in time, or with nonsense. It says nothing of the visitor.
    #[error("the provider did not answer: {0}")]
    Unavailable(String),
    /// The provider, or we, do not accept what was brought.
    #[error("what was brought is not accepted: {0}")]
    Refused(String),
    /// The address is not there, or not verified.
    #[error("the provider vouches for no address")]
    Unverified,
}

/// How long to leave a provider alone that did not answer, in seconds.
const RETRY_AFTER: i64 = 30;

impl From<Failed> for Problem {
    fn from(failed: Failed) -> Self {
        tracing::warn!(%failed, "a social log-in failed");
        match failed {
            Failed::Unavailable(_) => Self::new(Code::ProviderUnavailable).retry_after(RETRY_AFTER),
            Failed::Refused(_) => Self::new(Code::SocialLoginRefused),
            Failed::Unverified => Self::new(Code::EmailNotVerified),
        }
    }
}
