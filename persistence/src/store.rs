//! The store: opening it, reading from it, and the one door through which everything is written.

mod group_commit;
mod later;
mod pool;

use std::{
    ops::{Deref, DerefMut},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::sync_channel,
};

use diesel::{
    Connection, PgConnection, SqliteConnection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::error::{Abort, StoreError};
use group_commit::{STOPPED, Writer};
use later::Waiting;
use pool::{Access, Pool};

pub(crate) use later::{Kept, Rows, WriteNow};
pub use pool::{OpenError, impatient};

/// A connection to either engine; the query code never asks which.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// PostgreSQL.
    Pg(PgConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}

impl std::fmt::Debug for Conn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pg(_) => "Conn::Pg",
            Self::Sqlite(_) => "Conn::Sqlite",
        })
    }
}

/// The inside of the write door. Only a [`Store`] makes one, so whoever holds it is in a transaction.
///
/// Whoever uses it as a connection finds everything written that was left for later.
#[derive(Debug)]
pub struct Tx<'c> {
    conn: &'c mut Conn,
    waiting: Waiting,
    failed: Option<StoreError>,
}

impl<'c> Tx<'c> {
    fn new(conn: &'c mut Conn) -> Self {
        Self { conn, waiting: Waiting::default(), failed: None }
    }

    /// A failure is kept for the end, when nothing is committed and everybody hears of it.
    fn send_waiting(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let Conn::Pg(pg) = &mut *self.conn else { return };
        if let Err(error) = self.waiting.send(pg) {
            self.failed.get_or_insert(error);
        }
    }

    /// What is still to be written is written; says what became of all that was left for later.
    fn finish(mut self) -> Result<(), StoreError> {
        if self.failed.is_none() {
            self.send_waiting();
        }
        self.failed.map_or(Ok(()), Err)
    }
}

impl Deref for Tx<'_> {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.conn
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.send_waiting();
        self.conn
    }
}

/// Runs work and writes what it left for later. Work that panics is undone like any that fails.
fn run<T, E: Abort>(conn: &mut Conn, work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
    let mut tx = Tx::new(conn);
    let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut tx))).unwrap_or_else(|_| Err(StoreError::Panicked.into()));
    match (&outcome, &tx.failed) {
        // What went wrong first is the cause of the rest.
        (Ok(_), _) | (Err(_), Some(_)) => tx.finish()?,
        (Err(_), None) => {}
    }
    outcome
}

/// Runs one expression against whichever engine is connected, where the two need different query types.
macro_rules! on_each {
    ($conn:expr, $inner:ident => $query:expr) => {
        match &mut *$conn {
            $crate::store::Conn::Pg($inner) => $query,
            $crate::store::Conn::Sqlite($inner) => $query,
        }
    };
}
pub(crate) use on_each;

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/postgres");

/// How often a transaction that lost to another is tried before the caller is told.
const TRIES: u32 = 5;

/// How many connections of each sort a store keeps open.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Connections that read.
    pub readers: u32,
    /// Connections that write; SQLite has exactly one whatever this says.
    pub writers: u32,
}

/// A database, embedded or served.
#[derive(Debug)]
pub struct Store {
    readers: Pool,
    writers: Writers,
}

#[derive(Debug)]
enum Writers {
    Postgres(Pool),
    Sqlite(Writer),
}

/// What becomes of the work when it has succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Commit it.
    Keep,
    /// Undo it: the caller only wants to know what it would have done.
    Preview,
}

impl Store {
    /// Opens `postgres://...` or `sqlite:PATH` and brings its tables up to date.
    ///
    /// # Errors
    /// A URL of another kind, a database that does not answer, a migration that fails.
    pub fn open(url: &str, sizes: Sizes) -> Result<Self, OpenError> {
        let target = pool::Target::parse(url)?;
        let mut first = target.connect(Access::Write)?;
        let migrated = match &mut first {
            Conn::Pg(pg) => pool::check_language(pg).and_then(|()| migrate_postgres(pg)),
            Conn::Sqlite(sqlite) => sqlite.run_pending_migrations(SQLITE_MIGRATIONS).map(drop),
        };
        migrated.map_err(|error| OpenError::Migration(error.to_string()))?;
        let readers = Pool::open(target.clone(), Access::Read, sizes.readers)?;
        let writers = match first {
            Conn::Pg(_) => Writers::Postgres(Pool::open(target, Access::Write, sizes.writers)?),
            Conn::Sqlite(_) => Writers::Sqlite(Writer::start(first, target)?),
        };
        Ok(Self { readers, writers })
    }

