//! The circumstances of a call: who acts, when, and what they are to the thing at hand.

use std::{
    cell::{Cell, RefCell, RefMut},
    fmt::Display,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use domain::{
    actor::{Actor, Party},
    ids::{Id, Kind, MemberId, SessionId},
    ledger::JournalEntry,
    member::Member,
    policy::{self, Operation, Role, Standing},
    scope::{Holder, Need, Scopes},
};
use persistence::{
    audit_log::Hand,
    idempotency::{Claim, KeyUse},
    instance,
    session::{self, Arrived, Ticket, held},
    store::{Conn, Intent, Tx},
};

use crate::{
    auth::Claims,
    call::header::Seen,
    clock::{self, Ids},
    config::Mode,
    needs,
    problem::{Code, Problem},
    state::App,
    trail::{Traced, Trail},
    usecases::{audit_log, commit::Audience, proof},
};

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
    /// When the caller logged in, in real time, if it is a person.
    pub authenticated_at: Option<DateTime<Utc>>,
    /// Whether what happens will be undone, because the caller only wants to know.
    pub preview: bool,
    if_match: Option<Seen>,
    /// Whether staff have to set up a second factor before anything else.
    lacks_factor: bool,
    ids: Ids,
    journal: RefCell<Vec<JournalEntry>>,
    instead: RefCell<Vec<String>>,
    at_console: bool,
    recognized: Cell<Option<Actor>>,
    // Apart, because hardly a call needs it.
    trail: Box<RefCell<Trail>>,
}

