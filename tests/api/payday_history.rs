//! Whatever workers and finance try in whatever order, every yen that was earned is somewhere.

use chrono::NaiveDate;
use domain::policy::Role;
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use crate::harness::{Deal, Engine, Person, Response, TestApp, deals::text, histories, on_each_engine};

/// Histories are long and each has a marketplace of its own, so there are few for each engine.
const HISTORIES: u32 = 3;

const PRICES: [i64; 8] = [900, 1_300, 12_500, 33_333, 700, 150_001, 5_000, 1_250];

/// What somebody tries.
#[derive(Debug, Clone)]
enum Step {
    Earn,
    Quick(i64),
    Cancel,
    NameAccount,
    ForgetAccount,
    CloseMonth,
    Wait(i64),
    Prepare,
    Send,
    Settle,
    /// What finance does with a payout: which one, counted from the newest, and what.
    Handle(usize, &'static str),
}

fn step() -> impl Strategy<Value = Step> {
    let action = select(&["hold", "cancel", "pay", "pay", "fail", "return"][..]);
    prop_oneof![
        4 => Just(Step::Earn),
        4 => (500..40_000_i64).prop_map(Step::Quick),
        1 => Just(Step::Cancel),
        3 => Just(Step::NameAccount),
        1 => Just(Step::ForgetAccount),
        3 => Just(Step::CloseMonth),
        1 => (1..400_i64).prop_map(Step::Wait),
        4 => Just(Step::Prepare),
        3 => Just(Step::Send),
        1 => Just(Step::Settle),
        6 => (0..4_usize, action).prop_map(|(place, action)| Step::Handle(place, action)),
    ]
}

/// A worker, finance, and what the model knows: every yen that was ever earned.
struct World<'a> {
    app: &'a TestApp,
    deal: Deal<'a>,
    finance: Person,
    done: usize,
    earned: i64,
}

impl<'a> World<'a> {
    fn begin(app: &'a TestApp) -> Self {
        let deal = app.deal(&PRICES);
        app.bank(&deal.worker, "1234567");
        // The first is funded, so that nothing lapses while months go by.
        deal.fund(0);
        Self { app, deal, finance: app.staff(Role::Finance, "fin"), done: 0, earned: 0 }
    }

    fn payouts(&self) -> Vec<Value> {
        self.app.read(&self.deal.worker, "/v1/payouts?limit=100")["items"].as_array().unwrap().clone()
    }

    fn newest_batch(&self) -> Option<String> {
        let batches = self.app.read(&self.finance, "/v1/admin/payout-batches?limit=1");
        Some(format!("/v1/admin/payout-batches/{}", batches["items"][0]["id"].as_str()?))
    }

    /// Tries it. What cannot be tried, because there is nothing to try it on, is left out.
    fn take(&mut self, step: &Step) -> Option<Response> {
        let (app, worker) = (self.app, &self.deal.worker);
        match *step {
            Step::Earn => return self.earn(),
            Step::Quick(amount) => {
                let version = app.get("/v1/me/bank-account").by(worker).send();
                let version = serde_json::from_str::<Value>(&version.text).unwrap()["version"].as_i64().unwrap_or(1);
                let amount = json!({"amount": amount, "currency": "JPY"});
                let wish = json!({"kind": "quick", "amount": amount, "bank_account_version": version});
                return Some(app.act(worker, "/v1/payouts", &wish));
            }
            Step::Cancel => {
                let cancel = format!("/v1/payouts/{}/cancel", text(&self.payouts().first()?["id"]));
                return Some(app.post(&cancel).by(worker).fresh_key().send());
            }
            Step::NameAccount => drop(app.bank(worker, "7654321")),
            Step::ForgetAccount => drop(app.request("DELETE", "/v1/me/bank-account").by(worker).send()),
            Step::CloseMonth => drop(app.close_month()),
            Step::Wait(hours) => app.advance_hours(hours),
            Step::Prepare => {
                let by: NaiveDate = app.date(40).parse().unwrap();
                return Some(app.act(&self.finance, "/v1/admin/payout-batches", &json!({"pay_on": by})));
            }
            Step::Send => {
                let send = format!("{}/send", self.newest_batch()?);
                return Some(app.post(&send).by(&self.finance).fresh_key().send());
            }
            Step::Settle => {
                let settle = format!("{}/settle", self.newest_batch()?);
                return Some(app.act(&self.finance, &settle, &app.settlement()));
            }
            Step::Handle(place, action) => {
                let payout = self.payouts().get(place)?.clone();
                let mut body = if action == "pay" { app.settlement() } else { json!({"reason": "A reason"}) };
                if action == "return" {
                    body.as_object_mut().unwrap().extend(app.settlement().as_object().unwrap().clone());
                }
                return Some(app.handle(&self.finance, &payout, action, &body));
            }
        }
        None
    }

    fn earn(&mut self) -> Option<Response> {
        let place = self.done;
        PRICES.get(place)?;
        if self.deal.stands(place).0 != "funded" {
            self.deal.fund(place);
        }
        // The next one is held before this one ends, so that the contract does not pause.
        if PRICES.get(place + 1).is_some() && self.deal.stands(place + 1).0 != "funded" {
            self.deal.fund(place + 1);
        }
        let delivery = self.deal.deliver(place);
        let accepted = self.deal.accept(place, &delivery);
        self.earned += accepted.expect(200)["release"]["net"]["amount"].as_i64().unwrap();
        self.done += 1;
        Some(accepted)
    }

    /// What was earned is with the earnings, on its way, at the bank, or was taken as a fee.
    fn check(&self) {
        let gone = |payout: &Value| {
            let amount = |name: &str| payout[name]["amount"].as_i64().unwrap();
            match payout["status"].as_str().unwrap() {
                "requested" | "held" | "processing" | "paid" => amount("amount") + amount("fee"),
                "returned" => amount("fee") + amount("bank_fee"),
                "failed" | "canceled" => 0,
                other => panic!("{other} is new; say here where its money is"),
            }
        };
        let gone: i64 = self.payouts().iter().map(gone).sum();
        assert_eq!(self.app.earnings(&self.deal.worker) + gone, self.earned, "{:?}", self.payouts());
        self.app.verify_books();
    }
}

on_each_engine!(whatever_is_tried_every_yen_earned_is_somewhere);

fn whatever_is_tried_every_yen_earned_is_somewhere(engine: Engine) {
    histories::live(engine, HISTORIES, step(), |app, steps| {
        let mut world = World::begin(app);
        for step in steps {
            histories::answered(&step, world.take(&step), &[200, 201, 409, 422]);
            world.check();
        }
    });
}
