//! The floors: the fewest plain statements that do the same work, one after the other. pgbench sends them to PostgreSQL;
//! on SQLite a plain loop does, on one connection, with a durable commit for each.

use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};

use crate::{
    database::{Database, Target},
    load::Pace,
};

/// How long pgbench goes on.
pub enum Until {
    /// As many transactions on each connection.
    Each(usize),
    /// As many seconds.
    Seconds(u64),
}

/// Runs a script of `floor/` by pgbench, and answers how many transactions a second it did.
pub fn pgbench(database: &Database, script: &str, connections: usize, until: Until, targets: usize) -> Pace {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("floor").join(script);
    let account = |kind: &str| {
        let query = format!("SELECT id::text AS text FROM ledger_accounts WHERE kind = '{kind}' AND currency = 'JPY'");
        database.connect().lines(&query).pop().expect("a platform account")
    };
    let (option, many) = match until {
        Until::Each(each) => ("-t", each.to_string()),
        Until::Seconds(seconds) => ("-T", seconds.to_string()),
    };
    let output = Command::new("pgbench")
        .args(["-n", "-M", "prepared", "-j", "2", "-c", &connections.to_string(), option, &many])
        .args(["-D", &format!("each={many}"), "-D", "done=0", "-D", &format!("targets={targets}")])
        .args(["-D", &format!("system_fee={}", account("system_fee"))])
        .args(["-D", &format!("consumption_tax={}", account("consumption_tax"))])
        .arg("-f")
        .arg(&script)
        .arg(database.url())
        .output()
        .expect("pgbench, which comes with the PostgreSQL server");
    let text = String::from_utf8_lossy(&output.stdout);
    let number = |line: &str, unit: &str| -> Option<f64> {
        let line = text.lines().find_map(|text| text.strip_prefix(line))?;
        line.trim().split(unit).next()?.trim().parse().ok()
    };
    let per_second = number("tps = ", " ");
    let average = number("latency average = ", " ms").map(|ms| Duration::from_secs_f64(ms / 1000.0));
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    Pace { per_second: per_second.expect("tps"), many: 0, p50: average.unwrap_or_default(), p99: Duration::ZERO }
}

/// The statements of `floor/accept.sql` on SQLite, each prepared once.
pub fn sqlite_accepts(database: &Database, targets: &[Target]) -> Pace {
    let conn = Connection::open(database.file()).expect("the file");
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000",
    )
    .expect("SQLite");
    let platform = |kind: &str| -> Vec<u8> {
        let query = "SELECT id FROM ledger_accounts WHERE kind = ?1 AND currency = 'JPY'";
        conn.query_row(query, [kind], |row| row.get(0)).expect("a platform account")
    };
    let (system_fee, consumption_tax) = (platform("system_fee"), platform("consumption_tax"));
    let began = Instant::now();
    let each = (0_i64..).zip(targets).map(|(n, _)| {
        let sent = Instant::now();
        sqlite_accept(&conn, n, &system_fee, &consumption_tax).expect("accepted");
        sent.elapsed()
    });
    let each = each.collect();
    Pace::of(each, began.elapsed())
}

type Blob = Vec<u8>;

