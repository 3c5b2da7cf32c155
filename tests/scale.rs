//! What must not grow with history. Measured on request (`make scale`), because seconds say nothing on a busy machine.

mod payday;

use std::{
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::harness::{Deal, Engine, TestApp, deals::text, market::offer, on_each_engine};

/// How often something is asked for; the middle of the times counts.
const TIMES: usize = 201;

/// Rows that refer to each other, in the order in which they must be made: a table, and its columns that hold ids of
/// copied rows, each with the table it refers to.
const COPIED: [(&str, &[(&str, &str)]); 5] = [
    ("jobs", &[("id", "jobs")]),
    ("proposals", &[("id", "proposals"), ("job_id", "jobs")]),
    ("contracts", &[("id", "contracts"), ("job_id", "jobs"), ("proposal_id", "proposals")]),
    ("milestones", &[("id", "milestones"), ("contract_id", "contracts"), ("escrow_id", "escrows")]),
    ("escrows", &[("id", "escrows"), ("milestone_id", "milestones")]),
];

/// Which row of a table is copied. Ids are in the order of time, and those of copies come before all others.
#[derive(Clone, Copy)]
enum Row {
    First,
    Last,
}

/// How many others there are, who have as much together as the one who is looked at. A marketplace of one member would
/// have PostgreSQL, which plans without knowing for whom, read whole tables.
const OTHERS: usize = 500;

impl TestApp {
    /// An id by the number of its table and its own.
    fn numbered_id(&self, table: usize, number: &str) -> String {
        match self.database.engine {
            Engine::Sqlite => format!("unhex(printf('%016x%016x', {table}, {number}))"),
            Engine::Postgres => format!("(lpad(to_hex({table}), 16, '0') || lpad(to_hex({number}), 16, '0'))::uuid"),
        }
    }

    /// Copies a row of a table, the first or the last, with other values by the number `n` of the copy.
    fn copy(&self, row: Row, table: &str, numbers: RangeInclusive<usize>, value: impl Fn(&str) -> String) {
        let order = match row {
            Row::First => "ASC",
            Row::Last => "DESC",
        };
        let columns = self.database.columns(table);
        let values: Vec<String> = columns.iter().map(|column| value(column)).collect();
        let copy = format!(
            "WITH RECURSIVE series(n) AS (SELECT {} UNION ALL SELECT n + 1 FROM series WHERE n < {}),
             one AS (SELECT * FROM {table} ORDER BY id {order} LIMIT 1)
             INSERT INTO {table} ({}) SELECT {} FROM one, series",
            numbers.start(),
            numbers.end(),
            columns.join(", "),
            values.join(", ")
        );
        self.database.execute(&copy).unwrap();
    }

    /// Copies every row of the first contract so many times, each under ids of its own, and every row of the last as
    /// often for others.
    fn repeat_everything(&self, times: usize) {
        self.copy(Row::First, "members", 1..=OTHERS + 1, |column| match column {
            "id" => self.numbered_id(0, "n"),
            "email" | "email_key" => format!("'other' || n || {column}"),
            "username" | "username_skeleton" => "NULL".to_owned(),
            _ => column.to_owned(),
        });
        let other = |number: &str| self.numbered_id(0, &format!("({number})"));
        let (client, worker) = (other(&format!("1 + n % {OTHERS}")), other(&format!("2 + n % {OTHERS}")));
        for (table, ids) in COPIED {
            let place = |of: &str| COPIED.iter().position(|(table, _)| *table == of).unwrap() + 1;
            let own = |column: &str| match ids.iter().find(|(id, _)| *id == column) {
                Some((_, of)) => self.numbered_id(place(of), "n"),
                None => column.to_owned(),
            };
            self.copy(Row::First, table, 1..=times, own);
            self.copy(Row::Last, table, times + 1..=2 * times, |column| match column {
                "client_id" => client.clone(),
                "worker_id" => worker.clone(),
                _ => own(column),
            });
        }
        self.database.execute("ANALYZE").unwrap();
    }

    /// The middle of the times that a request takes.
    fn median(&self, deal: &Deal<'_>, path: &str) -> Duration {
        let mut times: Vec<Duration> = (0..TIMES)
            .map(|_| {
                let begun = Instant::now();
                self.get(path).by(&deal.client).send().expect(200);
                begun.elapsed()
            })
            .collect();
        times.sort_unstable();
        times[TIMES / 2]
    }
}

/// What a member asks for again and again, however much they have done.
const ASKED: [&str; 3] = ["/v1/me/withdrawal", "/v1/me/contracts", "/v1/me/proposals"];

/// How long each takes with so many contracts that are over, on both sides of one pair.
fn asked_after(engine: Engine, contracts: usize) -> [Duration; ASKED.len()] {
    let app = TestApp::spawn(engine);
    let deal = app.deal(&[10_000]);
    deal.complete(0);
    // Of others a contract waits to be paid for, a job is open, and a proposal to it stands, so that there is more than
    // one state of each.
    let (client, worker) = (app.member("other-client"), app.member("other-worker"));
    app.deal_between(&client, &worker, &[10_000], &json!({}));
    app.act(&worker, &format!("{}/proposals", app.job(&client)), &offer(&[10_000])).expect(201);
    app.repeat_everything(contracts);
    let listed = app.read(&deal.client, "/v1/me/contracts?limit=1");
    assert_eq!(text(&listed["items"][0]["status"]), "ended");
    assert_eq!(app.read(&deal.client, "/v1/me/withdrawal")["can_withdraw"], true);
    ASKED.map(|path| app.median(&deal, path))
}

on_each_engine!(
    #[ignore = "measures time"]
    what_is_asked_again_and_again_does_not_grow_with_history,
);

fn what_is_asked_again_and_again_does_not_grow_with_history(engine: Engine) {
    let (few, many) = (asked_after(engine, 100), asked_after(engine, 10_000));
    for ((path, few), many) in ASKED.iter().zip(few).zip(many) {
        println!("{engine:?}: {path} after 100 contracts {few:?}, after 10,000 {many:?}");
        assert!(many < few * 3 / 2, "{path}: {few:?} became {many:?}");
    }
}
