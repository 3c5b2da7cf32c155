//! Joining, logging in, renewing, logging out.

use serde_json::json;

use crate::harness::{
    Engine, Person, Response, TestApp, on_both_engines, people,
    work::{at_once, in_turn},
};

on_both_engines!(
    a_known_address_gets_the_same_answer_as_a_new_one,
    an_address_that_was_registered_again_is_confirmed_by_who_knows_its_last_password,
    an_address_that_is_registered_again_while_it_is_confirmed_needs_its_new_password,
    a_password_that_comes_with_a_confirmation_is_compared,
    who_registers_again_and_again_fills_no_mailbox,
    an_address_in_other_letter_case_is_the_same_address,
    an_address_is_spelled_as_the_mail_reached_it,
    who_guesses_at_the_password_of_a_registration_is_slowed,
    who_registers_again_and_again_does_not_slow_its_owner,
    a_mailbox_is_not_filled_by_those_who_name_it,
    a_confirmation_token_works_once,
    an_unknown_confirmation_token_is_refused,
    nobody_logs_in_before_the_address_is_confirmed,
    registering_and_then_logging_in_does_not_tell_whose_address_is_known,
    a_wrong_password_and_an_unknown_address_look_the_same,
    whoever_logs_in_sees_their_own_account,
    a_refresh_token_works_once_and_rotates,
    a_refresh_token_used_twice_ends_the_session,
    a_refresh_token_sent_many_times_at_once_renews_once_and_ends_the_session,
    a_session_ends_thirty_days_after_the_log_in_however_often_it_is_renewed,
    logging_out_ends_the_access_token_at_once,
    logging_out_of_one_session_leaves_the_other,
    an_old_version_of_the_terms_cannot_be_agreed_to,
    rules_of_a_registration_name_the_member_at_fault,
    staff_log_in_and_carry_their_role,
);

fn a_known_address_gets_the_same_answer_as_a_new_one(app: &TestApp) {
    let first = app.register("hanako@example.com");
    let unconfirmed = app.register("hanako@example.com");
    confirm_with(app, &app.mailed_token("hanako@example.com"), people::PASSWORD).expect(200);
    let confirmed = app.register("hanako@example.com");
    let first = first.expect(202);
    assert_eq!([unconfirmed.expect(202), confirmed.expect(202)], [first.clone(), first]);
    let confirm = "Confirm your e-mail address";
    assert_eq!(app.subjects("hanako@example.com"), ["You already have an account", confirm, confirm]);
}

const PLANTED: &str = "eleven herons paint bridges";

/// Somebody who does not read the mail.
fn plant(app: &TestApp, email: &str) -> Response {
    let mut form = people::registration(email);
    form["password"] = json!(PLANTED);
    app.post("/v1/accounts").json(&form)
}

fn an_address_that_was_registered_again_is_confirmed_by_who_knows_its_last_password(app: &TestApp) {
    app.register("hanako@example.com").expect(202);
    let first = app.mailed_token("hanako@example.com");
    plant(app, "hanako@example.com").expect(202);
    let newest = app.mailed_token("hanako@example.com");
    confirm(app, &newest).problem(403, "password_needed");
    confirm_with(app, &newest, people::PASSWORD).problem(401, "invalid_credentials");
    app.register("hanako@example.com").expect(202);
    confirm(app, &newest).problem(403, "password_needed");
    // What was mailed first shows as well whose mailbox it is.
    confirm_with(app, &first, people::PASSWORD).expect(200);
    confirm_with(app, &newest, people::PASSWORD).problem(401, "invalid_token");
    app.try_password("hanako@example.com", PLANTED).problem(401, "invalid_credentials");
    app.log_in("hanako@example.com");
}

