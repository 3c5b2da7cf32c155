//! What a price leaves the worker.

use serde_json::{Value, json};

use crate::harness::{TestApp, market::yen, on_both_engines};

on_both_engines!(
    a_price_is_quoted_to_anyone_bracket_by_bracket,
    a_net_is_answered_with_the_smallest_price_that_leaves_it,
    a_net_that_no_price_leaves_names_the_nearest,
    a_question_that_makes_no_sense_is_refused,
);

fn quote(app: &TestApp, query: &str) -> Value {
    app.get(&format!("/v1/fee-quotes?{query}")).send().expect(200)
}

fn a_price_is_quoted_to_anyone_bracket_by_bracket(app: &TestApp) {
    let first = json!({"from": yen(0), "to": yen(100_000), "rate": "0.20", "amount": yen(100_000), "fee": yen(20_000)});
    let second =
        json!({"from": yen(100_000), "to": yen(150_000), "rate": "0.10", "amount": yen(50_000), "fee": yen(5_000)});
    let expected = json!({
        "gross": yen(150_000), "fee": yen(25_000), "tax": yen(2_272), "tax_mode": "included", "net": yen(125_000),
        "client_total": yen(150_000), "parts": [first, second], "basis": "contract", "schedule": "standard-1",
    });
    assert_eq!(quote(app, "amount=150000&currency=JPY"), expected);
    assert_eq!(quote(app, "amount=10001&currency=USD")["net"], json!({"amount": 8_001, "currency": "USD"}));
}

fn a_net_is_answered_with_the_smallest_price_that_leaves_it(app: &TestApp) {
    for net in [1, 8_000, 80_000, 125_000, 1_000_000] {
        let answer = quote(app, &format!("net={net}"));
        assert_eq!(answer["net"], yen(net));
        let gross = answer["gross"]["amount"].as_i64().unwrap();
        let cheaper =
            if gross == 1 { Value::Null } else { quote(app, &format!("amount={}", gross - 1))["net"].clone() };
        assert_ne!(cheaper, yen(net), "{gross}");
    }
}

fn a_net_that_no_price_leaves_names_the_nearest(app: &TestApp) {
    let problem = app.get("/v1/fee-quotes?net=9007199254740991").send().problem(422, "no_such_net");
    let (net, gross) = (problem["next_net"]["amount"].as_i64().unwrap(), &problem["next_gross"]);
    assert!(problem["detail"].as_str().unwrap().contains(&net.to_string()));
    assert_eq!(quote(app, &format!("net={net}"))["gross"], *gross);
}

fn a_question_that_makes_no_sense_is_refused(app: &TestApp) {
    for query in [
        "",
        "currency=JPY",
        "amount=1&net=1",
        "amount=0",
        "amount=-1",
        "net=0",
        "amount=9007199254740992",
        "amount=1.5",
        "amount=1&currency=EUR",
        "amount=1&price=2",
    ] {
        app.get(&format!("/v1/fee-quotes?{query}")).send().problem(400, "invalid_parameter");
    }
}
