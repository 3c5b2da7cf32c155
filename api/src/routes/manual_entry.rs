//! Booking by hand what no operation books, for finance.

use actix_web::{get, post};
use domain::{
    ids::{ManualEntryKind as Kind, MemberId},
    ledger::{Account, Posting},
    manual_entry::{self, ManualEntryAction, Side as DomainSide},
    money::Money as Amount,
};
use garde::Validate;
use persistence::page::Position;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Routes, preview::Preview};
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    context::Context,
    date_time::DateTime,
    extract::{Filter, PathId},
    money::{Money, positive},
    page::PageRequest,
    problem::{Code, Problem},
    reply::Reply,
    usecases::manual_entry as usecase,
    words::{AccountKind, ManualEntryState, Side, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(draft_manual_entry).service(list_manual_entries).service(read_manual_entry);
    config.service(approve_manual_entry).service(reject_manual_entry);
}

/// One line of an entry.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct ManualLine {
    #[schema(example = "client_funds")]
    #[garde(skip)]
    account: AccountKind,
    /// Whose account, where each member has one of their own.
    #[garde(length(chars, max = 100))]
    member_id: Option<String>,
    #[garde(skip)]
    side: Side,
    /// More than nothing.
    #[garde(dive)]
    amount: Money,
}

impl ManualLine {
    fn read(&self, place: usize) -> Result<manual_entry::Line, Problem> {
        let owner: Option<MemberId> = self.member_id.as_deref().map(str::parse).transpose()?;
        let account = Account::from_parts(self.account.0, owner.map(MemberId::uuid)).map_err(|error| {
            let ja = "この勘定科目にはmember_idが必要か、または指定できません。";
            Problem::new(Code::InvalidBody).at(format!("/lines/{place}/member_id"), error.to_string(), ja)
        })?;
        let amount = positive(self.amount, &format!("/lines/{place}/amount/amount"))?;
        Ok(manual_entry::Line { account, side: self.side.0, amount })
    }

    fn of(posting: &Posting, entry: &domain::ledger::JournalEntry) -> Result<Self, Problem> {
        let side = if posting.amount < 0 { DomainSide::Credit } else { DomainSide::Debit };
        let amount = Amount::new(posting.amount.saturating_abs(), entry.currency())?;
        Ok(Self {
            account: Word(posting.account.kind()),
            member_id: posting.account.owner().map(|owner| MemberId::from_uuid(owner).to_string()),
            side: Word(side),
            amount: amount.into(),
        })
    }
}

/// What is to be booked, and why.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct ManualEntryPost {
    /// The members whose accounts it changes read it once it is posted.
    #[schema(min_length = 1, max_length = 500, example = "The bank charged its monthly fee")]
    #[garde(length(chars, min = 1, max = 500))]
    reason: String,
    /// Debits and credits of one currency, which add up to the same; one for each account.
    #[schema(min_items = 2, max_items = 20, example = json!([
        {"account": "bank_fee", "side": "debit", "amount": {"amount": 1100, "currency": "JPY"}},
        {"account": "bank", "side": "credit", "amount": {"amount": 1100, "currency": "JPY"}},
    ]))]
    #[garde(length(min = 2, max = 20), dive)]
    lines: Vec<ManualLine>,
}

/// An entry by hand.
#[derive(Debug, Serialize, ToSchema)]
struct ManualEntry {
    id: String,
    status: ManualEntryState,
    reason: String,
    lines: Vec<ManualLine>,
    /// Who wrote it.
    drafter_id: String,
    /// Who posted or rejected it, never its writer.
    #[schema(required = true, example = json!(null))]
    decider_id: Option<String>,
    /// Why it was rejected.
    #[schema(required = true, example = json!(null))]
    refusal: Option<String>,
    /// What you may do now.
    allowed_actions: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
    /// With `?preview=true`: what would be posted. Nothing has been.
    #[schema(required = true)]
    preview: Option<Preview>,
}

impl ManualEntry {
    fn of(manual: &manual_entry::ManualEntry, cx: &Context) -> Result<Self, Problem> {
        let allowed = cx.actor.map(|actor| manual.allowed_actions(actor)).unwrap_or_default();
        let lines = manual.entry.postings().iter().map(|posting| ManualLine::of(posting, &manual.entry));
        Ok(Self {
            id: manual.id.to_string(),
            status: Word(manual.state),
            reason: manual.reason.clone(),
            lines: lines.collect::<Result<_, _>>()?,
            drafter_id: manual.drafter_id.to_string(),
            decider_id: manual.decider_id.map(|id| id.to_string()),
            refusal: manual.refusal.clone(),
            allowed_actions: allowed.iter().map(ManualEntryAction::to_string).collect(),
            version: manual.version,
            created_at: manual.created_at.into(),
            updated_at: manual.updated_at.into(),
            preview: Preview::of(cx),
        })
    }
}

