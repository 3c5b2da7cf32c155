//! Storage: one query code over SQLite and PostgreSQL, and the one door through which everything is written.

pub mod cancellation;
pub mod contract;
pub mod dispute;
mod document;
pub mod error;
pub mod event;
pub mod idempotency;
pub mod instance;
pub mod job;
pub mod ledger;
mod locked;
pub mod mail;
pub mod member;
pub mod milestone;
pub mod note;
pub mod page;
pub mod payment;
pub mod proposal;
pub mod relation;
mod row;
pub mod schema;
pub mod session;
pub mod store;
mod terms;
pub mod timer;
pub mod types;
pub mod worklist;
