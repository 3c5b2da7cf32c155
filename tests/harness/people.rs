//! Members and staff, ready to act.

use api::startup;
use domain::policy::Role;
use serde_json::{Value, json};

use super::{Engine, Response, TestApp};

/// Long enough for the rules, and the same for everybody.
pub const PASSWORD: &str = "correct horse battery staple";

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: String,
    pub email: String,
    pub access_token: String,
    pub refresh_token: String,
}

impl TestApp {
    /// A member who has registered, confirmed and logged in, all over HTTP.
    pub fn member(&self, name: &str) -> Person {
        let email = format!("{name}@example.com");
        self.register(&email).expect(202);
        self.post("/v1/accounts/confirm-email").json(&json!({"token": self.mailed_token(&email)})).expect(200);
        self.log_in(&email)
    }

    /// One of the operator's people, logged in.
    pub fn staff(&self, role: Role, name: &str) -> Person {
        let email = format!("{name}@azukari.example");
        startup::create_staff(&self.app, role, &email, name, PASSWORD).unwrap();
        self.log_in(&email)
    }

    /// Asks to join.
    pub fn register(&self, email: &str) -> Response {
        self.post("/v1/accounts").json(&registration(email))
    }

    /// Opens a session.
    pub fn log_in(&self, email: &str) -> Person {
        let tokens = self.post("/v1/sessions").json(&json!({"email": email, "password": PASSWORD})).expect(201);
        person(email, &tokens)
    }

    /// Lets everybody have logged in so many seconds earlier.
    pub fn age_log_ins(&self, seconds: i64) {
        let earlier = match self.database.engine {
            Engine::Sqlite => format!("UPDATE sessions SET created_at = created_at - {seconds}000000"),
            Engine::Postgres => format!("UPDATE sessions SET created_at = created_at - interval '{seconds} seconds'"),
        };
        self.database.execute(&earlier).unwrap();
    }

    /// The token of the newest confirmation mail.
    pub fn mailed_token(&self, email: &str) -> String {
        let mails = self.get(&format!("/v1/test-mailbox?recipient={email}")).send().expect(200);
        let body = mails["items"][0]["body"].as_str().unwrap();
        body.lines().find(|line| line.starts_with("azc_")).unwrap().to_owned()
    }

    /// Reads as somebody.
    pub fn read(&self, person: &Person, path: &str) -> Value {
        self.get(path).by(person).send().expect(200)
    }

    /// Acts as somebody, with a fresh key.
    pub fn act(&self, person: &Person, path: &str, body: &Value) -> Response {
        self.post(path).by(person).fresh_key().json(body)
    }

    /// Moves the marketplace's time forward by whole hours.
    pub fn advance_hours(&self, hours: i64) {
        let now = self.get("/v1/test-clock").send().expect(200);
        let now: chrono::DateTime<chrono::Utc> = now["now_at"].as_str().unwrap().parse().unwrap();
        let later = now + chrono::TimeDelta::hours(hours);
        self.post("/v1/test-clock/advance").json(&json!({"to_at": later})).expect(200);
    }
}

/// A registration that nothing is wrong with.
pub fn registration(email: &str) -> Value {
    json!({
        "email": email,
        "password": PASSWORD,
        "display_name": "Hanako",
        "kind": "individual",
        "terms_version": "2026-04-01",
    })
}

/// What an answer with tokens makes of somebody.
pub fn person(email: &str, tokens: &Value) -> Person {
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    Person {
        id: text("member_id"),
        email: email.to_owned(),
        access_token: text("access_token"),
        refresh_token: text("refresh_token"),
    }
}
