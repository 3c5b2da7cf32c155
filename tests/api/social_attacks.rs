//! What is tried against social log-in: replays, mixed-up visits, and a provider that lies or does not answer.

use std::{
    collections::BTreeMap,
    net::TcpListener,
    sync::{Arc, Mutex, mpsc},
    thread,
};

use actix_web::{App, HttpServer, dev::ServerHandle, rt::System, web};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::social::{Phone, Visit};
use crate::harness::{
    Response, TestApp, on_both_engines,
    openid::{self, BACK, CLIENT_ID, CLIENT_SECRET, Provider},
};

on_both_engines!(
    what_came_back_works_once_and_belongs_to_its_own_visit,
    a_visit_to_link_logs_nobody_in_and_a_log_in_links_nothing,
    a_visit_is_over_after_ten_minutes,
    people_are_sent_back_only_where_the_operator_said,
    the_answer_of_one_provider_is_no_answer_of_another,
    an_id_token_is_believed_only_if_all_of_it_holds,
    an_id_token_that_cannot_be_read_is_refused,
    an_address_or_a_subject_that_nobody_could_register_with_is_refused,
    a_provider_that_does_not_answer_keeps_nobody_else_waiting,
    nothing_of_a_visit_is_stored_in_the_clear,
);

fn what_came_back_works_once_and_belongs_to_its_own_visit(plain: &TestApp) {
    let provider = Provider::start();
    let app = TestApp::spawn_with(plain.database.engine, &openid::settings(&provider.issuer));
    let phone = Phone::new(&app);
    let visit = phone.begin();
    let body = visit.back(&openid::visit(&visit.url, "hanako"));
    phone.complete(&body).problem(403, "registration_needed");
    phone.complete(&body).problem(401, "social_login_refused");
    // Somebody else's code, brought to the visit of another app: first with its own state, then with theirs.
    let (mine, theirs) = (phone.begin(), phone.begin());
    let brought = openid::visit(&theirs.url, "mallory");
    phone.complete(&mine.back(&brought)).problem(401, "social_login_refused");
    let (mine, theirs) = (phone.begin(), phone.begin());
    let (own, stolen) = (openid::visit(&mine.url, "hanako"), openid::visit(&theirs.url, "mallory"));
    let mixed =
        BTreeMap::from([("state".to_owned(), own["state"].clone()), ("code".to_owned(), stolen["code"].clone())]);
    phone.complete(&mine.back(&mixed)).problem(401, "social_login_refused");
    // The visit of a wrong state is over, too.
    let visit = phone.begin();
    let brought = openid::visit(&visit.url, "hanako");
    let mut wrong = visit.back(&brought);
    wrong["state"] = json!("made up");
    phone.complete(&wrong).problem(401, "social_login_refused");
    phone.complete(&visit.back(&brought)).problem(401, "social_login_refused");
}

fn a_visit_to_link_logs_nobody_in_and_a_log_in_links_nothing(plain: &TestApp) {
    let provider = Provider::start();
    let app = TestApp::spawn_with(plain.database.engine, &openid::settings(&provider.issuer));
    let phone = Phone::new(&app);
    let (hanako, mallory) = (app.member("hanako"), app.member("mallory"));
    let visit = phone.begin_link(&hanako);
    phone.complete(&visit.back(&openid::visit(&visit.url, "private"))).problem(401, "social_login_refused");
    let visit = phone.begin();
    let body = visit.back(&openid::visit(&visit.url, "private"));
    phone.complete_link(&hanako, &body).problem(401, "social_login_refused");
    // What one began to link, another does not link to themselves.
    let visit = phone.begin_link(&hanako);
    let body = visit.back(&openid::visit(&visit.url, "private"));
    phone.complete_link(&mallory, &body).problem(401, "social_login_refused");
}

fn a_visit_is_over_after_ten_minutes(plain: &TestApp) {
    let provider = Provider::start();
    let app = TestApp::spawn_with(plain.database.engine, &openid::settings(&provider.issuer));
    let phone = Phone::new(&app);
    let visit = phone.begin();
    let body = visit.back(&openid::visit(&visit.url, "hanako"));
    app.put_back("social_flows", &["expires_at"], 601);
    phone.complete(&body).problem(401, "social_login_refused");
}

