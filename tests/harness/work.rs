//! The steps of work and money after signing, and what the parties see of them.

use std::thread::{self, ScopedJoinHandle};

use serde_json::{Value, json};

use super::{Deal, Engine, Person, Response, TestApp, deals::text, market::yen};

/// Somebody's amounts in yen, as `/v1/me/balance` shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    pub earnings: i64,
    pub funds: i64,
    pub reserved: i64,
    pub available: i64,
}

impl TestApp {
    /// What somebody has.
    pub fn balance(&self, person: &Person) -> Balance {
        let balance = self.read(person, "/v1/me/balance");
        let amount = |name: &str| balance[name]["amount"].as_i64().unwrap();
        Balance {
            earnings: amount("earnings"),
            funds: amount("client_funds"),
            reserved: amount("client_funds_reserved"),
            available: amount("client_funds_available"),
        }
    }

    /// Staff record a bank transfer of today.
    pub fn transfer(&self, by: &Person, number: &str, reference: Option<&str>, amount: i64) -> Response {
        self.transfer_of(by, number, reference, &yen(amount))
    }

    /// The same in any currency.
    pub fn transfer_of(&self, by: &Person, number: &str, reference: Option<&str>, amount: &Value) -> Response {
        let receipt = json!({
            "bank_reference": number, "transfer_reference": reference, "sender": "YAMADA HANAKO",
            "amount": amount, "received_on": self.date(0),
        });
        self.act(by, "/v1/admin/bank-receipts", &receipt)
    }

    /// The kinds of all events that somebody reads about a subject, in their order.
    pub fn events_about(&self, person: &Person, subject: &str) -> Vec<String> {
        let events = self.read(person, "/v1/events?limit=100");
        let about = events["items"].as_array().unwrap().iter().filter(|event| event["subject"] == subject);
        about.map(|event| text(&event["kind"])).collect()
    }

    /// The items of every page of a list, read two by two.
    pub fn pages(&self, person: &Person, list: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        let separator = if list.contains('?') { '&' } else { '?' };
        loop {
            let page = self.read(person, &format!("{list}{separator}limit=2{cursor}"));
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

impl Deal<'_> {
    /// The client asks to fund a milestone, paying what is missing by this method.
    pub fn start_funding(&self, place: usize, method: &str) -> Response {
        self.on(&self.client, place, "start-funding", &json!({"method": method}))
    }

    /// The newest payment for a milestone, as the client sees it.
    pub fn payment(&self, place: usize) -> Value {
        self.milestone(place)["payments"][0].clone()
    }

    /// The client pays by a card of the sandbox.
    pub fn pay(&self, payment: &Value, card: &str) -> Response {
        let path = format!("/v1/payments/{}/pay", text(&payment["id"]));
        self.app().act(&self.client, &path, &json!({"card_token": card}))
    }

    /// The reference that a bank transfer for a milestone names, once it is asked for.
    pub fn ask_transfer(&self, place: usize) -> String {
        self.start_funding(place, "bank_transfer").expect(200);
        text(&self.payment(place)["transfer_reference"])
    }

    /// Funded, delivered and accepted.
    pub fn complete(&self, place: usize) -> Value {
        self.fund(place);
        let delivery = self.deliver(place);
        self.accept(place, &delivery).expect(200)
    }

    /// The client asks for changes by a day in the near future.
    pub fn request_changes(&self, place: usize) -> Response {
        let due_on = self.app().date(10);
        self.on(&self.client, place, "request-changes", &json!({"reason": "The tone is too formal.", "due_on": due_on}))
    }

    /// One side asks to end the contract with these shares for the worker, one for each milestone; the other consents.
    pub fn end_by_consent(&self, asks: &Person, shares: &[i64]) {
        self.end_sharing(asks, &shares.iter().copied().map(yen).collect::<Vec<_>>());
    }

    /// The same in any currency.
    pub fn end_sharing(&self, asks: &Person, shares: &[Value]) {
        let answers = if asks.id == self.client.id { &self.worker } else { &self.client };
        let share = |(id, yours): (&String, &Value)| json!({"milestone_id": id, "worker_share": yours});
        let shares: Vec<Value> = self.milestones.iter().zip(shares).map(share).collect();
        let path = format!("/v1/contracts/{}/cancellation-requests", self.contract);
        let ask = json!({"reason": "Our plans have changed.", "shares": shares});
        let request = self.app().act(asks, &path, &ask).expect(201);
        let consent = format!("/v1/cancellation-requests/{}/consent", text(&request["id"]));
        self.app().act(answers, &consent, &json!({})).expect(200);
    }

    /// The contract as the client sees it.
    pub fn read(&self) -> Value {
        self.app().read(&self.client, &format!("/v1/contracts/{}", self.contract))
    }
}

/// Lets many do something at once, and gathers what they were answered.
pub fn at_once(times: usize, act: impl Fn(usize) -> Response + Sync) -> Vec<Response> {
    thread::scope(|scope| {
        let act = &act;
        let sent: Vec<_> = (0..times).map(|each| scope.spawn(move || act(each))).collect();
        sent.into_iter().map(|answer| answer.join().unwrap()).collect()
    })
}

/// Sends two requests that both need the account with this address, on PostgreSQL in this order or the other: it is kept
/// from them until both wait for it. Of that one account alone: who waits for two of them in another order than the other
/// would have won nothing by having come first. SQLite takes them as they come. What the one was answered, and the other.
pub fn in_turn(
    app: &TestApp,
    email: &str,
    one_first: bool,
    one: impl Fn() -> Response + Sync,
    other: impl Fn() -> Response + Sync,
) -> (Response, Response) {
    let (one, other): (&(dyn Fn() -> Response + Sync), &(dyn Fn() -> Response + Sync)) = (&one, &other);
    let (first, second) = if one_first { (one, other) } else { (other, one) };
    let lock = format!("SELECT 1 FROM members WHERE email = '{email}' FOR UPDATE");
    let held = (app.database.engine == Engine::Postgres).then(|| app.database.half_done(&lock));
    thread::scope(|scope| {
        let until_it_waits = |sent: &ScopedJoinHandle<'_, Response>, waiters: usize| {
            while held.is_some() && !sent.is_finished() && app.database.waiting() < waiters {
                thread::yield_now();
            }
        };
        let first = scope.spawn(first);
        until_it_waits(&first, 1);
        // Late as it is, it may come again when the machine was too slow for its patience with a lock.
        let second = scope.spawn(|| until_answered(second));
        until_it_waits(&second, 2);
        drop(held);
        let (first, second) = (first.join().unwrap(), second.join().unwrap());
        if one_first { (first, second) } else { (second, first) }
    })
}

/// As clients do, who are told to come back when too many wait for one key; not for ever.
pub fn until_answered(send: impl Fn() -> Response) -> Response {
    let mut answers = std::iter::repeat_with(send).take(20);
    let later = |answer: &Response| answer.status == 503 || answer.text.contains(r#""still_running""#);
    answers.find(|answer| !later(answer)).expect("it was refused 20 times")
}
