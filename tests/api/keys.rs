//! The keys that sign access tokens, and going on to the next.

use api::usecases::keys;
use serde_json::json;

use crate::harness::{TestApp, on_both_engines, people};

on_both_engines!(
    rotating_the_keys_logs_nobody_out,
    the_key_before_the_one_before_is_not_accepted,
    a_replica_that_has_not_heard_of_a_rotation_knows_its_tokens,
    keys_are_not_rotated_again_at_once,
);

fn ids(app: &TestApp) -> Vec<String> {
    let keys = app.get("/.well-known/jwks.json").send().expect(200)["keys"].clone();
    keys.as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn rotate(app: &TestApp) {
    app.put_back("instance", &["keys_rotated_at"], 3601);
    keys::rotate(&app.app).unwrap().unwrap();
}

fn rotating_the_keys_logs_nobody_out(app: &TestApp) {
    let hanako = app.member("hanako");
    let before = ids(app);
    assert_eq!(before.len(), 2, "the one that signs, and the next");
    rotate(app);
    let after = ids(app);
    assert_eq!(after[..2], [before[1].clone(), before[0].clone()]);
    app.read(&hanako, "/v1/me");
    let renewed = app.post("/v1/sessions/refresh").json(&json!({"refresh_token": hanako.refresh_token})).expect(200);
    let renewed = people::person(&hanako.email, &renewed);
    let kid = jsonwebtoken::decode_header(&renewed.access_token).unwrap().kid;
    assert_eq!(kid.as_deref(), Some(after[0].as_str()));
    app.read(&renewed, "/v1/me");
}

fn the_key_before_the_one_before_is_not_accepted(app: &TestApp) {
    let hanako = app.member("hanako");
    rotate(app);
    rotate(app);
    app.get("/v1/me").by(&hanako).send().problem(401, "invalid_token");
    app.post("/v1/sessions/refresh").json(&json!({"refresh_token": hanako.refresh_token})).expect(200);
}

fn a_replica_that_has_not_heard_of_a_rotation_knows_its_tokens(app: &TestApp) {
    let hanako = app.member("hanako");
    let claims = app.app.tokens.check(&hanako.access_token).unwrap();
    let ahead = jsonwebtoken::decode_header(&hanako.access_token).unwrap().kid;
    app.app.tokens.turn_to(1).unwrap();
    let token = app.app.tokens.issue(claims, api::clock::real_now()).unwrap();
    app.app.tokens.turn_to(0).unwrap();
    assert_ne!(jsonwebtoken::decode_header(&token).unwrap().kid, ahead);
    app.get("/v1/me").token(&token).send().expect(200);
}

fn keys_are_not_rotated_again_at_once(app: &TestApp) {
    assert_eq!(keys::rotate(&app.app).unwrap(), Some(1));
    assert_eq!(keys::rotate(&app.app).unwrap(), None);
    assert_eq!(ids(app).len(), 3);
}