fn people_are_sent_back_only_where_the_operator_said(plain: &TestApp) {
    let provider = Provider::start();
    let app = TestApp::spawn_with(plain.database.engine, &openid::settings(&provider.issuer));
    for place in ["https://evil.example/back", "https://app.example/back/../x", "https://app.example/back?x=1", ""] {
        let asked = app.post("/v1/sessions/social").json(&json!({"provider": "idp", "redirect_uri": place}));
        assert_eq!(asked.problem(422, "invalid_body")["errors"][0]["pointer"], "/redirect_uri");
    }
    let asked = app.post("/v1/sessions/social").json(&json!({"provider": "unheard-of", "redirect_uri": BACK}));
    assert_eq!(asked.problem(422, "invalid_body")["errors"][0]["pointer"], "/provider");
}

/// A provider that says what it is told to say.
struct Liar {
    issuer: String,
    says: Arc<Mutex<String>>,
    key: Ed25519KeyPair,
    handle: ServerHandle,
    thread: Option<thread::JoinHandle<()>>,
}

impl Liar {
    fn start() -> Self {
        let says = Arc::new(Mutex::new(String::new()));
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let documents = documents(&issuer, &URL_SAFE_NO_PAD.encode(key.public_key()));
        let (spoken, (started, running)) = (says.clone(), mpsc::channel());
        let thread = thread::spawn(move || {
            System::new().block_on(async move {
                let (documents, spoken) = (web::Data::new(documents), web::Data::new(spoken));
                let factory = move || {
                    App::new()
                        .app_data(documents.clone())
                        .app_data(spoken.clone())
                        .route("/.well-known/openid-configuration", web::get().to(discovery))
                        .route("/jwks", web::get().to(keys))
                        .route("/token", web::post().to(token))
                };
                let server = HttpServer::new(factory).workers(1).disable_signals().listen(listener).unwrap().run();
                started.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        Self { issuer, says, key, handle: running.recv().unwrap(), thread: Some(thread) }
    }

    /// The claims that would be right for this visit.
    fn claims(&self, visit: &Visit) -> Value {
        let now = api::clock::real_now().timestamp();
        json!({
            "iss": self.issuer, "aud": CLIENT_ID, "sub": "hanako", "nonce": visit.asks()["nonce"], "iat": now, "exp": now + 300,
            "email": "hanako@example.com", "email_verified": true,
        })
    }

    fn sign(&self, claims: &Value) -> String {
        let key = EncodingKey::from_ed_der(self.key.to_pkcs8().unwrap().as_ref());
        encode(&Header { kid: Some("known".into()), ..Header::new(Algorithm::EdDSA) }, claims, &key).unwrap()
    }

    /// What becomes of a log-in in which the provider answers with this ID token.
    fn answer(&self, app: &TestApp, make: impl FnOnce(&Value) -> String) -> Response {
        self.answer_to(app, &Phone::new(app).begin(), make)
    }

    /// The same in a visit that has begun.
    fn answer_to(&self, app: &TestApp, visit: &Visit, make: impl FnOnce(&Value) -> String) -> Response {
        *self.says.lock().unwrap() = make(&self.claims(visit));
        Phone::new(app).complete(&visit.back(&visit.any_code()))
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        System::new().block_on(self.handle.stop(false));
        self.thread.take().unwrap().join().unwrap();
    }
}

type Documents = (Value, Value);

fn documents(issuer: &str, public: &str) -> Documents {
    let discovery = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
    });
    let keys =
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "known", "x": public}]});
    (discovery, keys)
}

async fn discovery(documents: web::Data<Documents>) -> web::Json<Value> {
    web::Json(documents.0.clone())
}

async fn keys(documents: web::Data<Documents>) -> web::Json<Value> {
    web::Json(documents.1.clone())
}

async fn token(says: web::Data<Arc<Mutex<String>>>) -> web::Json<Value> {
    let id_token = says.lock().unwrap().clone();
    web::Json(json!({"access_token": "any", "token_type": "Bearer", "id_token": id_token}))
}

