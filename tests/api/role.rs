//! Who of the operator's people may do what: given and taken by admins and by a command, and true at once.

use api::startup;
use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{
    Engine, Person, Response, TestApp, market::job_post, on_both_engines, partner::VERIFIER, people::PASSWORD, program,
    work::in_turn,
};

on_both_engines!(
    a_role_holds_from_the_next_request_on,
    a_role_that_is_taken_away_is_gone_at_once,
    what_acts_for_a_member_ends_for_good_when_they_become_staff,
    nobody_changes_their_own_role,
    only_admins_give_out_roles,
    a_member_with_business_of_their_own_does_not_become_staff,
    a_stale_version_changes_no_role,
    a_role_is_given_only_shortly_after_a_log_in,
    no_role_is_given_while_the_sessions_of_who_gives_it_end,
    of_two_admins_who_take_the_role_from_each_other_one_keeps_it,
    what_a_member_makes_while_they_are_given_a_role_does_not_outlive_it,
    nothing_begins_with_who_has_become_staff,
    a_moderator_reads_disputes_and_decides_nothing,
    roles_are_given_by_a_command_and_logged,
    who_only_registered_keeps_no_address_from_the_staff,
);

fn give(app: &TestApp, by: &Person, to: &Person, role: &str) -> Response {
    let body = json!({"role": role, "reason": "The team changes."});
    app.request("PUT", &format!("/v1/admin/members/{}/role", to.id)).by(by).json(&body)
}

fn a_role_holds_from_the_next_request_on(app: &TestApp) {
    let (noa, mia) = (app.staff(Role::Admin, "noa"), app.staff(Role::Support, "mia"));
    app.get("/v1/admin/payouts").by(&mia).send().problem(403, "not_permitted");
    let holder = give(app, &noa, &mia, "finance").expect(200);
    assert_eq!((&holder["member_id"], &holder["role"]), (&json!(mia.id), &json!("finance")));
    app.get("/v1/admin/payouts").by(&mia).send().expect(200);
    app.get("/v1/admin/disputes").by(&mia).send().problem(403, "not_permitted");
    let log = app.read(&noa, &format!("/v1/admin/audit-log?member_id={}", mia.id));
    let record = &log["items"][0];
    assert_eq!(record["reason"], "The team changes.");
    assert_eq!((&record["before"]["role"], &record["after"]["role"]), (&json!("support"), &json!("finance")));
}

fn a_role_that_is_taken_away_is_gone_at_once(app: &TestApp) {
    let (noa, mia) = (app.staff(Role::Admin, "noa"), app.staff(Role::Support, "mia"));
    app.get("/v1/admin/worklist").by(&mia).send().expect(200);
    give(app, &noa, &mia, "member").expect(200);
    app.get("/v1/admin/worklist").by(&mia).send().problem(404, "not_found");
    let told = app.read(&mia, "/v1/me/audit-log");
    assert_eq!(told["items"][0]["after"]["role"], "member");
    give(app, &noa, &mia, "moderator").expect(200);
    app.get("/v1/admin/worklist").by(&mia).send().expect(200);
}

fn what_acts_for_a_member_ends_for_good_when_they_become_staff(app: &TestApp) {
    let (noa, jiro, taro) = (app.staff(Role::Admin, "noa"), app.member("jiro"), app.member("taro"));
    let partner = app.partner(&taro, "Tea Calendar", true);
    let connected = app.connect(&partner, &jiro, "profile:read");
    let key = app.api_key(&jiro, &["profile:read"]);
    let untraded = app.allow(&partner, &jiro, "profile:read");
    give(app, &noa, &jiro, "support").expect(200);
    assert_eq!(app.read(&jiro, "/v1/me")["role"], "support", "their own session goes on");
    give(app, &noa, &jiro, "member").expect(200);
    for token in [&connected["access_token"], &key["key"]] {
        app.get("/v1/me").token(token.as_str().unwrap()).send().problem(401, "invalid_token");
    }
    app.renew(&partner, &connected["refresh_token"], &[]).oauth(400, "invalid_grant");
    app.trade(&partner, &untraded, VERIFIER).oauth(400, "invalid_grant");
    assert_eq!(app.read(&jiro, "/v1/me/connected-apps")["items"], json!([]));
    assert_eq!(app.read(&jiro, "/v1/api-keys")["items"], json!([]));
}

fn nobody_changes_their_own_role(app: &TestApp) {
    let noa = app.staff(Role::Admin, "noa");
    give(app, &noa, &noa, "finance").problem(403, "not_permitted");
    assert_eq!(app.read(&noa, "/v1/me")["role"], "admin");
}

