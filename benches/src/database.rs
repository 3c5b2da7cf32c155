//! The databases: a filled one, and fresh copies of it, so that every run begins alike.

use std::path::PathBuf;

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query,
    sql_types::Text,
};
use domain::category::Category;
use uuid::Uuid;

use crate::market;

/// Statements that both engines understand.
const TARGETS: &str = include_str!("../floor/targets.sql");

/// What stores the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A database somewhere.
#[derive(Debug, Clone)]
pub struct Database {
    pub engine: Engine,
    /// A file, or the name of a database in the server.
    place: String,
    server: String,
}

/// A contract whose first milestone is delivered.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub milestone: Uuid,
    pub contract: Uuid,
    pub delivery: Uuid,
    pub client: Uuid,
    pub worker: Uuid,
    pub client_session: Uuid,
    pub worker_session: Uuid,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

impl Database {
    /// One of this name: in this folder, or in this server.
    pub fn named(name: &str, engine: Engine, folder: &std::path::Path, server: &str) -> Self {
        let place = match engine {
            Engine::Sqlite => folder.join(format!("{name}.db")).display().to_string(),
            Engine::Postgres => name.to_owned(),
        };
        Self { engine, place, server: server.to_owned() }
    }

    /// What the program calls it.
    pub fn url(&self) -> String {
        match self.engine {
            Engine::Sqlite => format!("sqlite:{}", self.place),
            Engine::Postgres => format!("{}/{}", self.server.rsplit_once('/').expect("a URL").0, self.place),
        }
    }

    /// The file, on SQLite.
    pub fn file(&self) -> PathBuf {
        PathBuf::from(&self.place)
    }

    /// Fills it with contracts and open jobs, unless it is there.
    pub fn fill(&self, contracts: usize, jobs: usize) {
        match self.engine {
            Engine::Sqlite if self.file().exists() => return,
            Engine::Sqlite => {}
            Engine::Postgres => {
                let known = format!("SELECT datname::text AS text FROM pg_database WHERE datname = '{}'", self.place);
                if !self.administrator().lines(&known).is_empty() {
                    return;
                }
                self.administrator().execute(&format!("CREATE DATABASE {}", self.place));
            }
        }
        market::fill(&self.url(), contracts);
        let mut conn = self.connect();
        conn.execute(TARGETS);
        conn.execute(&self.more_jobs(jobs));
        self.settle();
    }

    /// How many rows there are in a table, or in what a condition leaves of it.
    pub fn count(&self, of: &str) -> usize {
        let count = self.connect().lines(&format!("SELECT CAST(COUNT(*) AS text) AS text FROM {of}"));
        count[0].parse().expect("a number")
    }

    /// As many more ledger entries, on the accounts of a hundred contracts that were funded.
    pub fn more_entries(&self, many: usize) {
        let (id, series) = self.series(many);
        self.connect().execute(&format!(
            "CREATE TEMP TABLE more AS {series} SELECT {id} AS id, n % 100 AS place FROM s;
             CREATE TEMP TABLE patterns AS SELECT e.id AS pattern, row_number() OVER () - 1 AS place
                 FROM (SELECT id FROM journal_entries WHERE kind = 'escrow_funded' LIMIT 100) AS e;
             INSERT INTO journal_entries (id, kind, currency, subject, occurred_at)
                 SELECT more.id, e.kind, e.currency, e.subject, e.occurred_at
                 FROM more JOIN patterns p ON p.place = more.place JOIN journal_entries e ON e.id = p.pattern;
             INSERT INTO postings (entry_id, line, account_id, amount, balance_after)
                 SELECT more.id, o.line, o.account_id, o.amount, o.balance_after
                 FROM more JOIN patterns p ON p.place = more.place JOIN postings o ON o.entry_id = p.pattern"
        ));
    }

    /// A fresh id, and the numbers from one up, as each engine says it.
    fn series(&self, many: usize) -> (&'static str, String) {
        match self.engine {
            Engine::Sqlite => (
                "randomblob(16)",
                format!("WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {many})"),
            ),
            Engine::Postgres => ("gen_random_uuid()", format!("WITH s (n) AS (SELECT generate_series(1, {many}))")),
        }
    }

