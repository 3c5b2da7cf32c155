//! Registering apps, and cutting those that are connected.

use serde_json::{Value, json};

use crate::harness::{
    Engine, TestApp, on_both_engines,
    partner::{REDIRECT, VERIFIER},
};

on_both_engines!(
    an_app_is_registered_changed_and_deleted_by_its_owner_alone,
    no_app_passes_for_ours,
    addresses_that_are_not_the_apps_own_cannot_be_registered,
    a_secret_is_replaced_at_once_and_only_with_a_recent_proof,
    a_member_sees_connected_apps_and_cuts_one_at_once,
    a_code_that_is_regretted_before_it_is_traded_is_worth_nothing,
    an_app_that_is_deleted_or_whose_owner_leaves_can_do_nothing_any_more,
    everybody_hears_that_an_app_is_gone_however_many_had_connected_it,
    one_member_cannot_have_any_number_of_apps,
);

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn an_app_is_registered_changed_and_deleted_by_its_owner_alone(app: &TestApp) {
    let (taro, jiro) = (app.member("taro"), app.member("jiro"));
    let wish = json!({"name": "Tea Calendar", "redirect_uris": [REDIRECT], "confidential": true});
    let made = app.act(&taro, "/v1/apps", &wish).expect(201);
    assert!(text(&made["client_secret"]).starts_with("azs_"));
    let path = format!("/v1/apps/{}", text(&made["id"]));
    let seen = app.read(&taro, &path);
    assert_eq!((seen["confidential"].clone(), seen.get("client_secret")), (json!(true), None));
    assert_eq!(app.read(&taro, "/v1/apps")["items"], json!([seen]));
    let change = json!({"name": "Tea Diary", "redirect_uris": ["http://127.0.0.1/cb"]});
    let put = |person| app.request("PUT", &path).by(person).json(&change);
    put(&jiro).problem(404, "not_found");
    assert_eq!(put(&taro).expect(200)["name"], "Tea Diary");
    app.request("DELETE", &path).by(&jiro).send().problem(404, "not_found");
    app.request("DELETE", &path).by(&taro).send().expect(204);
    app.get(&path).by(&taro).send().problem(404, "not_found");
    for name in ["", " ", "Azu\u{200b}kari", "\u{202e}irakuzA", "two\nlines", &"x".repeat(61)] {
        let odd = json!({"name": name, "redirect_uris": [REDIRECT], "confidential": true});
        app.act(&taro, "/v1/apps", &odd).problem(422, "invalid_body");
    }
}

fn no_app_passes_for_ours(app: &TestApp) {
    let taro = app.member("taro");
    let wish = |name: &str| json!({"name": name, "redirect_uris": [REDIRECT], "confidential": true});
    let made = app.act(&taro, "/v1/apps", &wish("Tea Calendar")).expect(201);
    let path = format!("/v1/apps/{}", text(&made["id"]));
    // Capitals, wide letters, Cyrillic and Greek that look alike, an accent, and what stands before or between.
    for name in [
        "Azukari",
        "The official AZUKARI app",
        "Ａｚｕｋａｒｉ",
        "\u{410}zukari",
        "azuk\u{430}ri",
        "A\u{396}UKARI",
        "A-z.u k_a r i",
        "\u{c1}zukari",
    ] {
        let change = json!({"name": name, "redirect_uris": [REDIRECT]});
        let renamed = app.request("PUT", &path).by(&taro).json(&change);
        for refused in [app.act(&taro, "/v1/apps", &wish(name)), renamed] {
            let problem = refused.problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["pointer"], "/name", "{name}");
            assert!(text(&problem["errors"][0]["detail"]).contains("Azukari"), "{problem}");
        }
    }
    assert_eq!(app.read(&taro, &path)["name"], "Tea Calendar");
    app.act(&taro, "/v1/apps", &wish("Azuki Bean Counter")).expect(201);
}

