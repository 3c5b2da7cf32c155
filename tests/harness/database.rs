//! A database for one test: a copy of a migrated template, as a file or in a PostgreSQL server.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use diesel::{
    Connection, ConnectionResult, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Integer, Text},
};
use persistence::store::{Sizes, Store};
use tempfile::TempDir;

/// What stores the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A database that goes away with this value.
pub struct Database {
    pub url: String,
    pub engine: Engine,
    _folder: TempDir,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

impl Database {
    /// A migrated database with nothing in it.
    pub fn create(engine: Engine) -> Self {
        let folder = folder();
        let url = match engine {
            Engine::Sqlite => {
                std::fs::copy(template_file(), file_in(&folder)).unwrap();
                sqlite_url(&file_in(&folder))
            }
            Engine::Postgres => {
                let mut admin = administrator();
                let template = template(&mut admin);
                new_in_server(&mut admin, &format!("TEMPLATE {template}"))
            }
        };
        Self { url, engine, _folder: folder }
    }

    /// A database without tables.
    pub fn empty(engine: Engine) -> Self {
        let folder = folder();
        let url = match engine {
            // Whoever opens it makes the file.
            Engine::Sqlite => sqlite_url(&file_in(&folder)),
            Engine::Postgres => new_in_server(&mut administrator(), ""),
        };
        Self { url, engine, _folder: folder }
    }

    /// The column `text` of what a query finds, whatever the application thinks of it.
    pub fn texts(&self, query: &str) -> Vec<String> {
        texts(self.engine, &self.url, query).unwrap()
    }

    /// Does anything to the data behind the application's back; says why if the database refuses.
    pub fn execute(&self, statement: &str) -> Result<(), String> {
        execute(self.engine, &self.url, statement)
    }

    /// The names of all tables.
    pub fn tables(&self) -> Vec<String> {
        self.texts(match self.engine {
            Engine::Sqlite => "SELECT name AS text FROM sqlite_master WHERE type = 'table'",
            Engine::Postgres => {
                "SELECT table_name::text AS text FROM information_schema.tables WHERE table_schema = 'public'"
            }
        })
    }

    /// The names of the columns of a table.
    pub fn columns(&self, table: &str) -> Vec<String> {
        self.texts(&match self.engine {
            Engine::Sqlite => format!("SELECT name AS text FROM pragma_table_info('{table}')"),
            Engine::Postgres => {
                format!("SELECT column_name::text AS text FROM information_schema.columns WHERE table_name = '{table}'")
            }
        })
    }

    /// Whether a table holds a text anywhere, as text or as bytes.
    pub fn holds(&self, table: &str, text: &str) -> bool {
        let bytes: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let hex = |column: &String| format!("lower(hex({column}))");
        let rows = match self.engine {
            Engine::Sqlite => self.columns(table).iter().map(hex).collect::<Vec<_>>().join(" || ' ' || "),
            Engine::Postgres => "whole::text".to_owned(),
        };
        let rows = self.texts(&format!("SELECT {rows} AS text FROM {table} AS whole"));
        rows.iter().any(|row| row.contains(text) || row.contains(&bytes))
    }

    /// A column of bytes as hexadecimal digits, in the words of the engine.
    pub fn hex(&self, column: &str) -> String {
        match self.engine {
            Engine::Sqlite => format!("lower(hex({column}))"),
            Engine::Postgres => format!("encode({column}, 'hex')"),
        }
    }

    /// Keeps everybody else from writing, as a stuck process would, until the returned value is dropped.
    pub fn jam(&self) -> Box<dyn std::any::Any> {
        match self.engine {
            Engine::Sqlite => {
                let mut conn = self.sqlite();
                conn.batch_execute("BEGIN IMMEDIATE").unwrap();
                Box::new(conn)
            }
            Engine::Postgres => {
                let mut conn = self.postgres();
                conn.batch_execute("BEGIN; LOCK TABLE members IN ACCESS EXCLUSIVE MODE").unwrap();
                Box::new(conn)
            }
        }
    }

    /// Does this while a table lets no update through, as if each row had just been changed by somebody else.
    pub fn without_updates(&self, table: &str, work: impl FnOnce()) {
        let (guard, gone) = match self.engine {
            Engine::Sqlite => (
                format!("CREATE TRIGGER meanwhile BEFORE UPDATE ON {table} BEGIN SELECT RAISE(IGNORE); END"),
                "DROP TRIGGER meanwhile".to_owned(),
            ),
            Engine::Postgres => (
                format!(
                    "CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                     CREATE TRIGGER meanwhile BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION meanwhile()"
                ),
                format!("DROP TRIGGER meanwhile ON {table}; DROP FUNCTION meanwhile"),
            ),
        };
        self.execute(&guard).unwrap();
        work();
        self.execute(&gone).unwrap();
    }

    /// Leaves this undone in a transaction of its own, on PostgreSQL, until the returned value is dropped.
    pub fn half_done(&self, statement: &str) -> impl Sized + use<> {
        let mut conn = self.postgres();
        conn.batch_execute(&format!("BEGIN; {statement}")).unwrap();
        conn
    }

    /// How many sessions wait for a lock, on PostgreSQL.
    pub fn waiting(&self) -> usize {
        let waiting = "SELECT 'x' AS text FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        self.texts(waiting).len()
    }

    fn sqlite(&self) -> SqliteConnection {
        connect_sqlite(&self.url).unwrap()
    }

    fn postgres(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap()
    }

