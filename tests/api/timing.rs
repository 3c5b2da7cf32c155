//! How long an answer takes does not tell whose address is known.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Request, Response, TestApp, on_both_engines, people};

on_both_engines!(
    &[("AZUKARI_TRUSTED_PROXIES", "127.0.0.0/8")] =>
    a_wrong_password_is_refused_as_slowly_where_there_is_no_account,
    a_registration_takes_as_long_with_a_known_address,
    a_new_password_is_asked_for_as_quickly_with_an_unknown_address,
    a_hash_that_only_one_of_them_makes_is_noticed,
);

const HANAKO: &str = "hanako@example.com";

/// From another place each time, so that nobody is slowed for asking.
fn from(app: &TestApp, place: usize, path: &str) -> Request {
    app.post(path).header("X-Forwarded-For", &format!("198.51.100.{place}"))
}

/// Lets the two take turns, so that whatever else the machine does slows both, and compares their medians, until one
/// takes less than half as long again as the other. Noise is over at some time; a hash that only one of them makes is
/// more than all the rest, however often it is measured. If they never are alike, their medians.
fn differ(
    mut one: impl FnMut(usize) -> Response,
    mut other: impl FnMut(usize) -> Response,
) -> Option<(Duration, Duration)> {
    let (mut of_one, mut of_other) = (Vec::new(), Vec::new());
    for round in 1..=80 {
        of_one.push(duration(|| one(round)));
        of_other.push(duration(|| other(round)));
        let (first, second) = (median(&mut of_one), median(&mut of_other));
        if round >= 20 && round % 10 == 0 && first.max(second) < first.min(second) * 3 / 2 {
            return None;
        }
    }
    Some((median(&mut of_one), median(&mut of_other)))
}

fn duration(ask: impl FnOnce() -> Response) -> Duration {
    let start = Instant::now();
    let answer = ask();
    let taken = start.elapsed();
    assert!(matches!(answer.status, 202 | 401), "{} {}", answer.status, answer.text);
    taken
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn guess(app: &TestApp, place: usize, email: &str) -> Response {
    from(app, place, "/v1/sessions").json(&json!({"email": email, "password": "a wrong one, and a long one"}))
}

fn a_wrong_password_is_refused_as_slowly_where_there_is_no_account(app: &TestApp) {
    app.member("hanako");
    let differ = differ(|round| guess(app, round, HANAKO), |round| guess(app, round + 100, "nobody@example.com"));
    assert_eq!(differ, None);
}

fn a_registration_takes_as_long_with_a_known_address(app: &TestApp) {
    app.member("hanako");
    let join = |place: usize, email: &str| from(app, place, "/v1/accounts").json(&people::registration(email));
    let differ = differ(|round| join(round, HANAKO), |round| join(round + 100, &format!("nobody{round}@example.com")));
    assert_eq!(differ, None);
}

fn a_new_password_is_asked_for_as_quickly_with_an_unknown_address(app: &TestApp) {
    app.member("hanako");
    let ask = |place: usize, email: &str| from(app, place, "/v1/password-resets").json(&json!({"email": email}));
    let differ = differ(|round| ask(round, HANAKO), |round| ask(round + 100, "nobody@example.com"));
    assert_eq!(differ, None);
}

/// Tests the measure: what is no hash is compared with nothing, as if it had been forgotten.
fn a_hash_that_only_one_of_them_makes_is_noticed(app: &TestApp) {
    app.member("hanako");
    app.database.execute("UPDATE members SET password_hash = 'no hash'").unwrap();
    let differ = differ(|round| guess(app, round, HANAKO), |round| guess(app, round + 100, "nobody@example.com"));
    assert!(differ.is_some_and(|(unhashed, hashed)| unhashed < hashed), "{differ:?}");
}
