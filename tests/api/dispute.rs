//! Disagreeing about a milestone, until the parties settle or two of staff rule.

use std::thread;

use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{
    Deal, Person, Response, TestApp,
    deals::{stands, text},
    market::yen,
    on_both_engines,
    work::at_once,
};

on_both_engines!(
    a_dispute_stops_automatic_acceptance,
    what_is_disputed_cannot_be_accepted,
    only_what_is_held_can_be_disputed,
    the_other_side_answers_once,
    five_days_of_silence_let_the_two_negotiate,
    negotiation_without_agreement_goes_to_staff,
    after_thirty_days_it_has_an_owner_by_name,
    settling_shares_what_is_held_to_the_yen,
    settling_for_nothing_gives_the_money_back,
    only_the_standing_offer_of_the_other_side_can_be_settled,
    an_offer_beyond_what_is_held_is_refused,
    a_ruling_takes_two_of_staff,
    a_ruling_is_seen_by_the_parties_once_it_is_confirmed,
    a_ruling_can_be_previewed_and_then_changes_nothing,
    nobody_rules_before_mediation,
    only_those_who_mediate_rule,
    disputes_are_found_by_those_they_concern,
    many_settlements_at_once_have_one_effect,
    a_ruling_racing_a_settlement_has_one_effect,
);

fn open(deal: &Deal<'_>, by: &Person, place: usize) -> Response {
    deal.on(by, place, "dispute", &json!({"reason": "not_as_agreed", "claim": "It is blue."}))
}

/// A disputed milestone, and the path of the dispute that the client has opened.
fn disputed<'a>(app: &'a TestApp, amounts: &[i64]) -> (Deal<'a>, String) {
    let deal = app.deal(amounts);
    deal.fund(0);
    let dispute = open(&deal, &deal.client, 0).expect(201);
    let path = format!("/v1/disputes/{}", text(&dispute["id"]));
    (deal, path)
}

/// The same, answered by the worker.
fn negotiating<'a>(app: &'a TestApp, amounts: &[i64]) -> (Deal<'a>, String) {
    let (deal, dispute) = disputed(app, amounts);
    let answered = app.act(&deal.worker, &format!("{dispute}/answer"), &json!({"answer": "It is azure."})).expect(200);
    assert_eq!(answered["status"], "negotiating");
    (deal, dispute)
}

/// The same, before staff.
fn mediated<'a>(app: &'a TestApp, amounts: &[i64]) -> (Deal<'a>, String) {
    let (deal, dispute) = negotiating(app, amounts);
    app.advance_hours(7 * 24);
    assert_eq!(app.read(&deal.client, &dispute)["status"], "mediation");
    (deal, dispute)
}

fn share(app: &TestApp, by: &Person, dispute: &str, action: &str, worker_share: i64) -> Response {
    app.act(by, &format!("{dispute}/{action}"), &json!({"worker_share": yen(worker_share)}))
}

fn admin(dispute: &str) -> String {
    dispute.replace("/v1/", "/v1/admin/")
}

fn propose(app: &TestApp, by: &Person, dispute: &str, worker_share: i64) -> Response {
    let ruling = json!({"worker_share": yen(worker_share), "reasoning": "Azure is a blue."});
    app.act(by, &format!("{}/propose-ruling", admin(dispute)), &ruling)
}

fn rule(app: &TestApp, by: &Person, dispute: &str, worker_share: i64) -> Response {
    share(app, by, &admin(dispute), "rule", worker_share)
}

fn a_dispute_stops_automatic_acceptance(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    deal.deliver(0);
    open(&deal, &deal.client, 0).expect(201);
    assert_eq!(deal.milestone(0)["auto_accept_at"], Value::Null);
    app.advance_hours(10 * 24);
    assert_eq!((deal.stands(0), deal.balances()), (stands("disputed", "funded"), (0, 0)));
    open(&deal, &deal.worker, 0).problem(409, "action_refused");
}

fn what_is_disputed_cannot_be_accepted(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    deal.fund(0);
    let delivery = deal.deliver(0);
    open(&deal, &deal.client, 0).expect(201);
    deal.accept(0, &delivery).problem(409, "action_refused");
    assert_eq!((deal.stands(0), deal.balances()), (stands("disputed", "funded"), (0, 0)));
}

