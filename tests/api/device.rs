//! Sessions as devices.

use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{Person, Request, TestApp, on_both_engines, partner::VERIFIER, people};

on_both_engines!(
    a_member_sees_their_own_open_sessions,
    sessions_are_listed_in_pages,
    one_device_is_logged_out_and_the_others_stay,
    nobody_sees_or_ends_the_sessions_of_others,
    logging_out_everywhere_ends_every_session,
    staff_end_every_session_of_an_account_in_wrong_hands,
    what_acts_for_a_member_ends_with_their_sessions_by_staff,
    a_stale_version_ends_no_session,
    the_sessions_of_staff_are_ended_by_admins_only,
    a_new_device_is_told_by_mail_and_a_known_one_is_not,
    a_device_that_was_logged_out_counts_as_new_again,
    the_device_token_of_somebody_else_makes_no_device_known,
    what_a_client_calls_itself_never_harms_the_list,
);

fn staff_end_every_session_of_an_account_in_wrong_hands(app: &TestApp) {
    let (mia, noa) = (app.staff(Role::Support, "mia"), app.staff(Role::Admin, "noa"));
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    let (thief, device) = log_in(app, "Firefox", None);
    let end = |by: &Person, whose: &str| {
        let path = format!("/v1/admin/members/{whose}/end-sessions");
        app.post(&path).by(by).json(&json!({"reason": "Her phone was stolen."}))
    };
    end(&taro, &hanako.id).problem(404, "not_found");
    end(&mia, &mia.id).problem(403, "not_permitted");
    end(&mia, "member_01k30dwqgzfgx9p7jfdwpht7gg").problem(404, "not_found");
    app.read(&thief, "/v1/me");
    end(&mia, &hanako.id).expect(204);
    for person in [&thief, &hanako] {
        app.get("/v1/me").by(person).send().problem(401, "invalid_token");
    }
    app.read(&taro, "/v1/me");
    // Her password is still hers, and no device is known any more.
    let told = || app.subjects(&hanako.email).iter().filter(|subject| *subject == NEW_DEVICE).count();
    let before = told();
    let (hanako, _) = log_in(app, "Firefox", Some(&device));
    assert_eq!(told(), before + 1);
    let read = &app.read(&hanako, "/v1/me/audit-log")["items"][0];
    assert_eq!(read["reason"], "Her phone was stolen.");
    let log = app.read(&noa, &format!("/v1/admin/audit-log?member_id={}", hanako.id));
    assert_eq!(log["items"][0]["operation"], "POST /v1/admin/members/{id}/end-sessions");
}

fn the_sessions_of_staff_are_ended_by_admins_only(app: &TestApp) {
    let [mia, ann, noa] = [(Role::Support, "mia"), (Role::Support, "ann"), (Role::Admin, "noa")]
        .map(|(role, name)| app.staff(role, name));
    let reason = json!({"reason": "A lost phone."});
    for whose in [&ann, &noa] {
        end_sessions(app, &mia, whose).json(&reason).problem(403, "not_permitted");
        app.read(whose, "/v1/me");
    }
    end_sessions(app, &noa, &ann).json(&reason).expect(204);
    app.get("/v1/me").by(&ann).send().problem(401, "invalid_token");
}

fn end_sessions(app: &TestApp, by: &Person, whose: &Person) -> Request {
    app.post(&format!("/v1/admin/members/{}/end-sessions", whose.id)).by(by)
}

