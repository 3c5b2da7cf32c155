//! How often one caller may ask.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use actix_web::http::Method;
use api::{
    context::Context,
    limits::{Class, LOG_INS, MAILS},
    locale::Locale,
    usecases::access,
};
use domain::{member::MemberKind, password::Password, policy::Role};
use persistence::store::{Intent, Tx};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use crate::harness::{
    Person, Request, Response, TestApp, on_both_engines,
    operation::{Operation, operations},
    people,
};

/// Small allowances, behind a proxy.
const FEW: [(&str, &str); 5] = [
    ("AZUKARI_READS_PER_MINUTE", "4"),
    ("AZUKARI_WRITES_PER_MINUTE", "3"),
    ("AZUKARI_LOG_INS_PER_MINUTE", "5"),
    ("AZUKARI_MAILS_PER_MINUTE", "2"),
    ("AZUKARI_TRUSTED_PROXIES", "127.0.0.0/8"),
];

on_both_engines!(&super::FEW =>
    a_caller_who_asks_too_often_is_told_when_to_come_back,
    a_path_that_is_written_in_another_way_is_of_the_same_class,
    each_class_of_operations_has_an_allowance_of_its_own,
    neither_a_made_up_token_nor_a_renewed_one_brings_a_fresh_allowance,
    members_behind_one_address_do_not_use_up_each_others_allowance_but_share_a_larger_one,
    an_api_key_has_an_allowance_of_its_own_and_leaves_its_owner_theirs,
    guessing_is_counted_by_address_whatever_token_comes_with_it,
    an_ipv6_subscriber_is_one_caller_with_all_their_addresses,
);

on_both_engines!(&[("AZUKARI_READS_PER_MINUTE", "4")] => who_is_no_proxy_of_ours_cannot_ask_for_others);

on_both_engines!(&[("AZUKARI_BODY_WAIT", "PT1S")] =>
    a_body_that_comes_too_slowly_is_refused,
    a_head_that_comes_too_slowly_is_let_go,
);

on_both_engines!(a_head_that_is_too_long_is_refused_before_anybody_reads_it);

/// A request that our proxy passes on for somebody.
fn from(app: &TestApp, address: &str, method: &str, path: &str) -> Request {
    app.request(method, path).header("X-Forwarded-For", address)
}

/// Asks until it is refused; how often it was not, and the refusal.
fn until_refused(mut ask: impl FnMut() -> Response) -> (usize, Response) {
    for answered in 0..200 {
        let answer = ask();
        if answer.status == 429 {
            return (answered, answer);
        }
    }
    panic!("nobody is ever refused");
}

fn assert_refused(answer: &Response, name: &str, allowance: u32) {
    answer.problem(429, "rate_limited");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(answer.header("ratelimit-policy"), format!("\"{name}\";q={allowance};w=60"));
    assert_eq!(answer.header("ratelimit"), format!("\"{name}\";r=0;t={wait}"));
}

/// One allowance of so many, while a part of it may have come back.
#[track_caller]
fn assert_about(answered: usize, allowance: usize) {
    assert!((allowance..=allowance + 1).contains(&answered), "{answered} instead of {allowance}");
}

/// Somebody who is logged in, without having used up the allowance of who asks for `address`.
fn member(app: &TestApp, name: &str) -> Person {
    let hash = api::password::hash(&Password::choose(people::PASSWORD, false, &[]).unwrap()).unwrap();
    let email = format!("{name}@example.com");
    let form = access::Registration {
        email: email.clone(),
        display_name: name.to_owned(),
        kind: MemberKind::Individual,
        username: None,
        password_hash: Some(hash),
        locale: Locale::En,
    };
    let inner = app.app.clone();
    let create = move |tx: &mut Tx<'_>| {
        let cx = Context::system(inner.clone(), api::clock::real_now());
        access::create_confirmed(tx, &cx, Role::Member, &form).map(drop)
    };
    app.app.store.write(Intent::Keep, create).unwrap();
    log_in(app, &email)
}

