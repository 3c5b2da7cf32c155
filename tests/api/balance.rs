//! What members have, and the lines of the books that made it so.

use serde_json::{Value, json};

use super::refund::with_dollars;
use crate::harness::{
    Person, TestApp,
    deals::text,
    market::{dollars, yen},
    on_both_engines,
};

on_both_engines!(
    every_yen_can_be_traced,
    entries_are_read_page_by_page,
    a_balance_tells_every_currency,
    staff_have_no_balance,
    a_page_takes_no_wild_parameters,
);

fn entries(app: &TestApp, person: &Person) -> Vec<(String, String, i64, i64)> {
    let list = app.read(person, "/v1/me/ledger-entries");
    let number = |value: &Value| value.as_i64().unwrap();
    let line = |item: &Value| {
        let after = number(&item["balance_after"]["amount"]);
        (text(&item["kind"]), text(&item["account"]), number(&item["change"]), after)
    };
    list["items"].as_array().unwrap().iter().map(line).collect()
}

fn line(kind: &str, account: &str, change: i64, after: i64) -> (String, String, i64, i64) {
    (kind.to_owned(), account.to_owned(), change, after)
}

fn every_yen_can_be_traced(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000]);
    deal.complete(0);
    deal.complete(1);
    let earned =
        [line("escrow_released", "earnings", 16_000, 24_000), line("escrow_released", "earnings", 8_000, 8_000)];
    assert_eq!(entries(app, &deal.worker), earned);
    assert_eq!(app.balance(&deal.worker).earnings, 24_000);
    let paid = [
        line("escrow_funded", "client_funds", -20_000, 0),
        line("card_settled", "client_funds", 20_000, 20_000),
        line("escrow_funded", "client_funds", -10_000, 0),
        line("card_settled", "client_funds", 10_000, 10_000),
    ];
    assert_eq!(entries(app, &deal.client), paid);
    let newest = &app.read(&deal.worker, "/v1/me/ledger-entries")["items"][0];
    assert_eq!(newest["subject"], json!(deal.milestones[1]));
}

fn entries_are_read_page_by_page(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000]);
    deal.fund(0);
    deal.fund(1);
    let all = app.read(&deal.client, "/v1/me/ledger-entries")["items"].clone();
    let read = app.pages(&deal.client, "/v1/me/ledger-entries");
    assert_eq!((read.len(), json!(read)), (4, all));
    let cursor = app.read(&deal.client, "/v1/me/ledger-entries?limit=1")["next_cursor"].clone();
    let foreign = format!("/v1/me/ledger-entries?cursor={}", text(&cursor));
    app.get(&foreign).by(&deal.worker).send().problem(400, "invalid_cursor");
}

fn a_balance_tells_every_currency(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    assert_eq!(app.read(&client, "/v1/me/balance")["currencies"], json!([]));
    with_dollars(app, &client, &worker, "card");
    let balance = app.read(&client, "/v1/me/balance");
    let held = json!([{
        "currency": "USD", "earnings": dollars(0), "client_funds": dollars(5_000),
        "client_funds_reserved": dollars(0), "client_funds_available": dollars(5_000),
    }]);
    assert_eq!((&balance["currencies"], &balance["client_funds"]), (&held, &yen(0)));
}

fn staff_have_no_balance(app: &TestApp) {
    let finance = app.staff(domain::policy::Role::Finance, "fin");
    for path in ["/v1/me/balance", "/v1/me/ledger-entries", "/v1/me/payments", "/v1/me/contracts"] {
        app.get(path).by(&finance).send().problem(403, "not_permitted");
        app.get(path).send().problem(401, "unauthenticated");
    }
}

fn a_page_takes_no_wild_parameters(app: &TestApp) {
    let hanako = app.member("hanako");
    let read = |query: &str| app.get(&format!("/v1/me/ledger-entries?{query}")).by(&hanako).send();
    read("cursor=nonsense").problem(400, "invalid_cursor");
    for query in ["limit=0", "limit=101", "limit=-1", "after=1"] {
        read(query).problem(400, "invalid_parameter");
    }
}
