//! People who act through whichever replica answers.

use std::{
    str::FromStr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::ids::MemberId;
use reqwest::{
    Method,
    blocking::{Client, Response},
};
use serde_json::{Value, json};

use super::{
    journal::{Ack, Journal},
    patience::{LONG, rest, within},
};
use crate::harness::{
    client::fresh_key,
    deals::text,
    payday::account,
    people::{PASSWORD, registration},
};

/// The only operation of the load that mails somebody.
pub const ACCOUNT_NAMED: &str = "name bank account";

/// Somebody who is logged in.
#[derive(Debug)]
pub struct Member {
    pub id: String,
    /// As the database has it.
    pub uuid: String,
    pub email: String,
    password: String,
    pub token: Mutex<String>,
}

/// The way to a marketplace that may be away for a while.
pub struct Market {
    http: Client,
    /// Of its replicas, asked in turn.
    urls: Vec<String>,
    turn: AtomicUsize,
    pub journal: Arc<Journal>,
}

/// An answer in short.
pub struct Answer {
    pub status: u16,
    pub replayed: bool,
    pub body: Value,
}

impl Market {
    pub fn of(urls: Vec<String>) -> Self {
        let http = Client::builder().timeout(Duration::from_secs(30)).no_proxy().build().unwrap();
        Self { http, urls, turn: AtomicUsize::new(0), journal: Arc::default() }
    }

    /// One attempt at the next replica; nothing if no answer came.
    pub fn once(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        key: Option<&str>,
        body: &Value,
    ) -> Option<Answer> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.urls.len();
        let mut request = self.http.request(method, format!("{}{path}", self.urls[turn]));
        request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
        request = key.into_iter().fold(request, |request, key| request.header("Idempotency-Key", key));
        if !body.is_null() {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        let read = |response: Response| {
            let (status, replayed) =
                (response.status().as_u16(), response.headers().contains_key("idempotency-replayed"));
            let body = response.text()?;
            let body = if body.is_empty() { Value::Null } else { serde_json::from_str(&body).unwrap_or(body.into()) };
            Ok::<_, reqwest::Error>(Answer { status, replayed, body })
        };
        let broke = |error: &reqwest::Error| {
            if !error.is_connect() {
                self.journal.broken.fetch_add(1, Ordering::Relaxed);
            }
        };
        request.send().and_then(read).inspect_err(broke).ok()
    }

    /// Reads, as often as it takes.
    pub fn read(&self, who: &Member, path: &str) -> Value {
        self.insist(|| {
            let token = who.token.lock().unwrap().clone();
            self.once(Method::GET, path, Some(&token), None, &Value::Null)
        })
    }

    /// Tries until there is an answer that is no reason to try again; it must be a success.
    fn insist(&self, attempt: impl Fn() -> Option<Answer>) -> Value {
        let settled = within(LONG, || match attempt() {
            Some(answer) if worth_another_try(&answer) => None,
            other => other,
        });
        let answer = settled.expect("no answer came at all");
        assert!((200..300).contains(&answer.status), "{} {}", answer.status, answer.body);
        answer.body
    }

    /// Acts with one key until it is answered, and notes what the answer promises.
    pub fn act(
        &self,
        who: &Member,
        kind: &'static str,
        path: &str,
        body: Value,
        facts: impl FnOnce(&Value) -> Vec<String>,
    ) -> Value {
        self.act_by(&Method::POST, who, kind, path, body, facts)
    }

    /// Names an account at a bank, of which its owner is told by mail. Without a key: to name it again changes nothing.
    pub fn name_account(&self, who: &Member, number: usize, facts: Vec<String>) {
        let account = account(&(1_000_000 + number).to_string());
        self.act_by(&Method::PUT, who, ACCOUNT_NAMED, "/v1/me/bank-account", account, |_| facts);
    }

    fn act_by(
        &self,
        method: &Method,
        who: &Member,
        kind: &'static str,
        path: &str,
        body: Value,
        facts: impl FnOnce(&Value) -> Vec<String>,
    ) -> Value {
        let (key, token) = (fresh_key(), who.token.lock().unwrap().clone());
        let settled = within(LONG, || {
            let answer = self.once(method.clone(), path, Some(&token), Some(&key), &body);
            self.settle(kind, path, answer)
        });
        let why = || panic!("{kind} was never answered: {:?}", self.journal.unexpected.lock().unwrap().last());
        let answer = settled.unwrap_or_else(why).body;
        let facts = facts(&answer);
        let (path, who) = (path.to_owned(), who.id.clone());
        self.journal.add(Ack { kind, who, token, key, path, body, answer: answer.clone(), facts });
        answer
    }

    /// The answer, if it is a success; counts why not.
    fn settle(&self, kind: &str, path: &str, answer: Option<Answer>) -> Option<Answer> {
        match answer {
            None => {}
            Some(answer) if (200..300).contains(&answer.status) => return Some(answer),
            Some(answer) if worth_another_try(&answer) => drop(self.journal.put_off.fetch_add(1, Ordering::Relaxed)),
            Some(answer) => {
                let told = format!("{kind} {path}: {} {}", answer.status, answer.body);
                self.journal.unexpected.lock().unwrap().push(told);
                // As a client does after a failure that nobody can explain: it tries again, but not at once.
                (0..10).for_each(|_| rest());
            }
        }
        None
    }

    /// A member who has registered, confirmed and logged in.
    pub fn join(&self, name: &str) -> Member {
        let email = format!("{name}@example.com");
        let post = |path: &str, body: Value| {
            let key = fresh_key();
            self.insist(|| self.once(Method::POST, path, None, Some(&key), &body))
        };
        post("/v1/accounts", registration(&email));
        let mailbox = format!("/v1/test-mailbox?recipient={email}");
        let mails = self.insist(|| self.once(Method::GET, &mailbox, None, None, &Value::Null));
        let mail = text(&mails["items"][0]["body"]);
        let token = mail.lines().find(|line| line.starts_with("azc_")).unwrap();
        post("/v1/accounts/confirm-email", json!({"token": token}));
        self.log_in(&email, PASSWORD)
    }

    /// The same, with an account at a bank.
    pub fn join_with_bank(&self, name: &str) -> Member {
        let member = self.join(name);
        self.name_account(&member, 234_567, Vec::new());
        member
    }

    pub fn log_in(&self, email: &str, password: &str) -> Member {
        let body = json!({"email": email, "password": password});
        let session = self.insist(|| self.once(Method::POST, "/v1/sessions", None, None, &body));
        let (id, token) = (text(&session["member_id"]), text(&session["access_token"]));
        let uuid = MemberId::from_str(&id).unwrap().uuid().simple().to_string();
        Member { id, uuid, email: email.to_owned(), password: password.to_owned(), token: Mutex::new(token) }
    }

    /// A session of now, for whoever's tokens have run out.
    pub fn log_in_again(&self, member: &Member) {
        let fresh = self.log_in(&member.email, &member.password);
        let token = fresh.token.into_inner().unwrap();
        *member.token.lock().unwrap() = token;
    }

    /// The marketplace's time.
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        let clock = self.insist(|| self.once(Method::GET, "/v1/test-clock", None, None, &Value::Null));
        text(&clock["now_at"]).parse().unwrap()
    }

    /// Sets the marketplace's time forward.
    pub fn advance(&self, to: chrono::DateTime<chrono::Utc>) {
        let body = json!({"to_at": to});
        let advanced = within(LONG, || {
            let answer = self.once(Method::POST, "/v1/test-clock/advance", None, None, &body)?;
            // The answer to an earlier attempt may have been lost.
            (answer.status == 200 || answer.body["code"] == "clock_not_forward").then_some(())
        });
        assert!(advanced.is_some(), "the clock could not be set to {to}");
    }
}

/// Nobody can serve it just now, or the first request with the same key still runs.
fn worth_another_try(answer: &Answer) -> bool {
    answer.status == 503
        || (answer.status == 409 && ["still_running", "lost_race"].iter().any(|code| answer.body["code"] == *code))
}