/// From an address that nobody else asks from.
fn log_in(app: &TestApp, email: &str) -> Person {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let address = format!("203.0.113.{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let body = json!({"email": email, "password": people::PASSWORD});
    people::person(email, &from(app, &address, "POST", "/v1/sessions").json(&body).expect(201))
}

fn a_caller_who_asks_too_often_is_told_when_to_come_back(app: &TestApp) {
    let ask = || from(app, "198.51.100.1", "GET", "/version").send();
    let first = ask();
    assert_eq!(first.header("ratelimit-policy"), "\"reads\";q=4;w=60");
    assert_eq!(first.header("ratelimit"), "\"reads\";r=3;t=15");
    let (answered, refused) = until_refused(ask);
    assert_about(answered, 3);
    assert_refused(&refused, "reads", 4);
}

/// The router reads `%73` as the `s` it is, and so must whoever counts.
fn a_path_that_is_written_in_another_way_is_of_the_same_class(app: &TestApp) {
    for (name, allowance, paths) in [
        ("log-ins", 5, ["/v1/%73essions", "/v1/sess%69ons"]),
        ("mails", 2, ["/v1/password%2Dresets", "/v1/p%61ssword-resets"]),
    ] {
        let mut paths = paths.iter().cycle();
        let (answered, refused) =
            until_refused(|| from(app, "198.51.100.1", "POST", paths.next().unwrap()).json(&json!({})));
        assert_about(answered, allowance);
        assert_refused(&refused, name, u32::try_from(allowance).unwrap());
    }
}

fn each_class_of_operations_has_an_allowance_of_its_own(app: &TestApp) {
    let post = |path: &str| from(app, "198.51.100.1", "POST", path).json(&json!({}));
    for (name, allowance, path) in
        [("writes", 3, "/v1/jobs"), ("log-ins", 5, "/v1/sessions"), ("mails", 2, "/v1/password-resets")]
    {
        let (answered, refused) = until_refused(|| post(path));
        assert_about(answered, allowance);
        assert_refused(&refused, name, u32::try_from(allowance).unwrap());
    }
    from(app, "198.51.100.1", "GET", "/version").send().expect(200);
}

fn neither_a_made_up_token_nor_a_renewed_one_brings_a_fresh_allowance(app: &TestApp) {
    let hanako = member(app, "hanako");
    let forged = format!("{}x", hanako.access_token);
    let numbers = std::cell::Cell::new(0_usize);
    let (answered, refused) = until_refused(|| {
        numbers.set(numbers.get() + 1);
        let token = if numbers.get().is_multiple_of(2) { forged.clone() } else { numbers.get().to_string() };
        from(app, "198.51.100.1", "GET", "/v1/me").token(&token).send()
    });
    assert_about(answered, 4);
    assert_refused(&refused, "reads", 4);

    // One account: two sessions, and a renewed token, each from somewhere else.
    let again = log_in(app, &hanako.email);
    let body = json!({"refresh_token": hanako.refresh_token});
    let renewed = from(app, "198.51.100.2", "POST", "/v1/sessions/refresh").json(&body).expect(200);
    let tokens = [hanako.access_token, again.access_token, renewed["access_token"].as_str().unwrap().to_owned()];
    let (answered, refused) = until_refused(|| {
        numbers.set(numbers.get() + 1);
        let address = format!("198.51.100.{}", numbers.get());
        from(app, &address, "GET", "/v1/me").token(&tokens[numbers.get() % 3]).send()
    });
    assert_about(answered, 4);
    assert_refused(&refused, "reads", 4);
}

fn members_behind_one_address_do_not_use_up_each_others_allowance_but_share_a_larger_one(app: &TestApp) {
    let people: Vec<Person> = (0..14).map(|number| member(app, &format!("member{number}"))).collect();
    let read = |person: &Person| from(app, "198.51.100.1", "GET", "/v1/me").by(person).send();
    until_refused(|| from(app, "198.51.100.1", "GET", "/version").send());
    until_refused(|| read(&people[0]));
    read(&people[1]).expect(200);
    let refused: Vec<Response> =
        people.iter().flat_map(|person| (0..4).map(|_| read(person))).filter(|answer| answer.status == 429).collect();
    let of_address = refused.iter().find(|answer| answer.header("ratelimit").contains("together"));
    assert_refused(of_address.expect("fourteen members ask no more than ten may"), "reads-together", 40);
}

fn an_api_key_has_an_allowance_of_its_own_and_leaves_its_owner_theirs(app: &TestApp) {
    let hanako = member(app, "hanako");
    let keys = [0, 1].map(|_| app.api_key(&hanako, &["profile:read"])["key"].as_str().unwrap().to_owned());
    for (key, address) in keys.iter().zip(["198.51.100.1", "198.51.100.2"]) {
        let read = || from(app, address, "GET", "/v1/me").token(key).send();
        // The first of all counts for the address: nobody knows the key yet.
        read().expect(200);
        let (answered, refused) = until_refused(read);
        assert_about(answered, 4);
        assert_refused(&refused, "reads", 4);
    }
    from(app, "198.51.100.1", "GET", "/v1/me").by(&hanako).send().expect(200);
}

fn guessing_is_counted_by_address_whatever_token_comes_with_it(app: &TestApp) {
    let people = [member(app, "hanako"), member(app, "taro")];
    let wrong = json!({"password": "not the right one at all"});
    let numbers = std::cell::Cell::new(0_usize);
    let (answered, refused) = until_refused(|| {
        numbers.set(numbers.get() + 1);
        let person = &people[numbers.get() % 2];
        from(app, "198.51.100.1", "POST", "/v1/sessions/step-up").by(person).json(&wrong)
    });
    assert_about(answered, 5);
    assert_refused(&refused, "log-ins", 5);
}

fn an_ipv6_subscriber_is_one_caller_with_all_their_addresses(app: &TestApp) {
    let numbers = std::cell::Cell::new(0_usize);
    let (answered, _) = until_refused(|| {
        numbers.set(numbers.get() + 1);
        from(app, &format!("2001:db8:1:2::{:x}", numbers.get()), "GET", "/version").send()
    });
    assert_about(answered, 4);
    from(app, "2001:db8:1:3::1", "GET", "/version").send().expect(200);
}

fn who_is_no_proxy_of_ours_cannot_ask_for_others(app: &TestApp) {
    let numbers = std::cell::Cell::new(0_usize);
    let (answered, _) = until_refused(|| {
        numbers.set(numbers.get() + 1);
        let forwarded = format!("for=198.51.100.{}", numbers.get());
        from(app, &format!("198.51.100.{}", numbers.get()), "GET", "/version").header("Forwarded", &forwarded).send()
    });
    assert_about(answered, 4);
}

/// What is open and changes something, and needs no class of its own: refresh tokens, and the secrets of apps, whose
/// servers ask for many members, cannot be guessed, and the clock is a sandbox's.
const OPEN_WRITES: [&str; 5] =
    ["/oauth/introspect", "/oauth/revoke", "/oauth/token", "/v1/sessions/refresh", "/v1/test-clock/advance"];

#[test]
fn every_operation_that_strangers_may_write_by_has_a_class_and_every_class_is_of_operations_that_exist() {
    let posts: Vec<Operation> = operations().into_iter().filter(|one| one.method == "POST").collect();
    for operation in posts.iter().filter(|operation| operation.open) {
        let class = Class::of(&Method::POST, &operation.template);
        let known = OPEN_WRITES.contains(&operation.template.as_str());
        assert_eq!(class == Class::Writes, known, "{}", operation.template);
    }
    for path in LOG_INS.iter().chain(&MAILS).chain(&OPEN_WRITES) {
        assert!(posts.iter().any(|operation| operation.template == *path), "{path} is no operation");
    }
}

/// Sends bytes and reads the answer, until whose body ends or the server hangs up.
fn send(app: &TestApp, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(app.address()).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // The server may have answered, and hung up, before it has all.
    let _ = socket.write_all(bytes);
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    while !answer.ends_with(b"}") {
        match socket.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(read) => answer.extend_from_slice(&part[..read]),
        }
    }
    String::from_utf8(answer).unwrap()
}

