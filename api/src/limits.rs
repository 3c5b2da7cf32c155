//! How often one caller may ask. Each replica counts for itself.

mod allowance;
mod class;

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    web,
};
use domain::ids::{AppId, MemberId, SessionId};

use crate::{
    auth::{self, Claims, Given},
    config::LimitSettings,
    origin::Network,
    problem::{Code, Problem},
    state::App,
};
use allowance::{Allowance, Standing};
pub use class::{Class, LOG_INS, MAILS};

/// Whose allowance a request takes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Caller {
    /// A member, with whatever token, once it is known to be good. What is made up, and what is renewed, gives nobody a
    /// fresh allowance.
    Account(MemberId),
    /// An app that acts for a member, with whatever token.
    App(AppId, MemberId),
    /// An API key, by the session it stands for.
    Key(SessionId),
    /// Whoever asks from there.
    Network(Network),
}

/// How many may use the whole of their allowance at once: members behind one address, as in offices and with mobile
/// carriers, and what acts for one member.
const TOGETHER: u32 = 10;

/// The allowances of one class.
#[derive(Debug)]
struct Allowances {
    /// Of each caller.
    own: Allowance,
    /// Of all members behind one address, and of all that acts for one member.
    together: Allowance,
}

impl Allowances {
    fn new(class: Class, per_minute: u32) -> Self {
        let own = Allowance::new(class.as_str().to_owned(), per_minute);
        let name = format!("{}-together", class.as_str());
        Self { own, together: Allowance::new(name, per_minute.saturating_mul(TOGETHER)) }
    }
}

/// The allowances of this process.
#[derive(Debug)]
pub struct Limits {
    reads: Allowances,
    writes: Allowances,
    log_ins: Allowances,
    mails: Allowances,
}

impl Limits {
    /// Fresh allowances.
    pub fn new(settings: LimitSettings) -> Self {
        Self {
            reads: Allowances::new(Class::Reads, settings.reads),
            writes: Allowances::new(Class::Writes, settings.writes),
            log_ins: Allowances::new(Class::LogIns, settings.log_ins),
            mails: Allowances::new(Class::Mails, settings.mails),
        }
    }

    const fn of(&self, class: Class) -> &Allowances {
        match class {
            Class::Reads => &self.reads,
            Class::Writes => &self.writes,
            Class::LogIns => &self.log_ins,
            Class::Mails => &self.mails,
        }
    }

    /// Forgets callers who have their whole allowance again.
    pub fn forget_idle(&self) {
        for class in [&self.reads, &self.writes, &self.log_ins, &self.mails] {
            class.own.forget_idle();
            class.together.forget_idle();
        }
    }

    /// Counts a request for everybody whom it concerns, and tells where the one nearest to their end stands.
    ///
    /// # Errors
    /// Where the one stands who has nothing left.
    fn count(&self, class: Class, network: Network, claims: Option<Claims>) -> Result<Standing, Standing> {
        let (Allowances { own, together }, here) = (self.of(class), Caller::Network(network));
        let of_address = if claims.is_none() || class.is_guarded() { own } else { together };
        let mut all = vec![(of_address, here)];
        if let Some(claims) = claims {
            let account = Caller::Account(claims.member);
            match claims.given {
                None => all.push((own, account)),
                Some(Given { app: Some(app), .. }) => {
                    all.extend([(own, Caller::App(app, claims.member)), (together, account)])
                }
                Some(Given { app: None, .. }) => all.extend([(own, Caller::Key(claims.session)), (together, account)]),
            }
        }
        let counted: Result<Vec<_>, _> = all.into_iter().map(|(allowance, caller)| allowance.take(&caller)).collect();
        let nearest = counted?.into_iter().min_by_key(|standing| standing.left);
        Ok(nearest.unwrap_or_else(Standing::unlimited))
    }
}

/// Counts the request, and tells the caller where they stand (IETF draft-ietf-httpapi-ratelimit-headers).
///
/// # Errors
/// [`Code::RateLimited`] with `Retry-After` when an allowance is used up.
pub async fn limit(
    app: web::Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let class = Class::of(request.method(), request.match_info().as_str());
    let network = app.settings.proxies().caller(request.request());
    let claims = claims(&app, &request);
    if let Some(claims) = claims {
        // For whoever answers: a token is looked at once.
        request.extensions_mut().insert(claims);
    }
    match app.limits.count(class, network, claims) {
        Ok(standing) => {
            let mut response = next.call(request).await?.map_into_left_body();
            tell(response.headers_mut(), &standing);
            Ok(response)
        }
        Err(standing) => {
            let problem = Problem::new(Code::RateLimited).retry_after(standing.wait);
            let mut response: HttpResponse = actix_web::ResponseError::error_response(&problem);
            tell(response.headers_mut(), &standing);
            Ok(request.into_response(response).map_into_right_body())
        }
    }
}

/// Whose token came with the request, if it is a good one. Whether its session still lives is asked later; until the
/// token expires that makes no difference to whom it is counted for.
fn claims(app: &App, request: &ServiceRequest) -> Option<Claims> {
    let token = auth::bearer(request.headers().get("authorization")?.to_str().ok()?)?;
    let tokens = &app.tokens;
    tokens.known_key(token).or_else(|| tokens.check(token).ok())
}

fn tell(headers: &mut HeaderMap, standing: &Standing) {
    for (name, value) in [("ratelimit-policy", &standing.policy), ("ratelimit", &standing.told)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
