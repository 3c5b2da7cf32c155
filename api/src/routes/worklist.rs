//! What waits for staff.

use actix_web::get;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Routes;
use crate::{
    call::{Answer, Call},
    date_time::DateTime,
    extract::Filter,
    page::limit,
    reply::Reply,
    usecases::worklist,
    words::{TaskKind, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(read_worklist);
}

/// How much of it to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WorklistQuery {
    /// Only what waits for this reason.
    #[param(inline)]
    kind: Option<TaskKind>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
}

/// Something that waits for staff.
#[derive(Debug, Serialize, ToSchema)]
struct Task {
    kind: TaskKind,
    /// What it is about.
    #[schema(example = "dispute_01k30dwqgzfgx9p7jfdwpht7gg")]
    id: String,
    /// Since when: the opening of a dispute, the end of the wait for a redelivery, the recording of a receipt, the request of a refund, the draft of an entry, the holding of a payout, the day from which few are left to pay what was earned.
    since_at: DateTime,
}

impl From<worklist::Task> for Task {
    fn from(task: worklist::Task) -> Self {
        Self { kind: Word(task.kind), id: task.subject, since_at: task.since.into() }
    }
}

/// The top of the list.
#[derive(Debug, Serialize, ToSchema)]
struct Worklist {
    items: Vec<Task>,
}

/// What waits for staff
///
/// What has waited longest comes first; whatever is dealt with makes room for the next. Nothing waits for ever.
#[utoipa::path(tag = "staff", params(WorklistQuery), responses((status = 200, description = "The list", body = Worklist)),
    extensions(("x-errors" = json!(["not_permitted", "not_found"]))))]
#[get("/v1/admin/worklist")]
async fn read_worklist(call: Call, query: Filter<WorklistQuery>) -> Answer {
    let most = limit(query.0.limit)?;
    let kind = query.0.kind.map(|word| word.0);
    call.read(move |conn, cx| {
        let items = worklist::read(conn, cx, kind, most)?.into_iter().map(Task::from).collect();
        Reply::ok(&Worklist { items })
    })
    .await
}
