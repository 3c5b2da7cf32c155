//! Clients who do the main job and payouts as fast as they are answered.

use std::thread;

use serde_json::{Value, json};

use super::{
    books::reservation,
    journal::{Leg, entry, event},
    members::{ACCOUNT_NAMED, Market, Member},
};
use crate::harness::{
    deals::text,
    market::{job_post, offer, yen},
};

/// Everything that the crowd does, by the names in the journal.
pub const KINDS: [&str; 17] = [
    ACCOUNT_NAMED,
    "post job",
    "propose",
    "sign",
    "start-funding",
    "pay",
    "deliver",
    "request-changes",
    "accept",
    "ask to cancel",
    "consent",
    "dispute",
    "answer",
    "offer",
    "settle",
    "quick payout",
    "cancel payout",
];

/// How many act at once.
pub const CLIENTS: usize = 8;

/// What a worker is to have of a contract that is canceled.
pub const CANCELED_SHARE: i64 = 5_000;

/// Those who act.
pub struct Crowd {
    pub clients: Vec<Member>,
    pub workers: Vec<Member>,
}

impl Crowd {
    /// Registers them all.
    pub fn gather(market: &Market) -> Self {
        let clients = (0..CLIENTS).map(|place| market.join(&format!("client-{place}"))).collect();
        let workers = (0..CLIENTS).map(|place| market.join_with_bank(&format!("worker-{place}"))).collect();
        Self { clients, workers }
    }

    pub fn everybody(&self) -> impl Iterator<Item = &Member> {
        self.clients.iter().chain(&self.workers)
    }

    /// Each client makes whole jobs, with one worker after the other, until so much was acknowledged.
    pub fn work(&self, market: &Market, operations: usize) {
        thread::scope(|scope| {
            for place in 0..CLIENTS {
                scope.spawn(move || {
                    for round in 0.. {
                        if market.journal.count() >= operations {
                            break;
                        }
                        let worker = &self.workers[(place + round) % CLIENTS];
                        Round { market, client: &self.clients[place], worker, number: place + round }.play();
                    }
                });
            }
        });
    }
}

/// One job from its post to what is left of its money.
pub struct Round<'a> {
    pub market: &'a Market,
    pub client: &'a Member,
    pub worker: &'a Member,
    pub number: usize,
}

/// A contract whose milestone is funded.
pub struct Deal {
    pub contract: String,
    pub milestone: String,
    pub amount: i64,
}

