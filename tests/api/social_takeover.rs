//! What a thief's account at a provider, or what was signed elsewhere, must not open.

use domain::policy::Role;
use serde_json::json;

use super::social::{Phone, knowing, registration};
use crate::harness::{
    Engine, Person, TestApp,
    authenticator::Authenticator,
    on_both_engines,
    openid::{self, Provider},
    people,
    work::in_turn,
};

on_both_engines!(
    who_logs_in_by_a_provider_while_a_second_factor_is_added_has_no_session_without_it,
    what_another_installation_signed_lets_nobody_join,
    a_provider_that_is_no_longer_set_lets_nobody_join,
    a_reset_unlinks_what_a_thief_linked,
    who_has_only_a_provider_gets_in_again_by_a_reset,
    staff_who_end_the_sessions_unlink_what_a_thief_linked,
    what_is_linked_while_staff_end_the_sessions_does_not_stay,
    a_challenge_ends_with_the_linked_account_that_it_was_given_for,
    a_visit_to_link_waits_for_a_recent_proof,
    who_has_no_password_is_told_what_else_proves_who_they_are,
);

fn who_logs_in_by_a_provider_while_a_second_factor_is_added_has_no_session_without_it(plain: &TestApp) {
    let provider = Provider::start();
    let app = knowing(plain, &provider);
    let phone = Phone::new(&app);
    for (name, log_in_first) in [("hanako", true), ("taro", false)] {
        let person = phone.join(name);
        let enrolment = app.post("/v1/me/second-factor").by(&person).send().expect(201);
        let codes = Authenticator::told(enrolment["secret"].as_str().unwrap());
        let visit = phone.begin();
        let body = visit.back(&openid::visit(&visit.url, name));
        let log_in = || phone.complete(&body);
        let confirm = || app.post("/v1/me/second-factor/confirm").by(&person).json(&json!({"code": codes.code(0)}));
        let (opened, confirmed) = in_turn(&app, &person.email, log_in_first, log_in, confirm);
        confirmed.expect(200);
        // On SQLite the two come as they come.
        if opened.status == 201 && (log_in_first || app.database.engine == Engine::Sqlite) {
            let tokens = opened.expect(201);
            app.get("/v1/me").token(tokens["access_token"].as_str().unwrap()).send().problem(401, "invalid_token");
        } else {
            let asked = opened.problem(403, "second_factor_required");
            let body = json!({"challenge_token": asked["challenge_token"], "code": codes.code(1)});
            app.post("/v1/sessions/second-factor").json(&body).expect(201);
        }
    }
}

const SECRET: (&str, &str) = ("AZUKARI_SECRET", "a secret of the tests that is long enough");

fn what_another_installation_signed_lets_nobody_join(plain: &TestApp) {
    let provider = Provider::start();
    let at = |url| {
        let own = [SECRET, ("AZUKARI_PUBLIC_URL", url)];
        TestApp::spawn_with(plain.database.engine, &[&openid::settings(&provider.issuer)[..], &own].concat())
    };
    let (here, there) = (at("https://azukari.example"), at("https://trial.azukari.example"));
    let needed = Phone::new(&there).log_in("hanako").problem(403, "registration_needed");
    let form = registration(&needed["join_token"]);
    here.post("/v1/accounts/social").json(&form).problem(401, "invalid_token");
    there.post("/v1/accounts/social").json(&form).expect(201);
}

fn a_provider_that_is_no_longer_set_lets_nobody_join(plain: &TestApp) {
    let provider = Provider::start();
    let own = [SECRET, ("AZUKARI_PUBLIC_URL", "https://azukari.example")];
    let before = TestApp::spawn_with(plain.database.engine, &[&openid::settings(&provider.issuer)[..], &own].concat());
    let after = TestApp::spawn_with(plain.database.engine, &own);
    let needed = Phone::new(&before).log_in("hanako").problem(403, "registration_needed");
    let form = registration(&needed["join_token"]);
    after.post("/v1/accounts/social").json(&form).problem(401, "invalid_token");
}

const NEW: &str = "seven otters juggle lanterns";

fn reset(app: &TestApp, person: &Person) {
    app.post("/v1/password-resets").json(&json!({"email": person.email})).expect(202);
    let body = json!({"token": app.mailed(&person.email, "azp_"), "password": NEW});
    app.post("/v1/password-resets/confirm").json(&body).expect(200);
}

fn unlinked(app: &TestApp, person: &Person) -> usize {
    app.subjects(&person.email).iter().filter(|subject| *subject == "A linked account was removed").count()
}

