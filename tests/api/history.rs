//! Whatever people try in whatever order, every yen is where a model of one screen says it is.

use domain::policy::Role;
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use crate::harness::{Deal, Engine, Person, Response, TestApp, deals::text, histories, market::yen, on_each_engine};

const AMOUNTS: [i64; 3] = [60_000, 33_333, 450_001];

/// Histories are long and each has a marketplace of its own, so there are few for each engine.
const HISTORIES: u32 = 4;

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
    /// The worker names an account at a bank, or corrects it.
    Bank,
    Quick(i64),
    /// Finance does this with the newest payout, or its worker takes it back.
    Payout(&'static str),
    /// Everything that waits goes to the bank.
    Batch,
    Wait(i64),
    Month,
}

fn step() -> impl Strategy<Value = Step> {
    let place = || 0..AMOUNTS.len();
    let method = || select(&["card", "bank_transfer"][..]);
    let payout = select(&["hold", "resume", "take_back", "cancel", "pay", "fail", "return"][..]);
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
        2 => Just(Step::Bank),
        3 => (900..60_000_i64).prop_map(Step::Quick),
        5 => payout.prop_map(Step::Payout),
        3 => Just(Step::Batch),
        1 => Just(Step::Month),
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
            Step::Bank => {
                self.app.bank(&deal.worker, "1234567");
                return None;
            }
            Step::Quick(amount) => return self.quick(amount),
            Step::Payout(action) => return self.handle(action),
            Step::Batch => {
                let batch = json!({"pay_on": self.app.date(30)});
                let prepared = self.app.act(&self.finance, "/v1/admin/payout-batches", &batch);
                let prepared: Value = serde_json::from_str(&prepared.text).unwrap();
                let send = format!("/v1/admin/payout-batches/{}/send", prepared["id"].as_str()?);
                self.app.act(&self.finance, &send, &json!({}))
            }
            Step::Wait(hours) => {
                self.app.advance_hours(hours);
                return None;
            }
            Step::Month => {
                self.app.close_month();
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

    fn quick(&self, amount: i64) -> Option<Response> {
        let account = self.app.get("/v1/me/bank-account").by(&self.deal.worker).send();
        let account: Value = serde_json::from_str(&account.text).unwrap();
        let version = account["version"].as_i64()?;
        let body = json!({"kind": "quick", "amount": yen(amount), "bank_account_version": version});
        let answer = self.app.act(&self.deal.worker, "/v1/payouts", &body);
        // Below the minimum is no matter of state.
        (amount >= 1_000 || answer.status != 422).then_some(answer)
    }

    /// Something happens to the newest payout.
    fn handle(&self, action: &str) -> Option<Response> {
        let payouts = self.app.pages(&self.deal.worker, "/v1/payouts");
        let id = text(&payouts.first()?["id"]);
        let (who, path) = match action {
            "take_back" => (&self.deal.worker, format!("/v1/payouts/{id}/cancel")),
            _ => (&self.finance, format!("/v1/admin/payouts/{id}/{action}")),
        };
        let mut body = json!({});
        if ["pay", "return"].contains(&action) {
            body = self.app.settlement();
        }
        if ["hold", "cancel", "fail", "return"].contains(&action) {
            body["reason"] = json!("The bank says so.");
        }
        Some(self.app.act(who, &path, &body))
    }

    /// What has left earnings for good, or is on its way: each yen once.
    fn paid_out(&self) -> i64 {
        let gone = |payout: &Value| match payout["status"].as_str().unwrap() {
            "requested" | "held" | "processing" | "paid" => amount(payout, "/amount") + amount(payout, "/fee"),
            "returned" => amount(payout, "/bank_fee") + amount(payout, "/fee"),
            _ => 0,
        };
        self.app.pages(&self.deal.worker, "/v1/payouts").iter().map(gone).sum()
    }

    /// Nothing stands in the way of leaving if and only if nothing runs, and nothing is owed.
    fn check_readiness(&self, contract: &Value) {
        let (app, deal) = (self.app, &self.deal);
        let over = ["ended", "lapsed"].contains(&contract["status"].as_str().unwrap());
        let on_its_way =
            |payout: &Value| ["requested", "held", "processing"].contains(&payout["status"].as_str().unwrap());
        let payouts = app.pages(&deal.worker, "/v1/payouts");
        let worker_free = over && app.balance(&deal.worker).earnings == 0 && !payouts.iter().any(on_its_way);
        let client_free = over && app.balance(&deal.client).funds == 0;
        for (person, free) in [(&deal.worker, worker_free), (&deal.client, client_free)] {
            let told = app.read(person, "/v1/me/withdrawal");
            let blockers = told["blockers"].as_array().unwrap();
            assert_eq!(blockers.is_empty(), free, "{told} {contract}");
            assert_eq!(told["can_withdraw"], json!(blockers.iter().all(|blocker| blocker["hard"] == false)));
        }
    }

    /// Leaving succeeds if and only if no hard blocker stands.
    fn leave(&self) {
        for person in [&self.deal.worker, &self.deal.client] {
            let ready = self.app.read(person, "/v1/me/withdrawal")["can_withdraw"] == true;
            let left = self.app.leave(person);
            assert_eq!(left.status == 200, ready, "{}", left.text);
        }
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
        let earnings = released - fee(released) - self.paid_out();
        assert_eq!(self.app.balance(&self.deal.worker).earnings, earnings, "{contract}");
        assert_eq!(amount(&contract, "/released"), released);
        self.check_readiness(&contract);
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

on_each_engine!(whatever_is_tried_every_yen_is_where_the_model_says);

fn whatever_is_tried_every_yen_is_where_the_model_says(engine: Engine) {
    histories::live(engine, HISTORIES, step(), |app, steps| {
        let mut world = World::begin(app);
        for step in steps {
            histories::answered(&step, world.take(&step), &[200, 201, 409]);
            world.check();
        }
        world.leave();
    });
}
