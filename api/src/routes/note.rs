//! Progress notes on a contract.

use actix_web::{get, post};
use domain::ids::ContractKind;
use garde::Validate;
use persistence::{note, page::Position};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    date_time::DateTime,
    extract::{Filter, PathId},
    page::PageFilter,
    reply::Reply,
    usecases::note as usecase,
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(write_note).service(list_notes);
}

/// How the work goes.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct NotePost {
    /// How it goes; the client reads it.
    #[schema(min_length = 1, max_length = 5000)]
    #[garde(length(chars, min = 1, max = 5000))]
    body: String,
    /// The milestone it is about, if about one.
    #[schema(max_length = 64)]
    #[garde(inner(length(max = 64)))]
    milestone_id: Option<String>,
}

/// What the worker said about the work.
#[derive(Debug, Serialize, ToSchema)]
struct ProgressNote {
    id: String,
    contract_id: String,
    #[schema(required = true)]
    milestone_id: Option<String>,
    author_id: String,
    body: String,
    created_at: DateTime,
}

impl From<note::ProgressNote> for ProgressNote {
    fn from(note: note::ProgressNote) -> Self {
        Self {
            id: note.id.to_string(),
            contract_id: note.contract.to_string(),
            milestone_id: note.milestone.map(|id| id.to_string()),
            author_id: note.author.to_string(),
            body: note.body,
            created_at: note.created_at.into(),
        }
    }
}

/// Write a progress note
///
/// For the worker. A note since funding is evidence that work has begun: silence on a cancellation request then leads to a dispute, not to a refund.
#[utoipa::path(tag = "work", request_body = NotePost, responses((status = 201, description = "The note", body = ProgressNote)))]
#[post("/v1/contracts/{id}/progress-notes")]
async fn write_note(call: Call, id: PathId<ContractKind>, body: Body<NotePost>) -> Answer {
    let Body { value, canonical } = body;
    let about = value.milestone_id.as_deref().map(str::parse).transpose()?;
    call.act(Key::Optional, &canonical, move |tx, cx| {
        let note = usecase::write(tx, cx, id.0, about, value.body.clone())?;
        let location = format!("/v1/contracts/{}/progress-notes", note.contract);
        Reply::created(&ProgressNote::from(note), location)
    })
    .await
}

/// Notes, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct ProgressNotePage {
    items: Vec<ProgressNote>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// The progress notes of a contract, newest first
#[utoipa::path(tag = "work", params(PageFilter), responses((status = 200, description = "Notes", body = ProgressNotePage)))]
#[get("/v1/contracts/{id}/progress-notes")]
async fn list_notes(call: Call, id: PathId<ContractKind>, filter: Filter<PageFilter>) -> Answer {
    call.read(move |conn, cx| {
        let secrets = cx.app.tokens.secrets();
        let page = filter.0.page(format!("notes {}", id.0), secrets)?;
        let found = usecase::list(conn, cx, id.0, &page)?;
        let position = |note: &note::ProgressNote| Position { at: note.created_at, id: note.id.uuid() };
        let (notes, next_cursor) = page.cut(found, position, secrets);
        let items = notes.into_iter().map(ProgressNote::from).collect();
        Reply::ok(&ProgressNotePage { items, next_cursor })
    })
    .await
}
