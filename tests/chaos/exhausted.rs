//! Every connection to the database waits for somebody who keeps a lock: callers are told to come back, in time, and
//! everything works again as soon as the lock is gone.

use std::{
    thread,
    time::{Duration, Instant},
};

use reqwest::blocking::{Client, RequestBuilder};

use super::{
    members::Market,
    patience::{LONG, until, within},
    replica::Replica,
    table::Row,
};
use crate::harness::{Database, Engine, client::fresh_key, market::job_post, on_each_engine};

/// How many ask at once, which is more than there are connections of all kinds.
const CALLERS: usize = 48;

/// How long anybody may wait for an answer.
const IN_TIME: Duration = Duration::from_secs(3);

/// How soon after the lock everything works again.
const BACK: Duration = Duration::from_secs(2);

struct Called {
    status: u16,
    retry_after: bool,
    took: Duration,
}

fn call(request: RequestBuilder) -> Called {
    let begun = Instant::now();
    let response = request.send().unwrap();
    let (status, retry_after) = (response.status().as_u16(), response.headers().contains_key("retry-after"));
    Called { status, retry_after, took: begun.elapsed() }
}

/// Half of the callers read, half of them write; where reading needs no lock, all of them write.
fn call_all(http: &Client, url: &str, token: &str, readers: bool) -> Vec<Called> {
    let request = |number: usize| {
        if readers && number.is_multiple_of(2) {
            return http.get(format!("{url}/v1/me")).bearer_auth(token);
        }
        let post = http.post(format!("{url}/v1/jobs")).bearer_auth(token).header("Idempotency-Key", fresh_key());
        post.header("Content-Type", "application/json").body(job_post().to_string())
    };
    thread::scope(|scope| {
        let calls: Vec<_> = (0..CALLERS).map(|number| scope.spawn(move || call(request(number)))).collect();
        calls.into_iter().map(|called| called.join().unwrap()).collect()
    })
}

on_each_engine!(whoever_waits_for_a_lock_hears_in_time);

fn whoever_waits_for_a_lock_hears_in_time(engine: Engine) {
    let row = Row::of(format!("a lock that all wait for, {engine:?}"));
    let database = Database::create(engine);
    let mut replica = Replica::start(&database.url);
    let market = Market::of(vec![replica.url()]);
    let token = market.join("hanako").token.into_inner().unwrap();
    let http = Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(LONG).build().unwrap();
    let get = |path: &str| call(http.get(format!("{}{path}", replica.url())));
    let all_locked = engine == Engine::Postgres;
    let jam: Box<dyn std::any::Any> = match engine {
        Engine::Postgres => Box::new(database.half_done("LOCK TABLE instance, members IN ACCESS EXCLUSIVE MODE")),
        Engine::Sqlite => database.jam(),
    };
    let (called, live, ready) = thread::scope(|scope| {
        let called = scope.spawn(|| call_all(&http, &replica.url(), &token, all_locked));
        let ready = scope.spawn(|| get("/readyz"));
        let mut live = Vec::new();
        while !called.is_finished() {
            live.push(get("/livez"));
            // As often as a balancer might, not so often that the callers notice.
            thread::park_timeout(Duration::from_millis(100));
        }
        (called.join().unwrap(), live, ready.join().unwrap())
    });
    drop(jam);
    let freed = Instant::now();
    let works = || {
        (get("/readyz").status == 200
            && call(http.get(format!("{}/v1/me", replica.url())).bearer_auth(&token)).status == 200)
            .then_some(())
    };
    until("everything works again", LONG, works);
    let back = freed.elapsed();
    let slowest = called.iter().map(|called| called.took).max().unwrap();
    for called in &called {
        assert_eq!((called.status, called.retry_after), (503, true));
    }
    assert!(slowest <= IN_TIME, "somebody waited {slowest:?}");
    assert!(live.len() > 5, "/livez was asked {} times only", live.len());
    for live in live {
        assert_eq!(live.status, 200);
        assert!(live.took < Duration::from_secs(1), "/livez took {:?}", live.took);
    }
    // SQLite can be read all the time.
    assert_eq!(ready.status, if all_locked { 503 } else { 200 });
    assert!(ready.took <= IN_TIME && back <= BACK, "/readyz took {:?}, and it was back after {back:?}", ready.took);
    replica.signal_stop();
    assert!(within(LONG, || Some(replica.ended().success())).unwrap());
    row.pass(&format!("slowest 503 after {slowest:.1?}, back after {back:.1?}"), CALLERS);
}
