//! Proposing and negotiating.

use serde_json::{Value, json};

use crate::harness::{
    Person, Response, TestApp,
    market::{DUE_ON, offer, terms, yen},
    on_both_engines,
};

on_both_engines!(
    a_proposal_shows_what_it_leaves_the_worker,
    two_sides_negotiate_in_rounds_that_are_all_kept,
    only_the_side_whose_turn_it_is_counters,
    an_answer_names_the_current_round,
    a_declined_proposal_is_over,
    a_worker_takes_a_proposal_back_and_may_propose_again,
    a_worker_has_one_running_proposal_to_a_job,
    nobody_proposes_to_their_own_job,
    terms_that_break_rules_name_each_place,
    a_contract_has_a_largest_total,
    a_proposal_nobody_answers_expires_after_fourteen_days,
    only_the_two_sides_and_staff_read_a_proposal,
    each_side_declines_or_retracts_only_its_own_way,
    a_preview_of_a_counter_offer_changes_nothing,
);

fn act(app: &TestApp, person: &Person, proposal: &str, action: &str, body: &Value) -> Response {
    app.act(person, &format!("{proposal}/{action}"), body)
}

fn counter(round: i32, amounts: &[i64]) -> Value {
    json!({"round": round, "terms": terms(amounts), "message": "How about this?"})
}

fn a_proposal_shows_what_it_leaves_the_worker(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let job = app.job(&client);
    let posted = app.act(&worker, &format!("{job}/proposals"), &offer(&[100_000, 50_000]));
    let proposal = posted.expect(201);
    assert_eq!(app.read(&client, posted.header("location"))["id"], proposal["id"]);
    let quote = json!({
        "gross": yen(150_000), "fee": yen(25_000), "tax": yen(2_272), "tax_mode": "included", "net": yen(125_000),
        "client_total": yen(150_000), "released_before": yen(0), "milestone_nets": [yen(80_000), yen(45_000)],
        "termination_fee_net": null,
    });
    assert_eq!(proposal["quote"], quote);
    let terms = &proposal["terms"];
    assert_eq!((&terms["acceptance_days"], &terms["revision_limit"]), (&json!(7), &json!(3)));
    assert_eq!((&terms["funded_ahead"], &terms["milestones"][1]["due_on"]), (&json!("current"), &json!(DUE_ON)));
    assert_eq!((&proposal["status"], &proposal["round"]), (&json!("submitted"), &json!(1)));
    assert!(proposal["respond_by"].is_string());
    assert_eq!(app.get(&job).send().expect(200)["applicant_count"], 1);
}

fn two_sides_negotiate_in_rounds_that_are_all_kept(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let job = app.job(&client);
    let path = app.proposal(&worker, &job, &[50_000]);
    assert_eq!(app.read(&client, &path)["allowed_actions"], json!(["counter", "accept", "decline"]));
    assert_eq!(app.read(&worker, &path)["allowed_actions"], json!(["retract"]));
    act(app, &client, &path, "counter", &counter(1, &[40_000])).expect(200);
    let last = act(app, &worker, &path, "counter", &counter(2, &[20_000, 25_000])).expect(200);
    assert_eq!(
        (&last["status"], &last["round"], &last["round_by"]),
        (&json!("countered"), &json!(3), &json!("worker"))
    );
    let rounds = last["rounds"].as_array().unwrap();
    let said: Vec<_> = rounds.iter().map(|round| (round["author"].as_str(), &round["quote"]["gross"])).collect();
    let expected = [(Some("worker"), yen(50_000)), (Some("client"), yen(40_000)), (Some("worker"), yen(45_000))];
    assert_eq!(said, expected.each_ref().map(|(author, gross)| (*author, gross)));
    assert_eq!(rounds[0]["message"], "I can start on Monday.");
    assert_eq!(app.read(&client, &format!("{job}/proposals"))["items"], json!([app.read(&client, &path)]));
}

fn only_the_side_whose_turn_it_is_counters(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let path = app.proposal(&worker, &app.job(&client), &[50_000]);
    act(app, &worker, &path, "counter", &counter(1, &[60_000])).problem(409, "action_refused");
    act(app, &client, &path, "counter", &counter(1, &[40_000])).expect(200);
    act(app, &client, &path, "counter", &counter(2, &[30_000])).problem(409, "action_refused");
    assert_eq!(app.read(&worker, &path)["quote"]["gross"], yen(40_000));
}