fn only_what_is_held_can_be_disputed(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    open(&deal, &deal.client, 0).problem(409, "action_refused");
    deal.fund(0);
    open(&deal, &app.member("stranger"), 0).problem(404, "not_found");
    open(&deal, &app.staff(Role::Support, "mia"), 0).problem(403, "not_permitted");
    let dispute = open(&deal, &deal.worker, 0).expect(201);
    assert_eq!((&dispute["opened_by"], &dispute["held"]), (&json!("worker"), &yen(10_000)));
}

fn the_other_side_answers_once(app: &TestApp) {
    let (deal, dispute) = disputed(app, &[10_000]);
    let answer = |by: &Person| app.act(by, &format!("{dispute}/answer"), &json!({"answer": "It is azure."}));
    assert_eq!(app.read(&deal.client, &dispute)["allowed_actions"], json!([]));
    assert_eq!(app.read(&deal.worker, &dispute)["allowed_actions"], json!(["answer"]));
    answer(&deal.client).problem(403, "not_permitted");
    let answered = answer(&deal.worker).expect(200);
    assert_eq!((&answered["answer"], &answered["respond_by"]), (&json!("It is azure."), &Value::Null));
    assert_eq!(answered["allowed_actions"], json!(["offer"]));
    answer(&deal.worker).problem(409, "action_refused");
}

fn five_days_of_silence_let_the_two_negotiate(app: &TestApp) {
    let (deal, dispute) = disputed(app, &[10_000]);
    app.advance_hours(5 * 24 - 1);
    assert_eq!(app.read(&deal.client, &dispute)["status"], "open");
    app.advance_hours(1);
    let silent = app.read(&deal.client, &dispute);
    assert_eq!((&silent["status"], &silent["answer"]), (&json!("negotiating"), &Value::Null));
    share(app, &deal.client, &dispute, "offer", 1_000).expect(200);
}

fn negotiation_without_agreement_goes_to_staff(app: &TestApp) {
    let (deal, dispute) = negotiating(app, &[10_000]);
    app.advance_hours(7 * 24 - 1);
    assert_eq!(app.read(&deal.client, &dispute)["status"], "negotiating");
    app.advance_hours(1);
    let mediated = app.read(&deal.client, &dispute);
    assert_eq!((&mediated["status"], &mediated["negotiation_ends_at"]), (&json!("mediation"), &Value::Null));
    share(app, &deal.worker, &dispute, "offer", 6_000).expect(200);
    share(app, &deal.client, &dispute, "settle", 6_000).expect(200);
}

fn after_thirty_days_it_has_an_owner_by_name(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000]);
    let (mia, _) = (app.staff(Role::Support, "mia"), app.staff(Role::Finance, "fin"));
    (0..2).for_each(|place| deal.fund(place));
    (0..2).for_each(|place| drop(open(&deal, &deal.client, place).expect(201)));
    app.advance_hours(29 * 24);
    let noa = app.staff(Role::Admin, "noa");
    let owners = || -> Vec<Value> {
        let disputes = app.read(&deal.client, "/v1/me/disputes");
        disputes["items"].as_array().unwrap().iter().map(|dispute| dispute["owner_id"].clone()).collect()
    };
    assert_eq!(owners(), [Value::Null, Value::Null]);
    app.advance_hours(24);
    let mut found = owners();
    found.sort_by_key(Value::to_string);
    let mut expected = [json!(mia.id), json!(noa.id)];
    expected.sort_by_key(Value::to_string);
    assert_eq!(found, expected, "each gets one");
}

fn settling_shares_what_is_held_to_the_yen(app: &TestApp) {
    let (deal, dispute) = negotiating(app, &[10_000, 20_000]);
    share(app, &deal.worker, &dispute, "offer", 3_333).expect(200);
    let preview = share(app, &deal.client, &dispute, "settle?preview=true", 3_333).expect(200);
    assert_eq!(preview["preview"]["entries"][0]["kind"], "escrow_split");
    assert_eq!(deal.stands(0), stands("disputed", "funded"));
    let settled = share(app, &deal.client, &dispute, "settle", 3_333).expect(200);
    assert_eq!((&settled["status"], &settled["worker_share"]), (&json!("settled"), &yen(3_333)));
    assert_eq!((&settled["allowed_actions"], &settled["escalate_at"]), (&json!([]), &Value::Null));
    let release = &deal.milestone(0)["release"];
    let numbers = ["gross", "fee", "tax", "net"].map(|name| release[name]["amount"].as_i64().unwrap());
    assert_eq!(numbers, [3_333, 666, 60, 2_667]);
    assert_eq!((deal.stands(0), deal.balances()), (stands("accepted", "split"), (2_667, 6_667)));
    assert_eq!(deal.status(), "active", "the second milestone goes on");
}

