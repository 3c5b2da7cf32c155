//! Members and staff, ready to act.

use api::startup;
use chrono::{DateTime, TimeDelta, Utc};
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
        let tokens = self.try_password(email, PASSWORD).expect(201);
        person(email, &tokens)
    }

    /// Tries to open a session.
    pub fn try_password(&self, email: &str, password: &str) -> Response {
        self.post("/v1/sessions").json(&json!({"email": email, "password": password}))
    }

    /// Proves within a session who somebody is.
    pub fn step_up(&self, person: &Person, proof: &Value) -> Response {
        self.post("/v1/sessions/step-up").by(person).json(proof)
    }

    /// Lets everybody have logged in or stepped up so many seconds earlier.
    pub fn age_log_ins(&self, seconds: i64) {
        self.put_back("sessions", &["created_at", "stepped_up_at"], seconds);
    }

    /// Lets these moments of every row have been, or be, so many seconds earlier.
    pub fn put_back(&self, table: &str, columns: &[&str], seconds: i64) {
        for column in columns {
            let earlier = match self.database.engine {
                Engine::Sqlite => format!("UPDATE {table} SET {column} = {column} - {seconds}000000"),
                Engine::Postgres => format!("UPDATE {table} SET {column} = {column} - interval '{seconds} seconds'"),
            };
            self.database.execute(&earlier).unwrap();
        }
    }

    /// The mails to an address, newest first.
    pub fn mails(&self, email: &str) -> Vec<Value> {
        let mails = self.get(&format!("/v1/test-mailbox?recipient={email}")).send().expect(200);
        mails["items"].as_array().unwrap().clone()
    }

    /// The subjects of the mails to an address, newest first.
    pub fn subjects(&self, email: &str) -> Vec<String> {
        self.mails(email).iter().map(|mail| mail["subject"].as_str().unwrap().to_owned()).collect()
    }

    /// The token of the newest confirmation mail.
    pub fn mailed_token(&self, email: &str) -> String {
        self.mailed(email, "azc_")
    }

    /// The token of this kind in the newest mail.
    pub fn mailed(&self, email: &str, prefix: &str) -> String {
        let body = self.mails(email)[0]["body"].as_str().unwrap().to_owned();
        body.lines().find(|line| line.starts_with(prefix)).unwrap().to_owned()
    }

    /// Reads as somebody.
    pub fn read(&self, person: &Person, path: &str) -> Value {
        self.get(path).by(person).send().expect(200)
    }

    /// Acts as somebody, with a fresh key.
    pub fn act(&self, person: &Person, path: &str, body: &Value) -> Response {
        self.post(path).by(person).fresh_key().json(body)
    }

    /// Leaves for good, as far as nothing stands in the way.
    pub fn leave(&self, person: &Person) -> Response {
        self.act(person, "/v1/me/withdrawal", &farewell())
    }

    /// The marketplace's time.
    pub fn now(&self) -> DateTime<Utc> {
        self.get("/v1/test-clock").send().expect(200)["now_at"].as_str().unwrap().parse().unwrap()
    }

    /// Moves the marketplace's time forward by whole hours.
    pub fn advance_hours(&self, hours: i64) {
        let later = self.now() + TimeDelta::hours(hours);
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

/// What somebody says who leaves.
pub fn farewell() -> Value {
    json!({"consent": true, "reason": "no_longer_needed"})
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
