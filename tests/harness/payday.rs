//! What paydays take: accounts at banks, months that end, batches for the bank.

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Utc};
use domain::policy::Role;
use serde_json::{Value, json};

use super::{Deal, Person, Response, TestApp, deals::text, market::yen};

/// An account at some bank with this number, that nothing is wrong with.
pub fn account(number: &str) -> Value {
    json!({"bank_code": "0005", "branch_code": "101", "account_type": "ordinary", "number": number, "holder": "ヤマダ ハナコ"})
}

impl TestApp {
    /// Names an account for somebody's payouts; answers its version.
    pub fn bank(&self, person: &Person, number: &str) -> i64 {
        // Payouts belong to later months, and changing an account needs a recent log-in.
        let person = self.log_in(&person.email);
        let put = self.request("PUT", "/v1/me/bank-account").by(&person).json(&account(number));
        put.expect(200)["version"].as_i64().unwrap()
    }

    /// A worker with an account at a bank who has earned 80% of each of these amounts.
    pub fn earner(&self, amounts: &[i64]) -> Deal<'_> {
        self.earning(self.deal(amounts))
    }

    /// The same for somebody of that name, and one amount.
    pub fn earner_named(&self, name: &str, amount: i64) -> Deal<'_> {
        self.earning(self.deal_of(name, &[amount]))
    }

    fn earning<'a>(&'a self, deal: Deal<'a>) -> Deal<'a> {
        self.bank(&deal.worker, "1234567");
        (0..deal.milestones.len()).for_each(|place| drop(deal.complete(place)));
        deal
    }

    /// A contract of a worker of that name, with a client of their own.
    pub fn deal_of(&self, name: &str, amounts: &[i64]) -> Deal<'_> {
        self.deal_between(&self.member(&format!("client-of-{name}")), &self.member(name), amounts, &json!({}))
    }

    /// Somebody asks for an amount at once.
    pub fn quick(&self, worker: &Person, amount: i64) -> Response {
        let version = self.read(worker, "/v1/me/bank-account")["version"].clone();
        let body = json!({"kind": "quick", "amount": yen(amount), "bank_account_version": version});
        self.act(worker, "/v1/payouts", &body)
    }

    /// Sets the clock to 00:00 in Tokyo of a day to come.
    pub fn advance_to(&self, day: NaiveDate) {
        let midnight = DateTime::<Utc>::from_naive_utc_and_offset(day.into(), Utc) - TimeDelta::hours(9);
        self.post("/v1/test-clock/advance").json(&json!({"to_at": midnight})).expect(200);
    }

    /// Lets the running month end. Answers its last day and its payday.
    pub fn close_month(&self) -> (NaiveDate, NaiveDate) {
        let today: NaiveDate = self.date(0).parse().unwrap();
        let first = today.with_day(1).unwrap() + Months::new(1);
        self.advance_to(first);
        let closed_on = first.pred_opt().unwrap();
        let payday = self.get(&format!("/v1/payout-calendar?closed_on={closed_on}")).send().expect(200);
        (closed_on, text(&payday["pay_on"]).parse().unwrap())
    }

    /// Gathers what is due by a day, and sends it to the bank; answers the batch.
    pub fn send_batch(&self, finance: &Person, pay_on: NaiveDate) -> String {
        let prepared = self.act(finance, "/v1/admin/payout-batches", &json!({"pay_on": pay_on})).expect(201);
        let batch = format!("/v1/admin/payout-batches/{}", text(&prepared["id"]));
        self.post(&format!("{batch}/send")).by(finance).fresh_key().send().expect(200);
        batch
    }

    /// How the bank booked something today.
    pub fn settlement(&self) -> Value {
        json!({"bank_reference": "20260515-000042", "value_on": self.date(0)})
    }

    /// A payout of everything that is due now, in a batch that was sent.
    pub fn sent(&self, payout: &Value) -> (Person, String) {
        let finance = self.staff(Role::Finance, "sender");
        let pay_on: NaiveDate = text(&payout["pay_on"]).parse().unwrap();
        (finance.clone(), self.send_batch(&finance, pay_on))
    }

    /// What finance does with a payout.
    pub fn handle(&self, finance: &Person, payout: &Value, action: &str, body: &Value) -> Response {
        self.act(finance, &format!("/v1/admin/payouts/{}/{action}", text(&payout["id"])), body)
    }

    /// What somebody has earned and is in no payout.
    pub fn earnings(&self, person: &Person) -> i64 {
        self.balance(person).earnings
    }

    /// Somebody's payouts, newest first: kind, state and amount.
    pub fn payouts(&self, person: &Person) -> Vec<(String, String, i64)> {
        let line = |payout: &Value| {
            (text(&payout["kind"]), text(&payout["status"]), payout["amount"]["amount"].as_i64().unwrap())
        };
        self.pages(person, "/v1/payouts").iter().map(line).collect()
    }
}

/// One payout in short.
pub fn line(kind: &str, state: &str, amount: i64) -> (String, String, i64) {
    (kind.to_owned(), state.to_owned(), amount)
}
