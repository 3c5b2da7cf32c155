//! Whatever people try in whatever order, every yen is where a model of one screen says it is.

use domain::policy::Role;
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use crate::harness::{Deal, Engine, Person, Response, TestApp, deals::text, market::yen};

const AMOUNTS: [i64; 3] = [60_000, 33_333, 450_001];

/// Histories are long and each has a marketplace of its own, so there are few.
const HISTORIES: u32 = 6;

/// What somebody tries. A place is that of a milestone.
#[derive(Debug, Clone)]
enum Step {
    StartFunding(usize, &'static str),
    AskAgain(usize, &'static str),
    Pay(usize, &'static str),
    Transfer(usize, i64),
    Deliver(usize),
    RequestChanges(usize),
    Accept(usize),
    Dispute(usize),
    /// Offers the client's answer to a dispute: a share for the worker, in thousandths of what is held.
    Settle(usize, i64),
    /// Asks to end with such shares, and the worker consents.
    Cancel(i64),
    Leave,
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let place = || 0..AMOUNTS.len();
    let method = || select(&["card", "bank_transfer"][..]);
    let card = select(&["tok_succeeds", "tok_succeeds", "tok_declined", "tok_slow"][..]);
    prop_oneof![
        3 => (place(), method()).prop_map(|(place, method)| Step::StartFunding(place, method)),
        1 => (place(), method()).prop_map(|(place, method)| Step::AskAgain(place, method)),
        4 => (place(), card).prop_map(|(place, card)| Step::Pay(place, card)),
        4 => (place(), 1..300_000_i64).prop_map(|(place, amount)| Step::Transfer(place, amount)),
        4 => place().prop_map(Step::Deliver),
        2 => place().prop_map(Step::RequestChanges),
        3 => place().prop_map(Step::Accept),
        1 => place().prop_map(Step::Dispute),
        2 => (place(), 0..=1_000_i64).prop_map(|(place, share)| Step::Settle(place, share)),
        1 => (0..=1_000_i64).prop_map(Step::Cancel),
        1 => Just(Step::Leave),
        3 => (1..120_i64).prop_map(Step::Wait),
    ]
}

/// A marketplace in which a history happens, and what the model knows of it.
struct World<'a> {
    app: &'a TestApp,
    deal: Deal<'a>,
    finance: Person,
    /// Every yen that transfers have brought.
    transferred: i64,
    transfers: usize,
}

impl<'a> World<'a> {
    fn begin(app: &'a TestApp) -> Self {
        let deal = app.deal(&AMOUNTS);
        deal.fund(0);
        Self { app, deal, finance: app.staff(Role::Finance, "fin"), transferred: 0, transfers: 0 }
    }

    /// Tries it. What cannot be tried, because there is nothing to try it on, is left out.
    fn take(&mut self, step: &Step) -> Option<Response> {
        let deal = &self.deal;
        Some(match *step {
            Step::StartFunding(place, method) => deal.start_funding(place, method),
            Step::AskAgain(place, method) => deal.on(&deal.client, place, "payments", &json!({"method": method})),
            Step::Pay(place, card) => deal.pay(deal.milestone(place)["payments"].get(0)?, card),
            Step::Transfer(place, amount) => return self.transfer(place, amount),
            Step::Deliver(place) => deal.on(&deal.worker, place, "deliver", &json!({"message": "Here."})),
            Step::RequestChanges(place) => deal.request_changes(place),
            Step::Accept(place) => deal.accept(place, deal.milestone(place)["delivery_id"].as_str()?),
            Step::Dispute(place) => {
                deal.on(&deal.worker, place, "dispute", &json!({"reason": "other", "claim": "It is blue."}))
            }
            Step::Settle(place, share) => return self.settle(place, share),
            Step::Cancel(share) => return self.cancel(share),
            Step::Leave => {
                let leave = format!("/v1/contracts/{}/leave", deal.contract);
                self.app.post(&leave).by(&deal.worker).fresh_key().send()
            }
            Step::Wait(hours) => {
                self.app.advance_hours(hours);
                return None;
            }
        })
    }

    /// For the newest payment of the milestone, whatever became of it.
    fn transfer(&mut self, place: usize, amount: i64) -> Option<Response> {
        let reference = self.deal.milestone(place)["payments"].get(0)?["transfer_reference"].as_str()?.to_owned();
        self.transfers += 1;
        let answer = self.app.transfer(&self.finance, &self.transfers.to_string(), Some(&reference), amount);
        answer.expect(201);
        self.transferred += amount;
        Some(answer)
    }

    fn settle(&self, place: usize, thousandths: i64) -> Option<Response> {
        let deal = &self.deal;
        let disputes = self.app.read(&deal.client, &format!("/v1/contracts/{}/disputes", deal.contract));
        let is_here = |dispute: &&Value| dispute["milestone_id"] == json!(deal.milestones[place]);
        let dispute = disputes["items"].as_array().unwrap().iter().find(is_here)?;
        let path = format!("/v1/disputes/{}", text(&dispute["id"]));
        let share = json!({"worker_share": yen(AMOUNTS[place] * thousandths / 1_000)});
        self.app.act(&deal.client, &format!("{path}/answer"), &json!({"answer": "It is azure."}));
        self.app.act(&deal.client, &format!("{path}/offer"), &share);
        Some(self.app.act(&deal.worker, &format!("{path}/settle"), &share))
    }

    fn cancel(&self, thousandths: i64) -> Option<Response> {
        let (app, deal) = (self.app, &self.deal);
        let share = |(milestone, state, amount): (&String, &str, i64)| {
            let held = if HELD.contains(&state) { amount } else { 0 };
            json!({"milestone_id": milestone, "worker_share": yen(held * thousandths / 1_000)})
        };
        let read = deal.read();
        let states =
            read["milestones"].as_array().unwrap().iter().map(|milestone| milestone["status"].as_str().unwrap());
        let all = deal.milestones.iter().zip(states).zip(AMOUNTS).map(|((id, state), amount)| (id, state, amount));
        let shares: Vec<Value> = all.filter(|(_, state, _)| !OVER_OR_DISPUTED.contains(state)).map(share).collect();
        let ask = format!("/v1/contracts/{}/cancellation-requests", deal.contract);
        let asked = app.act(&deal.client, &ask, &json!({"reason": "Plans changed.", "shares": shares}));
        let request: Value = serde_json::from_str(&asked.text).unwrap();
        let consent = format!("/v1/cancellation-requests/{}/consent", request["id"].as_str()?);
        Some(app.post(&consent).by(&deal.worker).fresh_key().send())
    }

    /// Compares what the members have with what follows from what came in, what is held, and what was released.
    fn check(&self) {
        let contract = self.deal.read();
        let milestones = contract["milestones"].as_array().unwrap();
        let sum = |of: &dyn Fn(&Value) -> i64| milestones.iter().map(of).sum::<i64>();
        let held = sum(&|each| if each["escrow_status"] == "funded" { amount(each, "/amount") } else { 0 });
        let released = sum(&|each| amount(each, "/release/gross"));
        let cards = self.app.pages(&self.deal.client, "/v1/me/payments");
        let by_card = cards.iter().filter(|payment| payment["method"] == "card");
        let came = self.transferred + by_card.map(|payment| amount(payment, "/received")).sum::<i64>();
        let client = self.app.balance(&self.deal.client);
        assert_eq!(client.funds, came - held - released, "{contract}");
        assert_eq!(client.reserved, sum(&|each| amount(each, "/reserved")), "{contract}");
        assert_eq!(client.available, client.funds - client.reserved);
        assert!(client.available >= 0, "{client:?}");
        assert_eq!(self.app.balance(&self.deal.worker).earnings, released - fee(released), "{contract}");
        assert_eq!(amount(&contract, "/released"), released);
    }
}

const HELD: [&str; 4] = ["funded", "delivered", "changes_requested", "disputed"];
const OVER_OR_DISPUTED: [&str; 3] = ["accepted", "canceled", "disputed"];

fn amount(value: &Value, pointer: &str) -> i64 {
    value.pointer(&format!("{pointer}/amount")).and_then(Value::as_i64).unwrap_or(0)
}

/// 20% up to 100,000, 10% up to 500,000, 5% of the rest, in all that was released under the contract.
fn fee(released: i64) -> i64 {
    let part = |from: i64, to: i64| released.clamp(from, to) - from;
    (part(0, 100_000) * 20 + part(100_000, 500_000) * 10 + part(500_000, i64::MAX) * 5) / 100
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: HISTORIES, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_is_tried_every_yen_is_where_the_model_says(steps in prop::collection::vec(step(), 30)) {
        let app = TestApp::spawn(Engine::Sqlite);
        let mut world = World::begin(&app);
        for step in steps {
            if let Some(answer) = world.take(&step) {
                prop_assert!(matches!(answer.status, 200 | 201 | 409), "{:?}: {}", step, answer.text);
            }
            world.check();
        }
    }
}
