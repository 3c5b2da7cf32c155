//! API keys: made with a proof, shown once, and dead the moment they are revoked.

use std::sync::Mutex;

use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{
    Engine, TestApp, on_both_engines,
    partner::{Browser, VERIFIER, told},
    people,
    work::in_turn,
};

on_both_engines!(
    a_key_is_shown_once_acts_as_its_owner_and_is_told_by_mail,
    a_key_dies_at_once_when_it_is_revoked_or_expires,
    a_key_of_the_other_mode_or_of_nobody_is_refused,
    making_a_key_needs_a_recent_proof,
    when_a_key_was_used_is_written_down_now_and_then,
    one_member_cannot_have_any_number_of_keys,
    what_a_password_ends_and_what_it_leaves,
    what_is_made_while_the_sessions_end_ends_with_them,
    a_code_given_while_the_sessions_end_is_worth_nothing,
);

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn a_key_is_shown_once_acts_as_its_owner_and_is_told_by_mail(app: &TestApp) {
    let hanako = app.member("hanako");
    let made = app.api_key(&hanako, &["profile:read", "jobs:write"]);
    let key = text(&made["key"]);
    assert!(key.starts_with("az_test_") && key.len() > 40, "{key}");
    let id = text(&made["id"]);
    let seen = app.read(&hanako, &format!("/v1/api-keys/{id}"));
    assert_eq!((seen["scopes"].clone(), seen.get("key")), (json!(["profile:read", "jobs:write"]), None));
    assert!(key.ends_with(text(&seen["hint"]).rsplit('.').next().unwrap()), "{seen}");
    assert_eq!(app.read(&hanako, "/v1/api-keys")["items"], json!([seen]));
    assert_eq!(app.get("/v1/me").token(key).send().expect(200)["id"], hanako.id.as_str());
    assert_eq!(app.subjects(&hanako.email)[0], "An API key was made");
    let hash = app.database.hex("key_hash");
    let kept =
        app.database.texts(&format!("SELECT name || ' ' || hint || ' ' || {hash} AS text FROM api_keys")).concat();
    let plain: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(!kept.is_empty() && !kept.contains(key) && !kept.contains(&plain), "{kept}");
}

fn a_key_dies_at_once_when_it_is_revoked_or_expires(app: &TestApp) {
    let (hanako, jiro) = (app.member("hanako"), app.member("jiro"));
    let (first, second) = (app.api_key(&hanako, &["profile:read"]), app.api_key(&hanako, &["profile:read"]));
    let me = |key: &Value| app.get("/v1/me").token(text(&key["key"])).send();
    me(&first).expect(200);
    let path = format!("/v1/api-keys/{}", text(&first["id"]));
    app.request("DELETE", &path).by(&jiro).send().problem(404, "not_found");
    me(&first).expect(200);
    app.request("DELETE", &path).by(&hanako).send().expect(204);
    me(&first).problem(401, "invalid_token");
    me(&second).expect(200);
    app.put_back("sessions", &["expires_at"], 91 * 24 * 60 * 60);
    me(&second).problem(401, "invalid_token");
}

fn a_key_of_the_other_mode_or_of_nobody_is_refused(app: &TestApp) {
    let hanako = app.member("hanako");
    let key = text(&app.api_key(&hanako, &["profile:read"])["key"]).to_owned();
    let me = |key: &str| app.get("/v1/me").token(key).send();
    let live = me(&key.replace("az_test_", "az_live_")).problem(401, "invalid_token");
    assert!(text(&live["detail"]).contains("az_test_"), "{live}");
    for forged in [format!("{key}x"), "az_test_".to_owned(), format!("az_test_{}", "A".repeat(43))] {
        me(&forged).problem(401, "invalid_token");
    }
}

fn making_a_key_needs_a_recent_proof(app: &TestApp) {
    let hanako = app.member("hanako");
    let wish = json!({"name": "Bookkeeping", "scopes": ["profile:read"]});
    app.age_log_ins(601);
    app.act(&hanako, "/v1/api-keys", &wish).problem(403, "recent_login_required");
    app.step_up(&hanako, &json!({"password": people::PASSWORD})).expect(200);
    app.act(&hanako, "/v1/api-keys", &wish).expect(201);
    for wrong in [
        json!({"name": "", "scopes": ["profile:read"]}),
        json!({"name": "a\u{202e}b", "scopes": ["profile:read"]}),
        json!({"name": "x", "scopes": []}),
        json!({"name": "x", "scopes": ["everything"]}),
        json!({"name": "x", "scopes": ["profile:read"], "expires_in_days": 0}),
        json!({"name": "x", "scopes": ["profile:read"], "expires_in_days": 367}),
        json!({"name": "x", "scopes": ["profile:read"], "role": "admin"}),
    ] {
        app.act(&hanako, "/v1/api-keys", &wrong).problem(422, "invalid_body");
    }
}

