//! Logging in, joining and linking by a real OpenID provider.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{
    Person, Request, Response, TestApp, on_both_engines,
    openid::{self, BACK, Provider},
    people,
};

on_both_engines!(
    who_is_no_member_joins_with_name_and_terms_and_logs_in_from_then_on,
    the_address_of_a_member_logs_nobody_in_until_the_member_has_linked_it,
    a_registration_that_was_never_confirmed_keeps_no_password_when_its_owner_joins,
    an_address_that_the_provider_has_not_verified_is_refused,
    a_provider_that_tells_the_address_only_by_itself_is_asked_for_it,
    a_second_factor_is_asked_for_as_after_a_password,
    a_member_without_a_password_can_set_one_and_unlink_and_never_lose_the_last_way_in,
    linking_needs_a_recent_proof_and_nobody_else_links_the_same_account,
    who_has_left_does_not_come_in_by_a_provider,
);

/// The app of somebody, on an installation that knows this provider.
pub struct Phone<'a> {
    app: &'a TestApp,
}

/// A visit that is under way.
pub struct Visit {
    pub url: String,
    pub flow_token: String,
}

impl Visit {
    /// What the provider is asked in its URL.
    pub fn asks(&self) -> BTreeMap<String, String> {
        let url: reqwest::Url = self.url.parse().unwrap();
        url.query_pairs().into_owned().collect()
    }

    /// What comes back with a code that says nothing.
    pub fn any_code(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("state".to_owned(), self.asks()["state"].clone()), ("code".to_owned(), "any".to_owned())])
    }

    /// What to send with what came back.
    pub fn back(&self, brought: &BTreeMap<String, String>) -> Value {
        let mut body = json!({"flow_token": self.flow_token, "state": brought["state"], "code": brought["code"]});
        if let Some(issuer) = brought.get("iss") {
            body["iss"] = json!(issuer);
        }
        body
    }
}

impl<'a> Phone<'a> {
    pub const fn new(app: &'a TestApp) -> Self {
        Self { app }
    }

    fn begun(request: Request, provider: &str, back: &str) -> Visit {
        let answer = request.json(&json!({"provider": provider, "redirect_uri": back})).expect(200);
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        Visit { url: text("authorization_url"), flow_token: text("flow_token") }
    }

    pub fn begin(&self) -> Visit {
        self.begin_with("idp", BACK)
    }

    pub fn begin_with(&self, provider: &str, back: &str) -> Visit {
        Self::begun(self.app.post("/v1/sessions/social"), provider, back)
    }

    pub fn begin_link(&self, person: &Person) -> Visit {
        Self::begun(self.app.post("/v1/me/identities").by(person), "idp", BACK)
    }

    pub fn complete(&self, body: &Value) -> Response {
        self.app.post("/v1/sessions/social/complete").json(body)
    }

    pub fn complete_link(&self, person: &Person, body: &Value) -> Response {
        self.app.post("/v1/me/identities/complete").by(person).json(body)
    }

    /// The whole way to the provider and back.
    pub fn log_in(&self, name: &str) -> Response {
        let visit = self.begin();
        self.complete(&visit.back(&openid::visit(&visit.url, name)))
    }

    pub fn link(&self, person: &Person, name: &str) -> Response {
        let visit = self.begin_link(person);
        self.complete_link(person, &visit.back(&openid::visit(&visit.url, name)))
    }

    pub fn join(&self, name: &str) -> Person {
        let needed = self.log_in(name).problem(403, "registration_needed");
        let joined = self.app.post("/v1/accounts/social").json(&registration(&needed["join_token"])).expect(201);
        people::person(&format!("{name}@example.com"), &joined)
    }
}

/// What somebody joins with.
pub fn registration(join_token: &Value) -> Value {
    json!({"join_token": join_token, "display_name": "Hanako", "kind": "individual", "terms_version": "2026-04-01"})
}

/// An installation on the engine of another that knows a provider.
pub fn knowing(plain: &TestApp, provider: &Provider) -> TestApp {
    TestApp::spawn_with(plain.database.engine, &openid::settings(&provider.issuer))
}

fn who_is_no_member_joins_with_name_and_terms_and_logs_in_from_then_on(plain: &TestApp) {
    let provider = Provider::start();
    let app = knowing(plain, &provider);
    let phone = Phone::new(&app);
    let known = app.get("/v1/social-providers").send().expect(200);
    assert_eq!(known["items"], json!([{"provider": "idp", "name": "The provider"}]));
    let needed = phone.log_in("hanako").problem(403, "registration_needed");
    assert_eq!(needed["email"], "hanako@example.com");
    let mut form = registration(&needed["join_token"]);
    form["terms_version"] = json!("2020-01-01");
    app.post("/v1/accounts/social").json(&form).problem(422, "invalid_body");
    let mut form = registration(&needed["join_token"]);
    form["username"] = json!("hanako.yamada");
    let joined = app.post("/v1/accounts/social").json(&form).expect(201);
    let hanako = people::person("hanako@example.com", &joined);
    let me = app.read(&hanako, "/v1/me");
    assert_eq!(
        (&me["email"], &me["status"], &me["username"]),
        (&json!("hanako@example.com"), &json!("active"), &json!("hanako.yamada"))
    );
    app.post("/v1/accounts/social").json(&form).problem(409, "username_taken");
    let again = app.post("/v1/accounts/social").json(&registration(&needed["join_token"]));
    again.problem(409, "identity_taken");
    app.post("/v1/accounts/social").json(&registration(&json!("azj_made.up"))).problem(401, "invalid_token");
    let logged_in = phone.log_in("hanako").expect(201);
    assert_eq!(logged_in["member_id"], hanako.id);
    assert!(logged_in["device_token"].as_str().unwrap().starts_with("azd_"));
}

