//! One call: who makes it, under which conditions, and the two ways through the store.

use std::{cell::RefCell, sync::Arc};

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, web};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    actor::{Actor, Party},
    ids::{Id, MemberId, SessionId},
    ledger::JournalEntry,
    policy::{self, Operation, Role, Standing},
};
use futures_util::future::{Ready, ready};
use persistence::{
    idempotency::{self, Claim},
    instance, session,
    store::{Conn, Intent, Tx},
};

use crate::{
    auth::Claims,
    clock::{self, Ids},
    problem::{Code, Problem},
    reply::Reply,
    state::App,
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

/// The circumstances under which a use case runs.
#[derive(Debug)]
pub struct Context {
    /// The application.
    pub app: Arc<App>,
    /// The marketplace's time.
    pub now: DateTime<Utc>,
    /// Who acts, if it is known.
    pub actor: Option<Actor>,
    /// The session of the caller, if it is a person.
    pub session: Option<SessionId>,
    /// Whether what happens will be undone, because the caller only wants to know.
    pub preview: bool,
    if_match: Option<i32>,
    ids: Ids,
    journal: RefCell<Vec<JournalEntry>>,
}

impl Context {
    /// The system acting at its own initiative, as timers do.
    pub fn system(app: Arc<App>, now: DateTime<Utc>) -> Self {
        Self {
            app,
            now,
            actor: Some(Actor::System),
            session: None,
            preview: false,
            if_match: None,
            ids: Ids::default(),
            journal: RefCell::default(),
        }
    }

    /// The same circumstances for another actor.
    #[must_use]
    pub fn acting_as(self, actor: Option<Actor>) -> Self {
        Self { actor, ..self }
    }

    /// A caller of whom nothing is known.
    ///
    /// # Errors
    /// Only those of the store.
    pub fn anonymous(app: Arc<App>, conn: &mut Conn) -> Result<Self, Problem> {
        let now = clock::market_now(instance::read(conn)?.clock_offset());
        Ok(Self::system(app, now).acting_as(None))
    }

    /// A fresh id.
    pub fn new_id<K>(&self) -> Id<K> {
        self.ids.fresh(self.now)
    }

    /// The member who calls.
    ///
    /// # Errors
    /// [`Code::NotPermitted`] for staff, who have no market of their own.
    pub fn member(&self) -> Result<MemberId, Problem> {
        match self.actor {
            Some(Actor::Member(id)) => Ok(id),
            Some(Actor::Staff(..) | Actor::System) => Err(Problem::new(Code::NotPermitted)),
            None => Err(Problem::new(Code::Unauthenticated)),
        }
    }

    /// The person who calls, member or staff.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`] if it is nobody.
    pub fn person(&self) -> Result<MemberId, Problem> {
        self.actor.and_then(Actor::member).ok_or_else(|| Problem::new(Code::Unauthenticated))
    }

    /// What the caller is to something that belongs to these two.
    pub fn standing(&self, client: MemberId, worker: MemberId) -> Standing {
        self.actor.map_or(Standing::Outsider, |actor| actor.standing(client, worker))
    }

    /// On which side of something between these two the caller stands.
    ///
    /// # Errors
    /// [`Code::NotPermitted`] for everybody else.
    pub fn party(&self, client: MemberId, worker: MemberId) -> Result<Party, Problem> {
        let party = self.actor.and_then(|actor| actor.party(client, worker));
        party.ok_or_else(|| Problem::new(Code::NotPermitted))
    }

    /// What the caller is to something that has one owner.
    pub fn standing_to_owner(&self, owner: MemberId) -> Standing {
        self.actor.map_or(Standing::Outsider, |actor| actor.standing_to_owner(owner))
    }

    /// What the caller is where nobody else is concerned.
    pub fn standing_outside(&self) -> Standing {
        self.actor.map_or(Standing::Outsider, Actor::standing_outside)
    }

    /// Asks the policy table.
    ///
    /// # Errors
    /// [`Code::NotFound`] for outsiders, who do not learn that there is anything; [`Code::NotPermitted`] for the rest.
    pub fn permit(&self, operation: Operation, standing: Standing) -> Result<(), Problem> {
        Ok(policy::check(operation, standing)?)
    }

    /// Honours `If-Match` against the version just read under lock.
    ///
    /// # Errors
    /// [`Code::PreconditionFailed`] when the caller saw another version.
    pub fn check_version(&self, version: i32) -> Result<(), Problem> {
        match self.if_match {
            Some(seen) if seen != version => Err(Problem::new(Code::PreconditionFailed)),
            Some(_) | None => Ok(()),
        }
    }

    /// Remembers an entry that this call has posted, for previews.
    pub fn note_entry(&self, entry: JournalEntry) {
        self.journal.borrow_mut().push(entry);
    }

    /// What this call has posted so far.
    pub fn entries(&self) -> Vec<JournalEntry> {
        self.journal.borrow().clone()
    }
}

/// The parts of a call that travel to another thread.
#[derive(Debug, Clone)]
struct Conditions {
    app: Arc<App>,
    claims: Option<Claims>,
    if_match: Option<i32>,
    intent: Intent,
}

impl Conditions {
    /// The first query of every call: is the session alive, whose is it, what time is it?
    fn arrive(&self, conn: &mut Conn) -> Result<Context, Problem> {
        let Some(claims) = self.claims else {
            return Context::anonymous(self.app.clone(), conn);
        };
        let arrival = session::arrive(conn, claims.session)?.ok_or_else(|| Problem::new(Code::InvalidToken))?;
        let actor = match arrival.role {
            Role::Member => Actor::Member(claims.member),
            role @ (Role::Support | Role::Finance | Role::Admin) => Actor::Staff(claims.member, role),
        };
        Ok(self.context(Some(actor), Some(claims.session), arrival.clock_offset))
    }

    fn context(&self, actor: Option<Actor>, session: Option<SessionId>, offset: TimeDelta) -> Context {
        Context {
            app: self.app.clone(),
            now: clock::market_now(offset),
            actor,
            session,
            preview: self.intent == Intent::Preview,
            if_match: self.if_match,
            ids: Ids::default(),
            journal: RefCell::default(),
        }
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
        let claims = self.claims()?.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
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
        let claims = self.claims()?;
        self.read_as(claims, work).await
    }

    async fn read_as<F>(self, claims: Option<Claims>, work: F) -> Answer
    where
        F: FnOnce(&mut Conn, &Context) -> Result<Reply, Problem> + Send + 'static,
    {
        let conditions = self.conditions(claims, Intent::Keep)?;
        let reply = blocking(move || {
            let app = conditions.app.clone();
            app.store.read(|conn| {
                let cx = conditions.arrive(conn)?;
                work(conn, &cx)
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
        let claims = self.claims()?.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
        self.act_as(Some(claims), claims.member.to_string(), key, canonical, work).await
    }

    /// Acts as anyone. A stranger's key counts per operation and address.
    ///
    /// # Errors
    /// Those of `work` and of the key.
    pub async fn act_open<F>(self, canonical: &str, work: F) -> Answer
    where
        F: Fn(&mut Tx<'_>, &Context) -> Result<Reply, Problem> + Send + 'static,
    {
        let address = self.request.peer_addr().map(|peer| peer.ip().to_string()).unwrap_or_default();
        let stranger = format!("{address} {}", self.request.path());
        self.act_as(None, stranger, Key::Optional, canonical, work).await
    }

    async fn act_as<F>(self, claims: Option<Claims>, caller: String, key: Key, canonical: &str, work: F) -> Answer
    where
        F: Fn(&mut Tx<'_>, &Context) -> Result<Reply, Problem> + Send + 'static,
    {
        let preview = self.preview()?;
        let key = match (self.idempotency_key()?, key, preview) {
            (_, _, Intent::Preview) => None,
            (None, Key::Required, Intent::Keep) => return Err(Problem::new(Code::IdempotencyKeyMissing)),
            (key, Key::Required | Key::Optional, Intent::Keep) => key,
        };
        let fingerprint = self.fingerprint(canonical);
        let conditions = self.conditions(claims, preview)?;
        let (reply, replayed) = blocking(move || {
            let app = conditions.app.clone();
            app.store.write(preview, move |tx| {
                let cx = conditions.arrive(tx)?;
                let Some(key) = &key else { return Ok((work(tx, &cx)?, false)) };
                match idempotency::claim(tx, &caller, key, &fingerprint, clock::real_now())? {
                    Claim::Answered(stored) => Ok((Reply::from_stored(stored)?, true)),
                    Claim::OtherRequest => Err(Problem::new(Code::IdempotencyKeyReused)),
                    Claim::Fresh => {
                        let reply = work(tx, &cx)?;
                        idempotency::complete(tx, &caller, key, reply.to_stored())?;
                        Ok((reply, false))
                    }
                }
            })
        })
        .await?;
        Ok(reply.send(&self.request, replayed))
    }

    /// What tells this request from another under the same key. Keyed, because bodies may hold passwords.
    fn fingerprint(&self, canonical: &str) -> Vec<u8> {
        let told = format!("idempotency {} {}\n{canonical}", self.request.method(), self.request.uri());
        self.app.tokens.secrets().sign(&told).into_bytes()
    }

    fn conditions(&self, claims: Option<Claims>, intent: Intent) -> Result<Conditions, Problem> {
        Ok(Conditions { app: self.app.clone(), claims, if_match: self.if_match()?, intent })
    }

    fn header(&self, name: &'static str) -> Result<Option<&str>, Problem> {
        let bad = || {
            Problem::new(Code::InvalidHeader)
                .detail(format!("The {name} header cannot be read."), format!("{name}ヘッダーを読み取れません。"))
        };
        let mut values = self.request.headers().get_all(name);
        let first = values.next().map(|value| value.to_str().map_err(|_| bad())).transpose()?;
        if values.next().is_some() { Err(bad()) } else { Ok(first) }
    }

    /// Whom the bearer token speaks for (RFC 6750 section 2.1).
    ///
    /// # Errors
    /// A token that is not ours or no longer good.
    fn claims(&self) -> Result<Option<Claims>, Problem> {
        let Some(header) = self.header("authorization")? else { return Ok(None) };
        let (scheme, token) = header.split_once(' ').ok_or_else(|| Problem::new(Code::InvalidToken))?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::new(Code::InvalidToken));
        }
        self.app.tokens.check(token.trim()).map(Some)
    }

    /// 1 to 255 visible ASCII characters, as the IETF draft allows.
    fn idempotency_key(&self) -> Result<Option<String>, Problem> {
        let Some(key) = self.header("idempotency-key")? else { return Ok(None) };
        if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Problem::new(Code::InvalidHeader).detail(
                "An Idempotency-Key is 1 to 255 visible ASCII characters.",
                "Idempotency-Keyは1～255文字の表示可能なASCII文字です。",
            ));
        }
        Ok(Some(key.to_owned()))
    }

    fn if_match(&self) -> Result<Option<i32>, Problem> {
        let Some(header) = self.header("if-match")? else { return Ok(None) };
        if header.trim() == "*" {
            return Ok(None);
        }
        let version = header.trim().trim_matches('"').split('-').next().and_then(|version| version.parse().ok());
        // A tag we never gave matches nothing (RFC 9110 section 13.1.1).
        version.map(Some).ok_or_else(|| Problem::new(Code::PreconditionFailed))
    }

    fn preview(&self) -> Result<Intent, Problem> {
        match self.request.query_string() {
            "" | "preview=false" => Ok(Intent::Keep),
            "preview=true" if self.is_action() => Ok(Intent::Preview),
            _ => Err(Problem::new(Code::InvalidParameter).detail(
                "Only actions on a resource take a query parameter, which is preview.",
                "クエリパラメーターはリソースへの操作のpreviewだけです。",
            )),
        }
    }
}

impl Call {
    /// Whether this is an action on a resource, which is what can be previewed.
    fn is_action(&self) -> bool {
        self.request.match_pattern().is_some_and(|pattern| pattern.contains("{id}/"))
    }

    /// Refuses a caller who is not logged in, before anything is done for them.
    ///
    /// # Errors
    /// A token that is missing or bad.
    pub fn require_token(&self) -> Result<(), Problem> {
        self.claims()?.map(drop).ok_or_else(|| Problem::new(Code::Unauthenticated))
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