fn an_answer_names_the_current_round(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let path = app.proposal(&worker, &app.job(&client), &[50_000]);
    act(app, &client, &path, "counter", &counter(1, &[40_000])).expect(200);
    act(app, &worker, &path, "counter", &counter(2, &[45_000])).expect(200);
    act(app, &client, &path, "counter", &counter(1, &[44_000])).problem(409, "stale_terms");
    act(app, &client, &path, "decline", &json!({"round": 1})).problem(409, "stale_terms");
    act(app, &client, &path, "decline", &json!({"round": 0})).problem(422, "invalid_body");
    act(app, &client, &path, "decline", &json!({})).problem(422, "invalid_body");
    act(app, &client, &path, "decline", &json!({"round": 3})).expect(200);
}

fn a_declined_proposal_is_over(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let path = app.proposal(&worker, &app.job(&client), &[50_000]);
    let declined = act(app, &client, &path, "decline", &json!({"round": 1})).expect(200);
    assert_eq!((&declined["status"], &declined["respond_by"]), (&json!("declined"), &Value::Null));
    assert_eq!(declined["allowed_actions"], json!([]));
    act(app, &client, &path, "decline", &json!({"round": 1})).problem(409, "action_refused");
    act(app, &client, &path, "counter", &counter(1, &[1])).problem(409, "action_refused");
    app.post(&format!("{path}/retract")).by(&worker).send().problem(409, "action_refused");
}

fn a_worker_takes_a_proposal_back_and_may_propose_again(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let job = app.job(&client);
    let first = app.proposal(&worker, &job, &[50_000]);
    app.post(&format!("{first}/retract")).by(&worker).send().expect(200);
    let second = app.proposal(&worker, &job, &[45_000]);
    assert_eq!((app.status(&client, &first), app.status(&client, &second)), ("retracted".into(), "submitted".into()));
    assert_eq!(app.get(&job).send().expect(200)["applicant_count"], 1, "one member, however often");
}

fn a_worker_has_one_running_proposal_to_a_job(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let job = app.job(&client);
    app.proposal(&worker, &job, &[50_000]);
    app.act(&worker, &format!("{job}/proposals"), &offer(&[40_000])).problem(409, "already_proposed");
    let other = app.job(&client);
    app.proposal(&worker, &other, &[40_000]);
}

fn nobody_proposes_to_their_own_job(app: &TestApp) {
    let client = app.member("client");
    let job = app.job(&client);
    app.act(&client, &format!("{job}/proposals"), &offer(&[1])).problem(422, "own_job");
    let staff = app.staff(domain::policy::Role::Support, "support");
    app.act(&staff, &format!("{job}/proposals"), &offer(&[1])).problem(403, "not_permitted");
}

fn a_contract_has_a_largest_total(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let proposals = format!("{}/proposals", app.job(&client));
    let refused = app.act(&worker, &proposals, &offer(&[100_000_000, 1])).problem(422, "terms_refused");
    assert_eq!(refused["errors"][0]["pointer"], "/terms/milestones");
    let why = "the milestones and the termination fee may amount to 100000000 JPY at most";
    assert_eq!(refused["errors"][0]["detail"], why);
    app.act(&worker, &proposals, &offer(&[99_999_999, 1])).expect(201);
}

fn terms_that_break_rules_name_each_place(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let path = format!("{}/proposals", app.job(&client));
    let mut bad = offer(&[0, 1_000]);
    bad["terms"]["milestones"][1]["due_on"] = json!("2020-01-01");
    bad["terms"]["acceptance_days"] = json!(2);
    bad["terms"]["revision_limit"] = json!(21);
    let problem = app.act(&worker, &path, &bad).problem(422, "terms_refused");
    let places: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
    let expected = ["milestones/0/amount/amount", "milestones/1/due_on", "acceptance_days", "revision_limit"];
    assert_eq!(places, expected.map(|place| json!(format!("/terms/{place}"))).each_ref());

    let mut dollars = offer(&[1_000]);
    dollars["terms"]["milestones"][0]["amount"]["currency"] = json!("USD");
    let problem = app.act(&worker, &path, &dollars).problem(422, "terms_refused");
    assert_eq!(problem["errors"][0]["pointer"], "/terms/milestones/0/amount/currency");
    app.act(&worker, &path, &offer(&[])).problem(422, "terms_refused");
    app.act(&worker, &path, &offer(&[1; 51])).problem(422, "terms_refused");
    app.act(&worker, &path, &offer(&[(1 << 53) - 1, 1])).problem(422, "terms_refused");

    for (place, value) in [
        ("/terms/milestones/0/amount/amount", json!(-1)),
        ("/terms/milestones/0/due_on", json!("2099-02-30")),
        ("/terms/milestones/0/due_on", json!("+12026-01-01")),
        ("/terms/funded_ahead", json!("never")),
        ("/message", json!("")),
    ] {
        let mut unreadable = offer(&[1_000]);
        unreadable["terms"]["funded_ahead"] = json!("all");
        *unreadable.pointer_mut(place).unwrap() = value;
        let problem = app.act(&worker, &path, &unreadable).problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], place);
    }
    assert_eq!(app.read(&worker, "/v1/me/proposals")["items"], json!([]));
}

