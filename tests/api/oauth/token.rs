//! Tokens of apps: what is traded for them, and by whom it is not.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::harness::{
    Person, Response, TestApp, on_both_engines,
    partner::{CHALLENGE, Partner, REDIRECT, VERIFIER},
    work::at_once,
};

on_both_engines!(
    a_code_is_traded_once_and_its_second_use_takes_back_what_it_gave,
    a_code_sent_many_times_at_once_gives_nothing_that_lasts,
    a_code_needs_its_verifier_its_address_and_its_app,
    a_code_is_good_for_a_minute,
    a_code_is_worthless_once_its_member_has_logged_out_everywhere,
    a_refresh_token_works_once_and_its_second_use_ends_the_family,
    a_connection_ends_ninety_days_after_the_consent_however_often_it_is_renewed,
    what_an_app_may_do_never_grows_when_it_renews,
    tokens_of_members_and_apps_are_not_mixed_up,
    an_app_authenticates_as_it_was_registered,
    refusals_are_those_of_oauth,
    what_nobody_knows_is_ignored_within_bounds,
    an_app_gives_up_its_own_tokens_only,
    an_app_learns_about_its_own_tokens_only,
);

struct Scene {
    partner: Partner,
    other: Partner,
    hanako: Person,
}

fn scene(app: &TestApp) -> Scene {
    let taro = app.member("taro");
    let (partner, other) = (app.partner(&taro, "Tea Calendar", true), app.partner(&taro, "Coffee Calendar", true));
    Scene { partner, other, hanako: app.member("hanako") }
}

fn me(app: &TestApp, tokens: &Value) -> Response {
    app.get("/v1/me").token(tokens["access_token"].as_str().unwrap()).send()
}

fn a_code_is_traded_once_and_its_second_use_takes_back_what_it_gave(app: &TestApp) {
    let Scene { partner, hanako, .. } = scene(app);
    let code = app.allow(&partner, &hanako, "profile:read");
    let traded = app.trade(&partner, &code, VERIFIER);
    assert_eq!((traded.header("cache-control"), traded.header("pragma")), ("no-store", "no-cache"));
    let tokens = traded.expect(200);
    assert_eq!((&tokens["token_type"], &tokens["scope"]), (&json!("Bearer"), &json!("profile:read")));
    assert_eq!(me(app, &tokens).expect(200)["id"], hanako.id.as_str());
    app.trade(&partner, &code, VERIFIER).oauth(400, "invalid_grant");
    me(app, &tokens).problem(401, "invalid_token");
    app.renew(&partner, &tokens["refresh_token"], &[]).oauth(400, "invalid_grant");
}

fn a_code_sent_many_times_at_once_gives_nothing_that_lasts(app: &TestApp) {
    let Scene { partner, hanako, .. } = scene(app);
    let code = app.allow(&partner, &hanako, "profile:read");
    let answers = at_once(8, |_| app.trade(&partner, &code, VERIFIER));
    let (traded, late): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(traded.len(), 1, "{answers:?}");
    late.iter().for_each(|answer| drop(answer.oauth(400, "invalid_grant")));
    let tokens = traded[0].expect(200);
    me(app, &tokens).problem(401, "invalid_token");
    app.renew(&partner, &tokens["refresh_token"], &[]).oauth(400, "invalid_grant");
}

fn a_code_needs_its_verifier_its_address_and_its_app(app: &TestApp) {
    let Scene { partner, other, hanako } = scene(app);
    let code = app.allow(&partner, &hanako, "profile:read");
    for verifier in ["wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong", CHALLENGE, "short"] {
        app.trade(&partner, &code, verifier).oauth(400, "invalid_grant");
    }
    // Nothing for a value is as if it were left out.
    app.trade(&partner, &code, "").oauth(400, "invalid_request");
    app.trade(&other, &code, VERIFIER).oauth(400, "invalid_grant");
    let own = [("grant_type", "authorization_code"), ("code", code.as_str()), ("code_verifier", VERIFIER)];
    let elsewhere = [&own[..], &[("redirect_uri", "https://calendar.example/other")]].concat();
    app.as_partner(&partner, "/oauth/token", &elsewhere).oauth(400, "invalid_grant");
    app.as_partner(&partner, "/oauth/token", &own).oauth(400, "invalid_request");
    let unproved = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", REDIRECT)];
    app.as_partner(&partner, "/oauth/token", &unproved).oauth(400, "invalid_request");
    app.trade(&partner, "aza_unknown", VERIFIER).oauth(400, "invalid_grant");
    app.trade(&partner, &code, VERIFIER).expect(200);
}

fn a_code_is_good_for_a_minute(app: &TestApp) {
    let Scene { partner, hanako, .. } = scene(app);
    let code = app.allow(&partner, &hanako, "profile:read");
    app.put_back("authorization_codes", &["expires_at"], 61);
    app.trade(&partner, &code, VERIFIER).oauth(400, "invalid_grant");
}

