//! Storage: one query code over SQLite and PostgreSQL, and the one door through which everything is written.

pub mod error;
pub mod event;
pub mod idempotency;
pub mod instance;
mod locked;
pub mod mail;
pub mod member;
pub mod page;
mod row;
pub mod schema;
pub mod session;
pub mod store;
pub mod timer;
pub mod types;
