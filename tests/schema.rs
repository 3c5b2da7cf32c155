//! The tables: the same on both engines as in `schema.rs`, and guarded by the database itself.

use std::collections::BTreeSet;

use persistence::store::{Sizes, Store};

use crate::harness::{Database, Engine};

/// `table.column type`, with `null` after it where a value may be absent.
type Columns = BTreeSet<String>;

/// What `schema.rs` declares, in the words of one engine.
fn declared(engine: Engine) -> Columns {
    let source = include_str!("../persistence/src/schema.rs");
    let mut columns = Columns::new();
    let mut table = "";
    for line in source.lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            table = name;
        }
        if let Some((column, kind)) = line.strip_suffix(',').and_then(|line| line.split_once(" -> ")) {
            let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            let null = if inner.is_some() { " null" } else { "" };
            columns.insert(format!("{table}.{column} {}{null}", word(engine, inner.unwrap_or(kind))));
        }
    }
    assert!(columns.len() > 50, "schema.rs was not understood");
    columns
}

/// What a column type is called by an engine.
fn word(engine: Engine, kind: &str) -> &'static str {
    match (kind, engine) {
        ("Identifier", Engine::Sqlite) | ("Binary", Engine::Sqlite) => "blob",
        ("Identifier", Engine::Postgres) => "uuid",
        ("Binary", Engine::Postgres) => "bytea",
        ("Instant" | "BigInt" | "Integer" | "Bool", Engine::Sqlite) => "integer",
        ("Bool", Engine::Postgres) => "boolean",
        ("Instant", Engine::Postgres) => "timestamp with time zone",
        ("BigInt", Engine::Postgres) => "bigint",
        ("Integer", Engine::Postgres) => "integer",
        ("Json" | "Text" | "Date", Engine::Sqlite) => "text",
        ("Json", Engine::Postgres) => "jsonb",
        ("Text", Engine::Postgres) => "text",
        ("Date", Engine::Postgres) => "date",
        (other, _) => panic!("{other} is new; say here what it is on both engines"),
    }
}

/// What the migrations have made.
fn made(database: &Database) -> Columns {
    let query = match database.engine {
        Engine::Sqlite => {
            "SELECT t.name || '.' || c.name || ' ' || lower(c.type)
                 || CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN '' ELSE ' null' END AS text
             FROM sqlite_master t JOIN pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite%'"
        }
        Engine::Postgres => {
            "SELECT table_name || '.' || column_name || ' ' || data_type
                 || CASE WHEN is_nullable = 'NO' THEN '' ELSE ' null' END AS text
             FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'"
        }
    };
    database.texts(query).into_iter().collect()
}

/// Indexes, triggers and checks as well, each as one line.
fn everything(database: &Database) -> BTreeSet<String> {
    let query = match database.engine {
        Engine::Sqlite => "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS text FROM sqlite_master",
        Engine::Postgres => {
            "SELECT indexdef AS text FROM pg_indexes WHERE schemaname = 'public'
             UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
                 WHERE connamespace = 'public'::regnamespace
             UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
        }
    };
    let mut all: BTreeSet<String> = database.texts(query).into_iter().collect();
    all.extend(made(database));
    all
}

const BOTH: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

fn migrated(engine: Engine) -> Database {
    let database = Database::empty(engine);
    drop(Store::open(&database.url, Sizes { readers: 1, writers: 1 }).unwrap());
    database
}

#[test]
fn both_engines_have_the_tables_and_columns_of_the_schema() {
    for engine in BOTH {
        assert_eq!(made(&migrated(engine)), declared(engine), "{engine:?}");
    }
}

#[test]
fn migrations_go_up_and_down_and_up_again() {
    for engine in BOTH {
        let database = migrated(engine);
        let before = everything(&database);
        Store::remigrate(&database.url).unwrap();
        assert_eq!(everything(&database), before, "{engine:?}");
    }
}

/// What each list can be narrowed to, by the columns that an index must then begin with.
const LISTS: [(&str, &[&str]); 16] = [
    ("api_keys", &["member_id, "]),
    ("apps", &["owner_id, "]),
    ("audit_log", &["", "actor_id, ", "client_id, ", "worker_id, ", "operation, ", "resource, "]),
    ("bank_receipts", &["", "payment_id, "]),
    ("cancellation_requests", &["contract_id, "]),
    ("contracts", &["client_id, ", "client_id, state, ", "worker_id, ", "worker_id, state, "]),
    (
        "disputes",
        &["", "state, ", "contract_id, ", "client_id, ", "client_id, state, ", "worker_id, ", "worker_id, state, "],
    ),
    ("jobs", &["state, ", "state, category, ", "client_id, ", "client_id, state, "]),
    ("manual_entries", &["", "state, "]),
    ("payments", &["client_id, "]),
    ("payout_batches", &[""]),
    ("payouts", &["", "state, ", "pay_on, ", "state, pay_on, ", "batch_id, ", "worker_id, ", "worker_id, state, "]),
    ("progress_notes", &["contract_id, "]),
    ("proposals", &["job_id, ", "client_id, ", "client_id, state, ", "worker_id, ", "worker_id, state, "]),
    ("refunds", &["", "state, ", "client_id, ", "client_id, state, "]),
    ("sessions", &["member_id, "]),
];