fn a_code_is_worthless_once_its_member_has_logged_out_everywhere(app: &TestApp) {
    let Scene { partner, hanako, .. } = scene(app);
    let code = app.allow(&partner, &hanako, "profile:read");
    app.request("DELETE", "/v1/sessions").by(&hanako).send().expect(204);
    app.trade(&partner, &code, VERIFIER).oauth(400, "invalid_grant");
}

fn a_refresh_token_works_once_and_its_second_use_ends_the_family(app: &TestApp) {
    let Scene { partner, other, hanako } = scene(app);
    let first = app.connect(&partner, &hanako, "profile:read");
    app.renew(&other, &first["refresh_token"], &[]).oauth(400, "invalid_grant");
    let second = app.renew(&partner, &first["refresh_token"], &[]).expect(200);
    me(app, &second).expect(200);
    app.renew(&partner, &first["refresh_token"], &[]).oauth(400, "invalid_grant");
    for tokens in [&first, &second] {
        me(app, tokens).problem(401, "invalid_token");
    }
    app.renew(&partner, &second["refresh_token"], &[]).oauth(400, "invalid_grant");
}

fn a_connection_ends_ninety_days_after_the_consent_however_often_it_is_renewed(app: &TestApp) {
    let Scene { partner, hanako, .. } = scene(app);
    let first = app.connect(&partner, &hanako, "profile:read");
    app.put_back("sessions", &["expires_at"], 90 * 24 * 3600 - 3600);
    let renewed = app.renew(&partner, &first["refresh_token"], &[]).expect(200);
    me(app, &renewed).expect(200);
    app.put_back("sessions", &["expires_at"], 3600);
    me(app, &renewed).problem(401, "invalid_token");
    app.renew(&partner, &renewed["refresh_token"], &[]).oauth(400, "invalid_grant");
}

fn what_an_app_may_do_never_grows_when_it_renews(app: &TestApp) {
    let Scene { partner, hanako, .. } = scene(app);
    let first = app.connect(&partner, &hanako, "profile:read jobs:read");
    for scope in ["profile:read money:read", "payments:write", "admin"] {
        app.renew(&partner, &first["refresh_token"], &[("scope", scope)]).oauth(400, "invalid_scope");
    }
    let fewer = app.renew(&partner, &first["refresh_token"], &[("scope", "jobs:read")]).expect(200);
    assert_eq!(fewer["scope"], "jobs:read");
    me(app, &fewer).problem(403, "insufficient_scope");
    let whole = app.renew(&partner, &fewer["refresh_token"], &[("scope", "")]).expect(200);
    assert_eq!(whole["scope"], "profile:read jobs:read");
    me(app, &whole).expect(200);
}

fn tokens_of_members_and_apps_are_not_mixed_up(app: &TestApp) {
    let Scene { partner, hanako, .. } = scene(app);
    let tokens = app.connect(&partner, &hanako, "profile:read");
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    app.post("/v1/sessions/refresh").json(&refresh).problem(401, "invalid_token");
    app.renew(&partner, &json!(hanako.refresh_token), &[]).oauth(400, "invalid_grant");
    app.post("/v1/sessions/refresh").json(&json!({"refresh_token": hanako.refresh_token})).expect(200);
    app.renew(&partner, &tokens["refresh_token"], &[]).expect(200);
}

fn an_app_authenticates_as_it_was_registered(app: &TestApp) {
    let Scene { partner, other, hanako } = scene(app);
    let public = app.partner(&hanako, "Tea Phone", false);
    let secret = partner.secret.clone().unwrap();
    let own = [("grant_type", "client_credentials")];
    let basic = |id: &str, secret: &str, fields: &[(&str, &str)]| {
        let pair = STANDARD.encode(format!("{id}:{secret}"));
        app.post("/oauth/token").header("Authorization", &format!("Basic {pair}")).form(fields)
    };
    basic(&partner.id, &secret, &own).expect(200);
    app.as_partner(&partner, "/oauth/token", &own).expect(200);
    let refused = basic(&partner.id, "azs_wrong", &own);
    refused.oauth(401, "invalid_client");
    assert!(refused.header("www-authenticate").starts_with("Basic"), "{:?}", refused.headers);
    basic(&other.id, &secret, &own).oauth(401, "invalid_client");
    let both = [own[0], ("client_secret", secret.as_str())];
    basic(&partner.id, &secret, &both).oauth(400, "invalid_request");
    basic(&partner.id, &secret, &[own[0], ("client_id", &other.id)]).oauth(400, "invalid_request");
    for wrong in [
        Partner { secret: None, ..partner.clone() },
        Partner { secret: Some(String::new()), ..partner.clone() },
        Partner { secret: Some(secret), ..public.clone() },
        Partner { id: "app_01k30dwqgzfgx9p7jfdwpht7gg".into(), secret: None },
        Partner { id: "nobody".into(), secret: None },
    ] {
        app.as_partner(&wrong, "/oauth/token", &own).oauth(401, "invalid_client");
    }
    let tokens = app.connect(&public, &hanako, "profile:read");
    me(app, &tokens).expect(200);
}

