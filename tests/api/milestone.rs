//! Working on a milestone: handing over, asking for changes, and being paid to the yen.

use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{
    Deal, TestApp,
    deals::{stands, text},
    market::yen,
    on_both_engines,
};

on_both_engines!(
    accepted_work_is_paid_to_the_yen,
    the_fees_of_the_parts_add_up_to_the_fee_of_the_whole,
    acceptance_can_be_previewed_and_then_changes_nothing,
    only_the_latest_delivery_can_be_accepted,
    changes_can_be_asked_for_as_often_as_agreed,
    asking_for_changes_stops_the_clock,
    the_redelivery_has_a_date_that_lies_ahead,
    silence_accepts_when_the_agreed_window_is_over,
    a_delivery_hands_something_over,
    each_action_belongs_to_one_side,
    a_refusal_names_exactly_what_is_possible_instead,
    what_was_released_has_a_last_day_to_be_paid,
    an_action_on_a_stale_version_is_refused,
    binding_actions_need_a_key,
);

fn released(milestone: &Value) -> [i64; 4] {
    ["gross", "fee", "tax", "net"].map(|name| milestone["release"][name]["amount"].as_i64().unwrap())
}

fn accepted_work_is_paid_to_the_yen(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    let delivery = deal.deliver(0);
    let delivered = deal.milestone(0);
    assert_eq!(delivered["deliveries"][0]["id"], json!(delivery));
    assert_eq!(delivered["allowed_actions"], json!(["request_changes", "accept", "dispute"]));
    let accepted = deal.accept(0, &delivery).expect(200);
    assert_eq!(released(&accepted), [10_000, 2_000, 181, 8_000]);
    assert_eq!((&accepted["allowed_actions"], &accepted["auto_accept_at"]), (&json!([]), &Value::Null));
    assert_eq!((deal.stands(0), deal.status().as_str()), (stands("accepted", "released"), "ended"));
    assert_eq!(deal.balances(), (8_000, 0));
    deal.accept(0, &delivery).problem(409, "action_refused");
}

fn the_fees_of_the_parts_add_up_to_the_fee_of_the_whole(app: &TestApp) {
    let deal = app.deal(&[60_000, 60_000]);
    assert_eq!(released(&deal.complete(0))[1], 12_000);
    // Of the second part 40,000 yen still fall under the first bracket, and 20,000 under the next.
    assert_eq!(released(&deal.complete(1)), [60_000, 10_000, 909, 50_000]);
    assert_eq!((deal.balances(), deal.read()["released"].clone()), ((98_000, 0), yen(120_000)));
}

fn acceptance_can_be_previewed_and_then_changes_nothing(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    let delivery = deal.deliver(0);
    let before = deal.read();
    let preview = deal.on(&deal.client, 0, "accept?preview=true", &json!({"delivery_id": delivery})).expect(200);
    assert_eq!(released(&preview), [10_000, 2_000, 181, 8_000]);
    let entry = &preview["preview"]["entries"][0];
    assert_eq!(entry["kind"], "escrow_released");
    let mut amounts: Vec<i64> =
        entry["lines"].as_array().unwrap().iter().map(|line| line["amount"].as_i64().unwrap()).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [-8_000, -1_819, -181, 10_000]);
    assert_eq!((deal.read(), deal.balances()), (before, (0, 0)));
}

fn only_the_latest_delivery_can_be_accepted(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    let first = deal.deliver(0);
    deal.request_changes(0).expect(200);
    deal.accept(0, &first).problem(409, "action_refused");
    let second = deal.deliver(0);
    deal.accept(0, &first).problem(409, "stale_delivery");
    deal.accept(0, &deal.contract).problem(400, "invalid_id");
    assert_eq!(deal.milestone(0)["deliveries"].as_array().map(Vec::len), Some(2));
    deal.accept(0, &second).expect(200);
}