    /// As many open jobs, spread over all categories, each a second older than the one before.
    pub fn more_jobs(&self, jobs: usize) -> String {
        let names: Vec<&str> = Category::ALL.iter().map(|category| category.as_str()).collect();
        let count = names.len();
        let (id, series) = self.series(jobs);
        let (category, at) = match self.engine {
            Engine::Sqlite => (
                format!("json_extract('[\"{}\"]', '$[' || (n % {count}) || ']')", names.join("\",\"")),
                "created_at - n * 1000000",
            ),
            Engine::Postgres => {
                (format!("(ARRAY['{}'])[n % {count} + 1]", names.join("','")), "created_at - n * interval '1 second'")
            }
        };
        format!(
            "INSERT INTO jobs (id, client_id, format, title, description, category, currency, length, state,
                 published_at, applicant_count, version, created_at, updated_at)
             {series}
             SELECT {id}, client_id, format, title, description, {category}, currency, length, 'open',
                 {at}, 0, 1, {at}, {at}
             FROM (SELECT * FROM jobs ORDER BY created_at LIMIT 1) AS pattern, s"
        )
    }

    /// Statistics as a database in use has them, and nothing left to be written behind our back.
    pub fn settle(&self) {
        let mut conn = self.connect();
        match self.engine {
            Engine::Sqlite => conn.execute("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)"),
            Engine::Postgres => {
                conn.execute("VACUUM ANALYZE");
                conn.execute("CHECKPOINT");
            }
        }
    }

    /// Takes no more room.
    pub fn remove(&self) {
        match self.engine {
            Engine::Sqlite => {
                for end in ["", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(format!("{}{end}", self.place));
                }
            }
            Engine::Postgres => {
                self.administrator().execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.place));
            }
        }
    }

    /// A copy under another name, in place of the one before.
    pub fn copy(&self, name: &str) -> Self {
        match self.engine {
            Engine::Sqlite => {
                let copy = Self {
                    place: self.file().with_file_name(format!("{name}.db")).display().to_string(),
                    ..self.clone()
                };
                copy.remove();
                std::fs::copy(&self.place, &copy.place).expect("room for a copy");
                copy
            }
            Engine::Postgres => {
                let copy = Self { place: name.to_owned(), ..self.clone() };
                copy.remove();
                let mut administrator = self.administrator();
                administrator.execute(&format!("CREATE DATABASE {name} TEMPLATE {}", self.place));
                administrator.execute("CHECKPOINT");
                copy
            }
        }
    }

    /// What can be accepted, in the order of the floors' numbers.
    pub fn targets(&self) -> Vec<Target> {
        let hex = |column: &str| match self.engine {
            Engine::Sqlite => format!("hex({column})"),
            Engine::Postgres => format!("{column}::text"),
        };
        let columns = ["t.milestone", "t.contract", "m.delivery_id", "t.client", "t.worker", "c.id", "w.id"]
            .map(hex)
            .join(" || ' ' || ");
        let found = self.connect().lines(&format!(
            "SELECT {columns} AS text FROM bench_targets t
             JOIN milestones m ON m.id = t.milestone
             JOIN sessions c ON c.member_id = t.client
             JOIN sessions w ON w.member_id = t.worker ORDER BY t.n"
        ));
        let read = |line: String| {
            let mut ids = line.split(' ').map(|id| Uuid::parse_str(id).expect("an id"));
            let mut next = || ids.next().expect("seven ids");
            Target {
                milestone: next(),
                contract: next(),
                delivery: next(),
                client: next(),
                worker: next(),
                client_session: next(),
                worker_session: next(),
            }
        };
        found.into_iter().map(read).collect()
    }

    pub fn connect(&self) -> Any {
        match self.engine {
            Engine::Sqlite => {
                let mut conn = SqliteConnection::establish(&self.place).expect("the file");
                conn.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL").expect("SQLite");
                Any::Sqlite(conn)
            }
            Engine::Postgres => Any::Pg(PgConnection::establish(&self.url()).expect("the server")),
        }
    }

    fn administrator(&self) -> Any {
        Any::Pg(PgConnection::establish(&self.server).expect("the server"))
    }
}

/// A connection to either engine, for statements that are not measured.
pub enum Any {
    Pg(PgConnection),
    Sqlite(SqliteConnection),
}

impl Any {
    pub fn execute(&mut self, statement: &str) {
        let done = match self {
            Self::Pg(pg) => pg.batch_execute(statement),
            Self::Sqlite(sqlite) => sqlite.batch_execute(statement),
        };
        done.unwrap_or_else(|error| panic!("{error}: {statement}"));
    }

    /// The column `text` of what a query finds.
    pub fn lines(&mut self, query: &str) -> Vec<String> {
        let lines: Vec<Line> = match self {
            Self::Pg(pg) => sql_query(query).load(pg),
            Self::Sqlite(sqlite) => sql_query(query).load(sqlite),
        }
        .unwrap_or_else(|error| panic!("{error}: {query}"));
        lines.into_iter().map(|line| line.text).collect()
    }
}
