//! The sessions of the caller, which are their devices; and how staff end somebody's.

use actix_web::{delete, get, post};
use domain::ids::{MemberKind, SessionId, SessionKind};
use garde::Validate;
use persistence::{page::Position, session::devices};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    body::Body,
    call::{Answer, Call, Key},
    date_time::DateTime,
    extract::{Filter, PathId},
    page::PageFilter,
    problem::{Code, Problem},
    reply::Reply,
    usecases::session,
};

/// A session that is open.
#[derive(Debug, Serialize, ToSchema)]
struct Session {
    id: String,
    /// What the client said it was, by its `User-Agent`.
    #[schema(example = "Firefox on Windows")]
    device: String,
    /// Whether it is the one of this request.
    current: bool,
    created_at: DateTime,
    /// When its tokens were last renewed; when it was opened, if never.
    last_refreshed_at: DateTime,
    expires_at: DateTime,
}

impl Session {
    fn of(session: devices::Session, current: Option<SessionId>) -> Self {
        Self {
            id: session.id.to_string(),
            device: session.device,
            current: current == Some(session.id),
            created_at: session.created_at.into(),
            last_refreshed_at: session.refreshed_at.unwrap_or(session.created_at).into(),
            expires_at: session.expires_at.into(),
        }
    }
}

/// The session that a token belongs to.
#[derive(Debug, Serialize, ToSchema)]
struct CurrentSession {
    id: String,
    member_id: String,
    /// When its owner last proved who they are, by logging in or stepping up.
    authenticated_at: DateTime,
}

/// Whether this token is good, and whose it is
///
/// The cheapest way to ask: it looks at the session alone.
#[utoipa::path(tag = "access", responses((status = 200, description = "The session", body = CurrentSession)))]
#[get("/v1/sessions/current")]
pub(super) async fn read_current_session(call: Call) -> Answer {
    call.read(|_, cx| {
        let (Some(session), Some(authenticated_at)) = (cx.session, cx.authenticated_at) else {
            return Err(Problem::new(Code::Unauthenticated));
        };
        let (id, member_id) = (session.to_string(), cx.person()?.to_string());
        Reply::ok(&CurrentSession { id, member_id, authenticated_at: authenticated_at.into() })
    })
    .await
}

/// Sessions, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct SessionPage {
    items: Vec<Session>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

const fn position(session: &devices::Session) -> Position {
    Position { at: session.created_at, id: session.id.uuid() }
}

/// The caller's open sessions, newest first
#[utoipa::path(tag = "access", params(PageFilter), responses((status = 200, description = "Sessions", body = SessionPage)))]
#[get("/v1/sessions")]
pub(super) async fn list_sessions(call: Call, filter: Filter<PageFilter>) -> Answer {
    call.read(move |conn, cx| {
        let secrets = cx.app.tokens.secrets();
        let request = filter.0.page(format!("sessions {}", cx.person()?), secrets)?;
        let (found, next_cursor) = request.cut(session::list(conn, cx, &request)?, position, secrets);
        let items = found.into_iter().map(|one| Session::of(one, cx.session)).collect();
        Reply::ok(&SessionPage { items, next_cursor })
    })
    .await
}

/// One open session of the caller
#[utoipa::path(tag = "access", responses((status = 200, description = "The session", body = Session)))]
#[get("/v1/sessions/{id}")]
pub(super) async fn read_session(call: Call, id: PathId<SessionKind>) -> Answer {
    call.read(move |conn, cx| Reply::ok(&Session::of(session::find(conn, cx, id.0)?, cx.session))).await
}

/// Log out one device
///
/// Ends one session of the caller, at once and on every replica. Its device counts as new when it logs in again.
#[utoipa::path(tag = "access", responses((status = 204, description = "The session has ended")))]
#[delete("/v1/sessions/{id}")]
pub(super) async fn revoke_session(call: Call, id: PathId<SessionKind>) -> Answer {
    call.act(Key::Optional, "", move |tx, cx| {
        session::revoke(tx, cx, id.0)?;
        Ok(Reply::empty())
    })
    .await
}

/// Log out everywhere
///
/// Ends every session of the caller, this one included, and forgets every device.
#[utoipa::path(tag = "access", responses((status = 204, description = "All sessions have ended")))]
#[delete("/v1/sessions")]
pub(super) async fn log_out_everywhere(call: Call) -> Answer {
    call.act(Key::Optional, "", |tx, cx| {
        session::log_out_everywhere(tx, cx)?;
        Ok(Reply::empty())
    })
    .await
}

/// Why the sessions of somebody end.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionsEnd {
    /// For the audit log; the person concerned reads it there.
    #[schema(min_length = 1, max_length = 500, example = "She called: her phone was stolen")]
    #[garde(length(chars, min = 1, max = 500))]
    reason: String,
}

/// Log a member out everywhere
///
/// For an account in wrong hands: ends every session of theirs, also those of apps and API keys, at once and on every replica, forgets every device, and unlinks every account at a provider. Who had nothing else to log in by asks for a new password by mail. Not the own ones, which `DELETE /v1/sessions` ends.
#[utoipa::path(tag = "staff", request_body = SessionsEnd, responses((status = 204, description = "All sessions have ended")),
    extensions(("x-errors" = json!(["not_permitted", "precondition_failed"]))))]
#[post("/v1/admin/members/{id}/end-sessions")]
pub(super) async fn end_sessions(call: Call, id: PathId<MemberKind>, body: Body<SessionsEnd>) -> Answer {
    call.act(Key::Optional, &body.canonical, move |tx, cx| {
        session::end_all(tx, cx, id.0)?;
        Ok(Reply::empty())
    })
    .await
}