fn what_acts_for_a_member_ends_with_their_sessions_by_staff(app: &TestApp) {
    let (mia, hanako, taro) = (app.staff(Role::Support, "mia"), app.member("hanako"), app.member("taro"));
    let partner = app.partner(&taro, "Tea Calendar", true);
    let connected = app.connect(&partner, &hanako, "profile:read");
    let key = app.api_key(&hanako, &["profile:read"]);
    let untraded = app.allow(&partner, &hanako, "profile:read");
    app.act(&hanako, "/v1/me/email-change", &json!({"email": "thief@example.com"})).expect(202);
    let ends = [app.mailed(&hanako.email, "aze_"), app.mailed("thief@example.com", "aze_")];
    let tokens = [connected["access_token"].as_str().unwrap(), key["key"].as_str().unwrap()];
    tokens.iter().for_each(|token| drop(app.get("/v1/me").token(token).send().expect(200)));
    end_sessions(app, &mia, &hanako).json(&json!({"reason": "Her phone was stolen."})).expect(204);
    tokens.iter().for_each(|token| drop(app.get("/v1/me").token(token).send().problem(401, "invalid_token")));
    app.renew(&partner, &connected["refresh_token"], &[]).oauth(400, "invalid_grant");
    app.trade(&partner, &untraded, VERIFIER).oauth(400, "invalid_grant");
    for token in ends {
        app.post("/v1/me/email-change/confirm").json(&json!({"token": token})).problem(401, "invalid_token");
    }
    let hanako = app.log_in(&hanako.email);
    app.get("/v1/me/email-change").by(&hanako).send().problem(404, "not_found");
}

fn a_stale_version_ends_no_session(app: &TestApp) {
    let (mia, hanako) = (app.staff(Role::Support, "mia"), app.member("hanako"));
    let (reason, me) = (json!({"reason": "She called."}), app.get("/v1/me").by(&hanako).send());
    let end = |seen: &str| end_sessions(app, &mia, &hanako).header("If-Match", seen).json(&reason);
    end("\"99-0\"").problem(412, "precondition_failed");
    app.read(&hanako, "/v1/me");
    end(me.header("etag")).expect(204);
    app.get("/v1/me").by(&hanako).send().problem(401, "invalid_token");
}

const NEW_DEVICE: &str = "A new device logged in";

fn log_in(app: &TestApp, agent: &str, device: Option<&str>) -> (Person, String) {
    let mut body = json!({"email": "hanako@example.com", "password": people::PASSWORD});
    if let Some(token) = device {
        body["device_token"] = json!(token);
    }
    let tokens = app.post("/v1/sessions").header("User-Agent", agent).json(&body).expect(201);
    (people::person("hanako@example.com", &tokens), tokens["device_token"].as_str().unwrap().to_owned())
}

fn sessions(app: &TestApp, person: &Person) -> Vec<Value> {
    app.read(person, "/v1/sessions")["items"].as_array().unwrap().clone()
}

fn delete(app: &TestApp, person: &Person, path: &str) -> crate::harness::Response {
    app.request("DELETE", path).by(person).send()
}

fn a_member_sees_their_own_open_sessions(app: &TestApp) {
    app.member("hanako");
    let windows = "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0";
    let (here, _) = log_in(app, windows, None);
    app.member("taro");
    let seen = sessions(app, &here);
    assert_eq!(seen.len(), 2);
    assert_eq!((&seen[0]["device"], &seen[0]["current"]), (&json!("Firefox on Windows"), &json!(true)));
    assert_eq!((&seen[1]["device"], &seen[1]["current"]), (&json!("unknown"), &json!(false)));
    assert_eq!(seen[0]["last_refreshed_at"], seen[0]["created_at"]);
    let renewed = app.post("/v1/sessions/refresh").json(&json!({"refresh_token": here.refresh_token})).expect(200);
    assert_eq!(renewed["device_token"], Value::Null);
    let after = app.read(&here, &format!("/v1/sessions/{}", seen[0]["id"].as_str().unwrap()));
    assert!(after["last_refreshed_at"].as_str() > after["created_at"].as_str(), "{after}");
}

fn sessions_are_listed_in_pages(app: &TestApp) {
    let hanako = app.member("hanako");
    app.log_in(&hanako.email);
    app.log_in(&hanako.email);
    let first = app.read(&hanako, "/v1/sessions?limit=2");
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let next = first["next_cursor"].as_str().unwrap();
    let second = app.read(&hanako, &format!("/v1/sessions?limit=2&cursor={next}"));
    assert_eq!((second["items"].as_array().unwrap().len(), &second["next_cursor"]), (1, &Value::Null));
    let taro = app.member("taro");
    app.get(&format!("/v1/sessions?cursor={next}")).by(&taro).send().problem(400, "invalid_cursor");
}

