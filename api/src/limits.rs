//! How often one caller may ask. Each replica counts for itself.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    num::NonZeroU32,
};

use actix_web::{
    Error, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};
use governor::{
    DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter,
    clock::{Clock, DefaultClock, Reference},
    middleware::{StateInformationMiddleware, StateSnapshot},
};

use crate::{
    problem::{Code, Problem},
    state::App,
};

type Limiter = DefaultKeyedRateLimiter<u64, StateInformationMiddleware>;

/// A class of operations with its own allowance.
#[derive(Debug)]
struct Allowance {
    name: &'static str,
    per_minute: u32,
    limiter: Limiter,
}

impl Allowance {
    fn new(name: &'static str, per_minute: u32) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
        let limiter = RateLimiter::dashmap(quota).with_middleware::<StateInformationMiddleware>();
        Self { name, per_minute, limiter }
    }

    fn policy(&self) -> String {
        format!("\"{}\";q={};w=60", self.name, self.per_minute)
    }
}

/// The allowances of this process.
#[derive(Debug)]
pub struct Limits {
    requests: Allowance,
    log_ins: Allowance,
}

impl Limits {
    /// Fresh allowances: requests per caller, and attempts to join or log in per address, both per minute.
    pub fn new(requests_per_minute: u32, log_ins_per_minute: u32) -> Self {
        Self {
            requests: Allowance::new("requests", requests_per_minute),
            log_ins: Allowance::new("log-ins", log_ins_per_minute),
        }
    }

    /// Forgets callers who have their whole allowance again.
    pub fn forget_idle(&self) {
        self.requests.limiter.retain_recent();
        self.log_ins.limiter.retain_recent();
    }

    /// Joining and logging in are counted by address, whatever token comes with them; the rest by token, or by address
    /// without one.
    fn of(&self, request: &ServiceRequest) -> (&Allowance, u64) {
        let address = request.peer_addr().map(|peer| peer.ip());
        let guessing = request.method() == Method::POST && is_guess(request.path());
        if guessing {
            return (&self.log_ins, key(&address));
        }
        let token = request.headers().get("authorization").map(HeaderValue::as_bytes);
        (&self.requests, token.map_or_else(|| key(&address), |token| key(&token)))
    }
}

/// Where passwords, codes and mailed tokens are taken, and mail is asked for.
fn is_guess(path: &str) -> bool {
    let at = ["/v1/sessions", "/v1/sessions/second-factor", "/v1/sessions/step-up", "/v1/me/email-change/confirm"];
    path.starts_with("/v1/accounts") || path.starts_with("/v1/password-resets") || at.contains(&path)
}

fn key(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// Counts the request, and tells the caller where they stand (IETF draft-ietf-httpapi-ratelimit-headers).
///
/// # Errors
/// [`Code::RateLimited`] with `Retry-After` when the allowance is used up.
pub async fn limit(
    app: web::Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let (allowance, caller) = app.limits.of(&request);
    let (policy, verdict) = (allowance.policy(), allowance.limiter.check_key(&caller));
    let name = allowance.name;
    match verdict {
        Ok(state) => {
            let mut response = next.call(request).await?.map_into_left_body();
            tell(response.headers_mut(), &policy, &standing(name, &state));
            Ok(response)
        }
        Err(until) => {
            let wait = seconds_until(&until);
            let mut response: HttpResponse = actix_web::ResponseError::error_response(&Problem::new(Code::RateLimited));
            tell(response.headers_mut(), &policy, &format!("\"{name}\";r=0;t={wait}"));
            response.headers_mut().insert(HeaderName::from_static("retry-after"), HeaderValue::from(wait));
            Ok(request.into_response(response).map_into_right_body())
        }
    }
}

fn standing(name: &str, state: &StateSnapshot) -> String {
    format!("\"{name}\";r={};t=60", state.remaining_burst_capacity())
}

fn seconds_until<P: Reference>(until: &NotUntil<P>) -> u64
where
    DefaultClock: Clock<Instant = P>,
{
    until.wait_time_from(DefaultClock::default().now()).as_secs() + 1
}

fn tell(headers: &mut actix_web::http::header::HeaderMap, policy: &str, standing: &str) {
    for (name, value) in [("ratelimit-policy", policy), ("ratelimit", standing)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
