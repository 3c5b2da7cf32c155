//! The audit log: whatever staff change leaves a record, in the same transaction.

use std::{borrow::Cow, sync::Arc};

use actix_web::HttpRequest;
use domain::{
    actor::Actor,
    policy::{Operation, Role},
};
use persistence::{
    audit_log::{self, AuditFilter, AuditRecord, Hand},
    instance,
    page::Position,
    store::{Conn, Intent, Tx},
};
use serde_json::Value;

use super::commit::Audience;
use crate::{
    clock,
    context::Context,
    operations,
    problem::{Code, Problem},
    state::App,
    trail::Change,
};

/// What is asked for, as far as the log tells it.
#[derive(Debug, Clone)]
pub struct Deed {
    operation: Cow<'static, str>,
    reason: Option<String>,
    request: Option<String>,
    /// Only staff can do it, and never without changing something.
    is_for_staff: bool,
}

impl Deed {
    /// A request; its reason is the member of the body that is called so.
    pub fn of(request: &HttpRequest, canonical: &str) -> Self {
        let operation = operations::of(request).map_or("", |operation| &operation.name);
        let is_for_staff = operation.contains(" /v1/admin/");
        let header = request.headers().get("x-request-id").and_then(|value| value.to_str().ok());
        Self {
            operation: operation.into(),
            reason: if is_for_staff { reason(canonical) } else { None },
            request: header.map(str::to_owned),
            is_for_staff,
        }
    }

    /// A command of the program.
    pub fn command(operation: &'static str, reason: Option<&str>) -> Self {
        let reason = reason.map(str::to_owned);
        Self { operation: operation.into(), reason, request: None, is_for_staff: true }
    }
}

fn reason(canonical: &str) -> Option<String> {
    let body: Value = serde_json::from_str(canonical).ok()?;
    let said = body.get("reason").or_else(|| body.get("reasoning"))?;
    said.as_str().map(str::to_owned)
}

/// Ends every call that acts: what staff have changed is written to the log. Nothing else writes to it, and nothing passes
/// that was changed without a trace.
///
/// # Errors
/// [`Code::Internal`] when nothing says what was changed, which undoes it.
pub fn conclude(tx: &mut Tx<'_>, cx: &Context, deed: &Deed) -> Result<(), Problem> {
    let Some(hand) = cx.hand() else { return Ok(()) };
    let actor = cx.doer().and_then(Actor::member);
    let (mut changes, reason) = cx.trail().take();
    if changes.is_empty() {
        // What staff do to their own account is changed as everybody's is.
        let own = actor.filter(|_| !deed.is_for_staff).ok_or_else(|| {
            tracing::error!(operation = %deed.operation, "staff changed something without a trace");
            Problem::new(Code::Internal)
        })?;
        changes.push(Change { resource: own.to_string(), audience: Audience::only(own), before: None, after: None });
    }
    // Of two that waited for the same row the later one read the clock perhaps before the other.
    let now = clock::market_now(instance::read(tx)?.clock_offset());
    let record = |change: Change| AuditRecord {
        id: cx.new_id(),
        actor,
        hand,
        operation: deed.operation.clone().into_owned(),
        resource: change.resource,
        client: change.audience.client,
        worker: change.audience.worker,
        reason: reason.clone().or_else(|| deed.reason.clone()),
        before: change.before,
        after: change.after,
        request: deed.request.clone(),
        created_at: now,
    };
    Ok(audit_log::record(tx, changes.into_iter().map(record).collect())?)
}

/// The same for what may change nothing, such as a guess that is only counted.
///
/// # Errors
/// Only those of the store.
pub fn conclude_if_changed(tx: &mut Tx<'_>, cx: &Context, deed: &Deed) -> Result<(), Problem> {
    let is_changed = cx.trail().is_changed();
    if is_changed { conclude(tx, cx, deed) } else { Ok(()) }
}

/// Does what a command asks for, as whoever runs the program; it leaves its record like all else.
///
/// # Errors
/// Those of `work`.
pub fn at_console<T: Send + 'static>(
    app: &Arc<App>,
    deed: Deed,
    work: impl Fn(&mut Tx<'_>, &Context) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let inner = app.clone();
    app.store.write(Intent::Keep, move |tx| {
        let cx = Context::console(inner.clone(), tx)?;
        let done = work(tx, &cx)?;
        conclude(tx, &cx, &deed)?;
        Ok(done)
    })
}

/// A page of the log.
///
/// # Errors
/// Not the caller's to see.
pub fn list(
    conn: &mut Conn,
    cx: &Context,
    filter: &AuditFilter,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<AuditRecord>, Problem> {
    cx.permit(Operation::ReadAuditLog, cx.standing_outside())?;
    Ok(audit_log::list(conn, filter, after, fetch)?)
}

/// A page of what concerns the caller.
///
/// # Errors
/// Staff, who have nothing of their own.
pub fn list_own(
    conn: &mut Conn,
    cx: &Context,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<AuditRecord>, Problem> {
    cx.permit(Operation::ReadOwnAuditLog, cx.standing_outside())?;
    let filter = AuditFilter { member: Some(cx.member()?), ..AuditFilter::default() };
    Ok(audit_log::list(conn, &filter, after, fetch)?)
}

/// In which part this role acts; a member acts for nobody but themself.
pub const fn hand(role: Role) -> Option<Hand> {
    match role {
        Role::Member => None,
        Role::Support => Some(Hand::Support),
        Role::Moderator => Some(Hand::Moderator),
        Role::Finance => Some(Hand::Finance),
        Role::Admin => Some(Hand::Admin),
    }
}