impl Context {
    /// The system acting at its own initiative, as timers do.
    pub fn system(app: Arc<App>, now: DateTime<Utc>) -> Self {
        Self {
            app,
            now,
            actor: Some(Actor::System),
            session: None,
            authenticated_at: None,
            preview: false,
            if_match: None,
            lacks_factor: false,
            ids: Ids::default(),
            journal: RefCell::default(),
            instead: RefCell::default(),
            at_console: false,
            recognized: Cell::default(),
            trail: Box::default(),
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

    /// Whoever runs the program, by one of its commands.
    ///
    /// # Errors
    /// Only those of the store.
    pub fn console(app: Arc<App>, conn: &mut Conn) -> Result<Self, Problem> {
        let now = clock::market_now(instance::read(conn)?.clock_offset());
        Ok(Self { at_console: true, ..Self::system(app, now) })
    }

    /// Takes a caller who is not logged in for somebody, because of a token that was mailed to them: it opens nothing, and is
    /// for the audit log alone.
    pub fn recognize(&self, member: &Member) {
        self.recognized.set(Some(Actor::of(member.id, member.role)));
        self.remember(member.id, member);
    }

    /// Who it is that acts, as far as the audit log tells it.
    pub fn doer(&self) -> Option<Actor> {
        self.actor.or_else(|| self.recognized.get())
    }

    /// In which part the caller acts for the operator, if they do: then what they change is logged.
    pub fn hand(&self) -> Option<Hand> {
        match self.doer() {
            Some(Actor::Staff(_, role)) => audit_log::hand(role),
            Some(Actor::System) => self.at_console.then_some(Hand::Console),
            Some(Actor::Member(_)) | None => None,
        }
    }

    /// What was changed so far, as far as it has to be logged.
    pub fn trail(&self) -> RefMut<'_, Trail> {
        self.trail.borrow_mut()
    }

    /// Remembers what was changed, if it has to be logged; `next` is how it stands, with the version it was read at.
    pub fn changed(&self, resource: &str, audience: Audience, next: &impl Traced) {
        if self.hand().is_some() {
            self.trail().change(resource, audience, next.trace());
        }
    }

    /// Remembers how something stood that was just read under lock and may be changed.
    pub fn remember<K: Kind>(&self, id: Id<K>, thing: &impl Traced) {
        if let (Some(_), Some(trace)) = (self.hand(), thing.trace()) {
            self.trail().meet(id.to_string(), trace);
        }
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

    /// Asks for a proof of the last few minutes, before what must not be done with a stolen token: a log-in, or a step-up,
    /// which the refusal tells how to make. Renewing a token proves nothing. It goes by real time, as all that concerns
    /// tokens does.
    ///
    /// # Errors
    /// [`Code::RecentLoginRequired`] when it is longer ago, [`Code::Unauthenticated`] when nobody is logged in.
    pub fn require_recent_login(&self, conn: &mut Conn) -> Result<(), Problem> {
        let at = self.authenticated_at.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
        let life = self.app.rules.recent_login;
        if clock::real_now() - at <= life {
            return Ok(());
        }
        let minutes = life.num_minutes();
        let factors = proof::possible(conn, self.person()?)?;
        Err(Problem::new(Code::RecentLoginRequired)
            .detail(
                format!(
                    "Send one of the factors to POST /v1/sessions/step-up, then repeat this within {minutes} minutes."
                ),
                format!("factorsのいずれかを POST /v1/sessions/step-up に送り、{minutes}分以内にやり直してください。"),
            )
            .with("factors", proof::names(factors)))
    }

    /// Makes sure, once their account is locked, that nobody has ended the caller's session meanwhile: what is made in it
    /// would outlive it.
    ///
    /// # Errors
    /// [`Code::InvalidToken`] otherwise.
    pub fn require_live(&self, conn: &mut Conn) -> Result<(), Problem> {
        let live = self.session.map(|session| held::is_live(conn, session, clock::real_now())).transpose()?;
        if live == Some(true) { Ok(()) } else { Err(Problem::new(Code::InvalidToken)) }
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

    /// What the caller is to something that has a worker only.
    pub fn standing_to_worker(&self, worker: MemberId) -> Standing {
        self.actor.map_or(Standing::Outsider, |actor| actor.standing_to_worker(worker))
    }

    /// What the caller is to their own account.
    pub fn standing_to_oneself(&self) -> Standing {
        self.actor.map_or(Standing::Outsider, Actor::standing_to_oneself)
    }

    /// What the caller is where nobody else is concerned.
    pub fn standing_outside(&self) -> Standing {
        self.actor.map_or(Standing::Outsider, Actor::standing_outside)
    }

    /// Asks the policy table.
    ///
    /// # Errors
    /// [`Code::NotFound`] for outsiders, who do not learn that there is anything; [`Code::NotPermitted`] for the rest;
    /// [`Code::SecondFactorMissing`] for staff who may, once they have one.
    pub fn permit(&self, operation: Operation, standing: Standing) -> Result<(), Problem> {
        policy::check(operation, standing)?;
        if self.lacks_factor { Err(Problem::new(Code::SecondFactorMissing)) } else { Ok(()) }
    }

    /// With what the caller came, for a query that could ask who arrives, after that is known.
    pub fn ticket(&self) -> Ticket {
        Ticket { bearer: self.actor.and_then(Actor::member).zip(self.session), now: self.now }
    }

    /// Honours `If-Match` against the version just read under lock.
    ///
    /// # Errors
    /// [`Code::PreconditionFailed`] when the caller saw another version.
    pub fn check_version(&self, version: i32) -> Result<(), Problem> {
        match &self.if_match {
            Some(Seen::Versions(seen)) if !seen.contains(&version) => Err(Problem::new(Code::PreconditionFailed)),
            Some(_) | None => Ok(()),
        }
    }

    /// The same for what is about to be made: nothing that the caller has seen is there.
    ///
    /// # Errors
    /// [`Code::PreconditionFailed`] when they saw something.
    pub fn check_absent(&self) -> Result<(), Problem> {
        if self.if_match.is_none() { Ok(()) } else { Err(Problem::new(Code::PreconditionFailed)) }
    }

    /// Lets the caller take a step on what was just read under lock, if they may, and have seen this version of it. Where
    /// the step is refused all the same, the refusal tells what they may do instead.
    ///
    /// # Errors
    /// Those of [`Self::permit`] and [`Self::check_version`].
    pub fn admit<A: Display>(
        &self,
        operation: Operation,
        standing: Standing,
        version: i32,
        allowed: &[A],
    ) -> Result<(), Problem> {
        self.permit(operation, standing)?;
        self.check_version(version)?;
        *self.instead.borrow_mut() = allowed.iter().map(ToString::to_string).collect();
        Ok(())
    }

    /// What the caller may do with what they were admitted to.
    pub fn instead(&self) -> Vec<String> {
        self.instead.borrow().clone()
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
pub(crate) struct Conditions {
    pub(crate) app: Arc<App>,
    pub(crate) claims: Option<Claims>,
    /// What the operation asks of a caller who is not a member with a session of their own.
    pub(crate) need: Need,
    pub(crate) if_match: Option<Seen>,
    pub(crate) intent: Intent,
}

impl Conditions {
    /// What the first query of every call is asked beside its own: is the session alive, whose is it, what time is it?
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket { bearer: self.claims.map(|claims| (claims.member, claims.session)), now: clock::real_now() }
    }

    /// Asks nothing but that.
    pub(crate) fn arrive(&self, conn: &mut Conn) -> Result<Context, Problem> {
        self.context(session::arrive(conn, self.ticket())?)
    }

    /// The same for a call with a key. Whether that was used before comes first: who has logged out, or left, still
    /// learns that it was done.
    pub(crate) fn arrive_claiming(&self, tx: &mut Tx<'_>, use_of: &KeyUse) -> Result<Arrival, Problem> {
        match session::arrive_claiming(tx, self.ticket(), use_of)? {
            (Claim::Fresh, Some(arrived)) => Ok(Arrival::Now(Box::new(self.context(arrived)?))),
            (Claim::Answered(stored), _) => Ok(Arrival::Before(stored)),
            (Claim::OtherRequest, _) => Err(Problem::new(Code::IdempotencyKeyReused)),
            (Claim::Fresh, None) => Err(Problem::new(Code::Internal)),
        }
    }

    pub(crate) fn context(&self, arrived: Arrived) -> Result<Context, Problem> {
        let now = clock::market_now(arrived.clock_offset);
        let unknown = Context::system(self.app.clone(), now).acting_as(None);
        let here = Context { preview: self.intent == Intent::Preview, if_match: self.if_match.clone(), ..unknown };
        let Some(claims) = self.claims else { return Ok(here) };
        let live = arrived.live.ok_or_else(|| Problem::new(Code::InvalidToken))?;
        if let Some((holder, scopes)) = live.held {
            return self.held(here, claims, live.role, holder, scopes);
        }
        let actor = Actor::of(claims.member, live.role);
        let authenticated_at = Some(live.authenticated_at);
        let lacks_factor = live.lacks_factor && self.app.settings.mode == Mode::Production;
        Ok(Context { actor: Some(actor), session: Some(claims.session), authenticated_at, lacks_factor, ..here })
    }

    /// The one place where apps and keys meet the table: they act as the member whose session they have, with no more than
    /// both the session and the token allow, and have never proved who they are.
    fn held(
        &self,
        here: Context,
        claims: Claims,
        role: Role,
        holder: Holder,
        scopes: Scopes,
    ) -> Result<Context, Problem> {
        // Whoever joined the operator's people since is no member whom an app could act for.
        let given = claims.given.filter(|_| role == Role::Member).ok_or_else(|| Problem::new(Code::InvalidToken))?;
        let alone = holder == Holder::Client;
        if holder == Holder::Browser || given.alone != alone {
            return Err(Problem::new(Code::InvalidToken));
        }
        needs::check(self.need, scopes.and(given.scopes), alone)?;
        self.app.uses.note(claims.session, clock::real_now());
        let actor = (!alone).then_some(Actor::Member(claims.member));
        Ok(Context { actor, session: Some(claims.session), ..here })
    }
}

/// How a call with a key arrives.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// For the first time.
    Now(Box<Context>),
    /// Again: this was the answer, if it may be repeated.
    Before(Option<serde_json::Value>),
}
