//! Connections: where they lead, how they are set up, how many are kept.

use std::{
    ops::{Deref, DerefMut},
    path::PathBuf,
    time::Duration,
};

use diesel::{
    Connection, ConnectionError, PgConnection, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    r2d2::{self, ManageConnection, PooledConnection, R2D2Connection},
};

use super::Conn;
use crate::error::StoreError;

/// How long a request waits for a free connection before it is told to come back. It may then still wait for a lock, and
/// is to hear of either within 3 seconds.
const PATIENCE: Duration = Duration::from_millis(1000);

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither `sqlite:` nor `postgres://`.
    #[error("the database URL must start with sqlite: or postgres://")]
    UnknownScheme,
    /// The database does not answer, or refuses.
    #[error("cannot connect to the database: {0}")]
    Connect(String),
    /// The tables could not be brought up to date.
    #[error("cannot migrate the database: {0}")]
    Migration(String),
}

/// Whether a connection may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// A parsed database URL.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Target {
    pub(super) fn parse(url: &str) -> Result<Self, OpenError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return Ok(Self::Sqlite(path.into()));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(impatient(url)));
        }
        Err(OpenError::UnknownScheme)
    }

    pub(super) fn connect(&self, access: Access) -> Result<Conn, OpenError> {
        let connected = match self {
            Self::Sqlite(path) => connect_sqlite(&path.to_string_lossy(), access).map(Conn::Sqlite),
            Self::Postgres(url) => connect_postgres(url, access).map(Conn::Pg),
        };
        connected.map_err(|error| OpenError::Connect(error.to_string()))
    }
}

/// When a server that has silently gone counts as gone. The system's own patience is hours, and meanwhile each connection
/// of the pool would wait for it. What the URL itself says goes first.
const NETWORK: [(&str, &str); 5] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "10000"),
];

/// A PostgreSQL URL with those parameters of the connection that it does not name, so that it gives up a server that has
/// silently gone.
pub fn impatient(url: &str) -> String {
    let named = |name: &str| {
        let given = url.split_once('?').map_or("", |(_, query)| query).split('&');
        given.filter_map(|pair| pair.split_once('=')).any(|(given, _)| given == name)
    };
    NETWORK.iter().filter(|(name, _)| !named(name)).fold(url.to_owned(), |url, (name, value)| {
        let sign = if url.contains('?') { '&' } else { '?' };
        format!("{url}{sign}{name}={value}")
    })
}

fn connect_sqlite(path: &str, access: Access) -> Result<SqliteConnection, ConnectionError> {
    let mut conn = SqliteConnection::establish(path)?;
    conn.batch_execute(
        "PRAGMA busy_timeout = 2000;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA cache_size = -16000;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA temp_store = MEMORY;",
    )
    .map_err(ConnectionError::CouldntSetupConfiguration)?;
    if access == Access::Read {
        conn.batch_execute("PRAGMA query_only = ON").map_err(ConnectionError::CouldntSetupConfiguration)?;
    }
    Ok(conn)
}

fn connect_postgres(url: &str, access: Access) -> Result<PgConnection, ConnectionError> {
    let mut conn = PgConnection::establish(url)?;
    // Every query goes by keys and indexes whatever its values are, so a plan is made once and kept.
    conn.batch_execute(
        "SET TIME ZONE 'UTC'; SET lock_timeout = '1200ms'; SET synchronous_commit = on;
         SET plan_cache_mode = force_generic_plan",
    )
    .map_err(ConnectionError::CouldntSetupConfiguration)?;
    if access == Access::Read {
        // Nothing that reads waits for anything but a change of the tables themselves.
        conn.batch_execute("SET default_transaction_read_only = on; SET lock_timeout = '250ms'")
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
    }
    Ok(conn)
}

/// Deadlocks and lock timeouts are told from the rest by their message, for want of a kind of their own; so it must be
/// the English one.
pub(super) fn check_language(pg: &mut PgConnection) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let query = diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>("current_setting('lc_messages')"));
    let language: String = query.get_result(pg)?;
    let is_english =
        ["", "C", "POSIX"].contains(&language.as_str()) || language.starts_with("en") || language.starts_with("C.");
    if is_english {
        return Ok(());
    }
    Err(format!("set lc_messages of the database to C (ALTER DATABASE ... SET lc_messages = 'C'); it is {language}")
        .into())
}

/// A connection of a pool.
pub(super) struct Pooled {
    conn: Conn,
    is_lost: bool,
}

impl Pooled {
    /// After a failure, so that the pool keeps no connection that is lost. Diesel notices a loss inside a transaction, and
    /// when it sends a statement, but not when it prepares one to be loaded; a connection lost before its first query
    /// would come back for ever.
    pub(super) fn notice_if_lost(&mut self) {
        if let Err(error) = self.conn.ping() {
            tracing::warn!(%error, "a connection is lost");
            self.is_lost = true;
        }
    }
}

impl Deref for Pooled {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

/// Open connections of one kind.
#[derive(Debug)]
pub(super) struct Pool(r2d2::Pool<Manager>);

impl Pool {
    pub(super) fn open(target: Target, access: Access, size: u32) -> Result<Self, OpenError> {
        r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(PATIENCE)
            .test_on_check_out(false)
            .build(Manager { target, access })
            .map(Self)
            .map_err(|error| OpenError::Connect(error.to_string()))
    }

    pub(super) fn get(&self) -> Result<PooledConnection<Manager>, StoreError> {
        self.0.get().map_err(|error| StoreError::Unavailable(error.to_string()))
    }
}

#[derive(Debug)]
pub(super) struct Manager {
    target: Target,
    access: Access,
}

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Pooled, r2d2::Error> {
        self.target
            .connect(self.access)
            .map(|conn| Pooled { conn, is_lost: false })
            .map_err(|error| r2d2::Error::ConnectionError(ConnectionError::BadConnection(error.to_string())))
    }

    fn is_valid(&self, conn: &mut Pooled) -> Result<(), r2d2::Error> {
        conn.ping().map_err(r2d2::Error::QueryError)
    }

    fn has_broken(&self, conn: &mut Pooled) -> bool {
        std::thread::panicking() || conn.is_lost || conn.is_broken()
    }
}
