//! The audit of the books, for finance.

use actix_web::get;
use domain::policy::Operation;
use persistence::ledger::{self, Audit};
use serde::Serialize;
use utoipa::ToSchema;

use super::Routes;
use crate::{
    call::{Answer, Call},
    reply::Reply,
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(verification);
}

/// What an audit of all the books has found.
#[derive(Debug, Serialize, ToSchema)]
struct LedgerVerification {
    /// Whether every invariant holds.
    sound: bool,
    /// How many journal entries were read.
    entries: u64,
    /// How many postings were read.
    postings: u64,
    /// What must not be, in words; empty if all is well.
    #[schema(example = json!([]))]
    findings: Vec<String>,
}

impl From<&Audit> for LedgerVerification {
    fn from(audit: &Audit) -> Self {
        Self {
            sound: audit.is_sound(),
            entries: audit.report.entries,
            postings: audit.report.postings,
            findings: audit.findings(),
        }
    }
}

/// Check every invariant of the books
#[utoipa::path(tag = "staff", responses((status = 200, description = "What was found", body = LedgerVerification)),
    extensions(("x-errors" = json!(["not_permitted", "not_found"]))))]
#[get("/v1/admin/ledger/verification")]
async fn verification(call: Call) -> Answer {
    call.read(|conn, cx| {
        cx.permit(Operation::ReadLedger, cx.standing_outside())?;
        Reply::ok(&LedgerVerification::from(&ledger::verify(conn)?))
    })
    .await
}