/// On PostgreSQL in this order or the other.
fn an_address_that_is_registered_again_while_it_is_confirmed_needs_its_new_password(app: &TestApp) {
    for (email, planted_first) in [("hanako@example.com", true), ("taro@example.com", false)] {
        app.register(email).expect(202);
        let token = app.mailed_token(email);
        let confirm = || confirm_with(app, &token, people::PASSWORD);
        let (planted, confirmed) = in_turn(app, email, planted_first, || plant(app, email), confirm);
        planted.expect(202);
        app.try_password(email, PLANTED).problem(401, "invalid_credentials");
        if confirmed.status == 200 {
            assert!(!planted_first || app.database.engine == Engine::Sqlite);
            app.log_in(email);
        } else {
            confirmed.problem(401, "invalid_credentials");
        }
    }
}

fn a_password_that_comes_with_a_confirmation_is_compared(app: &TestApp) {
    app.register("hanako@example.com").expect(202);
    let token = app.mailed_token("hanako@example.com");
    confirm_with(app, &token, PLANTED).problem(401, "invalid_credentials");
    confirm_with(app, "azc_unknown", people::PASSWORD).problem(401, "invalid_token");
    confirm_with(app, &token, people::PASSWORD).expect(200);
}

/// However they spell it; and none of it keeps the address from its owner.
fn who_registers_again_and_again_fills_no_mailbox(app: &TestApp) {
    let spelled = ["hanako@example.com", "Hanako@example.com", "hanako@Example.com"];
    let mails = || app.database.texts("SELECT recipient AS text FROM mails").len();
    for place in 0..6 {
        plant(app, spelled[place % 3]).expect(202);
    }
    assert_eq!(mails(), 3);
    app.register("hanako@example.com").expect(202);
    assert_eq!(mails(), 3);
    let first = app.mailed_token("hanako@example.com");
    // Who has thrown those away gets another within the hour.
    app.put_back("email_confirmations", &["expires_at"], 60 * 60);
    app.register("hanako@example.com").expect(202);
    app.register("hanako@example.com").expect(202);
    assert_eq!(mails(), 4);
    confirm_with(app, &first, people::PASSWORD).expect(200);
}

fn an_address_in_other_letter_case_is_the_same_address(app: &TestApp) {
    app.member("hanako");
    app.register("HANAKO@example.com").expect(202);
    assert_eq!(app.subjects("hanako@example.com")[0], "You already have an account");
    app.log_in("Hanako@Example.com");
}

fn an_address_is_spelled_as_the_mail_reached_it(app: &TestApp) {
    app.register("HANAKO@EXAMPLE.COM").expect(202);
    let token = app.mailed_token("HANAKO@EXAMPLE.COM");
    app.register("hanako@example.com").expect(202);
    let confirmed = confirm_with(app, &token, people::PASSWORD).expect(200);
    assert_eq!(confirmed["email"], "HANAKO@EXAMPLE.COM");
    assert_eq!(app.read(&app.log_in("hanako@example.com"), "/v1/me")["email"], "HANAKO@EXAMPLE.COM");
}

/// The holder of a mailbox may not be who meant another one, and typed a password of theirs.
fn who_guesses_at_the_password_of_a_registration_is_slowed(app: &TestApp) {
    app.register("hanako@example.com").expect(202);
    let token = app.mailed_token("hanako@example.com");
    let answers: Vec<u16> = (0..8).map(|_| confirm_with(app, &token, PLANTED).status).collect();
    assert_eq!((answers[0], answers[7]), (401, 429), "{answers:?}");
    confirm_with(app, &token, people::PASSWORD).problem(429, "guessing_too_fast");
    app.put_back("tallies", &["last_at"], 24 * 60 * 60);
    confirm_with(app, &token, people::PASSWORD).expect(200);
}

fn who_registers_again_and_again_does_not_slow_its_owner(app: &TestApp) {
    app.register("hanako@example.com").expect(202);
    let token = app.mailed_token("hanako@example.com");
    for _ in 0..7 {
        plant(app, "hanako@example.com").expect(202);
        confirm_with(app, &token, people::PASSWORD).problem(401, "invalid_credentials");
    }
    app.register("hanako@example.com").expect(202);
    confirm_with(app, &token, people::PASSWORD).expect(200);
}

