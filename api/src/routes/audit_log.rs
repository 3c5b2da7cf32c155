//! What staff did: all of it for admins, and for each member what concerns them.

use actix_web::get;
use chrono::Utc;
use domain::policy::Role as DomainRole;
use persistence::{
    audit_log::{AuditFilter, AuditRecord as Record},
    page::Position,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Routes;
use crate::{
    call::{Answer, Call},
    date_time::DateTime,
    extract::Filter,
    page::{PageFilter, PageRequest},
    problem::{Code, Problem},
    reply::Reply,
    usecases::audit_log as usecase,
    words::{Hand, Role, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(list_audit_log).service(list_own_audit_log);
}

/// How something stood.
#[derive(Debug, Serialize, ToSchema)]
struct AuditedState {
    /// Its status.
    #[schema(required = true, example = "held")]
    status: Option<String>,
    #[schema(required = true)]
    version: Option<i32>,
    /// Of an account, its role.
    #[schema(required = true)]
    role: Option<Role>,
}

impl AuditedState {
    fn of(state: &Value) -> Result<Self, Problem> {
        let text = |name: &str| state.get(name).and_then(Value::as_str);
        let role: Option<DomainRole> =
            text("role").map(str::parse).transpose().map_err(|_| Problem::new(Code::Internal))?;
        let version = state.get("version").and_then(Value::as_i64).and_then(|version| i32::try_from(version).ok());
        Ok(Self { status: text("status").map(str::to_owned), version, role: role.map(Word) })
    }
}

/// One thing that staff changed.
#[derive(Debug, Serialize, ToSchema)]
struct AuditRecord {
    id: String,
    /// Who did it; null for a command of whoever runs the program.
    #[schema(required = true)]
    actor_id: Option<String>,
    /// In which role, at that time.
    actor_role: Hand,
    /// What was called: the method and the path, or a command.
    #[schema(example = "POST /v1/admin/payouts/{id}/hold")]
    operation: String,
    /// The id of what was changed.
    #[schema(example = "payout_01k30dwqgzfgx9p7jfdwpht7gg")]
    resource: String,
    /// The members whom it concerns.
    #[schema(example = json!(["member_01k30dwqgzfgx9p7jfdwpht7gg"]))]
    member_ids: Vec<String>,
    /// Why, where the operation takes a reason.
    #[schema(required = true)]
    reason: Option<String>,
    /// How it stood before; null if it was new.
    #[schema(required = true)]
    before: Option<AuditedState>,
    /// How it stands since.
    #[schema(required = true)]
    after: Option<AuditedState>,
    /// The `X-Request-Id` of the request; all that one request changed has the same.
    #[schema(required = true, example = "0198c0de5d1f7c3a9b1e4f6f2d1c7a10")]
    request_id: Option<String>,
    created_at: DateTime,
}

impl TryFrom<&Record> for AuditRecord {
    type Error = Problem;

    fn try_from(record: &Record) -> Result<Self, Problem> {
        let state = |state: &Option<Value>| state.as_ref().map(AuditedState::of).transpose();
        Ok(Self {
            id: record.id.to_string(),
            actor_id: record.actor.map(|actor| actor.to_string()),
            actor_role: Word(record.hand),
            operation: record.operation.clone(),
            resource: record.resource.clone(),
            member_ids: [record.client, record.worker].into_iter().flatten().map(|id| id.to_string()).collect(),
            reason: record.reason.clone(),
            before: state(&record.before)?,
            after: state(&record.after)?,
            request_id: record.request.clone(),
            created_at: record.created_at.into(),
        })
    }
}

/// Records, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct AuditLog {
    items: Vec<AuditRecord>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Which records to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// Only what this person did.
    #[param(max_length = 100)]
    actor_id: Option<String>,
    /// Only what concerns this member.
    #[param(max_length = 100)]
    member_id: Option<String>,
    /// Only what was done by this operation, written as in the records.
    #[param(max_length = 254)]
    operation: Option<String>,
    /// Only what was done to this.
    #[param(max_length = 254)]
    resource: Option<String>,
    /// Only what was done at this moment or later.
    from_at: Option<chrono::DateTime<Utc>>,
    /// Only what was done before this moment.
    until_at: Option<chrono::DateTime<Utc>>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
    /// The `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

impl AuditQuery {
    fn filter(&self) -> Result<AuditFilter, Problem> {
        let member = |id: &Option<String>| id.as_deref().map(str::parse).transpose();
        Ok(AuditFilter {
            actor: member(&self.actor_id)?,
            member: member(&self.member_id)?,
            operation: self.operation.clone(),
            resource: self.resource.clone(),
            from: self.from_at,
            until: self.until_at,
        })
    }
}

const fn position(record: &Record) -> Position {
    Position { at: record.created_at, id: record.id.uuid() }
}

/// What staff did, newest first
///
/// One record for each thing that a request of theirs, or a command, has changed. Nothing changes or deletes a record.
#[utoipa::path(tag = "staff", params(AuditQuery), responses((status = 200, description = "Records", body = AuditLog)),
    extensions(("x-errors" = json!(["not_permitted", "not_found", "invalid_id"]))))]