fn a_proposal_nobody_answers_expires_after_fourteen_days(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let path = app.proposal(&worker, &app.job(&client), &[50_000]);
    app.advance_hours(14 * 24 - 1);
    act(app, &client, &path, "counter", &counter(1, &[40_000])).expect(200);
    app.advance_hours(14 * 24 - 1);
    assert_eq!(app.status(&worker, &path), "countered");
    app.advance_hours(1);
    assert_eq!(app.status(&worker, &path), "expired");
    let events = app.read(&worker, "/v1/events?limit=100");
    let kinds: Vec<_> = events["items"].as_array().unwrap().iter().filter_map(|event| event["kind"].as_str()).collect();
    let told = ["proposal.submitted", "proposal.countered", "proposal.expired"];
    assert!(kinds.ends_with(&told), "{kinds:?}");
}

fn only_the_two_sides_and_staff_read_a_proposal(app: &TestApp) {
    let (client, worker, stranger) = (app.member("client"), app.member("worker"), app.member("stranger"));
    let staff = app.staff(domain::policy::Role::Finance, "finance");
    let job = app.job(&client);
    let path = app.proposal(&worker, &job, &[50_000]);
    app.get(&path).send().problem(401, "unauthenticated");
    app.get(&path).by(&stranger).send().problem(404, "not_found");
    assert_eq!(app.read(&staff, &path)["allowed_actions"], json!([]));
    let list = format!("{job}/proposals");
    app.get(&list).by(&worker).send().problem(404, "not_found");
    app.get(&list).by(&staff).send().problem(403, "not_permitted");
    let mine = |person: &Person, query: &str| {
        app.read(person, &format!("/v1/me/proposals{query}"))["items"].as_array().unwrap().len()
    };
    assert_eq!((mine(&client, "?role=client"), mine(&client, "?role=worker"), mine(&client, "")), (1, 0, 1));
    assert_eq!((mine(&worker, "?role=client"), mine(&worker, "?role=worker"), mine(&worker, "")), (0, 1, 1));
    assert_eq!((mine(&worker, "?status=submitted"), mine(&worker, "?status=declined")), (1, 0));
    assert_eq!(mine(&stranger, ""), 0);
}

fn each_side_declines_or_retracts_only_its_own_way(app: &TestApp) {
    let (client, worker, stranger) = (app.member("client"), app.member("worker"), app.member("stranger"));
    let path = app.proposal(&worker, &app.job(&client), &[50_000]);
    let round = json!({"round": 1});
    act(app, &worker, &path, "decline", &round).problem(403, "not_permitted");
    app.post(&format!("{path}/retract")).by(&client).send().problem(403, "not_permitted");
    act(app, &stranger, &path, "decline", &round).problem(404, "not_found");
    act(app, &stranger, &path, "counter", &counter(1, &[1])).problem(404, "not_found");
    app.post(&format!("{path}/retract")).by(&stranger).send().problem(404, "not_found");
    assert_eq!(app.status(&worker, &path), "submitted");
}

fn a_preview_of_a_counter_offer_changes_nothing(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let path = app.proposal(&worker, &app.job(&client), &[50_000]);
    let before = app.read(&client, &path);
    let preview = app.act(&client, &format!("{path}/counter?preview=true"), &counter(1, &[40_000])).expect(200);
    assert_eq!((&preview["round"], &preview["quote"]["net"]), (&json!(2), &yen(32_000)));
    assert_eq!(app.read(&client, &path), before);
}
