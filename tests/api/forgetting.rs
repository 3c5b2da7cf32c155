//! What is forgotten by its age, and what must not be yet.

use api::forgetting;
use serde_json::json;

use crate::harness::{Engine, Person, TestApp, deals::text, on_both_engines, on_each_engine, people};

on_both_engines!(
    a_session_is_forgotten_a_month_after_its_end_with_all_that_belonged_to_it,
    a_live_session_keeps_the_tokens_that_tell_of_a_theft,
    the_test_clock_makes_nothing_old,
    what_confirms_an_address_is_forgotten_when_it_has_expired,
    a_device_is_known_for_a_year_after_its_last_log_in,
    who_comes_back_after_their_sessions_were_forgotten_hears_of_a_new_device,
);

on_each_engine!(what_has_piled_up_is_forgotten_little_by_little);

const DAY: i64 = 24 * 3600;

const NEW_DEVICE: &str = "A new device logged in";

fn count(app: &TestApp, table: &str) -> usize {
    app.database.texts(&format!("SELECT 'x' AS text FROM {table}")).len()
}

fn forget(app: &TestApp) {
    forgetting::OLD.iter().for_each(|(what, forget)| forget(&app.app).expect(what));
}

fn renew(app: &TestApp, token: &str) -> crate::harness::Response {
    app.post("/v1/sessions/refresh").json(&json!({"refresh_token": token}))
}

fn a_session_is_forgotten_a_month_after_its_end_with_all_that_belonged_to_it(app: &TestApp) {
    let hanako = app.member("hanako");
    renew(app, &hanako.refresh_token).expect(200);
    app.api_key(&hanako, &["profile:read"]);
    let partner = app.partner(&app.member("taro"), "Tea Calendar", true);
    app.connect(&partner, &hanako, "profile:read");
    // The key and the app's session end after 90 days, the others before.
    app.put_back("sessions", &["expires_at"], 119 * DAY);
    app.put_back("authorization_codes", &["expires_at"], 119 * DAY);
    forget(app);
    assert_eq!((count(app, "sessions"), count(app, "api_keys"), count(app, "refresh_tokens")), (2, 1, 1));
    let ended = app.log_in(&hanako.email);
    app.put_back("sessions", &["expires_at"], 58 * DAY);
    let alive = app.log_in(&hanako.email);
    forget(app);
    assert_eq!((count(app, "sessions"), count(app, "api_keys"), count(app, "refresh_tokens")), (2, 0, 2));
    app.get("/v1/me").by(&ended).send().problem(401, "invalid_token");
    app.read(&alive, "/v1/me");
    renew(app, &alive.refresh_token).expect(200);
}

fn a_live_session_keeps_the_tokens_that_tell_of_a_theft(app: &TestApp) {
    let hanako = app.member("hanako");
    let second = text(&renew(app, &hanako.refresh_token).expect(200)["refresh_token"]);
    let third = text(&renew(app, &second).expect(200)["refresh_token"]);
    app.put_back("sessions", &["expires_at"], 29 * DAY);
    app.put_back("refresh_tokens", &["used_at"], 29 * DAY);
    forget(app);
    renew(app, &hanako.refresh_token).problem(401, "invalid_token");
    renew(app, &third).problem(401, "invalid_token");
}

fn the_test_clock_makes_nothing_old(app: &TestApp) {
    let hanako = app.member("hanako");
    app.register("taro@example.com").expect(202);
    app.advance_hours(400 * 24);
    forget(app);
    assert_eq!((count(app, "devices"), count(app, "email_confirmations")), (1, 1));
    app.read(&hanako, "/v1/me");
}

fn what_confirms_an_address_is_forgotten_when_it_has_expired(app: &TestApp) {
    app.register("hanako@example.com").expect(202);
    app.put_back("email_confirmations", &["expires_at"], 365 * DAY);
    app.register("taro@example.com").expect(202);
    forget(app);
    assert_eq!(count(app, "email_confirmations"), 1);
    let token = app.mailed_token("taro@example.com");
    app.post("/v1/accounts/confirm-email").json(&json!({"token": token})).expect(200);
}

/// Logs in on a device; the token by which it is known then, and whether its owner was told that it is new.
fn log_in(app: &TestApp, hanako: &Person, device: &str) -> (String, bool) {
    let told = || app.subjects(&hanako.email).iter().filter(|subject| *subject == NEW_DEVICE).count();
    let before = told();
    let body = json!({"email": hanako.email, "password": people::PASSWORD, "device_token": device});
    let token = text(&app.post("/v1/sessions").json(&body).expect(201)["device_token"]);
    (token, told() > before)
}

fn a_device_is_known_for_a_year_after_its_last_log_in(app: &TestApp) {
    let hanako = app.member("hanako");
    let (device, _) = log_in(app, &hanako, "azd_unknown");
    for _ in 0..2 {
        app.put_back("devices", &["seen_at"], 364 * DAY);
        forget(app);
        assert_eq!(log_in(app, &hanako, &device), (device.clone(), false));
    }
    app.put_back("devices", &["seen_at"], 366 * DAY);
    forget(app);
    assert_eq!(count(app, "devices"), 0);
    let (other, told) = log_in(app, &hanako, &device);
    assert!(told && other != device);
}

fn who_comes_back_after_their_sessions_were_forgotten_hears_of_a_new_device(app: &TestApp) {
    let hanako = app.member("hanako");
    app.put_back("members", &["created_at"], 61 * DAY);
    app.put_back("sessions", &["expires_at"], 61 * DAY);
    forget(app);
    assert_eq!(count(app, "sessions"), 0);
    assert!(log_in(app, &hanako, "azd_unknown").1);
}

fn what_has_piled_up_is_forgotten_little_by_little(engine: Engine) {
    let mut app = TestApp::spawn(engine);
    app.member("hanako");
    app.stop_serving();
    let (fresh, old) = match engine {
        Engine::Sqlite => ("randomblob(32)", "n"),
        Engine::Postgres => ("decode(md5(n::text), 'hex')", "to_timestamp(n)"),
    };
    let series = "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < 2500)";
    for insert in [
        format!("refresh_tokens (token_hash, session_id) SELECT {fresh}, id FROM sessions, series"),
        format!(
            "email_confirmations (token_hash, member_id, expires_at) SELECT {fresh}, id, {old} FROM members, series"
        ),
    ] {
        app.database.execute(&format!("{series} INSERT INTO {insert}")).unwrap();
    }
    app.put_back("sessions", &["expires_at"], 61 * DAY);
    let left = || {
        forget(&app);
        ["sessions", "refresh_tokens", "email_confirmations"].map(|table| count(&app, table))
    };
    assert_eq!([left(), left(), left()], [[1, 1_501, 1_500], [1, 501, 500], [0, 0, 0]]);
}
