//! The ledger: double entry, append only, one balanced entry per business event and currency
//! (domain rules, section 3).

mod account;
mod balances;
mod booking;
mod entry;
mod verify;

pub use account::{Account, AccountKind, InvalidAccount, Nature};
pub use balances::{Balances, Overdrawn};
pub use booking::{QuickFee, ReleaseLegs};
pub use entry::{EntryKind, InvalidEntry, JournalEntry, Posting, Transfer};
pub use verify::{Finding, Report, verify};
