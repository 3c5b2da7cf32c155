//! How often one caller may ask.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

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

/// Sends the first half of a body and waits.
fn send_half(app: &TestApp) -> Response {
    let mut socket = TcpStream::connect(app.address()).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = "POST /v1/accounts HTTP/1.1\r\nHost: azukari\r\nConnection: close\r\nContent-Type: application/json\r\n";
    socket.write_all(format!("{head}Content-Length: 100\r\n\r\n{{\"email\": ").as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    while !answer.ends_with(b"}") {
        let read = socket.read(&mut part).unwrap();
        assert!(read > 0, "the answer ended: {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&part[..read]);
    }
    parsed(&String::from_utf8(answer).unwrap())
}

fn parsed(answer: &str) -> Response {
    let (head, text) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
    };
    let headers: HeaderMap = head.lines().skip(1).map(header).collect();
    Response { status, headers, text: text.to_owned() }
}

#[test]
fn a_body_that_comes_too_slowly_is_refused() {
    let app = TestApp::spawn_with(Engine::Sqlite, &[("AZUKARI_BODY_WAIT", "PT1S")]);
    send_half(&app).problem(408, "body_too_slow");
    app.member("hanako");
}