impl Round<'_> {
    fn play(&self) {
        // Another one each time, or nothing would change.
        let number = self.market.journal.count();
        self.market.name_account(self.client, number, vec![event("bank_account.changed", &self.client.id)]);
        let deal = self.fund(self.sign());
        match self.number % 4 {
            0 => self.accept(&deal, &self.deliver(&deal)),
            1 => {
                self.deliver(&deal);
                self.ask_for_changes(&deal);
                self.accept(&deal, &self.deliver(&deal));
            }
            2 => self.cancel(&deal),
            _ => self.disagree(&deal),
        }
        self.pay_out();
    }

    pub fn sign(&self) -> Deal {
        let amount = 10_000 + i64::try_from(self.number % 5_000).unwrap();
        let market = self.market;
        let job = market.act(self.client, "post job", "/v1/jobs", job_post(), |job| {
            ["job.drafted", "job.published"].map(|kind| event(kind, &text(&job["id"]))).into()
        });
        let job = text(&job["id"]);
        let proposals = format!("/v1/jobs/{job}/proposals");
        let proposal = market.act(self.worker, "propose", &proposals, offer(&[amount]), |proposal| {
            vec![event("proposal.submitted", &text(&proposal["id"]))]
        });
        let proposal = text(&proposal["id"]);
        let sign = format!("/v1/proposals/{proposal}/accept");
        let contract = market.act(self.client, "sign", &sign, json!({"round": 1}), |contract| {
            let signed = event("contract.signed", &text(&contract["id"]));
            vec![event("proposal.accepted", &proposal), event("job.filled", &job), signed]
        });
        Deal { contract: text(&contract["id"]), milestone: text(&contract["milestones"][0]["id"]), amount }
    }

    fn funded(&self, deal: &Deal) -> Vec<String> {
        let Deal { contract, milestone, amount } = deal;
        let legs = [("client_funds", Some(self.client), *amount), ("escrow", None, -amount)];
        vec![
            event("milestone.funded", milestone),
            event("escrow.funded", milestone),
            event("contract.activated", contract),
            entry("escrow_funded", milestone, &legs),
        ]
    }

    fn on(
        &self,
        deal: &Deal,
        who: &Member,
        kind: &'static str,
        body: Value,
        facts: impl FnOnce(&Value) -> Vec<String>,
    ) -> Value {
        self.market.act(who, kind, &format!("/v1/milestones/{}/{kind}", deal.milestone), body, facts)
    }

    /// What the client has free is used first; the rest comes by card.
    pub fn fund(&self, deal: Deal) -> Deal {
        let milestone = self.on(&deal, self.client, "start-funding", json!({"method": "card"}), |answer| {
            let mut facts = vec![event("milestone.funding_started", &deal.milestone)];
            match answer["payments"][0]["id"].as_str() {
                Some(payment) => facts.push(event("payment.requested", payment)),
                None => facts.extend([self.funded(&deal), self.reserved(1)].concat()),
            }
            let asked = answer["payments"][0]["amount"]["amount"].as_i64();
            // What is there already is set aside at once.
            facts.extend(self.reserved(usize::from(asked != Some(deal.amount))));
            facts
        });
        let Some(payment) = milestone["payments"][0]["id"].as_str() else { return deal };
        let charged = milestone["payments"][0]["amount"]["amount"].as_i64().unwrap();
        let pay = format!("/v1/payments/{payment}/pay");
        self.market.act(self.client, "pay", &pay, json!({"card_token": "tok_succeeds"}), |_| {
            let legs = [("gateway", None, charged), ("client_funds", Some(self.client), -charged)];
            let mut facts = vec![event("payment.received", payment), event("payment.succeeded", payment)];
            facts.push(entry("card_settled", payment, &legs));
            // The rest is set aside, and then all of it moves.
            facts.extend([self.funded(&deal), self.reserved(2)].concat());
            facts
        });
        deal
    }

    fn reserved(&self, times: usize) -> Vec<String> {
        vec![reservation(&self.client.uuid); times]
    }

    /// The milestone as it is then.
    pub fn deliver(&self, deal: &Deal) -> Value {
        self.on(deal, self.worker, "deliver", json!({"message": "Here."}), |_| {
            vec![event("milestone.delivered", &deal.milestone)]
        })
    }

    fn ask_for_changes(&self, deal: &Deal) {
        let due_on = (self.market.now() + chrono::TimeDelta::days(10)).date_naive().to_string();
        let body = json!({"reason": "The tone is too formal.", "due_on": due_on});
        self.on(deal, self.client, "request-changes", body, |_| {
            vec![event("milestone.changes_requested", &deal.milestone)]
        });
    }

    fn accept(&self, deal: &Deal, delivered: &Value) {
        self.on(deal, self.client, "accept", json!({"delivery_id": delivered["delivery_id"]}), |_| {
            let mut facts = self.parted(deal, deal.amount);
            facts.push(event("milestone.accepted", &deal.milestone));
            facts
        });
    }

    /// The worker gets a share, less the fee; the client the rest; the contract is over.
    pub fn parted(&self, deal: &Deal, share: i64) -> Vec<String> {
        let fee = share / 5;
        let tax = fee * 10 / 110;
        let legs = [
            ("escrow", None, deal.amount),
            ("earnings", Some(self.worker), fee - share),
            ("system_fee", None, tax - fee),
            ("consumption_tax", None, -tax),
            ("client_funds", Some(self.client), share - deal.amount),
        ];
        let kind = if share == deal.amount { "released" } else { "split" };
        vec![
            event(&format!("escrow.{kind}"), &deal.milestone),
            event("contract.ended", &deal.contract),
            entry(&format!("escrow_{kind}"), &deal.milestone, &legs),
        ]
    }

    /// The client asks to end it, with a share for the worker; the request.
    pub fn ask_to_cancel(&self, deal: &Deal) -> String {
        let ask = format!("/v1/contracts/{}/cancellation-requests", deal.contract);
        let shares = json!([{"milestone_id": deal.milestone, "worker_share": yen(CANCELED_SHARE)}]);
        let body = json!({"reason": "Our plans changed.", "shares": shares});
        let request = self.market.act(self.client, "ask to cancel", &ask, body, |request| {
            vec![event("cancellation.requested", &text(&request["id"]))]
        });
        text(&request["id"])
    }

    fn cancel(&self, deal: &Deal) {
        let request = self.ask_to_cancel(deal);
        let consent = format!("/v1/cancellation-requests/{request}/consent");
        self.market.act(self.worker, "consent", &consent, Value::Null, |_| {
            let mut facts = self.parted(deal, CANCELED_SHARE);
            facts.extend([event("cancellation.consented", &request), event("milestone.settled", &deal.milestone)]);
            facts
        });
    }

    fn disagree(&self, deal: &Deal) {
        self.deliver(deal);
        let claim = json!({"reason": "not_as_agreed", "claim": "Half of the page is missing."});
        let dispute = self.on(deal, self.client, "dispute", claim, |dispute| {
            vec![event("milestone.disputed", &deal.milestone), event("dispute.opened", &text(&dispute["id"]))]
        });
        let dispute = text(&dispute["id"]);
        let on = |who: &Member, kind: &'static str, body: Value, facts: Vec<String>| {
            self.market.act(who, kind, &format!("/v1/disputes/{dispute}/{kind}"), body, |_| facts)
        };
        let told = |kind: &str| vec![event(&format!("dispute.{kind}"), &dispute)];
        on(self.worker, "answer", json!({"answer": "The rest was out of scope."}), told("answered"));
        on(self.worker, "offer", json!({"worker_share": yen(7_000)}), told("offered"));
        let mut facts = self.parted(deal, 7_000);
        facts.extend(told("settled"));
        facts.push(event("milestone.settled", &deal.milestone));
        on(self.client, "settle", json!({"worker_share": yen(7_000)}), facts);
    }

    /// Less than this round has earned, so that it is there whatever others do; every third is taken back.
    fn pay_out(&self) {
        let amount = 1_000 + i64::try_from(self.number % 1_000).unwrap();
        let body = json!({"kind": "quick", "amount": yen(amount), "bank_account_version": 1});
        let payout = self
            .market
            .act(self.worker, "quick payout", "/v1/payouts", body, |payout| quick_payout(self.worker, payout));
        if self.number.is_multiple_of(3) {
            let id = text(&payout["id"]);
            let take_back = format!("/v1/payouts/{id}/cancel");
            self.market.act(self.worker, "cancel payout", &take_back, Value::Null, |payout| {
                vec![event("payout.canceled", &id), entry("payout_canceled", &id, &legs(self.worker, payout, -1))]
            });
        }
    }
}

/// What a quick payout that was just asked for has done.
pub fn quick_payout(worker: &Member, payout: &Value) -> Vec<String> {
    let id = text(&payout["id"]);
    vec![event("payout.quick_requested", &id), entry("quick_payout_requested", &id, &legs(worker, payout, 1))]
}

fn legs<'a>(worker: &'a Member, payout: &Value, sign: i64) -> [Leg<'a>; 4] {
    let yen = |name: &str| payout[name]["amount"].as_i64().unwrap() * sign;
    let (amount, fee, tax) = (yen("amount"), yen("fee"), yen("fee_tax"));
    [
        ("earnings", Some(worker), amount + fee),
        ("payout_transit", None, -amount),
        ("quick_payout_fee", None, tax - fee),
        ("consumption_tax", None, -tax),
    ]
}
