//! When the database fails, callers learn that it failed, and nothing else.

use serde_json::json;

use crate::harness::{
    Engine, TestApp,
    deals::{stands, text},
    market::job_post,
    on_both_engines,
    patience::{LONG, until},
};

on_both_engines!(
    a_failure_inside_tells_nothing_but_the_request_id,
    a_database_that_cannot_be_written_is_worth_another_try,
    a_tag_that_was_never_given_matches_nothing,
    a_balance_that_would_pass_2_to_the_53_is_refused_and_named,
    a_worker_that_cannot_fire_timers_does_the_rest,
    a_reset_that_cannot_be_answered_holds_up_no_other,
    what_was_saved_by_somebody_else_meanwhile_is_a_lost_race,
    a_milestone_that_makes_no_sense_is_not_passed_over,
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
    confirm.json(&json!({"token": "azc_unknown"})).problem(412, "precondition_failed");
}

fn a_balance_that_would_pass_2_to_the_53_is_refused_and_named(app: &TestApp) {
    let deal = app.deal(&[10_000, 10_000]);
    deal.complete(0);
    deal.fund(1);
    let delivery = deal.deliver(1);
    let put = |balance: &str| {
        let earnings = format!("UPDATE ledger_accounts SET balance = {balance} WHERE kind = 'earnings'");
        app.database.execute(&earnings).unwrap();
    };
    put("9007199254740991 - 7999");
    deal.accept(1, &delivery).problem(409, "balance_too_large");
    assert_eq!(deal.stands(1), stands("delivered", "funded"), "nothing was changed");
    put("9007199254740991 - 8000");
    let preview = format!("/v1/milestones/{}/accept?preview=true", deal.milestones[1]);
    app.act(&deal.client, &preview, &json!({"delivery_id": delivery})).expect(200);
    put("8000");
    deal.accept(1, &delivery).expect(200);
}

/// Nobody looks into the mailbox, so that nobody but the worker answers what was asked about an address.
fn a_worker_that_cannot_fire_timers_does_the_rest(app: &TestApp) {
    let hanako = app.member("hanako");
    app.database.execute("ALTER TABLE timers RENAME TO alarms").unwrap();
    app.post("/v1/password-resets").json(&json!({"email": hanako.email})).expect(202);
    let answered = || app.database.texts("SELECT subject AS text FROM mails WHERE body LIKE '%azp_%'").pop();
    until("the worker has answered", LONG, answered);
    app.database.execute("ALTER TABLE alarms RENAME TO timers").unwrap();
}

fn a_reset_that_cannot_be_answered_holds_up_no_other(app: &TestApp) {
    let [broken, hanako] = ["broken", "hanako"].map(|name| app.member(name));
    let unguarded = match app.database.engine {
        Engine::Sqlite => "PRAGMA ignore_check_constraints = ON",
        Engine::Postgres => "ALTER TABLE members DROP CONSTRAINT IF EXISTS members_role_check",
    };
    let call = |role: &str| {
        let called = format!("UPDATE members SET role = '{role}' WHERE email = '{}'", broken.email);
        app.database.execute(&format!("{unguarded}; {called}")).unwrap();
    };
    call("nobody");
    for person in [&broken, &hanako] {
        app.post("/v1/password-resets").json(&json!({"email": person.email})).expect(202);
    }
    app.mailed(&hanako.email, "azp_");
    call("member");
    app.mailed(&broken.email, "azp_");
}

/// Whoever decides holds a lock, so it takes a trigger to have a row change under them.
fn what_was_saved_by_somebody_else_meanwhile_is_a_lost_race(app: &TestApp) {
    let hanako = app.member("hanako");
    let mut post = job_post();
    post["status"] = json!("draft");
    let draft = text(&app.act(&hanako, "/v1/jobs", &post).expect(201)["id"]);
    let job = format!("/v1/jobs/{draft}");
    app.database.without_updates("jobs", || {
        app.post(&format!("{job}/publish")).by(&hanako).send().problem(409, "lost_race");
    });
    assert_eq!(app.status(&hanako, &job), "draft");
    assert_eq!(app.events_about(&hanako, &draft), ["job.drafted"]);
}

fn a_milestone_that_makes_no_sense_is_not_passed_over(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    let delivery = deal.deliver(0);
    app.database.execute("UPDATE milestones SET delivery_id = NULL").unwrap();
    deal.request_changes(0).problem(500, "internal");
    deal.accept(0, &delivery).problem(409, "stale_delivery");
    app.database.execute("UPDATE milestones SET auto_accept_at = NULL").unwrap();
    app.advance_hours(5 * 24);
    let untold = "SELECT kind AS text FROM timers WHERE last_error IS NOT NULL";
    assert_eq!(app.database.texts(untold), ["first_reminder"]);
    assert_eq!(deal.stands(0), stands("delivered", "funded"), "nothing was changed");
}
