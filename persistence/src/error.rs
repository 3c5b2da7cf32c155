//! What can go wrong in storage.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// What PostgreSQL says when a lock was waited for too long.
pub(crate) const LOCK_TIMEOUT: &str = "lock timeout";

/// A failure of storage, or of what was found there.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row changed between reading and saving it: somebody else was first.
    #[error("{table} changed meanwhile")]
    LostRace { table: &'static str },
    /// A unique key is taken.
    #[error("the unique key {constraint} is taken")]
    Taken { constraint: String },
    /// A balance would go below what is held or reserved.
    #[error("a balance would go below zero")]
    Insufficient,
    /// A balance would pass what can be sent exactly (2^53 - 1).
    #[error("a balance would be out of range")]
    OutOfRange,
    /// A row that makes no sense.
    #[error("row {id} of {table} makes no sense: {what}")]
    Corrupt { table: &'static str, id: String, what: String },
    /// A row that must be there is not.
    #[error("row {id} of {table} is missing")]
    Missing { table: &'static str, id: String },
    /// A request with the same idempotency key takes too long to be waited for.
    #[error("the first request with this key is still running")]
    StillRunning,
    /// No connection in time, or the database is gone.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The engine gave up on this transaction in favour of another; it may be tried again.
    #[error("the transaction must be tried again")]
    Transient(#[source] DieselError),
    /// The work on it panicked, which is a mistake of ours.
    #[error("the work panicked")]
    Panicked,
    /// Anything else the database says.
    #[error("the database refused")]
    Database(#[source] DieselError),
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        let DieselError::DatabaseError(ref kind, ref info) = error else {
            return Self::Database(error);
        };
        let message = info.message();
        match kind {
            // SQLite names the columns in the message, PostgreSQL the constraint.
            DatabaseErrorKind::UniqueViolation => {
                Self::Taken { constraint: info.constraint_name().unwrap_or(message).to_owned() }
            }
            DatabaseErrorKind::SerializationFailure => Self::Transient(error),
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                Self::Unavailable(message.to_owned())
            }
            // Two that the engine has no kind for.
            other if is_unnamed(other) && message.contains("deadlock detected") => Self::Transient(error),
            other if is_unnamed(other) && message.contains(LOCK_TIMEOUT) => Self::Unavailable(message.to_owned()),
            DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::ReadOnlyTransaction
            | DatabaseErrorKind::RestrictViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::ExclusionViolation
            | _ => Self::Database(error),
        }
    }
}

const fn is_unnamed(kind: &DatabaseErrorKind) -> bool {
    matches!(kind, DatabaseErrorKind::Unknown)
}

impl StoreError {
    /// For a unique key that was looked for and not found a moment ago: another transaction took it, try again.
    #[must_use]
    pub(crate) fn raced(self) -> Self {
        if matches!(self, Self::Taken { .. }) { Self::Transient(DieselError::RollbackTransaction) } else { self }
    }
}

/// An error that can end a piece of work inside the write door.
pub trait Abort: From<StoreError> + Send + 'static {
    /// The storage failure underneath, if that is what it is.
    fn store_error(&self) -> Option<&StoreError>;
}

impl Abort for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}