/// Without it, an engine reads whatever else there is, or sorts all of it for each page.
#[test]
fn every_list_has_an_index_that_holds_its_pages_in_order() {
    for engine in BOTH {
        let all = everything(&migrated(engine));
        for (table, filters) in LISTS {
            let on = match engine {
                Engine::Sqlite => format!(" ON {table} ("),
                Engine::Postgres => format!(" ON public.{table} USING btree ("),
            };
            for filter in filters {
                let columns = format!("{on}{filter}created_at, id)");
                assert!(all.iter().any(|index| index.ends_with(&columns)), "{engine:?}: no index{columns}");
            }
        }
    }
}

/// An identifier in the words of an engine.
fn id(engine: Engine, number: u8) -> String {
    match engine {
        Engine::Sqlite => format!("x'{number:032x}'"),
        Engine::Postgres => format!("'{number:032x}'::uuid"),
    }
}

fn moment(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "0",
        Engine::Postgres => "now()",
    }
}

fn member(engine: Engine, number: u8, role: &str) -> String {
    let (id, now) = (id(engine, number), moment(engine));
    format!(
        "INSERT INTO members (id, kind, role, email, email_key, display_name, locale, terms_version, state, version,
             created_at, updated_at)
         VALUES ({id}, 'individual', '{role}', 'a{number}', 'a{number}', 'A', 'en', '1', 'active', 1, {now}, {now})"
    )
}

/// A database with one entry of two postings, and one event.
fn with_an_entry(engine: Engine) -> Database {
    let database = migrated(engine);
    let (one, two, now) = (id(engine, 1), id(engine, 2), moment(engine));
    for statement in [
        format!(
            "INSERT INTO ledger_accounts (id, kind, currency, balance, reserved, version) VALUES ({one}, 'x', 'JPY', 5, 0, 1)"
        ),
        format!(
            "INSERT INTO journal_entries (id, kind, currency, subject, occurred_at) VALUES ({two}, 'x', 'JPY', 's', {now})"
        ),
        format!("INSERT INTO postings (entry_id, line, account_id, amount) VALUES ({two}, 0, {one}, 5)"),
        format!("INSERT INTO events (id, kind, subject, data, occurred_at) VALUES ({one}, 'x', 's', '{{}}', {now})"),
    ] {
        database.execute(&statement).unwrap();
    }
    database
}

#[test]
fn journal_postings_and_events_are_append_only() {
    for engine in BOTH {
        let database = with_an_entry(engine);
        for statement in [
            "UPDATE journal_entries SET subject = 'other'",
            "DELETE FROM journal_entries",
            "UPDATE postings SET amount = 6",
            "DELETE FROM postings",
            "UPDATE events SET kind = 'other'",
            "DELETE FROM events",
        ] {
            let why = database.execute(statement).unwrap_err();
            assert!(why.contains("append-only"), "{engine:?}: {statement}: {why}");
        }
    }
}

#[test]
fn an_event_is_numbered_exactly_once() {
    for engine in BOTH {
        let database = with_an_entry(engine);
        database.execute("UPDATE events SET number = 1").unwrap();
        let why = database.execute("UPDATE events SET number = 2").unwrap_err();
        assert!(why.contains("append-only"), "{engine:?}: {why}");
    }
}

#[test]
fn impossible_rows_are_refused_by_the_database() {
    for engine in BOTH {
        let database = with_an_entry(engine);
        let (one, nobody, now) = (id(engine, 1), id(engine, 99), moment(engine));
        database.execute(&member(engine, 1, "member")).unwrap();
        let held = |session: u8, holder: &str, scopes: &str| {
            let id = id(engine, session);
            format!(
                "INSERT INTO sessions (id, member_id, created_at, expires_at, holder, scopes)
                 VALUES ({id}, {one}, {now}, {now}, {holder}, {scopes})"
            )
        };
        database.execute(&held(3, "'key'", "''")).unwrap();
        for statement in [
            held(4, "'key'", "NULL"),
            held(4, "NULL", "'profile:read'"),
            "UPDATE ledger_accounts SET balance = -1".to_owned(),
            "UPDATE ledger_accounts SET reserved = 6".to_owned(),
            "UPDATE ledger_accounts SET currency = 'EUR'".to_owned(),
            "INSERT INTO instance (id, mode, clock_offset, created_at) SELECT 2, 'sandbox', 0, created_at FROM members"
                .to_owned(),
            member(engine, 1, "member"),
            member(engine, 2, "king"),
            "UPDATE members SET state = 'asleep'".to_owned(),
            format!(
                "INSERT INTO sessions (id, member_id, created_at, expires_at) VALUES ({one}, {nobody}, {now}, {now})"
            ),
            format!("INSERT INTO postings (entry_id, line, account_id, amount) VALUES ({nobody}, 0, {one}, 5)"),
            format!(
                "INSERT INTO postings (entry_id, line, account_id, amount) VALUES ({}, 1, {one}, 0)",
                id(engine, 2)
            ),
            "UPDATE members SET created_at = 'no time at all'".to_owned(),
        ] {
            assert!(database.execute(&statement).is_err(), "{engine:?} allows {statement}");
        }
    }
}