fn addresses_that_are_not_the_apps_own_cannot_be_registered(app: &TestApp) {
    let taro = app.member("taro");
    for uri in [
        "http://calendar.example/callback",
        "http://localhost/callback",
        "https://calendar.example/callback#part",
        "https://calendar.example@evil.example/callback",
        "https://user:pass@calendar.example/callback",
        "https://calendar.example/a/../callback",
        "https://calendar.example/%2e%2e/callback",
        "https://calendar.example",
        "https://*.example/callback",
        "https://calendar.example\\@evil.example/",
        "https://calendar.example/call back",
        "https://calendar.example:99999/callback",
        "HTTPS://calendar.example/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "com.example.app:/callback",
        "//calendar.example/callback",
        "",
    ] {
        let wish = json!({"name": "Tea", "redirect_uris": [uri], "confidential": false});
        let refused = app.act(&taro, "/v1/apps", &wish).problem(422, "invalid_body");
        assert_eq!(refused["errors"][0]["pointer"], "/redirect_uris/0", "{uri}");
    }
    for uri in ["https://calendar.example:8443/cb?app=1", "http://127.0.0.1/cb", "http://[::1]:4711/cb"] {
        let wish = json!({"name": "Tea", "redirect_uris": [uri], "confidential": false});
        app.act(&taro, "/v1/apps", &wish).expect(201);
    }
}

fn a_secret_is_replaced_at_once_and_only_with_a_recent_proof(app: &TestApp) {
    let taro = app.member("taro");
    let partner = app.partner(&taro, "Tea Calendar", true);
    let own = [("grant_type", "client_credentials")];
    app.as_partner(&partner, "/oauth/token", &own).expect(200);
    let path = format!("/v1/apps/{}/rotate-secret", partner.id);
    let next = app.post(&path).by(&taro).send().expect(200);
    app.as_partner(&partner, "/oauth/token", &own).oauth(401, "invalid_client");
    let secret = Some(text(&next["client_secret"]).to_owned());
    let partner = crate::harness::partner::Partner { secret, ..partner };
    app.as_partner(&partner, "/oauth/token", &own).expect(200);
    app.age_log_ins(601);
    app.post(&path).by(&taro).send().problem(403, "recent_login_required");
    // Nor may a thief have codes sent elsewhere.
    let elsewhere = json!({"name": "Tea Calendar", "redirect_uris": ["https://elsewhere.example/cb"]});
    let change = app.request("PUT", &format!("/v1/apps/{}", partner.id)).by(&taro).json(&elsewhere);
    change.problem(403, "recent_login_required");
}

fn a_code_that_is_regretted_before_it_is_traded_is_worth_nothing(app: &TestApp) {
    let (taro, hanako) = (app.member("taro"), app.member("hanako"));
    let partner = app.partner(&taro, "Tea Calendar", true);
    let cut = || app.request("DELETE", &format!("/v1/me/connected-apps/{}", partner.id)).by(&hanako).send();
    cut().problem(404, "not_found");
    let code = app.allow(&partner, &hanako, "profile:read");
    cut().expect(204);
    app.trade(&partner, &code, VERIFIER).oauth(400, "invalid_grant");
    cut().problem(404, "not_found");
}

fn a_member_sees_connected_apps_and_cuts_one_at_once(app: &TestApp) {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    let (cut, kept) = (app.partner(&taro, "Tea Calendar", true), app.partner(&taro, "Tea Books", false));
    let first = app.connect(&cut, &hanako, "profile:read");
    let again = app.connect(&cut, &hanako, "jobs:read");
    let other = app.connect(&kept, &hanako, "profile:read");
    assert_eq!(app.subjects(&hanako.email)[0], "An app was connected to your account");
    let list = app.read(&hanako, "/v1/me/connected-apps");
    let names: Vec<&str> = list["items"].as_array().unwrap().iter().map(|one| text(&one["name"])).collect();
    assert_eq!(names, ["Tea Books", "Tea Calendar"]);
    assert_eq!(list["items"][1]["scopes"], json!(["profile:read", "jobs:read"]));
    app.get("/v1/me").token(text(&first["access_token"])).send().expect(200);
    app.app.uses.write_down(&app.app).unwrap();
    let path = format!("/v1/me/connected-apps/{}", cut.id);
    assert!(app.read(&hanako, &path)["last_used_at"].is_string());
    app.request("DELETE", &path).by(&taro).send().problem(404, "not_found");
    app.request("DELETE", &path).by(&hanako).send().expect(204);
    app.get("/v1/me").token(text(&first["access_token"])).send().problem(401, "invalid_token");
    app.get("/v1/jobs").token(text(&again["access_token"])).send().problem(401, "invalid_token");
    for tokens in [&first, &again] {
        app.renew(&cut, &tokens["refresh_token"], &[]).oauth(400, "invalid_grant");
    }
    app.get("/v1/me").token(text(&other["access_token"])).send().expect(200);
    app.get(&path).by(&hanako).send().problem(404, "not_found");
    // What apps have are no devices, and cannot be ended as such.
    let devices = app.read(&hanako, "/v1/sessions")["items"].as_array().unwrap().clone();
    assert!(devices.iter().all(|one| one["device"] != ""), "{devices:?}");
}