fn changes_can_be_asked_for_as_often_as_agreed(app: &TestApp) {
    let deal = app.deal_on(&[10_000], &json!({"revision_limit": 2}));
    deal.fund(0);
    for round in 1..=2 {
        deal.deliver(0);
        assert_eq!(deal.request_changes(0).expect(200)["revision_rounds_used"], round);
    }
    deal.deliver(0);
    deal.request_changes(0).problem(409, "revisions_exhausted");
    let milestone = deal.milestone(0);
    assert_eq!((&milestone["status"], &milestone["revision_rounds_used"]), (&json!("delivered"), &json!(2)));
    let rounds = milestone["change_requests"].as_array().unwrap();
    assert_eq!(rounds.iter().map(|request| request["round"].clone()).collect::<Vec<_>>(), [1, 2]);
}

fn asking_for_changes_stops_the_clock(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    deal.deliver(0);
    app.advance_hours(6 * 24);
    let changed = deal.request_changes(0).expect(200);
    assert_eq!((&changed["auto_accept_at"], &changed["due_on"]), (&Value::Null, &json!(app.date(10))));
    app.advance_hours(2 * 24);
    assert_eq!(deal.stands(0), stands("changes_requested", "funded"));
    deal.deliver(0);
    app.advance_hours(7 * 24 - 1);
    assert_eq!(deal.stands(0), stands("delivered", "funded"));
    app.advance_hours(1);
    assert_eq!((deal.stands(0), deal.balances()), (stands("accepted", "released"), (8_000, 0)));
}

fn the_redelivery_has_a_date_that_lies_ahead(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    deal.deliver(0);
    let ask =
        |due_on: &str| deal.on(&deal.client, 0, "request-changes", &json!({"reason": "Too formal.", "due_on": due_on}));
    let problem = ask(&app.date(-1)).problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "/due_on");
    ask("2027-02-30").problem(422, "invalid_body");
    ask(&app.date(0)).expect(200);
}

fn silence_accepts_when_the_agreed_window_is_over(app: &TestApp) {
    let deal = app.deal_on(&[10_000], &json!({"acceptance_days": 5}));
    deal.fund(0);
    deal.deliver(0);
    app.advance_hours(5 * 24 - 1);
    assert_eq!(deal.stands(0), stands("delivered", "funded"));
    app.advance_hours(1);
    assert_eq!((deal.stands(0), deal.status().as_str()), (stands("accepted", "released"), "ended"));
    assert_eq!(deal.balances(), (8_000, 0));
    let told = app.events_about(&deal.worker, &deal.milestones[0]);
    assert_eq!(told.iter().filter(|kind| *kind == "milestone.auto_accepted").count(), 1);
    assert!(!told.contains(&"milestone.accepted".to_owned()), "{told:?}");
}

fn a_delivery_hands_something_over(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let deliver = |body: Value| deal.on(&deal.worker, 0, "deliver", &body);
    deliver(json!({"message": "Here."})).problem(409, "action_refused");
    deal.fund(0);
    for nothing in [json!({}), json!({"message": " \n"}), json!({"message": "", "links": []})] {
        deliver(nothing).problem(422, "invalid_body");
    }
    for link in ["", "http://example.com/insecure", "javascript:alert(1)", "example.com"] {
        deliver(json!({"links": [link]})).problem(422, "invalid_body");
    }
    deliver(json!({"links": ["https://example.com/work"]})).expect(200);
    assert_eq!(deal.milestone(0)["deliveries"][0]["links"], json!(["https://example.com/work"]));
    deliver(json!({"message": "Again."})).problem(409, "action_refused");
}