/// Sends the first half of a body and waits.
fn send_half(app: &TestApp) -> Response {
    let head = "POST /v1/accounts HTTP/1.1\r\nHost: azukari\r\nConnection: close\r\nContent-Type: application/json\r\n";
    parsed(&send(app, format!("{head}Content-Length: 100\r\n\r\n{{\"email\": ").as_bytes()))
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

fn a_body_that_comes_too_slowly_is_refused(app: &TestApp) {
    send_half(app).problem(408, "body_too_slow");
    app.member("hanako");
}

fn a_head_that_comes_too_slowly_is_let_go(app: &TestApp) {
    let answer = send(app, b"GET /version HTTP/1.1\r\nHost: azukari\r\nAuthor");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    app.get("/version").send().expect(200);
}

fn a_head_that_is_too_long_is_refused_before_anybody_reads_it(app: &TestApp) {
    let head = |name: &str, value: &str| {
        format!("GET /version HTTP/1.1\r\nHost: azukari\r\nConnection: close\r\n{name}: {value}\r\n\r\n")
    };
    assert!(send(app, head("X-Long", &"x".repeat(8_000)).as_bytes()).starts_with("HTTP/1.1 200 "));
    let long = send(app, head("X-Long", &"x".repeat(300_000)).as_bytes());
    assert!(long.starts_with("HTTP/1.1 4") || long.is_empty(), "{long}");
    let many = (0..500).map(|number| format!("X-{number}: x\r\n")).collect::<String>();
    let many = send(app, format!("GET /version HTTP/1.1\r\nHost: azukari\r\n{many}\r\n").as_bytes());
    assert!(many.starts_with("HTTP/1.1 4") || many.is_empty(), "{many}");
    app.get("/version").send().expect(200);
}