    /// How many transactions were begun and not ended, of writers and readers; on SQLite 1 for any number of them.
    pub fn transactions_left_open(&self) -> i64 {
        match self.engine {
            // A test's file is its own: whatever still writes, or reads from the log, keeps it from being emptied.
            Engine::Sqlite => {
                let emptied = sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result::<Checkpoint>(&mut self.sqlite());
                emptied.unwrap().busy.into()
            }
            Engine::Postgres => {
                let idle =
                    "SELECT count(*) AS count FROM pg_stat_activity WHERE datname = $1 AND state LIKE 'idle in%'";
                let query = sql_query(idle).bind::<Text, _>(name_in(&self.url));
                query.get_result::<Count>(&mut administrator()).unwrap().count
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.engine == Engine::Postgres {
            let dropped = administrator().batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", name_in(&self.url)));
            assert!(dropped.is_ok() || std::thread::panicking(), "{dropped:?}");
        }
    }
}

/// The column `text` of what a query finds in any database; why not, if it does not answer.
pub fn texts(engine: Engine, url: &str, query: &str) -> Result<Vec<String>, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let lines: Vec<Line> = match engine {
        Engine::Sqlite => sql_query(query).load(&mut connect_sqlite(url).map_err(|error| told(&error))?),
        Engine::Postgres => sql_query(query).load(&mut PgConnection::establish(url).map_err(|error| told(&error))?),
    }
    .map_err(|error| told(&error))?;
    Ok(lines.into_iter().map(|line| line.text).collect())
}

/// Does anything to any database; says why if that refuses.
pub fn execute(engine: Engine, url: &str, statement: &str) -> Result<(), String> {
    let done = match engine {
        Engine::Sqlite => connect_sqlite(url).unwrap().batch_execute(statement),
        Engine::Postgres => PgConnection::establish(url).unwrap().batch_execute(statement),
    };
    done.map_err(|error| error.to_string())
}

fn connect_sqlite(url: &str) -> ConnectionResult<SqliteConnection> {
    let mut conn = SqliteConnection::establish(url.trim_start_matches("sqlite:"))?;
    // The threads of a pool that was just dropped may still hold the file for a moment.
    conn.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON")
        .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

/// The server that the tests may do anything to.
fn server_url() -> String {
    std::env::var("AZUKARI_TEST_POSTGRES_URL").expect(
        "the PostgreSQL tests need AZUKARI_TEST_POSTGRES_URL; `make test` sets it to a server that it starts itself",
    )
}

fn administrator() -> PgConnection {
    PgConnection::establish(&server_url()).unwrap()
}

fn url_of(database: &str) -> String {
    let server = server_url();
    let (base, query) = server.split_once('?').map_or((server.as_str(), String::new()), |(b, q)| (b, format!("?{q}")));
    let (host, _) = base.rsplit_once('/').unwrap();
    format!("{host}/{database}{query}")
}

fn name_in(url: &str) -> &str {
    url.split('?').next().and_then(|base| base.rsplit('/').next()).unwrap()
}

fn unique_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("azukari_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn new_in_server(admin: &mut PgConnection, origin: &str) -> String {
    let name = unique_name();
    admin.batch_execute(&format!("CREATE DATABASE {name} {origin}")).unwrap();
    url_of(&name)
}

/// In memory where the machine has a place for that and room in it: no test of behaviour is one of the disk, and SQLite
/// waits for it at each commit.
fn folder() -> TempDir {
    match std::env::var("AZUKARI_TEST_PLACE") {
        Ok(place) => tempfile::tempdir_in(place).unwrap(),
        Err(_) => tempfile::tempdir().unwrap(),
    }
}

fn file_in(folder: &TempDir) -> PathBuf {
    folder.path().join("azukari.db")
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

/// The migrated template as a file, as [`template`] is one in a server.
fn template_file() -> PathBuf {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = built.join(format!("azukari_template_{:016x}.db", migrations("sqlite")));
    if !file.exists() {
        let folder = tempfile::tempdir_in(built).unwrap();
        let (url, whole) = (sqlite_url(&file_in(&folder)), folder.path().join("whole.db"));
        drop(Store::open(&url, Sizes { readers: 1, writers: 1 }).unwrap());
        // What is still in the log comes along. Whoever makes it at the same time makes the same.
        execute(Engine::Sqlite, &url, &format!("VACUUM INTO '{}'", whole.display())).unwrap();
        std::fs::rename(whole, &file).unwrap();
    }
    file
}

/// The migrated template, made by whichever test comes first; its name tells which migrations it has.
fn template(admin: &mut PgConnection) -> String {
    let name = format!("azukari_template_{:016x}", migrations("postgres"));
    admin.batch_execute("SELECT pg_advisory_lock(7091)").unwrap();
    let known = format!("SELECT count(*) AS count FROM pg_database WHERE datname = '{name}'");
    if sql_query(known).get_result::<Count>(admin).unwrap().count == 0 {
        let unfinished = unique_name();
        admin.batch_execute(&format!("CREATE DATABASE {unfinished}")).unwrap();
        drop(Store::open(&url_of(&unfinished), Sizes { readers: 1, writers: 1 }).unwrap());
        admin.batch_execute(&format!("ALTER DATABASE {unfinished} RENAME TO {name}")).unwrap();
    }
    admin.batch_execute("SELECT pg_advisory_unlock(7091)").unwrap();
    name
}

/// A number that changes with the migrations of an engine.
fn migrations(engine: &str) -> u64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(engine);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().join("up.sql")).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    files.iter().for_each(|file| std::fs::read(file).unwrap().hash(&mut hasher));
    hasher.finish()
}
