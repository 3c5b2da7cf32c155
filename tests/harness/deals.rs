//! A client and a worker with a signed contract, and the steps that most tests begin with.

use serde_json::{Value, json};

use super::{Person, Response, TestApp, market::offer};

/// A signed contract and its two sides.
pub struct Deal<'a> {
    app: &'a TestApp,
    pub client: Person,
    pub worker: Person,
    pub contract: String,
    /// The ids of its milestones, in their order.
    pub milestones: Vec<String>,
}

impl TestApp {
    /// A contract between two new members, with a milestone for each amount and the usual conditions.
    pub fn deal(&self, amounts: &[i64]) -> Deal<'_> {
        self.deal_on(amounts, &json!({}))
    }

    /// The same, on other conditions: members of the terms.
    pub fn deal_on(&self, amounts: &[i64], conditions: &Value) -> Deal<'_> {
        self.deal_between(&self.member("client"), &self.member("worker"), amounts, conditions)
    }

    /// The same between two who are there already.
    pub fn deal_between(&self, client: &Person, worker: &Person, amounts: &[i64], conditions: &Value) -> Deal<'_> {
        let mut offer = offer(amounts);
        offer["terms"].as_object_mut().unwrap().extend(conditions.as_object().unwrap().clone());
        self.deal_for(client, worker, &self.job(client), &offer)
    }

    /// The same for a job that is there already, on an offer that says everything.
    pub fn deal_for(&self, client: &Person, worker: &Person, job: &str, offer: &Value) -> Deal<'_> {
        let (client, worker) = (client.clone(), worker.clone());
        let proposal = self.act(&worker, &format!("{job}/proposals"), offer).expect(201);
        let accept = format!("/v1/proposals/{}/accept", text(&proposal["id"]));
        let contract = self.act(&client, &accept, &json!({"round": 1})).expect(201);
        let milestones = contract["milestones"].as_array().unwrap().iter().map(|each| text(&each["id"])).collect();
        Deal { app: self, client, worker, contract: text(&contract["id"]), milestones }
    }

    /// The date in Tokyo so many days after the marketplace's now.
    pub fn date(&self, days: i64) -> String {
        (self.now() + chrono::TimeDelta::hours(9) + chrono::TimeDelta::days(days)).date_naive().to_string()
    }
}

impl<'a> Deal<'a> {
    /// The marketplace it was made in.
    pub const fn app(&self) -> &'a TestApp {
        self.app
    }

    /// The client pays for a milestone by card.
    pub fn fund(&self, place: usize) {
        self.start_funding(place, "card").expect(200);
        self.pay(&self.payment(place), "tok_succeeds").expect(200);
        assert_eq!(self.milestone(place)["status"], "funded");
    }

    /// The worker delivers; answers the delivery's id.
    pub fn deliver(&self, place: usize) -> String {
        text(&self.on(&self.worker, place, "deliver", &json!({"message": "Here."})).expect(200)["delivery_id"])
    }

    /// The client accepts a delivery.
    pub fn accept(&self, place: usize, delivery: &str) -> Response {
        self.on(&self.client, place, "accept", &json!({"delivery_id": delivery}))
    }

    /// The worker tells how the work goes.
    pub fn write_note(&self) {
        let path = format!("/v1/contracts/{}/progress-notes", self.contract);
        self.app.act(&self.worker, &path, &json!({"body": "Half of it is done."})).expect(201);
    }

    /// Somebody acts on a milestone.
    pub fn on(&self, person: &Person, place: usize, action: &str, body: &Value) -> Response {
        self.app.act(person, &format!("/v1/milestones/{}/{action}", self.milestones[place]), body)
    }

    /// A milestone as the client sees it.
    pub fn milestone(&self, place: usize) -> Value {
        self.app.read(&self.client, &format!("/v1/milestones/{}", self.milestones[place]))
    }

    /// Where a milestone and its escrow stand.
    pub fn stands(&self, place: usize) -> (String, String) {
        let milestone = self.milestone(place);
        (text(&milestone["status"]), text(&milestone["escrow_status"]))
    }

    /// Where the contract stands.
    pub fn status(&self) -> String {
        self.app.status(&self.client, &format!("/v1/contracts/{}", self.contract))
    }

    /// What the worker has earned, and what the client has free.
    pub fn balances(&self) -> (i64, i64) {
        (self.app.balance(&self.worker).earnings, self.app.balance(&self.client).available)
    }
}

/// Where a milestone and its escrow should stand, as [`Deal::stands`] tells it.
pub fn stands(milestone: &str, escrow: &str) -> (String, String) {
    (milestone.to_owned(), escrow.to_owned())
}

/// A JSON string as text.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