fn sqlite_accept(conn: &Connection, n: i64, system_fee: &Blob, consumption_tax: &Blob) -> rusqlite::Result<()> {
    let now = 1_800_000_000_000_000_i64 + n;
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| conn.prepare_cached(sql)?.execute(values);
    conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let found = conn
        .prepare_cached(
            "SELECT t.milestone, t.contract, t.escrow, t.client, t.worker, t.escrow_account, t.earnings_account,
             m.version, e.version, c.version
         FROM bench_targets t
         JOIN contracts c ON c.id = t.contract
         JOIN milestones m ON m.id = t.milestone
         JOIN escrows e ON e.id = t.escrow WHERE t.n = ?1",
        )?
        .query_row([n], |row| {
            let ids: Vec<Blob> = (0..7).map(|column| row.get(column)).collect::<Result<_, _>>()?;
            let versions: Vec<i32> = (7..10).map(|column| row.get(column)).collect::<Result<_, _>>()?;
            Ok((ids, versions))
        })?;
    let ([milestone, contract, escrow, client, worker, escrow_account, earnings_account], [m, e, c]) =
        (<[Blob; 7]>::try_from(found.0).expect("seven"), <[i32; 3]>::try_from(found.1).expect("three"));
    run(
        "UPDATE milestones SET state = 'accepted', worker_share = 10000, fee = 2000, fee_tax = 181, net = 8000,
             auto_accept_at = NULL, finished_at = ?3, version = version + 1, updated_at = ?3
         WHERE id = ?1 AND version = ?2",
        params![milestone, m, now],
    )?;
    run(
        "UPDATE escrows SET state = 'released', version = version + 1, updated_at = ?3 WHERE id = ?1 AND version = ?2",
        params![escrow, e, now],
    )?;
    run(
        "UPDATE contracts SET released = released + 10000, funding_due_at = ?3, version = version + 1, updated_at = ?3
         WHERE id = ?1 AND version = ?2",
        params![contract, c, now],
    )?;
    run(
        "INSERT INTO releases (escrow_id, worker_id, contract_id, currency, net, remaining, released_at, payment_due_on)
         VALUES (?1, ?2, ?3, 'JPY', 8000, 8000, ?4, '2027-01-23')",
        params![escrow, worker, contract, now],
    )?;
    let entry: Blob = conn
        .prepare_cached(
            "INSERT INTO journal_entries (id, kind, currency, subject, occurred_at)
             VALUES (randomblob(16), 'escrow_released', 'JPY', 'milestone_01m87d2kt7eanvbj4zg1tf1ahe', ?1) RETURNING id",
        )?
        .query_row([now], |row| row.get(0))?;
    run(
        "UPDATE ledger_accounts SET balance = balance - 10000, version = version + 1 WHERE id = ?1",
        params![escrow_account],
    )?;
    let balance: i64 = conn
        .prepare_cached(
            "UPDATE ledger_accounts SET balance = balance + 8000, version = version + 1 WHERE id = ?1 RETURNING balance",
        )?
        .query_row([&earnings_account], |row| row.get(0))?;
    run(
        "INSERT INTO postings (entry_id, line, account_id, amount, balance_after)
         VALUES (?1, 0, ?2, 10000, 0), (?1, 1, ?3, -8000, ?4), (?1, 2, ?5, -1819, NULL), (?1, 3, ?6, -181, NULL)",
        params![entry, escrow_account, earnings_account, balance, system_fee, consumption_tax],
    )?;
    run("DELETE FROM timers WHERE subject = ?1", params![milestone])?;
    run(
        "INSERT INTO timers (subject, kind, due_at, attempts, retry_at) VALUES (?1, 'funding_due', ?2, 0, ?2)",
        params![contract, now],
    )?;
    run(
        "INSERT INTO events (id, kind, subject, client_id, worker_id, data, occurred_at)
         VALUES (randomblob(16), 'milestone.accepted', 'milestone_01m87d2kt7eanvbj4zg1tf1ahe', ?1, ?2, '{}', ?3),
             (randomblob(16), 'escrow.released', 'milestone_01m87d2kt7eanvbj4zg1tf1ahe', ?1, ?2, '{}', ?3)",
        params![client, worker, now],
    )?;
    run(
        "INSERT INTO idempotency_keys (caller, idempotency_key, fingerprint, answer, created_at)
         VALUES ('member_01m87d2kr7est9wp5yerf6c2vg', 'floor-' || ?1, randomblob(43), ?2, ?3)",
        params![
            n,
            format!("{{\"status\":200,\"version\":6,\"location\":null,\"body\":\"{}\"}}", "0123456789".repeat(130)),
            now
        ],
    )?;
    conn.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}
