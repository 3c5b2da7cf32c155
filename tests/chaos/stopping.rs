//! `SIGTERM` while requests are under way.

use std::{net::TcpStream, thread, time::Instant};

use reqwest::blocking::Client;

use super::{
    members::Market,
    patience::{LONG, until},
    replica::Replica,
    stage::{Ground, Size, Stage},
    table::Row,
};
use crate::harness::{Database, Engine, client::fresh_key, market::job_post, on_each_engine};

/// How many requests wait for a lock when the signal comes.
const UNDER_WAY: usize = 6;

/// On PostgreSQL, which tells from outside when all of them wait.
#[test]
fn what_was_accepted_before_sigterm_is_answered() {
    let row = Row::of("SIGTERM while requests wait for a lock, Postgres");
    let database = Database::create(Engine::Postgres);
    let mut replica = Replica::start(&database.url);
    let market = Market::of(vec![replica.url()]);
    let token = market.join("hanako").token.into_inner().unwrap();
    let http = Client::builder().no_proxy().timeout(LONG).build().unwrap();
    let url = replica.url();
    let post = || {
        let post = http.post(format!("{url}/v1/jobs")).bearer_auth(&token).header("Idempotency-Key", fresh_key());
        post.header("Content-Type", "application/json").body(job_post().to_string()).send().unwrap().status().as_u16()
    };
    let jam = database.jam();
    let begun = Instant::now();
    let answers: Vec<u16> = thread::scope(|scope| {
        let sent: Vec<_> = (0..UNDER_WAY).map(|_| scope.spawn(post)).collect();
        let waiting = "SELECT 'x' AS text FROM pg_stat_activity WHERE datname = current_database()
            AND wait_event_type = 'Lock' AND query NOT LIKE '%pg_stat_activity%'";
        until("all of them wait", LONG, || (database.texts(waiting).len() >= UNDER_WAY).then_some(()));
        replica.signal_stop();
        until("nobody listens any more", LONG, || TcpStream::connect(replica.address()).is_err().then_some(()));
        drop(jam);
        sent.into_iter().map(|answer| answer.join().unwrap()).collect()
    });
    assert_eq!(answers, [201; UNDER_WAY]);
    assert!(replica.ended().success());
    assert_eq!(database.texts("SELECT 'x' AS text FROM jobs").len(), UNDER_WAY);
    row.pass(&format!("1 signal, stopped after {:.1?}", begun.elapsed()), UNDER_WAY);
}

on_each_engine!(
    #[ignore = "takes minutes"]
    nothing_is_lost_or_doubled_by_stopping_under_load,
);

/// Stopped and started again and again while clients work.
fn nothing_is_lost_or_doubled_by_stopping_under_load(engine: Engine) {
    let size = Size::of((150, 3_000), (2, 10));
    let row = Row::of(format!("SIGTERM under load, {engine:?}"));
    let mut stage = Stage::open(Ground::of(engine), 1);
    stage.suffer(size, |_, replicas, _| {
        replicas[0].signal_stop();
        assert!(replicas[0].ended().success());
        replicas[0].restart();
    });
    let verdict = stage.verdict();
    row.judge(&format!("{} signals", size.faults), &verdict);
}
