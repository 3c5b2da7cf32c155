//! The cookies of the page. One is nothing at first, and a browser session once the member has logged in; the token against
//! forged requests is bound to it, and to what is asked for. The other makes the browser a known device of whoever has
//! logged in there last, so that nobody's guessing keeps them from the page.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
};

use crate::{
    problem::Problem,
    secrets::{self, Secrets},
};

/// What the cookies are called; a page served by TLS binds them to its host.
const PLAIN: &str = "azukari_browser";
const BOUND: &str = "__Host-azukari_browser";
const PLAIN_DEVICE: &str = "azukari_device";
const BOUND_DEVICE: &str = "__Host-azukari_device";

/// How long a browser is known, which no browser allows for longer (RFC 6265bis section 5.5).
const DEVICE_LIFE: Duration = Duration::days(400);

/// A browser, as its cookie tells it from others.
#[derive(Debug, Clone)]
pub struct Browser {
    value: String,
    tls: bool,
    /// Whether it does not have the cookie yet.
    pub is_new: bool,
    /// The token that makes it a known device of somebody.
    pub device: Option<String>,
}

impl Browser {
    /// The browser of a request; one that has no cookie gets one.
    ///
    /// # Errors
    /// Only if the system has no randomness.
    pub fn of(request: &HttpRequest, issuer: &str) -> Result<Self, Problem> {
        let tls = issuer.starts_with("https://");
        let given = |name| request.cookie(name).map(|cookie| cookie.value().to_owned());
        let sound = |value: &String| (40..=100).contains(&value.len());
        let device = given(if tls { BOUND_DEVICE } else { PLAIN_DEVICE }).filter(sound);
        match given(if tls { BOUND } else { PLAIN }).filter(sound) {
            Some(value) => Ok(Self { value, tls, is_new: false, device }),
            None => Self { value: String::new(), tls, is_new: true, device }.fresh(),
        }
    }

    /// The same browser with other cookies, when somebody logs in.
    #[must_use]
    pub const fn with(&self, value: String, device: Option<String>) -> Self {
        Self { value, tls: self.tls, is_new: true, device }
    }

    /// The same browser as if nobody had logged in.
    ///
    /// # Errors
    /// Only if the system has no randomness.
    pub fn fresh(&self) -> Result<Self, Problem> {
        let (value, _) = secrets::bearer("azb_")?;
        Ok(self.with(value, self.device.clone()))
    }

    /// How the value is kept.
    pub fn hash(&self) -> Vec<u8> {
        secrets::hash(self.value.as_bytes())
    }

    /// Sets the cookies: for this host only, out of reach for scripts, and not sent with what other sites post.
    pub fn set(&self, response: &mut HttpResponse) {
        let path = if self.tls { "/" } else { "/oauth" };
        let cookie = |name, value: &String| {
            let cookie = Cookie::build(name, value.clone()).path(path).secure(self.tls);
            cookie.http_only(true).same_site(SameSite::Lax)
        };
        let session = cookie(if self.tls { BOUND } else { PLAIN }, &self.value).finish();
        let name = if self.tls { BOUND_DEVICE } else { PLAIN_DEVICE };
        let device = self.device.as_ref().map(|token| cookie(name, token).max_age(DEVICE_LIFE).finish());
        for cookie in [session].into_iter().chain(device) {
            // A cookie of ours always fits into a header.
            let _ = response.add_cookie(&cookie);
        }
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