fn a_reset_unlinks_what_a_thief_linked(plain: &TestApp) {
    let provider = Provider::start();
    let app = knowing(plain, &provider);
    let (phone, hanako) = (Phone::new(&app), app.member("hanako"));
    phone.link(&hanako, "mallory").expect(201);
    phone.log_in("mallory").expect(201);
    reset(&app, &hanako);
    phone.log_in("mallory").problem(403, "registration_needed");
    assert_eq!(unlinked(&app, &hanako), 1);
    let hanako = people::person(&hanako.email, &app.try_password(&hanako.email, NEW).expect(201));
    assert_eq!(app.read(&hanako, "/v1/me/identities")["items"], json!([]));
}

fn who_has_only_a_provider_gets_in_again_by_a_reset(plain: &TestApp) {
    let provider = Provider::start();
    let app = knowing(plain, &provider);
    let phone = Phone::new(&app);
    let hanako = phone.join("hanako");
    reset(&app, &hanako);
    phone.log_in("hanako").problem(409, "link_needed");
    let hanako = people::person(&hanako.email, &app.try_password(&hanako.email, NEW).expect(201));
    phone.link(&hanako, "hanako").expect(201);
    phone.log_in("hanako").expect(201);
}

fn staff_who_end_the_sessions_unlink_what_a_thief_linked(plain: &TestApp) {
    let provider = Provider::start();
    let app = knowing(plain, &provider);
    let (phone, hanako, mia) = (Phone::new(&app), app.member("hanako"), app.staff(Role::Support, "mia"));
    let taro = phone.join("taro");
    phone.link(&hanako, "mallory").expect(201);
    for person in [&hanako, &taro] {
        let path = format!("/v1/admin/members/{}/end-sessions", person.id);
        app.act(&mia, &path, &json!({"reason": "A lost phone."})).expect(204);
        assert_eq!(unlinked(&app, person), 1);
    }
    phone.log_in("mallory").problem(403, "registration_needed");
    app.log_in(&hanako.email);
    // Who has only a provider is not shut out for good.
    phone.log_in("taro").problem(409, "link_needed");
    reset(&app, &taro);
    app.try_password(&taro.email, NEW).expect(201);
}

fn what_is_linked_while_staff_end_the_sessions_does_not_stay(plain: &TestApp) {
    let provider = Provider::start();
    let app = knowing(plain, &provider);
    let (phone, mia) = (Phone::new(&app), app.staff(Role::Support, "mia"));
    for (name, link_first) in [("hanako", true), ("taro", false)] {
        let person = app.member(name);
        let visit = phone.begin_link(&person);
        let body = visit.back(&openid::visit(&visit.url, "mallory"));
        let path = format!("/v1/admin/members/{}/end-sessions", person.id);
        let link = || phone.complete_link(&person, &body);
        let end = || app.act(&mia, &path, &json!({"reason": "A lost phone."}));
        let (linked, ended) = in_turn(&app, &person.email, link_first, link, end);
        ended.expect(204);
        if linked.status != 201 {
            linked.problem(401, "invalid_token");
        }
        phone.log_in("mallory").problem(403, "registration_needed");
    }
}

fn a_challenge_ends_with_the_linked_account_that_it_was_given_for(plain: &TestApp) {
    let provider = Provider::start();
    let app = knowing(plain, &provider);
    let (phone, hanako) = (Phone::new(&app), app.member("hanako"));
    let id = phone.link(&hanako, "mallory").expect(201)["id"].as_str().unwrap().to_owned();
    let (codes, _) = app.add_second_factor(&hanako);
    let asked = phone.log_in("mallory").problem(403, "second_factor_required");
    app.request("DELETE", &format!("/v1/me/identities/{id}")).by(&hanako).send().expect(204);
    let body = json!({"challenge_token": asked["challenge_token"], "code": codes.code(1)});
    app.post("/v1/sessions/second-factor").json(&body).problem(401, "invalid_token");
}

fn a_visit_to_link_waits_for_a_recent_proof(plain: &TestApp) {
    let provider = Provider::start();
    let app = knowing(plain, &provider);
    let (phone, hanako) = (Phone::new(&app), app.member("hanako"));
    let visit = phone.begin_link(&hanako);
    let body = visit.back(&openid::visit(&visit.url, "private"));
    app.age_log_ins(601);
    phone.complete_link(&hanako, &body).problem(403, "recent_login_required");
    app.step_up(&hanako, &json!({"password": people::PASSWORD})).expect(200);
    phone.complete_link(&hanako, &body).expect(201);
}

fn who_has_no_password_is_told_what_else_proves_who_they_are(plain: &TestApp) {
    let provider = Provider::start();
    let app = knowing(plain, &provider);
    let hanako = Phone::new(&app).join("hanako");
    let refused = app.step_up(&hanako, &json!({"password": people::PASSWORD})).problem(403, "recent_login_required");
    assert_eq!(refused["factors"], json!(["social"]));
    assert!(refused["detail"].as_str().unwrap().contains("no password"), "{refused}");
}
