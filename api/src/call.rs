//! One call: who makes it, under which conditions, and the two ways through the store.

pub mod header;

use std::sync::Arc;

use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, dev::Payload, web};
use domain::scope::Need;
use futures_util::future::{Ready, ready};
use persistence::{
    error::StoreError,
    idempotency::{self, KeyUse},
    session::{Arrived, Ticket},
    store::{Conn, Intent, Tx},
};
use tokio::sync::oneshot;

use crate::{
    auth::{self, Claims},
    context::{Arrival, Conditions, Context},
    operations,
    problem::{Code, Problem},
    reply::Reply,
    state::App,
    usecases::{
        api_key,
        audit_log::{Deed, conclude, conclude_if_changed},
    },
};

/// What an HTTP handler returns.
pub type Answer = Result<HttpResponse, Problem>;

/// Whether an operation may be called without an `Idempotency-Key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Money moves or somebody is bound: refused without a key.
    Required,
    /// A key is honoured if it is there.
    Optional,
}

/// For whom something is looked up or tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Whoever the token speaks for.
    Person,
    /// Anybody; a token is not looked at.
    Anyone,
}

/// A call as it arrived.
#[derive(Debug)]
pub struct Call {
    app: Arc<App>,
    request: HttpRequest,
}

impl FromRequest for Call {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request.app_data::<web::Data<App>>().map(|data| data.clone().into_inner());
        ready(app.map(|app| Self { app, request: request.clone() }).ok_or_else(|| Problem::new(Code::Internal)))
    }
}

impl Call {
    /// The application.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// The request underneath.
    pub const fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// Reads as a caller who is logged in.
    ///
    /// # Errors
    /// Those of `work`, and of a token that is missing or bad.
    pub async fn read<F>(self, work: F) -> Answer
    where
        F: FnOnce(&mut Conn, &Context) -> Result<Reply, Problem> + Send + 'static,
    {
        let claims = self.claims().await?.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
        self.read_as(Some(claims), work).await
    }

    /// Reads what anyone may read; a token is honoured if it is there.
    ///
    /// # Errors
    /// Those of `work`, and of a token that is bad.
    pub async fn read_open<F>(self, work: F) -> Answer
    where
        F: FnOnce(&mut Conn, &Context) -> Result<Reply, Problem> + Send + 'static,
    {
        let claims = self.claims().await?;
        self.read_as(claims, work).await
    }

    /// Reads what is the same for everyone: a token is not even looked at.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn read_public<F>(self, work: F) -> Answer
    where
        F: FnOnce(&mut Conn, &Context) -> Result<Reply, Problem> + Send + 'static,
    {
        self.read_as(None, work).await
    }

    async fn read_as<F>(self, claims: Option<Claims>, work: F) -> Answer
    where
        F: FnOnce(&mut Conn, &Context) -> Result<Reply, Problem> + Send + 'static,
    {
        self.read_first_as(claims, |_, _| Ok((None, ())), move |conn, cx, ()| work(conn, cx)).await
    }

    /// Reads as a caller who is logged in, where the way to the database counts: what is read first also asks who
    /// arrives, unless it finds nothing. Nothing of it is told before that is known.
    ///
    /// # Errors
    /// Those of `first` and `work`, and of a token that is missing or bad.
    pub async fn read_first<T, Q, F>(self, first: Q, work: F) -> Answer
    where
        Q: FnOnce(&mut Conn, Ticket) -> Result<(Option<Arrived>, T), StoreError> + Send + 'static,
        F: FnOnce(&mut Conn, &Context, T) -> Result<Reply, Problem> + Send + 'static,
    {
        let claims = self.claims().await?.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
        self.read_first_as(Some(claims), first, work).await
    }

    /// The same for what anyone may read.
    ///
    /// # Errors
    /// Those of `first` and `work`, and of a token that is bad.
    pub async fn read_first_open<T, Q, F>(self, first: Q, work: F) -> Answer
    where
        Q: FnOnce(&mut Conn, Ticket) -> Result<(Option<Arrived>, T), StoreError> + Send + 'static,
        F: FnOnce(&mut Conn, &Context, T) -> Result<Reply, Problem> + Send + 'static,
    {
        let claims = self.claims().await?;
        self.read_first_as(claims, first, work).await
    }

    async fn read_first_as<T, Q, F>(self, claims: Option<Claims>, first: Q, work: F) -> Answer
    where
        Q: FnOnce(&mut Conn, Ticket) -> Result<(Option<Arrived>, T), StoreError> + Send + 'static,
        F: FnOnce(&mut Conn, &Context, T) -> Result<Reply, Problem> + Send + 'static,
    {
        let conditions = self.conditions(claims, Intent::Keep)?;
        let reply = blocking(move || {
            let app = conditions.app.clone();
            app.store.read(|conn| {
                let (arrived, found) = first(conn, conditions.ticket())?;
                let cx = match arrived {
                    Some(arrived) => conditions.context(arrived)?,
                    None => conditions.arrive(conn)?,
                };
                work(conn, &cx, found)
            })
        })
        .await?;
        Ok(reply.send(&self.request, false))
    }