/// Everything that one of the sides does, with a body that nothing is wrong with: action, by the client, body.
fn actions(app: &TestApp, delivery: &str) -> [(&'static str, bool, Value); 4] {
    [
        ("start-funding", true, json!({"method": "card"})),
        ("deliver", false, json!({"message": "Here."})),
        ("request-changes", true, json!({"reason": "Too formal.", "due_on": app.date(10)})),
        ("accept", true, json!({"delivery_id": delivery})),
    ]
}

fn each_action_belongs_to_one_side(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    let delivery = deal.deliver(0);
    let stranger = app.member("stranger");
    let staff = [Role::Support, Role::Finance, Role::Admin].map(|role| app.staff(role, &role.to_string()));
    let before = deal.milestone(0);
    for (action, by_client, body) in actions(app, &delivery) {
        let other_side = if by_client { &deal.worker } else { &deal.client };
        deal.on(other_side, 0, action, &body).problem(403, "not_permitted");
        deal.on(&stranger, 0, action, &body).problem(404, "not_found");
        staff.iter().for_each(|person| drop(deal.on(person, 0, action, &body).problem(403, "not_permitted")));
    }
    assert_eq!(deal.milestone(0), before);
    assert_eq!(seen_by_worker(app, &deal), json!(["dispute"]));
}

fn a_refusal_names_exactly_what_is_possible_instead(app: &TestApp) {
    let deal = app.deal_on(&[10_000], &json!({"revision_limit": 0}));
    let instead = |person, action, body| {
        deal.on(person, 0, action, &body).problem(409, "action_refused")["allowed_actions"].clone()
    };
    let deliver = json!({"message": "Here."});
    assert_eq!(instead(&deal.worker, "deliver", deliver.clone()), json!([]));
    deal.on(&deal.client, 0, "start-funding", &json!({"method": "card"})).expect(200);
    assert_eq!(instead(&deal.client, "start-funding", json!({"method": "card"})), json!(["add_payment"]));
    let payment = text(&deal.milestone(0)["payments"][0]["id"]);
    let pay = || app.act(&deal.client, &format!("/v1/payments/{payment}/pay"), &json!({"card_token": "tok_succeeds"}));
    pay().expect(200);
    assert_eq!(pay().problem(409, "action_refused")["allowed_actions"], json!([]));
    deal.deliver(0);
    // No round of changes was agreed on.
    assert_eq!(instead(&deal.client, "start-funding", json!({"method": "card"})), json!(["accept", "dispute"]));
    assert_eq!(instead(&deal.worker, "deliver", deliver), json!(["dispute"]));
}

fn seen_by_worker(app: &TestApp, deal: &Deal<'_>) -> Value {
    let milestone = app.read(&deal.worker, &format!("/v1/milestones/{}", deal.milestones[0]));
    assert_eq!(milestone["payments"], json!([]), "what the client pays with is not the worker's business");
    milestone["allowed_actions"].clone()
}

fn what_was_released_has_a_last_day_to_be_paid(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    deal.deliver(0);
    // The sixtieth day, counting the day of delivery as the first.
    let last_day = app.date(59);
    assert_eq!(deal.milestone(0)["payment_due_on"], Value::Null);
    app.advance_hours(7 * 24);
    let accepted = app.read(&deal.worker, &format!("/v1/milestones/{}", deal.milestones[0]));
    assert_eq!((&accepted["status"], &accepted["payment_due_on"]), (&json!("accepted"), &json!(last_day)));
    let query = "SELECT CAST(remaining AS text) AS text FROM releases WHERE net = remaining";
    assert_eq!(app.database.texts(query), ["8000"]);
}

fn an_action_on_a_stale_version_is_refused(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let path = format!("/v1/milestones/{}", deal.milestones[0]);
    let seen = app.get(&path).by(&deal.client).send();
    deal.fund(0);
    let delivery = deal.deliver(0);
    let tag = seen.header("etag");
    for (action, by_client, body) in actions(app, &delivery) {
        let person = if by_client { &deal.client } else { &deal.worker };
        let act = app.post(&format!("{path}/{action}")).by(person).fresh_key();
        act.header("If-Match", tag).json(&body).problem(412, "precondition_failed");
    }
    let fresh = app.get(&path).by(&deal.client).send();
    let accept = app.post(&format!("{path}/accept")).by(&deal.client).fresh_key();
    accept.header("If-Match", fresh.header("etag")).json(&json!({"delivery_id": delivery})).expect(200);
}

fn binding_actions_need_a_key(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    let delivery = deal.deliver(0);
    for (action, by_client, body) in actions(app, &delivery) {
        let person = if by_client { &deal.client } else { &deal.worker };
        let path = format!("/v1/milestones/{}/{action}", deal.milestones[0]);
        app.post(&path).by(person).json(&body).problem(400, "idempotency_key_missing");
    }
    let path = format!("/v1/milestones/{}/accept", deal.milestones[0]);
    let accept = || app.post(&path).by(&deal.client).key("once").json(&json!({"delivery_id": delivery}));
    let (first, again) = (accept(), accept());
    assert_eq!(first.expect(200), again.expect(200));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!((text(&first.expect(200)["status"]).as_str(), deal.balances()), ("accepted", (8_000, 0)));
}
