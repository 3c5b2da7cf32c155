//! The circumstances of a call: who acts, when, and what they are to the thing at hand.

use std::{cell::RefCell, sync::Arc};

use chrono::{DateTime, Utc};
use domain::{
    actor::{Actor, Party},
    ids::{Id, MemberId, SessionId},
    ledger::JournalEntry,
    policy::{self, Operation, Role, Standing},
};
use persistence::{
    idempotency::{self, Claim, KeyUse},
    instance,
    session::{self, Arrival},
    store::{Conn, Intent, Tx},
};

use crate::{
    auth::Claims,
    clock::{self, Ids},
    problem::{Code, Problem},
    state::App,
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
            authenticated_at: None,
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

    /// Asks for a log-in of the last few minutes, before what must not be done with a stolen token. Logging in again
    /// opens another session, whose token then passes; renewing a token does not. It goes by real time, as all that
    /// concerns tokens does.
    ///
    /// # Errors
    /// [`Code::RecentLoginRequired`] when it is longer ago, [`Code::Unauthenticated`] when nobody is logged in.
    pub fn require_recent_login(&self) -> Result<(), Problem> {
        let at = self.authenticated_at.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
        let life = self.app.rules.recent_login;
        if clock::real_now() - at <= life {
            return Ok(());
        }
        let minutes = life.num_minutes();
        Err(Problem::new(Code::RecentLoginRequired).detail(
            format!("Log in again, then repeat this within {minutes} minutes."),
            format!("もう一度ログインし、{minutes}分以内にやり直してください。"),
        ))
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
pub(crate) struct Conditions {
    pub(crate) app: Arc<App>,
    pub(crate) claims: Option<Claims>,
    pub(crate) if_match: Option<i32>,
    pub(crate) intent: Intent,
}

impl Conditions {
    /// The first query of every call: is the session alive, whose is it, what time is it?
    pub(crate) fn arrive(&self, conn: &mut Conn) -> Result<Context, Problem> {
        let Some(claims) = self.claims else {
            return Context::anonymous(self.app.clone(), conn);
        };
        self.context(claims, session::arrive(conn, claims.session, claims.member, clock::real_now())?)
    }

    /// The same for a call with a key. Whether that was used before comes first: who has logged out, or left, still
    /// learns that it was done.
    pub(crate) fn arrive_claiming(&self, tx: &mut Tx<'_>, use_of: &KeyUse) -> Result<Arrived, Problem> {
        let now = clock::real_now();
        let (claim, arrival) = match self.claims {
            Some(claims) => session::arrive_claiming(tx, claims.session, claims.member, use_of, now)?,
            None => (idempotency::claim(tx, use_of, now)?, None),
        };
        match claim {
            Claim::Answered(stored) => Ok(Arrived::Before(stored)),
            Claim::OtherRequest => Err(Problem::new(Code::IdempotencyKeyReused)),
            Claim::Fresh => Ok(Arrived::Now(match self.claims {
                Some(claims) => self.context(claims, arrival)?,
                None => Context::anonymous(self.app.clone(), tx)?,
            })),
        }
    }

    fn context(&self, claims: Claims, arrival: Option<Arrival>) -> Result<Context, Problem> {
        let arrival = arrival.ok_or_else(|| Problem::new(Code::InvalidToken))?;
        let actor = match arrival.role {
            Role::Member => Actor::Member(claims.member),
            role @ (Role::Support | Role::Finance | Role::Admin) => Actor::Staff(claims.member, role),
        };
        Ok(Context {
            app: self.app.clone(),
            now: clock::market_now(arrival.clock_offset),
            actor: Some(actor),
            session: Some(claims.session),
            authenticated_at: Some(arrival.authenticated_at),
            preview: self.intent == Intent::Preview,
            if_match: self.if_match,
            ids: Ids::default(),
            journal: RefCell::default(),
        })
    }
}

/// How a call with a key arrives.
#[derive(Debug)]
pub(crate) enum Arrived {
    /// For the first time.
    Now(Context),
    /// Again: this was the answer, if it may be repeated.
    Before(Option<serde_json::Value>),
}
