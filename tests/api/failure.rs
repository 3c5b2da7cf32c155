//! When the database fails, callers learn that it failed, and nothing else.

use crate::harness::{TestApp, on_both_engines};

on_both_engines!(
    a_failure_inside_tells_nothing_but_the_request_id,
    a_database_that_cannot_be_written_is_worth_another_try,
    a_tag_that_was_never_given_matches_nothing,
);

fn a_failure_inside_tells_nothing_but_the_request_id(app: &TestApp) {
    app.database.execute("ALTER TABLE mails RENAME TO letters").unwrap();
    let answer = app.register("hanako@example.com");
    answer.problem(500, "internal");
    assert!(!answer.text.contains("mails"), "{}", answer.text);
    app.database.execute("ALTER TABLE letters RENAME TO mails").unwrap();
    app.member("hanako");
}

fn a_database_that_cannot_be_written_is_worth_another_try(app: &TestApp) {
    let jam = app.database.jam();
    let answer = app.register("hanako@example.com");
    answer.problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "2");
    drop(jam);
    app.member("hanako");
}

fn a_tag_that_was_never_given_matches_nothing(app: &TestApp) {
    let confirm = app.post("/v1/accounts/confirm-email").header("If-Match", "\"never-given\"");
    confirm.json(&serde_json::json!({"token": "azc_unknown"})).problem(412, "precondition_failed");
}