fn when_a_key_was_used_is_written_down_now_and_then(app: &TestApp) {
    let hanako = app.member("hanako");
    let made = app.api_key(&hanako, &["profile:read"]);
    let path = format!("/v1/api-keys/{}", text(&made["id"]));
    assert_eq!(made["last_used_at"], Value::Null);
    app.get("/v1/me").token(text(&made["key"])).send().expect(200);
    app.app.uses.write_down(&app.app).unwrap();
    let first = app.read(&hanako, &path)["last_used_at"].clone();
    assert!(first.is_string(), "{first}");
    app.get("/v1/me").token(text(&made["key"])).send().expect(200);
    app.app.uses.write_down(&app.app).unwrap();
    assert_eq!(app.read(&hanako, &path)["last_used_at"], first, "not with each request");
}

fn one_member_cannot_have_any_number_of_keys(app: &TestApp) {
    let hanako = app.member("hanako");
    for _ in 0..50 {
        app.api_key(&hanako, &["profile:read"]);
    }
    let wish = json!({"name": "One more", "scopes": ["profile:read"]});
    app.act(&hanako, "/v1/api-keys", &wish).problem(409, "too_many_apps");
}

fn what_a_password_ends_and_what_it_leaves(app: &TestApp) {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    let partner = app.partner(&taro, "Tea Calendar", true);
    let tokens = app.connect(&partner, &hanako, "profile:read");
    let key = app.api_key(&hanako, &["profile:read"]);
    let both = [text(&tokens["access_token"]), text(&key["key"])];
    let other = app.log_in(&hanako.email);
    let password = json!({"password": "seven otters juggle lanterns"});
    app.request("PUT", "/v1/me/password").by(&hanako).json(&password).expect(204);
    app.get("/v1/me").by(&other).send().problem(401, "invalid_token");
    for token in both {
        app.get("/v1/me").token(token).send().expect(200);
    }
    app.request("DELETE", "/v1/sessions").by(&hanako).send().expect(204);
    for token in both {
        app.get("/v1/me").token(token).send().problem(401, "invalid_token");
    }
    app.renew(&partner, &tokens["refresh_token"], &[]).oauth(400, "invalid_grant");
}

fn what_is_made_while_the_sessions_end_ends_with_them(app: &TestApp) {
    let staff = app.staff(Role::Support, "mia");
    for (name, made_first, by_staff) in [("a", true, false), ("b", false, false), ("c", true, true), ("d", false, true)]
    {
        let person = app.member(name);
        let make = || app.act(&person, "/v1/api-keys", &json!({"name": "Bookkeeping", "scopes": ["profile:read"]}));
        let end = || match by_staff {
            true => app.act(
                &staff,
                &format!("/v1/admin/members/{}/end-sessions", person.id),
                &json!({"reason": "A lost phone."}),
            ),
            false => app.request("DELETE", "/v1/sessions").by(&person).send(),
        };
        let (made, ended) = in_turn(app, &person.email, made_first, make, end);
        ended.expect(204);
        if made.status == 201 {
            assert!(made_first || app.database.engine == Engine::Sqlite);
            app.get("/v1/me").token(text(&made.expect(201)["key"])).send().problem(401, "invalid_token");
        } else {
            made.problem(401, "invalid_token");
        }
    }
}

/// The page that asks holds a session of its own, which ends with the others.
fn a_code_given_while_the_sessions_end_is_worth_nothing(app: &TestApp) {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    let partner = app.partner(&taro, "Tea Calendar", true);
    for allowed_first in [true, false] {
        let person = app.log_in(&hanako.email);
        let (mut browser, query) = (Browser::new(app), partner.query("profile:read", &[]));
        let page = browser.log_in(&query, &person);
        let browser = Mutex::new(browser);
        let allow = || browser.lock().unwrap().answer(&query, &page, &[("decision", "allow")]);
        let end = || app.request("DELETE", "/v1/sessions").by(&person).send();
        let (allowed, ended) = in_turn(app, &person.email, allowed_first, allow, end);
        ended.expect(204);
        if allowed.status == 303 {
            app.trade(&partner, &told(&allowed, "code"), VERIFIER).oauth(400, "invalid_grant");
        } else {
            assert_eq!(allowed.status, 401, "{}", allowed.text);
        }
    }
}
