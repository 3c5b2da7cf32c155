//! How long an answer takes does not tell whose address is known.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Request, Response, TestApp, on_both_engines, people};

on_both_engines!(
    &[("AZUKARI_TRUSTED_PROXIES", "127.0.0.0/8")] =>
    a_wrong_password_is_refused_as_slowly_where_there_is_no_account,
    a_registration_takes_as_long_with_a_known_address,
    a_new_password_is_asked_for_as_quickly_with_an_unknown_address,
);

const HANAKO: &str = "hanako@example.com";

/// From another place each time, so that nobody is slowed for asking.
fn from(app: &TestApp, place: usize, path: &str) -> Request {
    app.post(path).header("X-Forwarded-For", &format!("198.51.100.{place}"))
}

/// Lets the two take turns, so that whatever else the machine does slows both, and compares their medians, until one
/// takes less than half as long again as the other. Noise is over at some time; a hash that only one of them makes is
/// several times what is left without it, however often it is measured.
#[track_caller]
fn assert_alike(mut known: impl FnMut(usize) -> Response, mut unknown: impl FnMut(usize) -> Response) {
    let (mut of_known, mut of_unknown) = (Vec::new(), Vec::new());
    for round in 1..=80 {
        of_known.push(duration(|| known(round)));
        of_unknown.push(duration(|| unknown(round)));
        if round >= 20 && round % 10 == 0 && are_alike(median(&mut of_known), median(&mut of_unknown)) {
            return;
        }
    }
    panic!("known: {:?}, unknown: {:?}", median(&mut of_known), median(&mut of_unknown));
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

fn are_alike(one: Duration, other: Duration) -> bool {
    one.max(other) < one.min(other) * 3 / 2
}

fn a_wrong_password_is_refused_as_slowly_where_there_is_no_account(app: &TestApp) {
    app.member("hanako");
    let guess = |place: usize, email: &str| {
        let body = json!({"email": email, "password": "a wrong one, and a long one"});
        from(app, place, "/v1/sessions").json(&body)
    };
    assert_alike(|round| guess(round, HANAKO), |round| guess(round + 100, "nobody@example.com"));
}

fn a_registration_takes_as_long_with_a_known_address(app: &TestApp) {
    app.member("hanako");
    let join = |place: usize, email: &str| from(app, place, "/v1/accounts").json(&people::registration(email));
    assert_alike(|round| join(round, HANAKO), |round| join(round + 100, &format!("nobody{round}@example.com")));
}

fn a_new_password_is_asked_for_as_quickly_with_an_unknown_address(app: &TestApp) {
    app.member("hanako");
    let ask = |place: usize, email: &str| from(app, place, "/v1/password-resets").json(&json!({"email": email}));
    assert_alike(|round| ask(round, HANAKO), |round| ask(round + 100, "nobody@example.com"));
}
