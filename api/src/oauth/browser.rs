//! The cookie of the page: nothing at first, a browser session once the member has logged in. The token against forged
//! requests is bound to it, and to what is asked for.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite},
};

use crate::{
    problem::Problem,
    secrets::{self, Secrets},
};

/// What the cookie is called; a page served by TLS binds it to its host.
const PLAIN: &str = "azukari_browser";
const BOUND: &str = "__Host-azukari_browser";

/// A browser, as its cookie tells it from others.
#[derive(Debug, Clone)]
pub struct Browser {
    value: String,
    tls: bool,
    /// Whether it does not have the cookie yet.
    pub is_new: bool,
}

impl Browser {
    /// The browser of a request; one that has no cookie gets one.
    ///
    /// # Errors
    /// Only if the system has no randomness.
    pub fn of(request: &HttpRequest, issuer: &str) -> Result<Self, Problem> {
        let tls = issuer.starts_with("https://");
        let given = request.cookie(if tls { BOUND } else { PLAIN }).map(|cookie| cookie.value().to_owned());
        match given.filter(|value| (40..=100).contains(&value.len())) {
            Some(value) => Ok(Self { value, tls, is_new: false }),
            None => Self { value: String::new(), tls, is_new: true }.fresh(),
        }
    }

    /// The same browser with another cookie, when somebody logs in.
    #[must_use]
    pub fn with(&self, value: String) -> Self {
        Self { value, tls: self.tls, is_new: true }
    }

    /// The same browser as if nobody had logged in.
    ///
    /// # Errors
    /// Only if the system has no randomness.
    pub fn fresh(&self) -> Result<Self, Problem> {
        let (value, _) = secrets::bearer("azb_")?;
        Ok(self.with(value))
    }

    /// How the value is kept.
    pub fn hash(&self) -> Vec<u8> {
        secrets::hash(self.value.as_bytes())
    }

    /// To be set: for this host only, out of reach for scripts, and not sent with what other sites post.
    pub fn cookie(&self) -> Cookie<'static> {
        let name = if self.tls { BOUND } else { PLAIN };
        let path = if self.tls { "/" } else { "/oauth" };
        Cookie::build(name, self.value.clone())
            .path(path)
            .secure(self.tls)
            .http_only(true)
            .same_site(SameSite::Lax)
            .finish()
    }

    fn told(&self, query: &str) -> String {
        format!("form {} {query}", secrets::hex(&self.hash()))
    }

    /// What a form of ours carries back.
    pub fn form_token(&self, secrets: &Secrets, query: &str) -> String {
        secrets.sign(&self.told(query))
    }

    /// Whether it came back, from the form for this very request.
    pub fn check(&self, secrets: &Secrets, query: &str, token: &str) -> bool {
        !self.is_new && secrets.verify(&self.told(query), token)
    }
}