fn settling_for_nothing_gives_the_money_back(app: &TestApp) {
    let (deal, dispute) = negotiating(app, &[10_000]);
    share(app, &deal.worker, &dispute, "offer", 0).expect(200);
    share(app, &deal.client, &dispute, "settle", 0).expect(200);
    assert_eq!((deal.stands(0), deal.balances()), (stands("canceled", "refunded"), (0, 10_000)));
    assert_eq!(deal.status(), "ended");
}

fn only_the_standing_offer_of_the_other_side_can_be_settled(app: &TestApp) {
    let (deal, dispute) = negotiating(app, &[10_000]);
    share(app, &deal.client, &dispute, "settle", 6_000).problem(409, "action_refused");
    share(app, &deal.worker, &dispute, "offer", 6_000).expect(200);
    share(app, &deal.worker, &dispute, "settle", 6_000).problem(409, "action_refused");
    share(app, &deal.client, &dispute, "settle", 5_000).problem(409, "stale_offer");
    share(app, &deal.client, &dispute, "offer", 5_000).expect(200);
    share(app, &deal.worker, &dispute, "settle", 6_000).problem(409, "stale_offer");
    share(app, &deal.worker, &dispute, "settle", 5_000).expect(200);
    share(app, &deal.worker, &dispute, "settle", 5_000).problem(409, "action_refused");
    assert_eq!(deal.balances(), (4_000, 5_000));
}

fn an_offer_beyond_what_is_held_is_refused(app: &TestApp) {
    let (deal, dispute) = negotiating(app, &[10_000]);
    let problem = share(app, &deal.worker, &dispute, "offer", 10_001).problem(422, "shares_refused");
    assert_eq!(problem["errors"][0]["pointer"], "/worker_share");
    let dollars = json!({"worker_share": {"amount": 1, "currency": "USD"}});
    app.act(&deal.worker, &format!("{dispute}/offer"), &dollars).problem(422, "shares_refused");
    share(app, &deal.worker, &dispute, "offer", -1).problem(422, "invalid_body");
}

fn a_ruling_takes_two_of_staff(app: &TestApp) {
    let (deal, dispute) = mediated(app, &[10_000]);
    let (mia, noa) = (app.staff(Role::Support, "mia"), app.staff(Role::Admin, "noa"));
    rule(app, &noa, &dispute, 5_000).problem(409, "action_refused");
    propose(app, &mia, &dispute, 10_001).problem(422, "shares_refused");
    propose(app, &mia, &dispute, 5_000).expect(200);
    rule(app, &mia, &dispute, 5_000).problem(409, "four_eyes");
    rule(app, &noa, &dispute, 4_000).problem(409, "stale_ruling");
    assert_eq!(app.read(&mia, &dispute)["allowed_actions"], json!(["propose_ruling"]));
    assert_eq!(app.read(&noa, &dispute)["allowed_actions"], json!(["propose_ruling", "rule"]));
    let ruled = rule(app, &noa, &dispute, 5_000).expect(200);
    assert_eq!((&ruled["status"], &ruled["worker_share"]), (&json!("ruled"), &yen(5_000)));
    assert_eq!((deal.stands(0), deal.balances()), (stands("accepted", "split"), (4_000, 5_000)));
    assert_eq!(deal.status(), "ended");
    rule(app, &noa, &dispute, 5_000).problem(409, "action_refused");
}

fn a_ruling_is_seen_by_the_parties_once_it_is_confirmed(app: &TestApp) {
    let (deal, dispute) = mediated(app, &[10_000]);
    let (mia, noa) = (app.staff(Role::Support, "mia"), app.staff(Role::Admin, "noa"));
    propose(app, &mia, &dispute, 10_000).expect(200);
    assert_eq!(app.read(&noa, &dispute)["ruling"]["member_id"], json!(mia.id));
    assert_eq!(app.read(&deal.worker, &dispute)["ruling"], Value::Null);
    rule(app, &noa, &dispute, 10_000).expect(200);
    assert_eq!(app.read(&deal.worker, &dispute)["ruling"]["reasoning"], "Azure is a blue.");
    assert_eq!((deal.stands(0), deal.balances()), (stands("accepted", "released"), (8_000, 0)));
}