    /// Acts as a caller who is logged in: one transaction, with the idempotency key inside it.
    ///
    /// # Errors
    /// Those of `work`, of the token and of the key.
    pub async fn act<F>(self, key: Key, canonical: &str, work: F) -> Answer
    where
        F: Fn(&mut Tx<'_>, &Context) -> Result<Reply, Problem> + Send + 'static,
    {
        let claims = self.claims().await?.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
        self.act_as(Some(claims), claims.caller(), key, canonical, work).await
    }

    /// Acts as anyone. A stranger's key counts per operation and address.
    ///
    /// # Errors
    /// Those of `work` and of the key.
    pub async fn act_open<F>(self, canonical: &str, work: F) -> Answer
    where
        F: Fn(&mut Tx<'_>, &Context) -> Result<Reply, Problem> + Send + 'static,
    {
        let address = self.address();
        let stranger = format!("{address} {}", self.request.path());
        self.act_as(None, stranger, Key::Optional, canonical, work).await
    }

    /// Reads before the work proper, such as what a password is compared with, and goes on with what takes long when it has
    /// given the connection back. Keeps the call.
    ///
    /// # Errors
    /// Those of `work`, and of a token that is missing or bad.
    pub async fn look<T, U, F, G>(&self, work: F, then: G) -> Result<U, Problem>
    where
        U: Send + 'static,
        F: FnOnce(&mut Conn, &Context) -> Result<T, Problem> + Send + 'static,
        G: FnOnce(T) -> U + Send + 'static,
    {
        let conditions = self.conditions(self.claims_of(Caller::Person).await?, Intent::Keep)?;
        blocking(move || {
            let app = conditions.app.clone();
            let found = app.store.read(|conn| {
                let cx = conditions.arrive(conn)?;
                work(conn, &cx)
            });
            found.map(then)
        })
        .await
    }

    /// The same where neither who calls matters nor what time it is, so that nobody asks.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn look_up<T, U, F, G>(&self, work: F, then: G) -> Result<U, Problem>
    where
        U: Send + 'static,
        F: FnOnce(&mut Conn, &App) -> Result<T, Problem> + Send + 'static,
        G: FnOnce(T) -> U + Send + 'static,
    {
        let Conditions { app, .. } = self.conditions(None, Intent::Keep)?;
        blocking(move || app.store.read(|conn| work(conn, &app)).map(then)).await
    }

    /// Writes what must last even if the call is refused then, such as that a guess failed. No key is looked at: what is
    /// done here works once by nature.
    ///
    /// # Errors
    /// Those of `work`, and of a token that is missing or bad.
    pub async fn attempt<T, F>(&self, caller: Caller, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &Context) -> Result<T, Problem> + Send + 'static,
    {
        let conditions = self.conditions(self.claims_of(caller).await?, Intent::Keep)?;
        let deed = Deed::of(&self.request, "");
        written(self.app.clone(), Intent::Keep, move |tx| {
            let cx = conditions.arrive(tx)?;
            let done = work(tx, &cx)?;
            conclude_if_changed(tx, &cx, &deed)?;
            Ok(done)
        })
        .await
    }

    async fn claims_of(&self, caller: Caller) -> Result<Option<Claims>, Problem> {
        match caller {
            Caller::Person => self.claims().await?.map(Some).ok_or_else(|| Problem::new(Code::Unauthenticated)),
            Caller::Anyone => Ok(None),
        }
    }

    /// The address of the network that the call comes from.
    pub fn address(&self) -> String {
        self.app.settings.proxies().caller(&self.request).to_string()
    }

    async fn act_as<F>(self, claims: Option<Claims>, caller: String, key: Key, canonical: &str, work: F) -> Answer
    where
        F: Fn(&mut Tx<'_>, &Context) -> Result<Reply, Problem> + Send + 'static,
    {
        let preview = self.preview()?;
        let deed = Deed::of(&self.request, canonical);
        // What staff change is logged here, so that none of what is passed in can forget it.
        let work = move |tx: &mut Tx<'_>, cx: &Context| {
            let reply = work(tx, cx)?;
            conclude(tx, cx, &deed)?;
            Ok::<_, Problem>(reply)
        };
        let key = match (header::idempotency_key(&self.request)?, key, preview) {
            (_, _, Intent::Preview) => None,
            (None, Key::Required, Intent::Keep) => return Err(Problem::new(Code::IdempotencyKeyMissing)),
            (key, Key::Required | Key::Optional, Intent::Keep) => key,
        };
        let use_of = key.map(|key| KeyUse { caller, key, fingerprint: self.fingerprint(canonical) });
        let conditions = self.conditions(claims, preview)?;
        let (app, waiting) = (self.app.clone(), conditions.clone());
        let outcome = written(app.clone(), preview, move |tx| {
            let Some(use_of) = &use_of else {
                let cx = conditions.arrive(tx)?;
                let reply = work(tx, &cx).map_err(|problem| problem.instead(&cx))?;
                // What a preview makes is nowhere to be found.
                return Ok((if cx.preview { reply.unlocated() } else { reply }, false));
            };
            match conditions.arrive_claiming(tx, use_of)? {
                Arrival::Before(stored) => Ok((Reply::from_stored(stored)?, true)),
                Arrival::Now(cx) => {
                    let reply = work(tx, &cx).map_err(|problem| problem.instead(&cx))?;
                    idempotency::complete(tx, use_of, reply.to_stored())?;
                    Ok((reply, false))
                }
            }
        })
        .await;
        if matches!(&outcome, Err(problem) if problem.code() == Code::StillRunning) {
            // The key is taken by the query that asks who arrives. If that can be asked, it was the key that kept it.
            blocking(move || app.store.read(|conn| waiting.arrive(conn))).await?;
        }
        let (reply, replayed) = outcome?;
        Ok(reply.send(&self.request, replayed))
    }

    /// What tells this request from another under the same key. Keyed, because bodies may hold passwords.
    fn fingerprint(&self, canonical: &str) -> Vec<u8> {
        let told = format!("idempotency {} {}\n{canonical}", self.request.method(), self.request.uri());
        self.app.tokens.secrets().sign(&told).into_bytes()
    }

    fn conditions(&self, claims: Option<Claims>, intent: Intent) -> Result<Conditions, Problem> {
        let given = claims.is_some_and(|claims| claims.given.is_some());
        let operation = if given { operations::of(&self.request) } else { None };
        let need = operation.map_or(Need::Never, |operation| operation.need);
        header::check_if_none_match(&self.request)?;
        let if_match = header::if_match(&self.request)?;
        Ok(Conditions { app: self.app.clone(), claims, need, if_match, intent })
    }

    /// Whom the bearer token or API key speaks for.
    ///
    /// # Errors
    /// A token that is not ours or no longer good.
    async fn claims(&self) -> Result<Option<Claims>, Problem> {
        let Some(value) = header::one(&self.request, "authorization")? else { return Ok(None) };
        let token = auth::bearer(value).ok_or_else(|| Problem::new(Code::InvalidToken))?;
        if let Some(known) = self.request.extensions().get::<Claims>() {
            return Ok(Some(*known));
        }
        if !api_key::looks_like_one(token) {
            return self.app.tokens.check(token).map(Some);
        }
        let (app, key) = (self.app.clone(), token.to_owned());
        blocking(move || api_key::recognize(&app, &key)).await.map(Some)
    }

    fn preview(&self) -> Result<Intent, Problem> {
        match self.request.query_string() {
            "" | "preview=false" => Ok(Intent::Keep),
            "preview=true" => Ok(Intent::Preview),
            _ => Err(Problem::new(Code::InvalidParameter).detail(
                "Only what moves something takes a query parameter, which is preview, and either true or false.",
                "クエリパラメーターは操作のpreviewだけです。",
            )),
        }
    }

    /// Refuses a caller who is not logged in, before anything is done for them.
    ///
    /// # Errors
    /// A token that is missing or bad.
    pub async fn require_token(&self) -> Result<(), Problem> {
        self.claims().await?.map(drop).ok_or_else(|| Problem::new(Code::Unauthenticated))
    }
}

/// Runs blocking work on the blocking pool.
///
/// # Errors
/// Those of the work; [`Code::Internal`] if it panicked.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    web::block(work).await.map_err(|_| Problem::new(Code::Internal))?
}

/// Goes through the write door: on the blocking pool, unless all there is to wait for is a queue.
async fn written<T: Send + 'static>(
    app: Arc<App>,
    intent: Intent,
    work: impl Fn(&mut Tx<'_>) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let (sender, outcome) = oneshot::channel();
    let has_queue = app.store.has_queue();
    // Nobody waits any more when the request was dropped; what was committed stays committed.
    let write = move || app.store.write_then(intent, work, move |outcome| drop(sender.send(outcome)));
    if has_queue {
        write();
    } else {
        web::block(write).await.map_err(|_| Problem::new(Code::Internal))?;
    }
    outcome.await.map_err(|_| Problem::new(Code::Internal))?
}
