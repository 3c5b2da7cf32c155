//! The audit log: what staff did, written with it and never changed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::{
    ids::{AuditRecordId, MemberId},
    names,
};

use crate::{
    error::StoreError,
    page::{Position, newest_first, of_party},
    row::corrupt,
    schema::audit_log,
    store::{Conn, Rows, Tx},
    types::{Document, Key, Moment},
};

names! {
    /// In which part somebody acted for the operator.
    pub enum Hand {
        /// Staff who talk with members and mediate.
        Support = "support",
        /// Staff who watch over what is offered and said.
        Moderator = "moderator",
        /// Staff who handle money.
        Finance = "finance",
        /// Staff who may do what all other staff may.
        Admin = "admin",
        /// Whoever runs the program itself, by a command.
        Console = "console",
    }
}

/// One thing that staff changed.
#[derive(Debug, Clone)]
pub struct AuditRecord {
    /// Its id.
    pub id: AuditRecordId,
    /// Who did it; nobody known, if it was done by a command.
    pub actor: Option<MemberId>,
    /// In which role, at that time.
    pub hand: Hand,
    /// What was called, as in `POST /v1/admin/payouts/{id}/hold`.
    pub operation: String,
    /// What was changed by it.
    pub resource: String,
    /// The client concerned, or the only member.
    pub client: Option<MemberId>,
    /// The worker concerned.
    pub worker: Option<MemberId>,
    /// Why, where the operation takes a reason.
    pub reason: Option<String>,
    /// How it stood before; none if it was new, or is not known by a state.
    pub before: Option<serde_json::Value>,
    /// How it stands since.
    pub after: Option<serde_json::Value>,
    /// The request.
    pub request: Option<String>,
    /// When, by the marketplace's clock.
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = audit_log)]
struct Row {
    id: Key,
    actor_id: Option<Key>,
    actor_role: String,
    operation: String,
    resource: String,
    client_id: Option<Key>,
    worker_id: Option<Key>,
    reason: Option<String>,
    state_before: Option<Document>,
    state_after: Option<Document>,
    request_id: Option<String>,
    created_at: Moment,
}

impl From<AuditRecord> for Row {
    fn from(record: AuditRecord) -> Self {
        Self {
            id: record.id.into(),
            actor_id: record.actor.map(Key::from),
            actor_role: record.hand.to_string(),
            operation: record.operation,
            resource: record.resource,
            client_id: record.client.map(Key::from),
            worker_id: record.worker.map(Key::from),
            reason: record.reason,
            state_before: record.before.map(Document),
            state_after: record.after.map(Document),
            request_id: record.request,
            created_at: record.created_at.into(),
        }
    }
}

impl TryFrom<Row> for AuditRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = AuditRecordId::from(row.id);
        Ok(Self {
            id,
            actor: row.actor_id.map(Into::into),
            hand: row.actor_role.parse().map_err(corrupt("audit_log", id))?,
            operation: row.operation,
            resource: row.resource,
            client: row.client_id.map(Into::into),
            worker: row.worker_id.map(Into::into),
            reason: row.reason,
            before: row.state_before.map(|document| document.0),
            after: row.state_after.map(|document| document.0),
            request: row.request_id,
            created_at: row.created_at.into(),
        })
    }
}

/// Writes records; nothing changes them afterwards.
///
/// # Errors
/// Only those of the database.
pub fn record(tx: &mut Tx<'_>, records: Vec<AuditRecord>) -> Result<(), StoreError> {
    let insert = || diesel::insert_into(audit_log::table);
    let rows = records.into_iter().map(Row::from).collect();
    tx.insert_later(Rows::New, rows, |row: Row| insert().values(row), |rows| insert().values(rows))
}

/// Which records to list.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Of one person's acts.
    pub actor: Option<MemberId>,
    /// Of what concerns one member.
    pub member: Option<MemberId>,
    /// Of one operation.
    pub operation: Option<String>,
    /// Of one resource.
    pub resource: Option<String>,
    /// From this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub until: Option<DateTime<Utc>>,
}

/// A page of records, newest first.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn list(
    conn: &mut Conn,
    filter: &AuditFilter,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<AuditRecord>, StoreError> {
    let page = || {
        let mut query = audit_log::table.select(Row::as_select()).into_boxed();
        if let Some(actor) = filter.actor {
            query = query.filter(audit_log::actor_id.eq(Key::from(actor)));
        }
        if let Some(operation) = &filter.operation {
            query = query.filter(audit_log::operation.eq(operation.clone()));
        }
        if let Some(resource) = &filter.resource {
            query = query.filter(audit_log::resource.eq(resource.clone()));
        }
        if let Some(from) = filter.from {
            query = query.filter(audit_log::created_at.ge(Moment::from(from)));
        }
        if let Some(until) = filter.until {
            query = query.filter(audit_log::created_at.lt(Moment::from(until)));
        }
        newest_first!(query, audit_log, after, fetch)
    };
    let rows: Vec<Row> = of_party!(conn, audit_log, filter.member, page, fetch);
    rows.into_iter().map(AuditRecord::try_from).collect()
}
