//! What an action would post, shown when it is only previewed.

use domain::ledger::{JournalEntry, Posting};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    context::Context,
    words::{Currency, EntryKind, Word},
};

/// One side of a journal entry.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JournalLine {
    /// The account, as in `earnings:...`.
    #[schema(example = "system_fee")]
    account: String,
    /// Minor units; a debit is positive, a credit negative.
    #[schema(example = -1819)]
    amount: i64,
}

/// A journal entry. Its lines add up to zero.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Entry {
    kind: EntryKind,
    currency: Currency,
    lines: Vec<JournalLine>,
}

impl From<&JournalEntry> for Entry {
    fn from(entry: &JournalEntry) -> Self {
        let line = |posting: &Posting| JournalLine { account: posting.account.to_string(), amount: posting.amount };
        Self {
            kind: Word(entry.kind()),
            currency: Word(entry.currency()),
            lines: entry.postings().iter().map(line).collect(),
        }
    }
}

/// What the action would do to the books.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Preview {
    /// What it would post; nothing has been.
    entries: Vec<Entry>,
}

impl Preview {
    /// What this call has posted, if it is a preview.
    pub(super) fn of(cx: &Context) -> Option<Self> {
        cx.preview.then(|| Self { entries: cx.entries().iter().map(Entry::from).collect() })
    }
}