fn refusals_are_those_of_oauth(app: &TestApp) {
    let Scene { partner, .. } = scene(app);
    app.as_partner(&partner, "/oauth/token", &[]).oauth(400, "invalid_request");
    app.as_partner(&partner, "/oauth/token", &[("grant_type", "password")]).oauth(400, "unsupported_grant_type");
    let twice = [("grant_type", "client_credentials"), ("grant_type", "client_credentials")];
    app.as_partner(&partner, "/oauth/token", &twice).oauth(400, "invalid_request");
    app.post("/oauth/token").json(&json!({"grant_type": "client_credentials"})).oauth(400, "invalid_request");
    app.post("/oauth/token").send().oauth(400, "invalid_request");
    let large = "x".repeat(20_000);
    app.post("/oauth/token").form(&[("grant_type", &large)]).oauth(400, "invalid_request");
}

fn what_nobody_knows_is_ignored_within_bounds(app: &TestApp) {
    let Scene { partner, .. } = scene(app);
    let ask = |unknown: &[(&str, &str)]| {
        app.as_partner(&partner, "/oauth/token", &[&[("grant_type", "client_credentials")], unknown].concat())
    };
    let (longest, too_long) = ("x".repeat(2_000), "x".repeat(2_001));
    ask(&[("unheard_of", "1")]).expect(200);
    ask(&[("unheard_of", &longest)]).expect(200);
    ask(&[("unheard_of", "1"), ("unheard_of", "1")]).oauth(400, "invalid_request");
    ask(&[("unheard_of", "1"), ("unheard_of", "")]).oauth(400, "invalid_request");
    for odd in [&too_long, "\0", "\u{1b}", "\u{202e}"] {
        ask(&[("unheard_of", odd)]).oauth(400, "invalid_request");
    }
}

fn an_app_gives_up_its_own_tokens_only(app: &TestApp) {
    let Scene { partner, other, hanako } = scene(app);
    for kind in ["access_token", "refresh_token"] {
        let tokens = app.connect(&partner, &hanako, "profile:read");
        let token = [("token", tokens[kind].as_str().unwrap())];
        assert_eq!(app.as_partner(&other, "/oauth/revoke", &token).status, 200);
        me(app, &tokens).expect(200);
        assert_eq!(app.as_partner(&partner, "/oauth/revoke", &token).status, 200);
        me(app, &tokens).problem(401, "invalid_token");
        assert_eq!(app.as_partner(&partner, "/oauth/revoke", &token).status, 200, "again is no mistake");
    }
    assert_eq!(app.as_partner(&partner, "/oauth/revoke", &[("token", &hanako.access_token)]).status, 200);
    app.get("/v1/me").by(&hanako).send().expect(200);
    assert_eq!(app.read(&hanako, "/v1/me/connected-apps")["items"], json!([]));
    app.as_partner(&partner, "/oauth/revoke", &[]).oauth(400, "invalid_request");
}

fn an_app_learns_about_its_own_tokens_only(app: &TestApp) {
    let Scene { partner, other, hanako } = scene(app);
    let tokens = app.connect(&partner, &hanako, "profile:read");
    let ask = |by: &Partner, token: &str| app.as_partner(by, "/oauth/introspect", &[("token", token)]).expect(200);
    for kind in ["access_token", "refresh_token"] {
        let token = tokens[kind].as_str().unwrap();
        let own = ask(&partner, token);
        assert_eq!((&own["active"], &own["scope"]), (&json!(true), &json!("profile:read")));
        assert_eq!((&own["sub"], &own["client_id"]), (&json!(hanako.id), &json!(partner.id)));
        assert_eq!(ask(&other, token), json!({"active": false}));
    }
    let key = app.api_key(&hanako, &["profile:read"]);
    for foreign in [hanako.access_token.as_str(), &hanako.refresh_token, key["key"].as_str().unwrap(), "nonsense"] {
        assert_eq!(ask(&partner, foreign), json!({"active": false}));
    }
    app.request("DELETE", &format!("/v1/me/connected-apps/{}", partner.id)).by(&hanako).send().expect(204);
    assert_eq!(ask(&partner, tokens["access_token"].as_str().unwrap()), json!({"active": false}));
    let public = app.partner(&hanako, "Tea Phone", false);
    app.as_partner(&public, "/oauth/introspect", &[("token", "x")]).oauth(401, "invalid_client");
}