fn only_admins_give_out_roles(app: &TestApp) {
    let jiro = app.member("jiro");
    for role in [Role::Support, Role::Moderator, Role::Finance] {
        let staff = app.staff(role, &role.to_string());
        give(app, &staff, &jiro, "admin").problem(403, "not_permitted");
        give(app, &staff, &staff, "admin").problem(403, "not_permitted");
    }
    give(app, &app.member("saburo"), &jiro, "admin").problem(404, "not_found");
    // To themselves they stand as the owner, who learns nothing new by a 403.
    give(app, &jiro, &jiro, "admin").problem(403, "not_permitted");
    assert_eq!(app.read(&jiro, "/v1/me")["role"], "member");
}

fn a_member_with_business_of_their_own_does_not_become_staff(app: &TestApp) {
    let (noa, deal) = (app.staff(Role::Admin, "noa"), app.deal(&[10_000]));
    for party in [&deal.client, &deal.worker] {
        give(app, &noa, party, "support").problem(409, "action_refused");
    }
    give(app, &noa, &app.member("jiro"), "support").expect(200);
}

fn a_stale_version_changes_no_role(app: &TestApp) {
    let (noa, mia) = (app.staff(Role::Admin, "noa"), app.staff(Role::Support, "mia"));
    let path = format!("/v1/admin/members/{}/role", mia.id);
    let body = json!({"role": "finance", "reason": "The team changes."});
    let first = app.request("PUT", &path).by(&noa).json(&body);
    first.expect(200);
    let again = json!({"role": "support", "reason": "It changes back."});
    let stale = app.request("PUT", &path).by(&noa).header("If-Match", "\"1-0\"").json(&again);
    stale.problem(412, "precondition_failed");
    app.request("PUT", &path).by(&noa).header("If-Match", first.header("etag")).json(&again).expect(200);
}

fn a_role_is_given_only_shortly_after_a_log_in(app: &TestApp) {
    let (noa, mia) = (app.staff(Role::Admin, "noa"), app.staff(Role::Support, "mia"));
    app.age_log_ins(601);
    give(app, &noa, &mia, "finance").problem(403, "recent_login_required");
    app.step_up(&noa, &json!({"password": PASSWORD})).expect(200);
    give(app, &noa, &mia, "finance").expect(200);
}

/// A thief is logged out at the very moment in which they would do what outlives the session: each waits for the account.
fn no_role_is_given_while_the_sessions_of_who_gives_it_end(app: &TestApp) {
    let (noa, mia) = (app.staff(Role::Admin, "noa"), app.staff(Role::Support, "mia"));
    for (role, given_first) in [("moderator", true), ("finance", false)] {
        let thief = app.log_in(&noa.email);
        let end = || app.request("DELETE", "/v1/sessions").by(&thief).send();
        let (given, ended) = in_turn(app, &noa.email, given_first, || give(app, &thief, &mia, role), end);
        ended.expect(204);
        if given.status == 200 {
            assert!(given_first || app.database.engine == Engine::Sqlite);
        } else {
            given.problem(401, "invalid_token");
        }
        let has = app.read(&mia, "/v1/me")["role"] == role;
        assert_eq!(has, given.status == 200);
    }
}

/// On PostgreSQL the role is given first, to whoever was still a member when their request arrived.
fn what_a_member_makes_while_they_are_given_a_role_does_not_outlive_it(app: &TestApp) {
    let noa = app.staff(Role::Admin, "noa");
    let key = json!({"name": "Bookkeeping", "scopes": ["profile:read"]});
    for (name, path, body, status, code) in
        [("a", "/v1/api-keys", key, 403, "not_permitted"), ("b", "/v1/jobs", job_post(), 409, "member_left")]
    {
        let person = app.member(name);
        let make = || app.act(&person, path, &body);
        let (given, made) = in_turn(app, &person.email, true, || give(app, &noa, &person, "support"), make);
        if app.database.engine == Engine::Postgres {
            given.expect(200);
            made.problem(status, code);
        } else {
            assert!(given.status == 200 || made.status == 201, "{} {}", given.text, made.text);
        }
    }
}