fn a_ruling_can_be_previewed_and_then_changes_nothing(app: &TestApp) {
    let (deal, dispute) = mediated(app, &[10_000]);
    let (mia, noa) = (app.staff(Role::Support, "mia"), app.staff(Role::Admin, "noa"));
    propose(app, &mia, &dispute, 0).expect(200);
    let preview = share(app, &noa, &admin(&dispute), "rule?preview=true", 0).expect(200);
    assert_eq!(preview["preview"]["entries"][0]["kind"], "escrow_refunded");
    assert_eq!((deal.stands(0), deal.balances()), (stands("disputed", "funded"), (0, 0)));
}

fn nobody_rules_before_mediation(app: &TestApp) {
    let (_, dispute) = negotiating(app, &[10_000]);
    let mia = app.staff(Role::Support, "mia");
    propose(app, &mia, &dispute, 5_000).problem(409, "action_refused");
    rule(app, &mia, &dispute, 5_000).problem(409, "action_refused");
}

fn only_those_who_mediate_rule(app: &TestApp) {
    let (deal, dispute) = mediated(app, &[10_000]);
    propose(app, &app.staff(Role::Finance, "fin"), &dispute, 5_000).problem(403, "not_permitted");
    propose(app, &deal.worker, &dispute, 10_000).problem(403, "not_permitted");
    rule(app, &deal.client, &dispute, 0).problem(403, "not_permitted");
    propose(app, &app.member("stranger"), &dispute, 5_000).problem(404, "not_found");
    let mia = app.staff(Role::Support, "mia");
    share(app, &mia, &dispute, "offer", 5_000).problem(403, "not_permitted");
    share(app, &mia, &dispute, "settle", 5_000).problem(403, "not_permitted");
}

fn disputes_are_found_by_those_they_concern(app: &TestApp) {
    let (deal, dispute) = disputed(app, &[10_000]);
    let (mia, stranger) = (app.staff(Role::Support, "mia"), app.member("stranger"));
    let count = |person: &Person, path: &str| app.read(person, path)["items"].as_array().unwrap().len();
    assert_eq!(count(&deal.worker, "/v1/me/disputes"), 1);
    assert_eq!(count(&deal.worker, "/v1/me/disputes?status=ruled"), 0);
    assert_eq!(count(&stranger, "/v1/me/disputes"), 0);
    assert_eq!(count(&mia, "/v1/admin/disputes?status=open"), 1);
    assert_eq!(count(&mia, "/v1/admin/disputes?status=mediation"), 0);
    app.get("/v1/admin/disputes").by(&stranger).send().problem(404, "not_found");
    app.get("/v1/admin/disputes").by(&app.staff(Role::Finance, "fin")).send().problem(403, "not_permitted");
    app.get("/v1/admin/disputes?status=unheard").by(&mia).send().problem(400, "invalid_parameter");
    app.get(&dispute).by(&stranger).send().problem(404, "not_found");
    let of_contract = format!("/v1/contracts/{}/disputes", deal.contract);
    assert_eq!(count(&mia, &of_contract), 1);
    app.get(&of_contract).by(&stranger).send().problem(404, "not_found");
}

fn many_settlements_at_once_have_one_effect(app: &TestApp) {
    let (deal, dispute) = negotiating(app, &[10_000]);
    share(app, &deal.worker, &dispute, "offer", 5_000).expect(200);
    let answers = at_once(8, |_| share(app, &deal.client, &dispute, "settle", 5_000));
    let (done, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(done.len(), 1);
    lost.iter().for_each(|answer| drop(answer.problem(409, "action_refused")));
    assert_eq!(deal.balances(), (4_000, 5_000));
}

fn a_ruling_racing_a_settlement_has_one_effect(app: &TestApp) {
    let (deal, dispute) = mediated(app, &[10_000]);
    let (mia, noa) = (app.staff(Role::Support, "mia"), app.staff(Role::Admin, "noa"));
    share(app, &deal.worker, &dispute, "offer", 5_000).expect(200);
    propose(app, &mia, &dispute, 10_000).expect(200);
    let (settled, ruled) = thread::scope(|scope| {
        let settle = scope.spawn(|| share(app, &deal.client, &dispute, "settle", 5_000));
        let rule = scope.spawn(|| rule(app, &noa, &dispute, 10_000));
        (settle.join().unwrap(), rule.join().unwrap())
    });
    if settled.status == 200 {
        ruled.problem(409, "action_refused");
        assert_eq!(deal.balances(), (4_000, 5_000));
    } else {
        settled.problem(409, "action_refused");
        ruled.expect(200);
        assert_eq!(deal.balances(), (8_000, 0));
    }
}
