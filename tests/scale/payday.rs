//! Paydays of many workers: how long the run of 100,000 takes, and in how much memory; and one that is killed again and
//! again.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use api::usecases::platform;
use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Utc};
use domain::{
    ids::{Id, MemberId},
    ledger::{Account, EntryKind, JournalEntry, Transfer},
    money::{Currency, Money},
};
use persistence::{ledger, store::Intent};
use uuid::Uuid;

use crate::harness::{Engine, TestApp, on_each_engine, program::command};

/// How many workers are paid.
const WORKERS: u64 = 100_000;

/// What each has earned, in yen: 80% of the price of the first.
const EARNED: i64 = 8_000;

/// How many workers' earnings are booked in one transaction while the ground is laid.
const BOOKED_AT_ONCE: u64 = 500;

/// The id of the nth row of a kind, as the statements below make it.
fn id<K>(kind: u64, number: u64) -> Id<K> {
    Id::from_uuid(Uuid::from_u64_pair(kind, number))
}

impl TestApp {
    fn id_sql(&self, kind: u64) -> String {
        match self.database.engine {
            Engine::Sqlite => format!("unhex(printf('%016x%016x', {kind}, n))"),
            Engine::Postgres => format!("(lpad(to_hex({kind}), 16, '0') || lpad(to_hex(n), 16, '0'))::uuid"),
        }
    }

    /// Copies the newest row of a table for every worker, with other values in some of its columns.
    fn copy_for_each(&self, workers: u64, table: &str, order: &str, changed: &[(&str, &str)]) {
        let columns = self.database.columns(table);
        let value = |column: &String| {
            let other = changed.iter().find(|(name, _)| name == column);
            other.map_or_else(|| column.clone(), |(_, value)| (*value).to_owned())
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        let copy = format!(
            "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {workers}),
             first AS (SELECT * FROM {table} ORDER BY {order} DESC LIMIT 1)
             INSERT INTO {table} ({}) SELECT {} FROM first, series",
            columns.join(", "),
            values.join(", ")
        );
        self.database.execute(&copy).unwrap();
    }

    /// Workers with an account at a bank and something earned, beside the one who is there.
    fn settle_workers(&self, workers: u64) {
        let (worker, milestone, escrow) = (self.id_sql(1), self.id_sql(2), self.id_sql(3));
        let email = "CAST(n AS text)";
        self.copy_for_each(
            workers,
            "members",
            "created_at",
            &[("id", &worker), ("email", email), ("email_key", email)],
        );
        self.copy_for_each(workers, "bank_accounts", "created_at", &[("member_id", &worker)]);
        let own = [("id", milestone.as_str()), ("worker_id", &worker), ("escrow_id", &escrow), ("position", "n + 1")];
        self.copy_for_each(workers, "milestones", "created_at", &own);
        let own = [("id", escrow.as_str()), ("milestone_id", &milestone), ("worker_id", &worker)];
        self.copy_for_each(workers, "escrows", "created_at", &own);
        self.copy_for_each(workers, "releases", "released_at", &[("escrow_id", &escrow), ("worker_id", &worker)]);
        self.database.execute("ANALYZE").unwrap();
    }

    fn book_earnings(&self, workers: u64) {
        for first in (1..=workers).step_by(usize::try_from(BOOKED_AT_ONCE).unwrap()) {
            let book = move |tx: &mut persistence::store::Tx<'_>| {
                (first..(first + BOOKED_AT_ONCE).min(workers + 1)).try_for_each(|number| {
                    let worker: MemberId = id(1, number);
                    let amount = Money::new(EARNED, Currency::Jpy).unwrap();
                    let transfer = Transfer { debit: Account::Bank, credit: Account::Earnings(worker), amount };
                    let entry = JournalEntry::of(EntryKind::CapitalPaidIn, &[transfer]).unwrap();
                    ledger::post(tx, id(4, number), &entry, "ground", DateTime::<Utc>::UNIX_EPOCH)
                })
            };
            self.app.store.write(Intent::Keep, book).unwrap();
        }
    }
}

