//! The end of the month after a fault: every worker is paid what the acknowledged operations left them, and once.

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    journal::{entry, event},
    load::Crowd,
    members::{Market, Member},
};
use crate::harness::deals::text;

/// Closes the month, and lets finance send everything to the bank, which pays it.
pub fn pay_everybody(market: &Market, crowd: &Crowd, finance: &(String, String)) {
    let today = (market.now() + TimeDelta::hours(9)).date_naive();
    let first = today.with_day(1).unwrap() + Months::new(1);
    market.advance(midnight(first));
    let closed_on = first.pred_opt().unwrap();
    let payouts = note_monthly(market, crowd);
    let calendar = market.read(&crowd.workers[0], &format!("/v1/payout-calendar?closed_on={closed_on}"));
    let pay_on: NaiveDate = text(&calendar["pay_on"]).parse().unwrap();
    market.advance(midnight(pay_on));
    settle(market, &market.log_in(&finance.0, &finance.1), pay_on, &payouts);
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    DateTime::<Utc>::from_naive_utc_and_offset(day.into(), Utc) - TimeDelta::hours(9)
}

/// Every payout that is under way; those of the month are promised by being listed.
fn note_monthly(market: &Market, crowd: &Crowd) -> Vec<Value> {
    let mut waiting = Vec::new();
    for worker in &crowd.workers {
        for payout in pages(market, worker, "/v1/payouts") {
            if payout["kind"] == "monthly" {
                let (id, amount) = (text(&payout["id"]), payout["amount"]["amount"].as_i64().unwrap());
                let legs = [("earnings", Some(worker), amount), ("payout_transit", None, -amount)];
                let facts = vec![event("payout.requested", &id), entry("payout_requested", &id, &legs)];
                market.journal.promise(facts);
            }
            if payout["status"] == "requested" {
                waiting.push(payout);
            }
        }
    }
    waiting
}

fn settle(market: &Market, finance: &Member, pay_on: NaiveDate, payouts: &[Value]) {
    if payouts.is_empty() {
        return;
    }
    let of_each = |kind: &str| payouts.iter().map(|payout| event(kind, &text(&payout["id"]))).collect::<Vec<_>>();
    let batches = "/v1/admin/payout-batches";
    let batch = market.act(finance, "prepare batch", batches, json!({"pay_on": pay_on}), |batch| {
        let mut facts = of_each("payout.processing");
        facts.push(event("payout_batch.prepared", &text(&batch["id"])));
        facts
    });
    let id = text(&batch["id"]);
    let send = format!("{batches}/{id}/send");
    market.act(finance, "send batch", &send, Value::Null, |_| vec![event("payout_batch.sent", &id)]);
    let settlement = json!({"bank_reference": "20260515-000042", "value_on": pay_on});
    market.act(finance, "settle batch", &format!("{batches}/{id}/settle"), settlement, |_| {
        let mut facts = of_each("payout.paid");
        facts.push(event("payout_batch.settled", &id));
        facts.extend(payouts.iter().map(paid));
        facts
    });
}

fn paid(payout: &Value) -> String {
    let yen = |name: &str| payout[name]["amount"].as_i64().unwrap();
    let (amount, cost) = (yen("amount"), yen("bank_fee"));
    let legs = [("payout_transit", None, amount), ("bank", None, cost - amount), ("bank_fee_recovery", None, -cost)];
    entry("payout_settled", &text(&payout["id"]), &legs)
}

fn pages(market: &Market, who: &Member, list: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = market.read(who, &format!("{list}?limit=100{cursor}"));
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}
