//! What accepting a proposal means for the job and the other proposals, and what undoes it.

use serde_json::{Value, json};

use crate::harness::{Person, Response, TestApp, market::offer, on_both_engines};

on_both_engines!(
    accepting_a_round_fills_the_job_and_sets_the_others_aside,
    a_lapsed_contract_opens_the_job_and_restores_the_others,
    only_the_side_whose_turn_it_is_accepts_the_round_it_read,
    a_filled_job_takes_no_proposals,
    a_job_that_is_closed_takes_no_counter_offers,
    proposals_are_listed_page_by_page,
    proposing_again_with_the_same_key_is_one_proposal,
);

fn accept(app: &TestApp, person: &Person, proposal: &str, round: i32) -> Response {
    app.act(person, &format!("{proposal}/accept"), &json!({"round": round}))
}

fn accepting_a_round_fills_the_job_and_sets_the_others_aside(app: &TestApp) {
    let (client, worker, other, gone) =
        (app.member("client"), app.member("worker"), app.member("other"), app.member("gone"));
    let job = app.job(&client);
    let chosen = app.proposal(&worker, &job, &[50_000]);
    let waiting = app.proposal(&other, &job, &[40_000]);
    let retracted = app.proposal(&gone, &job, &[30_000]);
    app.post(&format!("{retracted}/retract")).by(&gone).send().expect(200);
    accept(app, &client, &chosen, 1).expect(201);
    assert_eq!(app.status(&client, &job), "filled");
    assert_eq!(app.status(&worker, &chosen), "accepted");
    assert_eq!(app.read(&other, &waiting)["allowed_actions"], json!(["retract"]));
    assert_eq!((app.status(&other, &waiting), app.status(&gone, &retracted)), ("set_aside".into(), "retracted".into()));
    accept(app, &client, &waiting, 1).problem(409, "action_refused");
    app.advance_hours(30 * 24);
    assert_ne!(app.status(&client, &job), "expired");
}

fn a_lapsed_contract_opens_the_job_and_restores_the_others(app: &TestApp) {
    let (client, worker, other) = (app.member("client"), app.member("worker"), app.member("other"));
    let job = app.job(&client);
    let chosen = app.proposal(&worker, &job, &[50_000]);
    let waiting = app.proposal(&other, &job, &[40_000]);
    let counter = json!({"round": 1, "terms": offer(&[35_000])["terms"], "message": "A little less?"});
    app.act(&client, &format!("{waiting}/counter"), &counter).expect(200);
    accept(app, &client, &chosen, 1).expect(201);
    app.advance_hours(7 * 24);
    assert_eq!((app.status(&client, &job), app.status(&worker, &chosen)), ("open".into(), "expired".into()));
    let restored = app.read(&other, &waiting);
    assert_eq!((&restored["status"], &restored["round"]), (&json!("countered"), &json!(2)));
    app.advance_hours(14 * 24);
    assert_eq!(app.status(&other, &waiting), "expired");
    app.proposal(&worker, &job, &[45_000]);
}

fn only_the_side_whose_turn_it_is_accepts_the_round_it_read(app: &TestApp) {
    let (client, worker, stranger) = (app.member("client"), app.member("worker"), app.member("stranger"));
    let job = app.job(&client);
    let path = app.proposal(&worker, &job, &[50_000]);
    accept(app, &stranger, &path, 1).problem(404, "not_found");
    accept(app, &worker, &path, 1).problem(409, "action_refused");
    accept(app, &client, &path, 2).problem(409, "stale_terms");
    let without_key = app.post(&format!("{path}/accept")).by(&client).json(&json!({"round": 1}));
    without_key.problem(400, "idempotency_key_missing");
    assert_eq!((app.status(&client, &job), app.status(&client, &path)), ("open".into(), "submitted".into()));
}

fn a_filled_job_takes_no_proposals(app: &TestApp) {
    let (client, worker, late) = (app.member("client"), app.member("worker"), app.member("late"));
    let job = app.job(&client);
    accept(app, &client, &app.proposal(&worker, &job, &[50_000]), 1).expect(201);
    app.act(&late, &format!("{job}/proposals"), &offer(&[1])).problem(409, "action_refused");
    app.post(&format!("{job}/cancel")).by(&client).send().problem(409, "action_refused");
}

fn a_job_that_is_closed_takes_no_counter_offers(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let job = app.job(&client);
    let proposal = app.proposal(&worker, &job, &[50_000]);
    // Whoever closes a job answers all who wait, so a proposal is left waiting only by a mistake of ours.
    app.database.execute("UPDATE jobs SET state = 'canceled', expires_at = NULL").unwrap();
    let counter = json!({"round": 1, "terms": offer(&[35_000])["terms"], "message": "A little less?"});
    app.act(&client, &format!("{proposal}/counter"), &counter).problem(409, "action_refused");
    accept(app, &client, &proposal, 1).problem(409, "action_refused");
    assert_eq!(app.status(&client, &proposal), "submitted");
}

fn proposals_are_listed_page_by_page(app: &TestApp) {
    let client = app.member("client");
    let job = app.job(&client);
    let made: Vec<_> = ["a", "b", "c"].iter().map(|name| app.proposal(&app.member(name), &job, &[10_000])).collect();
    let list = format!("{job}/proposals?limit=2");
    let first = app.read(&client, &list);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = app.read(&client, &format!("{list}&cursor={cursor}"));
    let items = [&first, &second].into_iter().flat_map(|page| page["items"].as_array().unwrap());
    let found: Vec<_> = items.map(|item| format!("/v1/proposals/{}", item["id"].as_str().unwrap())).collect();
    assert_eq!(found, made.into_iter().rev().collect::<Vec<_>>());
    assert_eq!(second["next_cursor"], Value::Null);
    let elsewhere = format!("{}/proposals?cursor={cursor}", app.job(&client));
    app.get(&elsewhere).by(&client).send().problem(400, "invalid_cursor");
    let mine = format!("/v1/me/proposals?role=client&cursor={cursor}");
    app.get(&mine).by(&client).send().problem(400, "invalid_cursor");
}

fn proposing_again_with_the_same_key_is_one_proposal(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let path = format!("{}/proposals", app.job(&client));
    let propose = || app.post(&path).by(&worker).key("once").json(&offer(&[50_000]));
    let (first, again) = (propose(), propose());
    assert_eq!(first.expect(201), again.expect(201));
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    app.post(&path).by(&worker).key("once").json(&offer(&[1])).problem(422, "idempotency_key_reused");
    assert_eq!(app.read(&client, &path)["items"].as_array().unwrap().len(), 1);
}