/// A token of these parts, without knowing any key.
fn put_together(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode(signature))
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

fn an_id_token_is_believed_only_if_all_of_it_holds(plain: &TestApp) {
    let liar = Liar::start();
    let app = TestApp::spawn_with(plain.database.engine, &openid::settings(&liar.issuer));
    liar.answer(&app, |claims| liar.sign(claims)).problem(403, "registration_needed");
    let now = api::clock::real_now().timestamp();
    for (name, value) in [
        ("iss", json!("https://accounts.example")),
        ("aud", json!("another client")),
        ("aud", json!([CLIENT_ID, "another client"])),
        ("azp", json!("another client")),
        ("exp", json!(now - 1)),
        ("iat", json!(now - 3600)),
        ("iat", json!(now + 3600)),
        ("nonce", json!("of another visit")),
        ("nonce", Value::Null),
        ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
    ] {
        let answer = liar.answer(&app, |claims| liar.sign(&with(claims, name, value.clone())));
        assert_eq!(answer.status, 401, "{name} {value}: {}", answer.text);
        answer.problem(401, "social_login_refused");
    }
    for (name, value) in [("email_verified", json!(false)), ("email_verified", Value::Null), ("email", Value::Null)] {
        liar.answer(&app, |claims| liar.sign(&with(claims, name, value.clone()))).problem(403, "email_not_verified");
    }
    let unsigned =
        |header: Value, signature: &'static [u8]| move |claims: &Value| put_together(&header, claims, signature);
    let refused = |answer: Response| answer.problem(401, "social_login_refused");
    refused(liar.answer(&app, unsigned(json!({"alg": "none"}), b"")));
    refused(liar.answer(&app, unsigned(json!({"alg": "EdDSA", "kid": "known"}), b"")));
    for secret in [CLIENT_SECRET.as_bytes(), liar.key.public_key().as_ref()] {
        let key = EncodingKey::from_secret(secret);
        let header = Header { kid: Some("known".into()), ..Header::new(Algorithm::HS256) };
        refused(liar.answer(&app, |claims| encode(&header, claims, &key).unwrap()));
    }
    let other = Liar::start();
    refused(liar.answer(&app, |claims| other.sign(claims)));
}

fn an_id_token_that_cannot_be_read_is_refused(plain: &TestApp) {
    let liar = Liar::start();
    let app = TestApp::spawn_with(plain.database.engine, &openid::settings(&liar.issuer));
    let saying = |name: &str, value: Value| liar.answer(&app, |claims| liar.sign(&with(claims, name, value)));
    // As some providers spell it.
    saying("email_verified", json!("true")).problem(403, "registration_needed");
    saying("email_verified", json!("false")).problem(403, "email_not_verified");
    for (name, value) in
        [("email_verified", json!("yes")), ("exp", Value::Null), ("exp", json!("soon")), ("iat", Value::Null)]
    {
        let answer = saying(name, value.clone());
        assert_eq!(answer.status, 401, "{name} {value}: {}", answer.text);
        answer.problem(401, "social_login_refused");
    }
    for header in [json!({"alg": "None"}), json!({"alg": "unheard-of", "kid": "known"}), json!({}), json!("header")] {
        liar.answer(&app, |claims| put_together(&header, claims, b"")).problem(401, "social_login_refused");
    }
    for text in ["", "no token", "e30.e30", "a.b.c"] {
        liar.answer(&app, |_| text.to_owned()).problem(401, "social_login_refused");
    }
}

