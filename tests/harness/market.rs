//! Jobs and proposals, ready to be answered.

use serde_json::{Value, json};

use super::{Person, TestApp};

/// A date that stays ahead.
pub const DUE_ON: &str = "2099-01-31";

/// A job that nothing is wrong with, open to everybody.
pub fn job_post() -> Value {
    json!({
        "title": "Translate a product page",
        "description": "About 3,000 characters of Japanese.",
        "category": "translation",
        "budget_min": yen(10_000),
        "budget_max": yen(150_000),
        "length": "one_off",
    })
}

/// An offer that nothing is wrong with: one milestone for each amount.
pub fn offer(amounts: &[i64]) -> Value {
    json!({"terms": terms(amounts), "message": "I can start on Monday."})
}

/// Terms with one milestone for each amount, and the usual conditions.
pub fn terms(amounts: &[i64]) -> Value {
    let milestone = |amount: &i64| json!({"title": "A part", "amount": yen(*amount), "due_on": DUE_ON});
    json!({"milestones": amounts.iter().map(milestone).collect::<Vec<_>>()})
}

/// Yen as sent.
pub fn yen(amount: i64) -> Value {
    json!({"amount": amount, "currency": "JPY"})
}

/// Dollars as sent.
pub fn dollars(cents: i64) -> Value {
    json!({"amount": cents, "currency": "USD"})
}

impl TestApp {
    /// An open job of this client: where it is read.
    pub fn job(&self, client: &Person) -> String {
        self.job_of(client, &job_post())
    }

    /// The same, to be paid in dollars.
    pub fn job_in_dollars(&self, client: &Person) -> String {
        let mut post = job_post();
        post.as_object_mut().unwrap().retain(|name, _| !name.starts_with("budget"));
        post["currency"] = json!("USD");
        self.job_of(client, &post)
    }

    fn job_of(&self, client: &Person, post: &Value) -> String {
        let job = self.act(client, "/v1/jobs", post).expect(201);
        format!("/v1/jobs/{}", job["id"].as_str().unwrap())
    }

    /// A proposal of this worker: where it is read.
    pub fn proposal(&self, worker: &Person, job: &str, amounts: &[i64]) -> String {
        let proposal = self.act(worker, &format!("{job}/proposals"), &offer(amounts)).expect(201);
        format!("/v1/proposals/{}", proposal["id"].as_str().unwrap())
    }

    /// What `status` a resource has for somebody who may read it.
    pub fn status(&self, person: &Person, path: &str) -> String {
        self.read(person, path)["status"].as_str().unwrap().to_owned()
    }
}