    /// Reads. A connection of this kind cannot write, whatever is asked of it.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError::Unavailable`] when no connection is free in time.
    pub fn read<T, E: Abort>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let mut conn = self.readers.get()?;
        let outcome = work(&mut conn);
        if outcome.as_ref().is_err_and(|error| error.store_error().is_some()) {
            conn.notice_if_lost();
        }
        outcome
    }

    /// The write door: one transaction around `work`, committed durably before this returns.
    ///
    /// `work` may run more than once, when the engine asks for a transaction to be repeated. With
    /// [`Intent::Preview`] it runs in full and is then undone.
    ///
    /// # Errors
    /// Those of `work`, after which nothing has changed.
    pub fn write<T, E>(
        &self,
        intent: Intent,
        work: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: Abort,
    {
        match &self.writers {
            Writers::Sqlite(writer) => {
                let (sender, outcome) = sync_channel(1);
                writer.submit(intent, work, move |outcome| drop(sender.send(outcome)));
                outcome.recv().map_err(|_| StoreError::Unavailable(STOPPED.into()))?
            }
            Writers::Postgres(pool) => {
                let mut tries = 1;
                loop {
                    let outcome = transact(&mut **pool.get()?, intent, &work);
                    let again = matches!(&outcome, Err(e) if matches!(e.store_error(), Some(StoreError::Transient(_))));
                    if !again || tries == TRIES {
                        return outcome;
                    }
                    tries += 1;
                }
            }
        }
    }

    /// Whether what is written goes through one queue, so that nobody need wait for it on a thread of their own.
    pub const fn has_queue(&self) -> bool {
        matches!(self.writers, Writers::Sqlite(_))
    }

    /// [`Self::write`], of which `answer` hears: from another thread, where there is a queue, and else before this
    /// returns.
    pub fn write_then<T, E>(
        &self,
        intent: Intent,
        work: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        answer: impl FnOnce(Result<T, E>) + Send + 'static,
    ) where
        T: Send + 'static,
        E: Abort,
    {
        match &self.writers {
            Writers::Sqlite(writer) => writer.submit(intent, work, answer),
            Writers::Postgres(_) => answer(self.write(intent, work)),
        }
    }

    /// Undoes every migration and applies them again; for the schema test, on an empty database.
    ///
    /// # Errors
    /// A migration that fails.
    pub fn remigrate(url: &str) -> Result<(), OpenError> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| OpenError::Migration(error.to_string());
        match &mut pool::Target::parse(url)?.connect(Access::Write)? {
            Conn::Pg(pg) => {
                pg.revert_all_migrations(POSTGRES_MIGRATIONS).map_err(failed)?;
                pg.run_pending_migrations(POSTGRES_MIGRATIONS).map_err(failed)?;
            }
            Conn::Sqlite(sqlite) => {
                sqlite.revert_all_migrations(SQLITE_MIGRATIONS).map_err(failed)?;
                sqlite.run_pending_migrations(SQLITE_MIGRATIONS).map_err(failed)?;
            }
        }
        Ok(())
    }
}

/// One replica migrates at a time: the lock makes the others wait, however long that takes, and then find nothing to do.
fn migrate_postgres(pg: &mut PgConnection) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    pg.batch_execute("BEGIN; SET LOCAL lock_timeout = 0; SELECT pg_advisory_lock(4702394921427289); COMMIT")?;
    let done = pg.run_pending_migrations(POSTGRES_MIGRATIONS).map(drop);
    pg.batch_execute("SELECT pg_advisory_unlock(4702394921427289)")?;
    done
}

fn transact<T, E: Abort>(conn: &mut Conn, intent: Intent, work: &impl Fn(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
    begin(conn).map_err(StoreError::from)?;
    match (run(conn, work), intent) {
        (Ok(value), Intent::Keep) => {
            <Conn as Connection>::TransactionManager::commit_transaction(conn).map_err(StoreError::from)?;
            Ok(value)
        }
        (outcome, Intent::Keep | Intent::Preview) => {
            // A connection that cannot even roll back is thrown away by the pool; the outcome stands either way.
            if let Err(error) = <Conn as Connection>::TransactionManager::rollback_transaction(conn) {
                tracing::warn!(%error, "rollback failed");
            }
            outcome
        }
    }
}

/// Reads many things as they were at one moment, whatever is committed meanwhile.
pub(crate) fn at_one_moment<T>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    match conn {
        Conn::Pg(pg) => {
            AnsiTransactionManager::begin_transaction_sql(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        }
        Conn::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN")?,
    }
    let found = work(conn);
    match conn {
        Conn::Pg(pg) => AnsiTransactionManager::rollback_transaction(pg)?,
        Conn::Sqlite(sqlite) => AnsiTransactionManager::rollback_transaction(sqlite)?,
    }
    found
}

/// Begins to write. SQLite's writer takes its lock before it reads what it decides on.
fn begin(conn: &mut Conn) -> diesel::QueryResult<()> {
    match conn {
        Conn::Pg(pg) => AnsiTransactionManager::begin_transaction(pg),
        Conn::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE"),
    }
}
