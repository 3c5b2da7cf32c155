//! What must not grow with history. Measured on request (`make scale`), because seconds say nothing on a busy machine.

mod payday;

use std::time::{Duration, Instant};

use crate::harness::{Deal, Engine, TestApp, deals::text, on_each_engine};

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

impl TestApp {
    /// Copies every row of a finished contract so many times, each under ids of its own.
    fn repeat_everything(&self, times: usize) {
        for (table, ids) in COPIED {
            let place = |of: &str| COPIED.iter().position(|(table, _)| *table == of).unwrap() + 1;
            let fresh = |of: &str| match self.database.engine {
                Engine::Sqlite => format!("unhex(printf('%016x%016x', {}, n))", place(of)),
                Engine::Postgres => format!("(lpad(to_hex({}), 16, '0') || lpad(to_hex(n), 16, '0'))::uuid", place(of)),
            };
            let columns = self.database.columns(table);
            let value = |column: &String| match ids.iter().find(|(id, _)| id == column) {
                Some((_, of)) => fresh(of),
                None => column.clone(),
            };
            let (names, values) = (columns.join(", "), columns.iter().map(value).collect::<Vec<_>>().join(", "));
            let series = format!(
                "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {times}),
                 first AS (SELECT * FROM {table} ORDER BY id LIMIT 1)"
            );
            let copy = format!("{series} INSERT INTO {table} ({names}) SELECT {values} FROM first, series");
            self.database.execute(&copy).unwrap();
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
