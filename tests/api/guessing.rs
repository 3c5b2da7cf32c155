//! Guessing at passwords is slowed, and locks nobody out.

use serde_json::{Value, json};

use crate::harness::{Response, TestApp, on_both_engines, partner::Browser, people, work::at_once};

on_both_engines!(
    &[("AZUKARI_LOG_INS_PER_MINUTE", "100000"), ("AZUKARI_TRUSTED_PROXIES", "127.0.0.0/8")] =>
    guesses_are_slowed_alike_at_known_and_unknown_addresses,
    guesses_sent_at_once_are_counted_one_by_one,
    a_right_password_among_wrong_ones_is_told_no_more_whatever_else_is_wrong,
    a_right_password_clears_the_typing_errors,
    a_stranger_who_guesses_does_not_keep_the_member_from_a_known_device,
    a_password_reset_opens_the_way_whatever_strangers_guess,
    who_was_guessed_at_before_they_confirmed_logs_in,
    a_list_of_stolen_passwords_is_slowed_by_where_it_comes_from,
    guesses_from_everywhere_are_slowed_at_the_account_and_not_at_a_known_device,
    the_page_of_an_app_is_open_to_a_browser_that_is_known_and_after_a_reset_to_any,
    what_is_kept_of_guesses_tells_no_address,
);

const HANAKO: &str = "hanako@example.com";

fn wrong(app: &TestApp, email: &str) -> Response {
    app.try_password(email, "a wrong one, and a long one")
}

fn with_device(app: &TestApp, device: &Value, password: &str) -> Response {
    app.post("/v1/sessions").json(&json!({"email": HANAKO, "password": password, "device_token": device}))
}

/// Guesses until it is slowed.
fn guess(app: &TestApp, email: &str) -> Value {
    for _ in 0..5 {
        wrong(app, email).problem(401, "invalid_credentials");
    }
    let refused = wrong(app, email);
    assert!((1..=3).contains(&refused.header("retry-after").parse::<u64>().unwrap()));
    let mut problem = refused.problem(429, "guessing_too_fast");
    problem.as_object_mut().unwrap().remove("request_id");
    problem
}

/// As if so many had failed at everything that was guessed at.
fn pretend(app: &TestApp, times: i32) {
    app.database.execute(&format!("UPDATE tallies SET times = {times}")).unwrap();
}

fn guesses_are_slowed_alike_at_known_and_unknown_addresses(app: &TestApp) {
    app.member("hanako");
    assert_eq!(guess(app, HANAKO), guess(app, "nobody@example.com"));
    app.try_password(HANAKO, people::PASSWORD).problem(429, "guessing_too_fast");
    app.put_back("tallies", &["last_at"], 3);
    app.log_in(HANAKO);
}

fn guesses_sent_at_once_are_counted_one_by_one(app: &TestApp) {
    app.member("hanako");
    for email in [HANAKO, "nobody@example.com"] {
        let answers = at_once(12, |_| wrong(app, email));
        let told = answers.iter().filter(|answer| answer.text.contains("invalid_credentials")).count();
        // Each two seconds that pass allow one more.
        assert!((5..=8).contains(&told), "{told} were told that they are wrong");
        assert_eq!(answers.iter().filter(|answer| answer.text.contains("guessing_too_fast")).count(), 12 - told);
    }
}

/// What is wrong with the request beside it is told after the guess was judged: it would tell the right one apart.
fn a_right_password_among_wrong_ones_is_told_no_more_whatever_else_is_wrong(app: &TestApp) {
    app.member("hanako");
    let answers = at_once(36, |each| {
        let password = if each % 3 == 2 { people::PASSWORD } else { "a wrong one, and a long one" };
        let request = app.post("/v1/sessions").header("Idempotency-Key", "not a key");
        request.json(&json!({"email": HANAKO, "password": password}))
    });
    let told = answers.iter().filter(|answer| answer.text.contains("invalid_header")).count();
    assert!(told < 12, "all twelve were told apart");
    assert!(answers.iter().any(|answer| answer.text.contains("guessing_too_fast")));
}

fn a_right_password_clears_the_typing_errors(app: &TestApp) {
    app.member("hanako");
    for _ in 0..3 {
        for _ in 0..4 {
            wrong(app, HANAKO).problem(401, "invalid_credentials");
        }
        app.log_in(HANAKO);
    }
}

fn a_stranger_who_guesses_does_not_keep_the_member_from_a_known_device(app: &TestApp) {
    app.member("hanako");
    let device = app.try_password(HANAKO, people::PASSWORD).expect(201)["device_token"].clone();
    guess(app, HANAKO);
    pretend(app, 1_000);
    app.try_password(HANAKO, people::PASSWORD).problem(429, "guessing_too_fast");
    with_device(app, &device, people::PASSWORD).expect(201);
    // A device that was stolen is no way to guess without end.
    for _ in 0..5 {
        with_device(app, &device, "a wrong one, and a long one").problem(401, "invalid_credentials");
    }
    with_device(app, &device, people::PASSWORD).problem(429, "guessing_too_fast");
}