fn an_address_or_a_subject_that_nobody_could_register_with_is_refused(plain: &TestApp) {
    let liar = Liar::start();
    let app = TestApp::spawn_with(plain.database.engine, &openid::settings(&liar.issuer));
    let saying = |name: &str, value: &str| liar.answer(&app, |claims| liar.sign(&with(claims, name, json!(value))));
    let long = format!("hanako@{}.example", [&"x".repeat(60); 5].map(String::as_str).join("."));
    for address in [
        "",
        "hanako",
        "hanako@",
        "hana\u{0}ko@example.com",
        "hanako@example.com\n",
        "hana\u{202e}ko@example.com",
        &long,
    ] {
        let answer = saying("email", address);
        assert_eq!(answer.status, 401, "{address:?}: {}", answer.text);
        answer.problem(401, "social_login_refused");
    }
    for subject in ["", "hana\u{0}ko", "hana ko", "hanako\n", "花子", &"x".repeat(256)] {
        let answer = saying("sub", subject);
        assert_eq!(answer.status, 401, "{subject:?}: {}", answer.text);
        answer.problem(401, "social_login_refused");
    }
    saying("sub", &"x".repeat(255)).problem(403, "registration_needed");
}

fn the_answer_of_one_provider_is_no_answer_of_another(plain: &TestApp) {
    let honest = Provider::start();
    let liar = Liar::start();
    let known = openid::settings(&honest.issuer);
    let second = [
        ("AZUKARI_SOCIAL__LIAR__NAME", "Another"),
        ("AZUKARI_SOCIAL__LIAR__ISSUER", liar.issuer.as_str()),
        ("AZUKARI_SOCIAL__LIAR__CLIENT_ID", CLIENT_ID),
        ("AZUKARI_SOCIAL__LIAR__CLIENT_SECRET", "another secret"),
        ("AZUKARI_SOCIAL__LIAR__REDIRECT_URIS", "https://app.example/back-from-the-other"),
    ];
    let all: Vec<_> = known.into_iter().chain(second).collect();
    let app = TestApp::spawn_with(plain.database.engine, &all);
    let phone = Phone::new(&app);
    // Began with the liar, who sent the person on to the honest one, to be told their code.
    let begin = || phone.begin_with("liar", "https://app.example/back-from-the-other");
    let (visit, victim) = (begin(), phone.begin());
    let mut brought = openid::visit(&victim.url, "hanako");
    assert_eq!(brought["iss"], honest.issuer);
    brought.insert("state".to_owned(), visit.asks()["state"].clone());
    phone.complete(&visit.back(&brought)).problem(401, "social_login_refused");
    // The liar signs for the honest one.
    let forged = liar.answer_to(&app, &begin(), |claims| liar.sign(&with(claims, "iss", json!(honest.issuer))));
    forged.problem(401, "social_login_refused");
}

fn a_provider_that_does_not_answer_keeps_nobody_else_waiting(plain: &TestApp) {
    // Takes connections, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", silent.local_addr().unwrap());
    let app = TestApp::spawn_with(plain.database.engine, &openid::settings(&issuer));
    let begin = || app.post("/v1/sessions/social").json(&json!({"provider": "idp", "redirect_uri": BACK}));
    thread::scope(|scope| {
        // More than there are threads or connections.
        let waiting: Vec<_> = (0..40).map(|_| scope.spawn(begin)).collect();
        for _ in 0..5 {
            app.get("/readyz").send().expect(200);
        }
        app.member("hanako");
        assert!(waiting.iter().any(|one| !one.is_finished()), "the provider was not waited for");
        for answer in waiting {
            let answer = answer.join().unwrap();
            answer.problem(503, "provider_unavailable");
            assert_eq!(answer.header("retry-after"), "30");
        }
    });
    drop(silent);
    begin().problem(503, "provider_unavailable");
}

fn nothing_of_a_visit_is_stored_in_the_clear(plain: &TestApp) {
    let liar = Liar::start();
    let app = TestApp::spawn_with(plain.database.engine, &openid::settings(&liar.issuer));
    let visit = Phone::new(&app).begin();
    let query = visit.asks();
    assert_eq!((query["code_challenge_method"].as_str(), query["response_type"].as_str()), ("S256", "code"));
    let hash = app.database.hex("token_hash");
    let rows = app.database.texts(&format!("SELECT {hash} || provider || redirect_uri AS text FROM social_flows"));
    assert_eq!(rows.len(), 1);
    for secret in [&visit.flow_token, &query["state"], &query["nonce"], &query["code_challenge"]] {
        assert!(!rows[0].contains(secret.as_str()), "{rows:?}");
    }
    assert!(!visit.url.contains(&visit.flow_token));
}