fn one_device_is_logged_out_and_the_others_stay(app: &TestApp) {
    let first = app.member("hanako");
    let second = app.log_in(&first.email);
    let id = sessions(app, &first)[0]["id"].as_str().unwrap().to_owned();
    delete(app, &first, &format!("/v1/sessions/{id}")).expect(204);
    app.get("/v1/me").by(&second).send().problem(401, "invalid_token");
    app.post("/v1/sessions/refresh")
        .json(&json!({"refresh_token": second.refresh_token}))
        .problem(401, "invalid_token");
    delete(app, &first, &format!("/v1/sessions/{id}")).problem(404, "not_found");
    assert_eq!(sessions(app, &first).len(), 1);
}

fn nobody_sees_or_ends_the_sessions_of_others(app: &TestApp) {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    let id = sessions(app, &hanako)[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/sessions/{id}");
    app.get(&path).by(&taro).send().problem(404, "not_found");
    delete(app, &taro, &path).problem(404, "not_found");
    app.read(&hanako, "/v1/me");
}

fn logging_out_everywhere_ends_every_session(app: &TestApp) {
    let first = app.member("hanako");
    let second = app.log_in(&first.email);
    delete(app, &first, "/v1/sessions").expect(204);
    for person in [&first, &second] {
        app.get("/v1/me").by(person).send().problem(401, "invalid_token");
    }
    app.log_in(&first.email);
}

fn a_new_device_is_told_by_mail_and_a_known_one_is_not(app: &TestApp) {
    let hanako = app.member("hanako");
    let told = |app: &TestApp| app.subjects(&hanako.email).iter().filter(|subject| *subject == NEW_DEVICE).count();
    assert_eq!(told(app), 0, "the first log-in of all is no surprise");
    let (_, token) = log_in(app, "TeaShop/2.1", None);
    assert_eq!(told(app), 1);
    assert!(app.mails(&hanako.email)[0]["body"].as_str().unwrap().contains("TeaShop/2.1"));
    let (_, again) = log_in(app, "TeaShop/2.2", Some(&token));
    assert_eq!((told(app), again), (1, token));
    log_in(app, "TeaShop/2.1", None);
    assert_eq!(told(app), 2, "the same name proves nothing");
}

fn a_device_that_was_logged_out_counts_as_new_again(app: &TestApp) {
    let hanako = app.member("hanako");
    let (_, token) = log_in(app, "TeaShop/2.1", None);
    let id = sessions(app, &hanako)[0]["id"].as_str().unwrap().to_owned();
    delete(app, &hanako, &format!("/v1/sessions/{id}")).expect(204);
    let (_, other) = log_in(app, "TeaShop/2.1", Some(&token));
    assert_ne!(other, token);
    assert_eq!(app.subjects(&hanako.email)[0], NEW_DEVICE);
}

fn the_device_token_of_somebody_else_makes_no_device_known(app: &TestApp) {
    app.member("hanako");
    let taro = app.try_password(&app.member("taro").email, people::PASSWORD).expect(201);
    let (_, given) = log_in(app, "TeaShop/2.1", taro["device_token"].as_str());
    assert_ne!(given, taro["device_token"]);
    assert_eq!(app.subjects("hanako@example.com")[0], NEW_DEVICE);
}

fn what_a_client_calls_itself_never_harms_the_list(app: &TestApp) {
    app.member("hanako");
    for agent in ["<script>alert(1)</script>", "x".repeat(4_000).as_str(), "日本のブラウザ", "\tTab"] {
        log_in(app, agent, None);
    }
    let (here, _) = log_in(app, "curl/8.5.0", None);
    for session in sessions(app, &here) {
        assert!(session["device"].as_str().unwrap().chars().count() <= 60, "{session}");
    }
    let pages: Vec<Value> = app.mails("hanako@example.com").iter().map(|mail| mail["html"].clone()).collect();
    assert!(pages.iter().all(|page| !page.as_str().unwrap().contains("<script>")), "{pages:?}");
}