#[get("/v1/admin/audit-log")]
async fn list_audit_log(call: Call, query: Filter<AuditQuery>) -> Answer {
    let filter = query.0.filter()?;
    call.read(move |conn, cx| {
        let secrets = cx.app.tokens.secrets();
        let list = format!("audit log {filter:?}");
        let page = PageRequest::read(query.0.limit, query.0.cursor.as_deref(), list, secrets)?;
        let found = usecase::list(conn, cx, &filter, page.after, page.fetch())?;
        let (records, next_cursor) = page.cut(found, position, secrets);
        let items = records.iter().map(AuditRecord::try_from).collect::<Result<_, _>>()?;
        Reply::ok(&AuditLog { items, next_cursor })
    })
    .await
}

/// What staff changed that concerns the caller.
#[derive(Debug, Serialize, ToSchema)]
struct OwnAuditRecord {
    id: String,
    /// In which role somebody did it.
    actor_role: Hand,
    /// What was called: the method and the path, or a command.
    #[schema(example = "POST /v1/admin/payouts/{id}/hold")]
    operation: String,
    /// The id of what was changed.
    #[schema(example = "payout_01k30dwqgzfgx9p7jfdwpht7gg")]
    resource: String,
    /// Why, where the operation takes a reason.
    #[schema(required = true)]
    reason: Option<String>,
    /// How it stood before; null if it was new.
    #[schema(required = true)]
    before: Option<AuditedState>,
    /// How it stands since.
    #[schema(required = true)]
    after: Option<AuditedState>,
    created_at: DateTime,
}

impl From<AuditRecord> for OwnAuditRecord {
    fn from(record: AuditRecord) -> Self {
        let AuditRecord { id, actor_role, operation, resource, reason, before, after, created_at, .. } = record;
        Self { id, actor_role, operation, resource, reason, before, after, created_at }
    }
}

/// Records, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct OwnAuditLog {
    items: Vec<OwnAuditRecord>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// What staff did that concerns the caller, newest first
///
/// It tells the role in which somebody acted, and not who it was.
#[utoipa::path(tag = "access", params(PageFilter), responses((status = 200, description = "Records", body = OwnAuditLog)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/me/audit-log")]
async fn list_own_audit_log(call: Call, filter: Filter<PageFilter>) -> Answer {
    call.read(move |conn, cx| {
        let secrets = cx.app.tokens.secrets();
        let page = filter.0.page(format!("own audit log {:?}", cx.person()?), secrets)?;
        let found = usecase::list_own(conn, cx, page.after, page.fetch())?;
        let (records, next_cursor) = page.cut(found, position, secrets);
        let items = records.iter().map(|record| AuditRecord::try_from(record).map(OwnAuditRecord::from));
        Reply::ok(&OwnAuditLog { items: items.collect::<Result<_, _>>()?, next_cursor })
    })
    .await
}