fn the_address_of_a_member_logs_nobody_in_until_the_member_has_linked_it(plain: &TestApp) {
    let provider = Provider::start();
    let app = knowing(plain, &provider);
    let phone = Phone::new(&app);
    let hanako = app.member("hanako");
    phone.log_in("hanako").problem(409, "link_needed");
    assert_eq!(app.read(&hanako, "/v1/me/identities")["items"], json!([]));
    let linked = phone.link(&hanako, "hanako").expect(201);
    assert_eq!(linked["provider"], "idp");
    assert_eq!(app.subjects(&hanako.email)[0], "Another account was linked");
    assert_eq!(phone.log_in("hanako").expect(201)["member_id"], hanako.id);
    // Whatever its address is: what counts is whom the provider means.
    phone.link(&hanako, "private").expect(201);
    assert_eq!(phone.log_in("private").expect(201)["member_id"], hanako.id);
    assert_eq!(app.read(&hanako, "/v1/me/identities")["items"].as_array().unwrap().len(), 2);
}

fn a_registration_that_was_never_confirmed_keeps_no_password_when_its_owner_joins(plain: &TestApp) {
    let provider = Provider::start();
    let app = knowing(plain, &provider);
    app.register("hanako@example.com").expect(202);
    let planted = app.mailed_token("hanako@example.com");
    Phone::new(&app).join("hanako");
    app.try_password("hanako@example.com", people::PASSWORD).problem(401, "invalid_credentials");
    app.post("/v1/accounts/confirm-email").json(&json!({"token": planted})).problem(401, "invalid_token");
}

fn an_address_that_the_provider_has_not_verified_is_refused(plain: &TestApp) {
    let provider = Provider::start();
    let app = knowing(plain, &provider);
    Phone::new(&app).log_in("unverified").problem(403, "email_not_verified");
}

fn a_provider_that_tells_the_address_only_by_itself_is_asked_for_it(plain: &TestApp) {
    let provider = Provider::discreet();
    let app = knowing(plain, &provider);
    let phone = Phone::new(&app);
    let hanako = phone.join("hanako");
    assert_eq!(app.read(&hanako, "/v1/me")["email"], "hanako@example.com");
    phone.log_in("unverified").problem(403, "email_not_verified");
}

fn a_second_factor_is_asked_for_as_after_a_password(plain: &TestApp) {
    let provider = Provider::start();
    let app = knowing(plain, &provider);
    let phone = Phone::new(&app);
    let hanako = phone.join("hanako");
    let (codes, _) = app.add_second_factor(&hanako);
    let asked = phone.log_in("hanako").problem(403, "second_factor_required");
    assert_eq!(asked["factors"], json!(["totp", "recovery_code"]));
    let body = json!({"challenge_token": asked["challenge_token"], "code": codes.code(1)});
    let logged_in = app.post("/v1/sessions/second-factor").json(&body).expect(201);
    assert_eq!(logged_in["member_id"], hanako.id);
}

fn a_member_without_a_password_can_set_one_and_unlink_and_never_lose_the_last_way_in(plain: &TestApp) {
    let provider = Provider::start();
    let app = knowing(plain, &provider);
    let phone = Phone::new(&app);
    let hanako = phone.join("hanako");
    let id = app.read(&hanako, "/v1/me/identities")["items"][0]["id"].as_str().unwrap().to_owned();
    let unlink = |person: &Person| app.request("DELETE", &format!("/v1/me/identities/{id}")).by(person).send();
    unlink(&hanako).problem(409, "last_way_in");
    let set =
        |person: &Person| app.request("PUT", "/v1/me/password").by(person).json(&json!({"password": people::PASSWORD}));
    app.age_log_ins(601);
    let needed = set(&hanako).problem(403, "recent_login_required");
    assert_eq!(needed["factors"], json!(["social"]));
    unlink(&hanako).problem(403, "recent_login_required");
    let fresh = people::person(&hanako.email, &phone.log_in("hanako").expect(201));
    set(&fresh).expect(204);
    app.log_in(&hanako.email);
    unlink(&app.member("taro")).problem(404, "not_found");
    unlink(&fresh).expect(204);
    assert_eq!(app.subjects(&hanako.email)[0], "A linked account was removed");
    phone.log_in("hanako").problem(409, "link_needed");
}

fn linking_needs_a_recent_proof_and_nobody_else_links_the_same_account(plain: &TestApp) {
    let provider = Provider::start();
    let app = knowing(plain, &provider);
    let phone = Phone::new(&app);
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    phone.link(&hanako, "private").expect(201);
    phone.link(&taro, "private").problem(409, "identity_taken");
    app.age_log_ins(601);
    let visit = app.post("/v1/me/identities").by(&hanako).json(&json!({"provider": "idp", "redirect_uri": BACK}));
    visit.problem(403, "recent_login_required");
}

fn who_has_left_does_not_come_in_by_a_provider(plain: &TestApp) {
    let provider = Provider::start();
    let app = knowing(plain, &provider);
    let phone = Phone::new(&app);
    let hanako = phone.join("hanako");
    app.request("PUT", "/v1/me/password").by(&hanako).json(&json!({"password": people::PASSWORD})).expect(204);
    app.leave(&hanako).expect(200);
    let needed = phone.log_in("hanako").problem(403, "registration_needed");
    let again = app.post("/v1/accounts/social").json(&registration(&needed["join_token"]));
    again.problem(409, "not_back_yet");
}