/// The most memory the process has held since it was asked before, in MiB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

on_each_engine!(
    #[ignore = "measures time and memory"]
    a_payday_of_100_000_workers_runs_in_bounded_memory,
);

fn a_payday_of_100_000_workers_runs_in_bounded_memory(engine: Engine) {
    let app = TestApp::spawn(engine);
    let deal = app.earner(&[10_000]);
    app.settle_workers(WORKERS);
    app.book_earnings(WORKERS);
    peak_memory();
    let before = peak_memory();
    let today: NaiveDate = app.date(0).parse().unwrap();
    let first: NaiveDate = today.with_day(1).unwrap() + Months::new(1);
    let midnight = DateTime::<Utc>::from_naive_utc_and_offset(first.into(), Utc) - TimeDelta::hours(9);
    let begun = Instant::now();
    platform::advance_clock(&app.app, midnight).unwrap();
    let (took, after) = (begun.elapsed(), peak_memory());
    println!(
        "{engine:?}: {WORKERS} workers paid in {took:.1?}; memory {before} MiB before, at most {after} MiB during the run"
    );
    let count = app.database.texts("SELECT CAST(count(*) AS text) AS text FROM payouts WHERE amount = 8000");
    assert_eq!(count, [(WORKERS + 1).to_string()]);
    let left = app.database.texts("SELECT CAST(count(*) AS text) AS text FROM releases WHERE remaining > 0");
    assert_eq!((left, app.earnings(&deal.worker)), (vec!["0".to_owned()], 0));
    assert!(after < before + 64, "{before} MiB became {after} MiB");
}

/// How many workers are paid by a run that is killed.
const FEW: u64 = 150;

/// How many of them are paid before it is killed again.
const STRIDE: usize = 25;

fn paid(app: &TestApp) -> usize {
    app.database.texts("SELECT CAST(count(*) AS text) AS text FROM payouts")[0].parse().unwrap()
}

fn finished(app: &TestApp) -> bool {
    !app.database.texts("SELECT 'x' AS text FROM payout_runs WHERE finished_at IS NOT NULL").is_empty()
}

/// Serves until so many are paid, or all, and is killed without a warning.
fn run_until(app: &TestApp, enough: usize) {
    let url = app.database.url.clone();
    let mut serve = command(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
    // One worker a step, so that it can be killed between any two.
    serve.env("AZUKARI_LOG", "error").env("AZUKARI_RULES__PAYOUT__RUN_CHUNK", "1").stdout(Stdio::null());
    let mut process = serve.spawn().unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while paid(app) < enough && !finished(app) {
        assert!(process.try_wait().unwrap().is_none(), "it has stopped by itself");
        assert!(Instant::now() < patience, "{} are paid", paid(app));
    }
    process.kill().unwrap();
    process.wait().unwrap();
}

on_each_engine!(a_payday_that_is_killed_again_and_again_pays_everybody_once);

fn a_payday_that_is_killed_again_and_again_pays_everybody_once(engine: Engine) {
    let mut app = TestApp::spawn(engine);
    app.earner(&[10_000]);
    app.settle_workers(FEW);
    app.book_earnings(FEW);
    app.stop_serving();
    // The month is over for whoever looks next.
    let month = TimeDelta::days(31).num_microseconds().unwrap();
    app.database.execute(&format!("UPDATE instance SET clock_offset = {month}")).unwrap();
    let mut kills = 0;
    while !finished(&app) {
        run_until(&app, paid(&app) + STRIDE);
        kills += 1;
    }
    assert!(kills > 3, "it was killed in the middle {kills} times only");
    let sums = "SELECT CAST(count(*) AS text) || ' of ' || CAST(min(amount) AS text) || '-' || CAST(max(amount) AS text) AS text
        FROM payouts WHERE kind = 'monthly'";
    assert_eq!(app.database.texts(sums), [format!("{} of 8000-8000", FEW + 1)], "each once, and all of it");
    let left = app.database.texts("SELECT 'x' AS text FROM releases WHERE remaining > 0");
    assert!(left.is_empty(), "{left:?}");
}