fn reply(manual: &manual_entry::ManualEntry, cx: &Context) -> Result<Reply, Problem> {
    Ok(Reply::ok(&ManualEntry::of(manual, cx)?)?.version(manual.version))
}

/// Draft an entry by hand
///
/// For what no operation books: charges of the bank, transfers of the gateway, taxes that were paid, a correction. It changes nothing until another person approves it. Escrows, earnings, money on its way and unmatched receipts are not booked by hand; at most two members' accounts are.
#[utoipa::path(tag = "staff", request_body = ManualEntryPost, responses((status = 201, description = "The draft", body = ManualEntry)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["not_permitted", "not_found", "invalid_id", "member_left"]))))]
#[post("/v1/admin/manual-entries")]
async fn draft_manual_entry(call: Call, body: Body<ManualEntryPost>) -> Answer {
    let Body { value, canonical } = body;
    let lines: Vec<_> =
        value.lines.iter().enumerate().map(|(place, line)| line.read(place)).collect::<Result<_, _>>()?;
    call.act(Key::Required, &canonical, move |tx, cx| {
        let manual = usecase::draft(tx, cx, &lines, value.reason.clone())?;
        let location = format!("/v1/admin/manual-entries/{}", manual.id);
        Ok(Reply::created(&ManualEntry::of(&manual, cx)?, location)?.version(manual.version))
    })
    .await
}

/// Entries, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct ManualEntryPage {
    items: Vec<ManualEntry>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Which entries to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ManualEntryQuery {
    /// Only those with this status.
    #[param(inline)]
    status: Option<ManualEntryState>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
    /// The `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

const fn position(manual: &manual_entry::ManualEntry) -> Position {
    Position { at: manual.created_at, id: manual.id.uuid() }
}

/// Entries by hand, newest first
#[utoipa::path(tag = "staff", params(ManualEntryQuery), responses((status = 200, description = "Entries", body = ManualEntryPage)),
    extensions(("x-errors" = json!(["not_permitted", "not_found"]))))]
#[get("/v1/admin/manual-entries")]
async fn list_manual_entries(call: Call, query: Filter<ManualEntryQuery>) -> Answer {
    let ManualEntryQuery { status, limit, cursor } = query.0;
    let state = status.map(|word| word.0);
    call.read(move |conn, cx| {
        let secrets = cx.app.tokens.secrets();
        let page = PageRequest::read(limit, cursor.as_deref(), format!("manual entries {state:?}"), secrets)?;
        let found = usecase::list(conn, cx, state, page.after, page.fetch())?;
        let (entries, next_cursor) = page.cut(found, position, secrets);
        let items = entries.iter().map(|manual| ManualEntry::of(manual, cx)).collect::<Result<_, _>>()?;
        Reply::ok(&ManualEntryPage { items, next_cursor })
    })
    .await
}

/// One entry by hand
#[utoipa::path(tag = "staff", responses((status = 200, description = "The entry", body = ManualEntry)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/admin/manual-entries/{id}")]
async fn read_manual_entry(call: Call, id: PathId<Kind>) -> Answer {
    call.read(move |conn, cx| reply(&usecase::read(conn, cx, id.0)?, cx)).await
}

/// Post an entry that another person drafted
///
/// With `?preview=true` it shows the journal entry, and changes nothing.
#[utoipa::path(tag = "staff", responses((status = 200, description = "The entry, posted", body = ManualEntry)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["four_eyes", "insufficient_funds", "balance_too_large", "member_left", "invalid_body"]))))]
#[post("/v1/admin/manual-entries/{id}/approve")]
async fn approve_manual_entry(call: Call, id: PathId<Kind>) -> Answer {
    call.act(Key::Required, "", move |tx, cx| reply(&usecase::approve(tx, cx, id.0)?, cx)).await
}

/// Why.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct ManualEntryRefusal {
    /// Whoever drafted it reads it.
    #[schema(min_length = 1, max_length = 500, example = "The fee is already booked")]
    #[garde(length(chars, min = 1, max = 500))]
    reason: String,
}

/// Reject an entry that another person drafted
#[utoipa::path(tag = "staff", request_body = ManualEntryRefusal, responses((status = 200, description = "The entry, rejected", body = ManualEntry)),
    extensions(("x-errors" = json!(["four_eyes"]))))]
#[post("/v1/admin/manual-entries/{id}/reject")]
async fn reject_manual_entry(call: Call, id: PathId<Kind>, body: Body<ManualEntryRefusal>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Optional, &canonical, move |tx, cx| reply(&usecase::reject(tx, cx, id.0, value.reason.clone())?, cx))
        .await
}