fn an_app_that_is_deleted_or_whose_owner_leaves_can_do_nothing_any_more(app: &TestApp) {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    let (deleted, orphan) = (app.partner(&taro, "Tea Calendar", true), app.partner(&taro, "Tea Books", true));
    let tokens = [app.connect(&deleted, &hanako, "profile:read"), app.connect(&orphan, &hanako, "profile:read")];
    let me = |tokens: &Value| app.get("/v1/me").token(text(&tokens["access_token"])).send();
    app.request("DELETE", &format!("/v1/apps/{}", deleted.id)).by(&taro).send().expect(204);
    me(&tokens[0]).problem(401, "invalid_token");
    app.renew(&deleted, &tokens[0]["refresh_token"], &[]).oauth(401, "invalid_client");
    me(&tokens[1]).expect(200);
    let own = app.as_partner(&orphan, "/oauth/token", &[("grant_type", "client_credentials")]).expect(200);
    app.leave(&taro).expect(200);
    me(&tokens[1]).problem(401, "invalid_token");
    app.get("/v1/jobs").token(text(&own["access_token"])).send().problem(401, "invalid_token");
    app.as_partner(&orphan, "/oauth/token", &[("grant_type", "client_credentials")]).oauth(401, "invalid_client");
    assert_eq!(app.read(&hanako, "/v1/me/connected-apps")["items"], json!([]));
}

/// More of them than are told at a time.
fn everybody_hears_that_an_app_is_gone_however_many_had_connected_it(app: &TestApp) {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    let partner = app.partner(&taro, "Tea Calendar", true);
    app.connect(&partner, &hanako, "profile:read");
    let id = match app.database.engine {
        Engine::Sqlite => "unhex(printf('%032x', n))",
        Engine::Postgres => "lpad(to_hex(n), 32, '0')::uuid",
    };
    for insert in [
        format!(
            "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < 1100)
             INSERT INTO members (id, kind, role, email, email_key, display_name, locale, terms_version, state, version,
                 created_at, updated_at)
             SELECT {id}, kind, role, 'one of many ' || n, 'one of many ' || n, display_name, locale, terms_version, state,
                 version, created_at, updated_at
             FROM members, series WHERE email_key = 'hanako@example.com'"
        ),
        "INSERT INTO connections (member_id, app_id, scopes, created_at)
         SELECT members.id, app_id, scopes, connections.created_at FROM members, connections
         WHERE email_key LIKE 'one of many %'"
            .to_owned(),
    ] {
        app.database.execute(&insert).unwrap();
    }
    app.request("DELETE", &format!("/v1/apps/{}", partner.id)).by(&taro).send().expect(204);
    assert!(app.database.texts("SELECT scopes AS text FROM connections").is_empty());
    let told = "SELECT count(DISTINCT client_id) || ' are told by ' || count(*) AS text FROM events
        WHERE kind = 'app.disconnected'";
    assert_eq!(app.database.texts(told), ["1101 are told by 1101"]);
    assert_eq!(app.events_about(&hanako, &partner.id), ["app.connected", "app.disconnected"]);
}

fn one_member_cannot_have_any_number_of_apps(app: &TestApp) {
    let taro = app.member("taro");
    for _ in 0..20 {
        app.partner(&taro, "Tea", false);
    }
    let wish = json!({"name": "One more", "redirect_uris": [], "confidential": false});
    app.act(&taro, "/v1/apps", &wish).problem(409, "too_many_apps");
}