fn a_mailbox_is_not_filled_by_those_who_name_it(app: &TestApp) {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    let name_it = || {
        app.register("Hanako@example.com").expect(202);
        app.act(&taro, "/v1/me/email-change", &json!({"email": hanako.email})).expect(202);
        let again = json!({"email": hanako.email});
        app.post("/v1/accounts/resend-confirmation").json(&again).expect(202);
    };
    let unasked = || app.subjects(&hanako.email).iter().filter(|subject| !subject.starts_with("Confirm")).count();
    name_it();
    assert_eq!(unasked(), 3);
    name_it();
    assert_eq!(unasked(), 3);
    app.put_back("tallies", &["last_at"], 24 * 60 * 60);
    name_it();
    assert_eq!(unasked(), 6);
}

fn a_confirmation_token_works_once(app: &TestApp) {
    app.register("hanako@example.com").expect(202);
    let token = app.mailed_token("hanako@example.com");
    assert_eq!(confirm(app, &token).expect(200)["status"], "active");
    confirm(app, &token).problem(401, "invalid_token");
}

fn an_unknown_confirmation_token_is_refused(app: &TestApp) {
    confirm(app, "azc_unknown").problem(401, "invalid_token");
}

fn confirm(app: &TestApp, token: &str) -> Response {
    app.post("/v1/accounts/confirm-email").json(&json!({"token": token}))
}

fn confirm_with(app: &TestApp, token: &str, password: &str) -> Response {
    app.post("/v1/accounts/confirm-email").json(&json!({"token": token, "password": password}))
}

fn nobody_logs_in_before_the_address_is_confirmed(app: &TestApp) {
    app.register("hanako@example.com").expect(202);
    let login = json!({"email": "hanako@example.com", "password": people::PASSWORD});
    app.post("/v1/sessions").json(&login).problem(401, "invalid_credentials");
    confirm(app, &app.mailed_token("hanako@example.com")).expect(200);
    app.post("/v1/sessions").json(&login).expect(201);
}

/// A stranger knows the password of an address that was unknown, because they have just chosen it.
fn registering_and_then_logging_in_does_not_tell_whose_address_is_known(app: &TestApp) {
    app.member("hanako");
    let answers = ["hanako@example.com", "nobody@example.com"].map(|email| {
        let joined = plant(app, email).expect(202);
        let mut refused = app.try_password(email, PLANTED).problem(401, "invalid_credentials");
        refused.as_object_mut().unwrap().remove("request_id");
        (joined, refused)
    });
    assert_eq!(answers[0], answers[1]);
}

fn a_wrong_password_and_an_unknown_address_look_the_same(app: &TestApp) {
    app.member("hanako");
    let log_in = |email: &str| {
        let answer = app.post("/v1/sessions").json(&json!({"email": email, "password": "a wrong one, and a long one"}));
        let mut problem = answer.problem(401, "invalid_credentials");
        problem.as_object_mut().unwrap().remove("request_id");
        problem
    };
    assert_eq!(log_in("hanako@example.com"), log_in("nobody@example.com"));
}

fn whoever_logs_in_sees_their_own_account(app: &TestApp) {
    let hanako = app.member("hanako");
    let me = app.read(&hanako, "/v1/me");
    assert_eq!(me["id"], hanako.id);
    assert_eq!(me["email"], "hanako@example.com");
    assert_eq!(me["status"], "active");
    assert_eq!(me["role"], "member");
    assert!(me.get("password_hash").is_none());
}

fn renew(app: &TestApp, refresh_token: &str) -> Response {
    app.post("/v1/sessions/refresh").json(&json!({"refresh_token": refresh_token}))
}

fn a_refresh_token_works_once_and_rotates(app: &TestApp) {
    let hanako = app.member("hanako");
    let tokens = renew(app, &hanako.refresh_token).expect(200);
    let renewed = people::person(&hanako.email, &tokens);
    assert_ne!(renewed.refresh_token, hanako.refresh_token);
    assert_eq!(app.read(&renewed, "/v1/me")["id"], hanako.id);
    renew(app, &renewed.refresh_token).expect(200);
}

