//! Tokens that we did not make, or that are no longer good.

use api::auth::Claims;
use aws_lc_rs::{hkdf, rand::SystemRandom, signature::Ed25519KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::harness::{Person, TestApp, on_both_engines, operation::operations};

on_both_engines!(
    a_token_without_a_signature_is_refused,
    the_public_key_is_not_a_password,
    a_token_signed_by_somebody_else_is_refused,
    a_key_that_the_token_brings_along_is_ignored,
    a_changed_token_is_refused,
    an_expired_token_is_refused,
    a_token_for_another_server_is_refused,
    what_is_no_bearer_token_is_refused,
    a_token_that_says_more_than_ours_do_is_refused_though_our_key_signed_it,
    a_token_is_not_looked_at_where_everyone_reads_the_same,
);

/// A part of a token.
fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn key_id(person: &Person) -> String {
    part(&person.access_token, 0)["kid"].as_str().unwrap().to_owned()
}

/// A fresh key that is not the server's.
fn foreign_key() -> EncodingKey {
    let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    EncodingKey::from_ed_der(pair.as_ref())
}

#[track_caller]
fn refused(app: &TestApp, token: &str) {
    app.get("/v1/me").token(token).send().problem(401, "invalid_token");
}

fn a_token_without_a_signature_is_refused(app: &TestApp) {
    let hanako = app.member("hanako");
    let payload = encoded(&part(&hanako.access_token, 1));
    for algorithm in ["none", "None", "NONE", "nOnE", ""] {
        let header = encoded(&json!({"alg": algorithm, "typ": "JWT", "kid": key_id(&hanako)}));
        refused(app, &format!("{header}.{payload}."));
        refused(app, &format!("{header}.{payload}"));
    }
    let signed = hanako.access_token.rsplit_once('.').unwrap().0;
    refused(app, &format!("{signed}."));
}

fn the_public_key_is_not_a_password(app: &TestApp) {
    let hanako = app.member("hanako");
    let public = &app.get("/.well-known/jwks.json").send().expect(200)["keys"][0]["x"];
    let public = public.as_str().unwrap();
    for secret in [public.as_bytes().to_vec(), URL_SAFE_NO_PAD.decode(public).unwrap()] {
        let header = Header { kid: Some(key_id(&hanako)), ..Header::new(Algorithm::HS256) };
        let token = encode(&header, &part(&hanako.access_token, 1), &EncodingKey::from_secret(&secret)).unwrap();
        refused(app, &token);
    }
}

fn a_token_signed_by_somebody_else_is_refused(app: &TestApp) {
    let hanako = app.member("hanako");
    let payload = part(&hanako.access_token, 1);
    let ids =
        [Some(key_id(&hanako)), Some("../../dev/null".into()), Some("' OR 1=1 --".into()), Some(String::new()), None];
    for kid in ids {
        let header = Header { kid, ..Header::new(Algorithm::EdDSA) };
        refused(app, &encode(&header, &payload, &foreign_key()).unwrap());
    }
}

fn a_key_that_the_token_brings_along_is_ignored(app: &TestApp) {
    let hanako = app.member("hanako");
    let header = Header {
        kid: Some(key_id(&hanako)),
        jku: Some("http://127.0.0.1:1/keys".into()),
        x5u: Some("http://127.0.0.1:1/certificate".into()),
        ..Header::new(Algorithm::EdDSA)
    };
    refused(app, &encode(&header, &part(&hanako.access_token, 1), &foreign_key()).unwrap());
}

fn a_changed_token_is_refused(app: &TestApp) {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    let parts: Vec<&str> = hanako.access_token.split('.').collect();
    let mut payload = part(&hanako.access_token, 1);
    payload["sub"] = json!(taro.id);
    refused(app, &format!("{}.{}.{}", parts[0], encoded(&payload), parts[2]));
    let others = taro.access_token.rsplit_once('.').unwrap().1;
    refused(app, &format!("{}.{}.{others}", parts[0], parts[1]));
}

fn claims(person: &Person) -> Claims {
    let payload = part(&person.access_token, 1);
    let id = |name: &str| payload[name].as_str().unwrap().to_owned();
    Claims::own(id("sub").parse().unwrap(), id("sid").parse().unwrap())
}

fn an_expired_token_is_refused(app: &TestApp) {
    let hanako = app.member("hanako");
    let issued = |ago| {
        let then = api::clock::real_now() - chrono::TimeDelta::seconds(ago);
        app.app.tokens.issue(claims(&hanako), then).unwrap()
    };
    app.get("/v1/me").token(&issued(14 * 60)).send().expect(200);
    refused(app, &issued(15 * 60 + 1));
}

fn a_token_for_another_server_is_refused(other: &TestApp) {
    let secret = "0123456789abcdef0123456789abcdef";
    let app = TestApp::spawn_with(other.database.engine, &[("AZUKARI_SECRET", secret)]);
    let hanako = app.member("hanako");
    let here = part(&hanako.access_token, 1)["iss"].as_str().unwrap().to_owned();
    let issue = |issuer: &str, mode: &str| {
        let secrets = api::secrets::Secrets::derive(secret.as_bytes()).unwrap();
        api::auth::Tokens::new(secrets, issuer, mode).unwrap().issue(claims(&hanako), api::clock::real_now()).unwrap()
    };
    app.get("/v1/me").token(&issue(&here, "sandbox")).send().expect(200);
    refused(&app, &issue("https://elsewhere.example", "sandbox"));
    refused(&app, &issue(&here, "production"));
    refused(other, &issue(&here, "sandbox"));
}

fn a_token_that_says_more_than_ours_do_is_refused_though_our_key_signed_it(other: &TestApp) {
    let secret = "0123456789abcdef0123456789abcdef";
    let app = TestApp::spawn_with(other.database.engine, &[("AZUKARI_SECRET", secret)]);
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    let sign = |header: Header, payload: &Value| encode(&header, payload, &our_key(secret)).unwrap();
    let (header, payload) =
        (Header { kid: Some(key_id(&hanako)), ..Header::new(Algorithm::EdDSA) }, part(&hanako.access_token, 1));
    app.get("/v1/me").token(&sign(header.clone(), &payload)).send().expect(200);
    refused(&app, &sign(Header { typ: Some("refresh+jwt".into()), ..header.clone() }, &payload));
    refused(&app, &sign(Header { typ: None, ..header.clone() }, &payload));
    refused(&app, &sign(Header { crit: Some(vec!["x".into()]), ..header.clone() }, &payload));
    let claiming = |name: &str, value: Value| {
        let mut payload = payload.clone();
        payload[name] = value;
        sign(header.clone(), &payload)
    };
    refused(&app, &claiming("nbf", json!(api::clock::real_now().timestamp() + 60)));
    refused(&app, &claiming("sub", json!(taro.id)));
    app.get("/v1/me").token(&hanako.access_token).send().expect(200);
}

/// The key that signs the tokens of an installation with this secret.
fn our_key(secret: &str) -> EncodingKey {
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"azukari").extract(secret.as_bytes());
    let mut seed = [0; 32];
    prk.expand(&[b"token signing"], hkdf::HKDF_SHA256).unwrap().fill(&mut seed).unwrap();
    EncodingKey::from_ed_der(Ed25519KeyPair::from_seed_unchecked(&seed).unwrap().to_pkcs8().unwrap().as_ref())
}

fn what_is_no_bearer_token_is_refused(app: &TestApp) {
    let hanako = app.member("hanako");
    let token = &hanako.access_token;
    for header in ["", "Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Basic aGFuYWtvOng=", token.as_str()] {
        app.get("/v1/me").header("Authorization", header).send().problem(401, "invalid_token");
    }
    refused(app, &"a".repeat(7000));
    refused(app, &hanako.refresh_token);
    app.get("/v1/me").header("Authorization", &format!("bearer {token}")).send().expect(200);
    app.get("/v1/me").send().problem(401, "unauthenticated");
}

fn a_token_is_not_looked_at_where_everyone_reads_the_same(app: &TestApp) {
    let public: Vec<_> = operations().into_iter().filter(|one| one.method == "GET" && !one.personal).collect();
    assert!(public.len() > 8);
    for operation in public {
        assert_ne!(operation.call(app, Some("a.b.c")).status, 401, "{}", operation.name());
    }
}
