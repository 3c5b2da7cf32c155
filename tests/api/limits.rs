//! How often one caller may ask.

use crate::harness::{Engine, Response, TestApp, people};

fn app() -> TestApp {
    TestApp::spawn_with(Engine::Sqlite, &[("AZUKARI_REQUESTS_PER_MINUTE", "3"), ("AZUKARI_LOG_INS_PER_MINUTE", "2")])
}

/// Asks until it is refused, and answers what the last answer before said of what is left.
fn until_refused(ask: impl Fn() -> Response) -> (usize, Response) {
    let answers: Vec<Response> = (0..20).map(|_| ask()).take_while(|answer| answer.status != 429).collect();
    (answers.len(), ask())
}

fn assert_refused(answer: &Response, name: &str, allowance: u32) {
    answer.problem(429, "rate_limited");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(answer.header("ratelimit-policy"), format!("\"{name}\";q={allowance};w=60"));
    assert!(answer.header("ratelimit").starts_with(&format!("\"{name}\";r=0;t=")), "{}", answer.header("ratelimit"));
}

#[test]
fn a_caller_who_asks_too_often_is_told_when_to_come_back() {
    let app = app();
    let first = app.get("/version").send();
    assert_eq!(first.header("ratelimit"), "\"requests\";r=2;t=60");
    let (answered, refused) = until_refused(|| app.get("/version").send());
    assert!((2..=3).contains(&answered), "{answered}");
    assert_refused(&refused, "requests", 3);
    // Everybody has their own allowance: this token is not known, but it is another one.
    app.get("/v1/me").token("another").send().problem(401, "invalid_token");
}

#[test]
fn guessing_has_an_allowance_of_its_own_whatever_token_comes_with_it() {
    let app = app();
    let log_in = |token: &str| app.post("/v1/sessions").token(token).json(&people::registration("hanako@example.com"));
    let tokens = std::cell::Cell::new(0);
    let (answered, refused) = until_refused(|| {
        tokens.set(tokens.get() + 1);
        log_in(&tokens.get().to_string())
    });
    assert!((2..=3).contains(&answered), "{answered}");
    assert_refused(&refused, "log-ins", 2);
    app.register("hanako@example.com").problem(429, "rate_limited");
    app.get("/version").send().expect(200);
}
