//! The test clock and the test mailbox, which production does not have.

use chrono::TimeDelta;
use serde_json::json;

use crate::harness::{Engine, TestApp, on_both_engines, work::at_once};

on_both_engines!(
    the_test_clock_goes_forward_and_never_back,
    tokens_stay_on_real_time,
    a_date_that_does_not_exist_is_refused,
    what_is_overdue_happens_once_however_often_the_clock_goes_on,
    the_test_clock_goes_on_past_a_timer_that_fails,
    production_has_neither_clock_nor_mailbox,
);

fn the_test_clock_goes_forward_and_never_back(app: &TestApp) {
    let before = app.now();
    app.advance_hours(24 * 30);
    let after = app.now();
    assert!(after - before >= TimeDelta::days(30), "{before} {after}");
    for earlier in [before, after - TimeDelta::hours(1)] {
        let answer = app.post("/v1/test-clock/advance").json(&json!({"to_at": earlier}));
        answer.problem(409, "clock_not_forward");
    }
    assert!(app.now() >= after);
}

fn tokens_stay_on_real_time(app: &TestApp) {
    let hanako = app.member("hanako");
    app.advance_hours(24 * 365);
    app.read(&hanako, "/v1/me");
    app.log_in(&hanako.email);
}

fn a_date_that_does_not_exist_is_refused(app: &TestApp) {
    for odd in ["2027-02-29T00:00:00Z", "2027-01-01", "tomorrow", "2027-01-01T25:00:00Z", "2027-01-01T00:00:00", ""] {
        let problem = app.post("/v1/test-clock/advance").json(&json!({"to_at": odd})).problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], "/to_at", "{odd}");
    }
    for odd in [json!(0), json!(null), json!({})] {
        app.post("/v1/test-clock/advance").json(&json!({"to_at": odd})).problem(422, "invalid_body");
    }
}

fn what_is_overdue_happens_once_however_often_the_clock_goes_on(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let now = app.now();
    // It lapses after 7 days. All advance past that at once, while the program looks for what is due as well.
    let advanced = at_once(4, |hours| {
        let later = now + TimeDelta::days(8) + TimeDelta::hours(hours.try_into().unwrap());
        app.post("/v1/test-clock/advance").json(&json!({"to_at": later}))
    });
    let (done, late): (Vec<_>, Vec<_>) = advanced.iter().partition(|answer| answer.status == 200);
    assert!(!done.is_empty(), "{advanced:?}");
    late.iter().for_each(|answer| drop(answer.problem(409, "clock_not_forward")));
    assert!(app.now() >= now + TimeDelta::days(8), "a slower one took it back");
    app.advance_hours(24);
    assert_eq!(deal.status(), "lapsed");
    let told = app.events_about(&deal.client, &deal.contract);
    assert_eq!(told.iter().filter(|kind| *kind == "contract.lapsed").count(), 1, "{told:?}");
    assert!(app.database.texts("SELECT kind AS text FROM timers WHERE kind = 'agreed_lapse'").is_empty());
}

fn the_test_clock_goes_on_past_a_timer_that_fails(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    // Due before everything else, on a contract that nobody ever signed.
    let (subject, moment) = match app.database.engine {
        Engine::Sqlite => ("zeroblob(16)", (app.now() + TimeDelta::hours(1)).timestamp_micros().to_string()),
        Engine::Postgres => ("gen_random_uuid()", "now() + interval '1 hour'".to_owned()),
    };
    let broken = format!("({subject}, 'agreed_lapse', {moment}, 0, {moment})");
    app.database
        .execute(&format!("INSERT INTO timers (subject, kind, due_at, attempts, retry_at) VALUES {broken}"))
        .unwrap();
    app.advance_hours(7 * 24);
    assert_eq!(deal.status(), "lapsed", "what was due later happened");
    let tried = "SELECT attempts || ' ' || last_error AS text FROM timers WHERE attempts > 0";
    assert_eq!(app.database.texts(tried), ["1 not_found"], "it waits for its next try");
    app.advance_hours(1);
    assert_eq!(app.database.texts(tried), ["2 not_found"]);
    app.database.execute("DELETE FROM timers WHERE attempts > 0").unwrap();
}

fn production_has_neither_clock_nor_mailbox(sandbox: &TestApp) {
    let app = production(sandbox.database.engine);
    assert_eq!(app.get("/version").send().expect(200)["mode"], "production");
    app.get("/v1/test-clock").send().problem(404, "not_found");
    app.get("/v1/test-mailbox?recipient=hanako@example.com").send().problem(404, "not_found");
    let advance = json!({"to_at": "2099-01-01T00:00:00Z"});
    app.post("/v1/test-clock/advance").json(&advance).problem(404, "not_found");
}

fn production(engine: Engine) -> TestApp {
    TestApp::spawn_with(
        engine,
        &[
            ("AZUKARI_MODE", "production"),
            ("AZUKARI_SECRET", "0123456789abcdef0123456789abcdef"),
            ("AZUKARI_SMTP_URL", "smtp://127.0.0.1:1"),
            ("AZUKARI_PUBLIC_URL", "https://azukari.example"),
        ],
    )
}
