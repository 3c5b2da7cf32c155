//! The same key twice has one effect and one answer.

use serde_json::json;

use crate::harness::{
    Engine, Response, TestApp,
    client::fresh_key,
    on_both_engines, people,
    work::{at_once, until_answered},
};

on_both_engines!(
    the_same_key_and_request_repeat_the_first_answer,
    the_same_key_with_another_request_is_refused,
    a_refusal_is_not_kept,
    work_whose_answer_cannot_be_kept_is_not_done,
    an_answer_that_held_a_secret_is_not_repeated,
    an_answer_that_cannot_be_read_is_not_passed_off_as_a_secret,
    the_same_key_fifty_times_at_once_has_one_effect,
    spaces_and_order_do_not_make_another_request,
    what_is_kept_of_a_request_tells_nothing_to_whoever_reads_the_database,
);

fn register(app: &TestApp, key: &str, email: &str) -> Response {
    app.post("/v1/accounts").key(key).json(&people::registration(email))
}

fn the_same_key_and_request_repeat_the_first_answer(app: &TestApp) {
    let first = register(app, "one", "hanako@example.com");
    let again = register(app, "one", "hanako@example.com");
    first.expect(202);
    again.expect(202);
    assert_eq!(first.text, again.text);
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    assert_eq!(app.mails("hanako@example.com").len(), 1);
}

fn the_same_key_with_another_request_is_refused(app: &TestApp) {
    register(app, "one", "hanako@example.com").expect(202);
    register(app, "one", "taro@example.com").problem(422, "idempotency_key_reused");
    assert_eq!(app.mails("taro@example.com").len(), 0);
    register(app, "two", "taro@example.com").expect(202);
}

fn a_refusal_is_not_kept(app: &TestApp) {
    let confirm = |token: &str| app.post("/v1/accounts/confirm-email").key("one").json(&json!({"token": token}));
    confirm("azc_unknown").problem(401, "invalid_token");
    register(app, "one", "hanako@example.com").expect(202);
    confirm(&app.mailed_token("hanako@example.com")).expect(200);
}

fn work_whose_answer_cannot_be_kept_is_not_done(app: &TestApp) {
    app.database.without_updates("idempotency_keys", || {
        register(app, "one", "hanako@example.com").problem(409, "lost_race");
    });
    assert_eq!(app.mails("hanako@example.com").len(), 0);
    let done = register(app, "one", "hanako@example.com");
    done.expect(202);
    assert_eq!(done.header("idempotency-replayed"), "");
    assert_eq!(app.mails("hanako@example.com").len(), 1);
}

fn an_answer_that_held_a_secret_is_not_repeated(app: &TestApp) {
    app.member("hanako");
    let login = json!({"email": "hanako@example.com", "password": people::PASSWORD});
    app.post("/v1/sessions").key("one").json(&login).expect(201);
    app.post("/v1/sessions").key("one").json(&login).problem(409, "answer_not_repeatable");
}

fn the_same_key_fifty_times_at_once_has_one_effect(app: &TestApp) {
    let key = fresh_key();
    let answers = at_once(50, |_| until_answered(|| register(app, &key, "hanako@example.com")));
    let fresh = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count();
    assert_eq!(fresh, 1);
    answers.iter().for_each(|answer| drop(answer.expect(202)));
    assert_eq!(app.mails("hanako@example.com").len(), 1);
}

fn spaces_and_order_do_not_make_another_request(app: &TestApp) {
    let send = |body: &str| app.post("/v1/accounts/confirm-email").key("one").raw(body);
    app.register("hanako@example.com").expect(202);
    let token = app.mailed_token("hanako@example.com");
    send(&format!(r#"{{"token":"{token}"}}"#)).expect(200);
    let again = send(&format!("{{ \"token\" :\n \"{token}\" }}"));
    again.expect(200);
    assert_eq!(again.header("idempotency-replayed"), "true");
}

/// What is kept to recognise a request by, in hexadecimal digits.
fn fingerprint(app: &TestApp) -> String {
    let hex = app.database.hex("fingerprint");
    let kept = app.database.texts(&format!("SELECT {hex} AS text FROM idempotency_keys"));
    assert_eq!(kept.len(), 1);
    kept[0].clone()
}

fn what_is_kept_of_a_request_tells_nothing_to_whoever_reads_the_database(app: &TestApp) {
    // The same request elsewhere: whoever could reckon it from the body alone could guess passwords by it.
    let other = TestApp::spawn_with(app.database.engine, &[("AZUKARI_SECRET", "0123456789abcdef0123456789abcdef")]);
    let again = TestApp::spawn_with(app.database.engine, &[("AZUKARI_SECRET", "0123456789abcdef0123456789abcdef")]);
    for each in [app, &other, &again] {
        register(each, "one", "hanako@example.com").expect(202);
    }
    assert_ne!(fingerprint(app), fingerprint(&other), "it depends on the secret");
    assert_eq!(fingerprint(&again), fingerprint(&other), "and on nothing else but the request");
}

/// Nobody waits for a row on SQLite, where writers take turns: see `failure`.
#[test]
fn who_cannot_wait_for_the_first_request_is_told_so() {
    let app = TestApp::spawn(Engine::Postgres);
    let first = app.database.half_done(
        "INSERT INTO idempotency_keys (caller, idempotency_key, fingerprint, created_at)
            VALUES ('127.0.0.1 /v1/accounts', 'one', '', now())",
    );
    register(&app, "one", "hanako@example.com").problem(409, "still_running");
    drop(first);
    register(&app, "one", "hanako@example.com").expect(202);
}

fn an_answer_that_cannot_be_read_is_not_passed_off_as_a_secret(app: &TestApp) {
    register(app, "one", "hanako@example.com").expect(202);
    app.database.execute("UPDATE idempotency_keys SET answer = '{}'").unwrap();
    register(app, "one", "hanako@example.com").problem(500, "internal");
}