fn a_refresh_token_used_twice_ends_the_session(app: &TestApp) {
    let hanako = app.member("hanako");
    let renewed = people::person(&hanako.email, &renew(app, &hanako.refresh_token).expect(200));
    renew(app, &hanako.refresh_token).problem(401, "invalid_token");
    renew(app, &renewed.refresh_token).problem(401, "invalid_token");
    refused(app, &renewed);
}

fn a_refresh_token_sent_many_times_at_once_renews_once_and_ends_the_session(app: &TestApp) {
    let hanako = app.member("hanako");
    let answers = at_once(8, |_| renew(app, &hanako.refresh_token));
    let (renewed, late): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(renewed.len(), 1, "{answers:?}");
    late.iter().for_each(|answer| drop(answer.problem(401, "invalid_token")));
    let renewed = people::person(&hanako.email, &renewed[0].expect(200));
    refused(app, &renewed);
    renew(app, &renewed.refresh_token).problem(401, "invalid_token");
}

fn a_session_ends_thirty_days_after_the_log_in_however_often_it_is_renewed(app: &TestApp) {
    let (hanako, other) = (app.member("hanako"), app.log_in("hanako@example.com"));
    app.put_back("sessions", &["expires_at"], 30 * 24 * 3600 - 3600);
    let tokens = renew(app, &hanako.refresh_token).expect(200);
    let renewed = people::person(&hanako.email, &tokens);
    app.read(&renewed, "/v1/me");
    app.put_back("sessions", &["expires_at"], 3600);
    for person in [&renewed, &other] {
        refused(app, person);
        renew(app, &person.refresh_token).problem(401, "invalid_token");
    }
    app.log_in(&hanako.email);
}

fn logging_out_ends_the_access_token_at_once(app: &TestApp) {
    let hanako = app.member("hanako");
    app.request("DELETE", "/v1/sessions/current").by(&hanako).send().expect(204);
    refused(app, &hanako);
    renew(app, &hanako.refresh_token).problem(401, "invalid_token");
}

fn logging_out_of_one_session_leaves_the_other(app: &TestApp) {
    let first = app.member("hanako");
    let second = app.log_in(&first.email);
    app.request("DELETE", "/v1/sessions/current").by(&first).send().expect(204);
    refused(app, &first);
    app.read(&second, "/v1/me");
}

fn refused(app: &TestApp, person: &Person) {
    let answer = app.get("/v1/me").by(person).send();
    answer.problem(401, "invalid_token");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
}

fn an_old_version_of_the_terms_cannot_be_agreed_to(app: &TestApp) {
    let mut form = people::registration("hanako@example.com");
    form["terms_version"] = json!("1999-01-01");
    let problem = app.post("/v1/accounts").json(&form).problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "/terms_version");
}

fn rules_of_a_registration_name_the_member_at_fault(app: &TestApp) {
    let long = "x".repeat(300);
    let wrong = [
        ("email", json!("not an address")),
        ("email", json!(format!("{long}@example.com"))),
        ("email", json!(null)),
        ("password", json!("too short")),
        ("password", json!(long)),
        ("display_name", json!("")),
        ("display_name", json!(long)),
        ("display_name", json!(7)),
        ("kind", json!("robot")),
        ("terms_version", json!(false)),
    ];
    for (name, value) in wrong {
        let mut form = people::registration("hanako@example.com");
        form[name] = value.clone();
        let problem = app.post("/v1/accounts").json(&form).problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{name}"), "{name}: {value}");
    }
}

fn staff_log_in_and_carry_their_role(app: &TestApp) {
    let finance = app.staff(domain::policy::Role::Finance, "fumi");
    assert_eq!(app.read(&finance, "/v1/me")["role"], "finance");
}
