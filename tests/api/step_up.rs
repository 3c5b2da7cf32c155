//! Proving again who one is, before what must not be done with a stolen token.

use serde_json::{Value, json};

use crate::harness::{
    Engine, Person, Response, TestApp, on_both_engines,
    payday::account,
    people,
    work::{at_once, in_turn},
};

on_both_engines!(
    everything_that_needs_a_recent_proof_says_how_to_give_it,
    a_step_up_holds_for_its_session_and_for_ten_minutes,
    renewing_tokens_proves_nothing,
    a_wrong_proof_is_refused_and_guessing_is_slowed,
    guesses_sent_at_once_are_counted_one_by_one,
    exactly_one_factor_is_sent,
    what_needs_a_proof_is_not_done_while_the_sessions_end,
);

fn put(app: &TestApp, person: &Person, path: &str, body: &Value) -> Response {
    app.request("PUT", path).by(person).json(body)
}

fn everything_that_needs_a_recent_proof_says_how_to_give_it(app: &TestApp) {
    let hanako = app.member("hanako");
    put(app, &hanako, "/v1/me/bank-account", &account("1234567")).expect(200);
    let partner = app.partner(&hanako, "Tea Calendar", true);
    app.age_log_ins(601);
    let delete = |path: &str| app.request("DELETE", path).by(&hanako).send();
    let refused = [
        put(app, &hanako, "/v1/me/bank-account", &account("1234567")),
        delete("/v1/me/bank-account"),
        put(app, &hanako, "/v1/me/password", &json!({"password": "seven otters juggle lanterns"})),
        app.act(&hanako, "/v1/me/email-change", &json!({"email": "next@example.com"})),
        app.post("/v1/me/second-factor").by(&hanako).send(),
        delete("/v1/me/second-factor"),
        app.act(&hanako, "/v1/api-keys", &json!({"name": "Bookkeeping", "scopes": ["profile:read"]})),
        app.post(&format!("/v1/apps/{}/rotate-secret", partner.id)).by(&hanako).send(),
        app.leave(&hanako),
    ];
    for answer in refused {
        let problem = answer.problem(403, "recent_login_required");
        assert_eq!(problem["factors"], json!(["password"]), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("/v1/sessions/step-up"), "{problem}");
    }
    app.step_up(&hanako, &json!({"password": people::PASSWORD})).expect(200);
    delete("/v1/me/bank-account").expect(204);
}

fn a_step_up_holds_for_its_session_and_for_ten_minutes(app: &TestApp) {
    let (here, there) = (app.member("hanako"), app.log_in("hanako@example.com"));
    app.age_log_ins(601);
    let proved = app.step_up(&here, &json!({"password": people::PASSWORD})).expect(200);
    let expires_at: chrono::DateTime<chrono::Utc> = proved["expires_at"].as_str().unwrap().parse().unwrap();
    let minutes = (expires_at - api::clock::real_now()).num_seconds();
    assert!((590..=600).contains(&minutes), "{minutes}");
    put(app, &here, "/v1/me/bank-account", &account("1234567")).expect(200);
    put(app, &there, "/v1/me/bank-account", &account("1234567")).problem(403, "recent_login_required");
    app.age_log_ins(601);
    put(app, &here, "/v1/me/bank-account", &account("1234567")).problem(403, "recent_login_required");
}

fn renewing_tokens_proves_nothing(app: &TestApp) {
    let hanako = app.member("hanako");
    app.age_log_ins(601);
    let tokens = app.post("/v1/sessions/refresh").json(&json!({"refresh_token": hanako.refresh_token})).expect(200);
    let renewed = people::person(&hanako.email, &tokens);
    put(app, &renewed, "/v1/me/bank-account", &account("1234567")).problem(403, "recent_login_required");
}

fn a_wrong_proof_is_refused_and_guessing_is_slowed(app: &TestApp) {
    let hanako = app.member("hanako");
    for _ in 0..5 {
        app.step_up(&hanako, &json!({"password": "a wrong one, and a long one"})).problem(401, "invalid_credentials");
    }
    let refused = app.step_up(&hanako, &json!({"password": people::PASSWORD}));
    refused.problem(429, "guessing_too_fast");
    assert!((1..=3).contains(&refused.header("retry-after").parse::<u64>().unwrap()));
    app.put_back("tallies", &["last_at"], 3);
    app.step_up(&hanako, &json!({"password": people::PASSWORD})).expect(200);
}

fn guesses_sent_at_once_are_counted_one_by_one(app: &TestApp) {
    let hanako = app.member("hanako");
    let answers = at_once(12, |_| app.step_up(&hanako, &json!({"code": "nope"})));
    let looked_at = answers.iter().filter(|answer| answer.text.contains("invalid_code")).count();
    // The sixth, if two seconds have passed by then.
    assert!((5..=6).contains(&looked_at), "{looked_at} were looked at");
    let rest = answers.iter().filter(|answer| answer.text.contains("guessing_too_fast")).count();
    assert_eq!(rest, 12 - looked_at);
}

fn exactly_one_factor_is_sent(app: &TestApp) {
    let hanako = app.member("hanako");
    for body in
        [json!({}), json!({"password": people::PASSWORD, "code": "123456"}), json!({"code": "1", "recovery_code": "2"})]
    {
        app.step_up(&hanako, &body).problem(422, "invalid_body");
    }
    app.step_up(&hanako, &json!({"code": "123456"})).problem(401, "invalid_code");
    app.post("/v1/sessions/step-up").json(&json!({"password": people::PASSWORD})).problem(401, "unauthenticated");
}

/// A thief is logged out at the very moment in which they would do what outlives the session: each waits for the account.
fn what_needs_a_proof_is_not_done_while_the_sessions_end(app: &TestApp) {
    let thefts: [fn(&TestApp, &Person) -> Response; 7] = [
        |app, thief| put(app, thief, "/v1/me/password", &json!({"password": "seven otters juggle lanterns"})),
        |app, thief| put(app, thief, "/v1/me/bank-account", &account("1234567")),
        |app, thief| put(app, thief, "/v1/me/username", &json!({"username": "night.owl"})),
        |app, thief| app.act(thief, "/v1/me/email-change", &json!({"email": "thief@example.com"})),
        |app, thief| app.post("/v1/me/second-factor").by(thief).send(),
        |app, thief| app.act(thief, "/v1/apps", &json!({"name": "Tea Calendar", "confidential": true})),
        |app, thief| app.leave(thief),
    ];
    for (number, theft) in thefts.into_iter().enumerate() {
        let owner = app.member(&format!("owner-{number}"));
        let end = || app.request("DELETE", "/v1/sessions").by(&owner).send();
        let (done, ended) = in_turn(app, &owner.email, false, || theft(app, &owner), end);
        if app.database.engine == Engine::Postgres {
            done.problem(401, "invalid_token");
        } else {
            assert!(done.status < 500, "{}", done.text);
        }
        // On SQLite, which takes them as they come, nobody may be left to log out.
        assert!(ended.status == 204 || app.database.engine == Engine::Sqlite, "{}", ended.text);
    }
}