/// As when a contract lapses, and an offer that it had set aside waits again.
fn nothing_begins_with_who_has_become_staff(app: &TestApp) {
    let (client, worker) = (app.member("hanako"), app.member("taro"));
    let proposal = app.proposal(&worker, &app.job(&client), &[10_000]);
    let role = format!("UPDATE members SET role = 'finance' WHERE email = '{}'", worker.email);
    app.database.execute(&role).unwrap();
    app.act(&client, &format!("{proposal}/accept"), &json!({"round": 1})).problem(409, "member_left");
    assert_eq!(app.status(&client, &proposal), "submitted");
}

fn of_two_admins_who_take_the_role_from_each_other_one_keeps_it(app: &TestApp) {
    let (noa, eve) = (app.staff(Role::Admin, "noa"), app.staff(Role::Admin, "eve"));
    let (first, second) = (|| give(app, &noa, &eve, "member"), || give(app, &eve, &noa, "member"));
    let (first, second) = in_turn(app, &noa.email, true, first, second);
    let mut answers = [first.status, second.status];
    answers.sort_unstable();
    // Who comes when all is over is a member, who learns of no such thing.
    assert!(matches!(answers, [200, 403 | 404]), "{} {}", first.text, second.text);
}

fn a_moderator_reads_disputes_and_decides_nothing(app: &TestApp) {
    let (mo, deal) = (app.staff(Role::Moderator, "mo"), app.deal(&[10_000]));
    deal.fund(0);
    let claim = json!({"reason": "not_as_agreed", "claim": "It is blue."});
    let dispute = deal.on(&deal.client, 0, "dispute", &claim).expect(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(app.read(&mo, &format!("/v1/disputes/{dispute}"))["allowed_actions"], json!([]));
    assert_eq!(app.read(&mo, "/v1/admin/disputes")["items"][0]["id"], json!(dispute));
    app.read(&mo, &format!("/v1/contracts/{}", deal.contract));
    let ruling = json!({"worker_share": {"amount": 1, "currency": "JPY"}, "reasoning": "Because."});
    app.act(&mo, &format!("/v1/admin/disputes/{dispute}/propose-ruling"), &ruling).problem(403, "not_permitted");
    let payment = deal.payment(0)["id"].as_str().unwrap().to_owned();
    app.get(&format!("/v1/payments/{payment}")).by(&mo).send().problem(403, "not_permitted");
    let milestone = app.read(&mo, &format!("/v1/milestones/{}", deal.milestones[0]));
    assert_eq!((&milestone["payments"], &milestone["reserved"]), (&json!([]), &Value::Null), "nor by way of the work");
}

fn who_only_registered_keeps_no_address_from_the_staff(app: &TestApp) {
    app.register("noa@azukari.example").expect(202);
    let token = app.mailed_token("noa@azukari.example");
    let noa = app.staff(Role::Admin, "noa");
    assert_eq!(app.read(&noa, "/v1/me")["role"], "admin");
    app.post("/v1/accounts/confirm-email").json(&json!({"token": token})).problem(401, "invalid_token");
    let taken = startup::create_staff(&app.app, Role::Support, &noa.email, "Noa", PASSWORD).unwrap_err();
    assert!(taken.to_string().contains("the address is taken"), "{taken}");
    for (email, name) in [("noa", "Noa"), ("", "Noa"), ("x y@example.com", "Noa"), ("mia@example.com", "")] {
        startup::create_staff(&app.app, Role::Support, email, name, PASSWORD).unwrap_err();
    }
}

fn roles_are_given_by_a_command_and_logged(app: &TestApp) {
    let (noa, mia) = (app.staff(Role::Admin, "noa"), app.staff(Role::Support, "mia"));
    let set = |email: &str, role: &str| {
        let arguments = ["staff", "set-role", "--email", email, "--role", role, "--reason", "She asked for it."];
        let arguments = [&arguments[..], &["--database-url", &app.database.url]].concat();
        program::command(&arguments).output().unwrap()
    };
    assert!(set(&mia.email, "moderator").status.success());
    assert_eq!(app.read(&mia, "/v1/me")["role"], "moderator");
    let log = app.read(&noa, &format!("/v1/admin/audit-log?member_id={}", mia.id));
    let record = &log["items"][0];
    assert_eq!((&record["actor_id"], &record["actor_role"]), (&Value::Null, &json!("console")));
    assert_eq!((&record["operation"], &record["reason"]), (&json!("staff set-role"), &json!("She asked for it.")));
    assert_eq!(log["items"][1]["operation"], "staff create");
    let unknown = set("nobody@azukari.example", "support");
    assert!(!unknown.status.success());
    let told = String::from_utf8(unknown.stderr).unwrap();
    assert!(told.contains("nobody has an account with the address nobody@azukari.example"), "{told}");
}