fn a_password_reset_opens_the_way_whatever_strangers_guess(app: &TestApp) {
    app.member("hanako");
    guess(app, HANAKO);
    pretend(app, 1_000);
    app.post("/v1/password-resets").json(&json!({"email": HANAKO})).expect(202);
    let new = "seven otters juggle lanterns";
    let body = json!({"token": app.mailed(HANAKO, "azp_"), "password": new});
    let device = app.post("/v1/password-resets/confirm").json(&body).expect(200)["device_token"].clone();
    app.try_password(HANAKO, new).problem(429, "guessing_too_fast");
    with_device(app, &device, new).expect(201);
}

fn a_list_of_stolen_passwords_is_slowed_by_where_it_comes_from(app: &TestApp) {
    app.member("hanako");
    for number in 0..50 {
        wrong(app, &format!("member{number}@example.com")).problem(401, "invalid_credentials");
    }
    // An account of their own does not clear it.
    app.put_back("tallies", &["last_at"], 3);
    app.log_in(HANAKO);
    wrong(app, "another@example.com").problem(401, "invalid_credentials");
    wrong(app, "yet-another@example.com").problem(429, "guessing_too_fast");
}

fn guesses_from_everywhere_are_slowed_at_the_account_and_not_at_a_known_device(app: &TestApp) {
    app.member("hanako");
    let taro = app.member("taro");
    let device = app.try_password(HANAKO, people::PASSWORD).expect(201)["device_token"].clone();
    let from = |place: usize, email: &str, password: &str| {
        let request = app.post("/v1/sessions").header("X-Forwarded-For", &format!("198.51.100.{place}"));
        request.json(&json!({"email": email, "password": password}))
    };
    for place in 0..100 {
        from(place, HANAKO, "a wrong one, and a long one").problem(401, "invalid_credentials");
    }
    let refused = from(100, HANAKO, people::PASSWORD);
    refused.problem(429, "guessing_too_fast");
    assert!((1..=3).contains(&refused.header("retry-after").parse::<u64>().unwrap()));
    with_device(app, &device, people::PASSWORD).expect(201);
    // Nobody else is slowed, also not where the guesses came from.
    from(7, &taro.email, people::PASSWORD).expect(201);
    app.put_back("tallies", &["last_at"], 3);
    from(101, HANAKO, people::PASSWORD).expect(201);
}

fn who_was_guessed_at_before_they_confirmed_logs_in(app: &TestApp) {
    app.register(HANAKO).expect(202);
    app.post("/v1/sessions")
        .header("X-Forwarded-For", "198.51.100.7")
        .json(&json!({"email": HANAKO, "password": "a wrong one, and a long one"}))
        .problem(401, "invalid_credentials");
    pretend(app, 1_000);
    app.try_password(HANAKO, people::PASSWORD).problem(429, "guessing_too_fast");
    app.post("/v1/accounts/confirm-email").json(&json!({"token": app.mailed_token(HANAKO)})).expect(200);
    app.log_in(HANAKO);
}

fn the_page_of_an_app_is_open_to_a_browser_that_is_known_and_after_a_reset_to_any(app: &TestApp) {
    let hanako = app.member("hanako");
    let query = app.partner(&app.member("taro"), "Tea Calendar", true).query("profile:read", &[]);
    let mut known = Browser::new(app);
    known.log_in(&query, &hanako);
    let told = app.mails(HANAKO).len();
    app.post("/v1/sessions")
        .header("X-Forwarded-For", "198.51.100.7")
        .json(&json!({"email": HANAKO, "password": "a wrong one, and a long one"}))
        .problem(401, "invalid_credentials");
    pretend(app, 1_000);
    let log_in = |browser: &mut Browser<'_>, password: &str| {
        browser.cookie.clear();
        let page = browser.open(&query);
        browser.answer(&query, &page, &[("email", HANAKO), ("password", password)]).status
    };
    assert_eq!(log_in(&mut Browser::new(app), people::PASSWORD), 429);
    assert_eq!(log_in(&mut known, people::PASSWORD), 303);
    assert_eq!(app.mails(HANAKO).len(), told, "the browser is no new device");
    // A cookie that was stolen is no way to guess without end.
    let mut thief = Browser::new(app);
    thief.device.clone_from(&known.device);
    for _ in 0..5 {
        assert_eq!(log_in(&mut thief, "a wrong one, and a long one"), 401);
    }
    assert_eq!(log_in(&mut thief, people::PASSWORD), 429);
    app.post("/v1/password-resets").json(&json!({"email": HANAKO})).expect(202);
    let new = "seven otters juggle lanterns";
    let body = json!({"token": app.mailed(HANAKO, "azp_"), "password": new});
    app.post("/v1/password-resets/confirm").json(&body).expect(200);
    assert_eq!(log_in(&mut Browser::new(app), new), 303);
}

fn what_is_kept_of_guesses_tells_no_address(app: &TestApp) {
    wrong(app, HANAKO).problem(401, "invalid_credentials");
    let kept = match app.database.engine {
        crate::harness::Engine::Sqlite => app.database.texts("SELECT CAST(subject AS TEXT) AS text FROM tallies"),
        crate::harness::Engine::Postgres => app.database.texts("SELECT encode(subject, 'escape') AS text FROM tallies"),
    };
    assert_eq!(kept.len(), 3);
    assert!(kept.iter().all(|subject| !subject.contains("hanako") && !subject.contains("127.0.0.1")), "{kept:?}");
}
