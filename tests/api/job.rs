//! Posting, reading and closing jobs.

use serde_json::{Value, json};

use crate::harness::{
    TestApp,
    market::{job_post, yen},
    on_both_engines,
};

on_both_engines!(
    a_posted_job_is_open_to_everybody,
    a_draft_is_its_clients_alone_until_it_is_published,
    what_was_never_published_stays_hidden_when_it_is_canceled,
    canceling_a_job_declines_everyone_who_waits,
    only_the_client_publishes_or_cancels,
    a_job_is_not_published_or_canceled_twice,
    an_open_job_expires_after_thirty_days,
    who_waits_for_an_answer_to_a_job_that_expires_gets_it,
    a_job_that_breaks_a_rule_names_the_member_at_fault,
    posting_again_with_the_same_key_is_one_job,
    an_action_on_an_older_version_is_refused,
    an_id_of_another_kind_is_told_apart_from_one_that_is_unknown,
    staff_post_no_jobs,
    the_categories_are_published_in_both_languages,
);

fn draft() -> Value {
    let mut draft = job_post();
    draft["status"] = json!("draft");
    draft
}

fn a_posted_job_is_open_to_everybody(app: &TestApp) {
    let client = app.member("client");
    let posted = app.act(&client, "/v1/jobs", &job_post());
    let job = posted.expect(201);
    assert_eq!(posted.header("location"), format!("/v1/jobs/{}", job["id"].as_str().unwrap()));
    assert_eq!((&job["status"], &job["client_id"]), (&json!("open"), &json!(client.id)));
    assert_eq!(job["allowed_actions"], json!(["cancel"]));
    assert_eq!((&job["budget_max"], &job["budget_max_net"]), (&yen(150_000), &yen(125_000)));
    let seen = app.get(posted.header("location")).send().expect(200);
    assert_eq!(seen["allowed_actions"], json!([]));
    assert_eq!((&seen["title"], &seen["applicant_count"]), (&job["title"], &json!(0)));
    assert!(seen["expires_at"].is_string() && seen["published_at"].is_string());
}

fn a_draft_is_its_clients_alone_until_it_is_published(app: &TestApp) {
    let (client, stranger) = (app.member("client"), app.member("stranger"));
    let posted = app.act(&client, "/v1/jobs", &draft());
    assert_eq!(posted.expect(201)["allowed_actions"], json!(["publish", "cancel"]));
    let path = posted.header("location");
    app.get(path).send().problem(404, "not_found");
    app.get(path).by(&stranger).send().problem(404, "not_found");
    app.get(&format!("{path}/proposals")).by(&stranger).send().problem(404, "not_found");
    assert_eq!(app.status(&client, path), "draft");
    app.post(&format!("{path}/publish")).by(&client).send().expect(200);
    assert_eq!(app.get(path).send().expect(200)["status"], "open");
}

fn what_was_never_published_stays_hidden_when_it_is_canceled(app: &TestApp) {
    let client = app.member("client");
    let path = app.act(&client, "/v1/jobs", &draft()).header("location").to_owned();
    app.post(&format!("{path}/cancel")).by(&client).send().expect(200);
    app.get(&path).send().problem(404, "not_found");
    assert_eq!(app.get("/v1/jobs?status=canceled").send().expect(200)["items"], json!([]));
    assert_eq!(app.read(&client, "/v1/me/jobs")["items"][0]["status"], "canceled");
}

fn canceling_a_job_declines_everyone_who_waits(app: &TestApp) {
    let (client, first, second) = (app.member("client"), app.member("first"), app.member("second"));
    let job = app.job(&client);
    let waiting = app.proposal(&first, &job, &[10_000]);
    let retracted = app.proposal(&second, &job, &[10_000]);
    app.post(&format!("{retracted}/retract")).by(&second).send().expect(200);
    let canceled = app.post(&format!("{job}/cancel")).by(&client).send().expect(200);
    assert_eq!((&canceled["status"], &canceled["applicant_count"]), (&json!("canceled"), &json!(2)));
    assert_eq!(app.status(&first, &waiting), "declined");
    assert_eq!(app.status(&second, &retracted), "retracted");
    app.act(&second, &format!("{job}/proposals"), &crate::harness::market::offer(&[1])).problem(409, "action_refused");
}

fn only_the_client_publishes_or_cancels(app: &TestApp) {
    let (client, stranger) = (app.member("client"), app.member("stranger"));
    let staff = app.staff(domain::policy::Role::Admin, "admin");
    let job = app.job(&client);
    for action in ["publish", "cancel"] {
        let path = format!("{job}/{action}");
        app.post(&path).send().problem(401, "unauthenticated");
        app.post(&path).by(&stranger).send().problem(404, "not_found");
        app.post(&path).by(&staff).send().problem(403, "not_permitted");
    }
    assert_eq!(app.status(&client, &job), "open");
}

fn a_job_is_not_published_or_canceled_twice(app: &TestApp) {
    let client = app.member("client");
    let job = app.job(&client);
    let refused = app.post(&format!("{job}/publish")).by(&client).send().problem(409, "action_refused");
    assert_eq!(refused["allowed_actions"], json!(["cancel"]));
    app.post(&format!("{job}/cancel")).by(&client).send().expect(200);
    let refused = app.post(&format!("{job}/cancel")).by(&client).send().problem(409, "action_refused");
    assert_eq!(refused["allowed_actions"], json!([]));
}

fn who_waits_for_an_answer_to_a_job_that_expires_gets_it(app: &TestApp) {
    let (client, worker) = (app.member("client"), app.member("worker"));
    let job = app.job(&client);
    app.advance_hours(20 * 24);
    let proposal = app.proposal(&worker, &job, &[10_000]);
    app.advance_hours(10 * 24);
    assert_eq!(
        (app.status(&client, &job), app.status(&worker, &proposal)),
        ("expired".to_owned(), "declined".to_owned())
    );
}

fn an_open_job_expires_after_thirty_days(app: &TestApp) {
    let client = app.member("client");
    let job = app.job(&client);
    app.advance_hours(30 * 24 - 1);
    assert_eq!(app.get(&job).send().expect(200)["status"], "open");
    app.advance_hours(1);
    let expired = app.get(&job).send().expect(200);
    assert_eq!((&expired["status"], &expired["expires_at"]), (&json!("expired"), &Value::Null));
    assert_eq!(app.get("/v1/jobs?status=expired").send().expect(200)["items"][0]["id"], expired["id"]);
}

fn a_job_that_breaks_a_rule_names_the_member_at_fault(app: &TestApp) {
    let client = app.member("client");
    let dollars = json!({"amount": 20_000, "currency": "USD"});
    let wrong = [
        ("title", json!(""), "/title"),
        ("title", json!("x".repeat(101)), "/title"),
        ("description", json!(7), "/description"),
        ("category", json!("gardening"), "/category"),
        ("length", json!(null), "/length"),
        ("status", json!("filled"), "/status"),
        ("budget_min", json!({"amount": 0, "currency": "JPY"}), "/budget_min/amount"),
        ("budget_min", json!({"amount": 1.5, "currency": "JPY"}), "/budget_min/amount"),
        ("budget_min", json!({"amount": 1, "currency": "EUR"}), "/budget_min/currency"),
        ("budget_min", yen(150_001), "/budget_min"),
        ("budget_max", dollars, "/currency"),
        ("currency", json!("USD"), "/currency"),
    ];
    for (name, value, pointer) in wrong {
        let mut post = job_post();
        post[name] = value.clone();
        let problem = app.act(&client, "/v1/jobs", &post).problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{name}: {value}: {problem}");
    }
    let mut unknown = job_post();
    unknown["wage"] = json!(1);
    app.act(&client, "/v1/jobs", &unknown).problem(422, "invalid_body");
    assert_eq!(app.read(&client, "/v1/me/jobs")["items"], json!([]));
}

fn posting_again_with_the_same_key_is_one_job(app: &TestApp) {
    let client = app.member("client");
    let post = |body: &Value| app.post("/v1/jobs").by(&client).key("once").json(body);
    let (first, again) = (post(&job_post()), post(&job_post()));
    assert_eq!(first.expect(201), again.expect(201));
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    post(&draft()).problem(422, "idempotency_key_reused");
    assert_eq!(app.read(&client, "/v1/me/jobs")["items"].as_array().unwrap().len(), 1);
}

fn an_action_on_an_older_version_is_refused(app: &TestApp) {
    let client = app.member("client");
    let path = app.act(&client, "/v1/jobs", &draft()).header("location").to_owned();
    let seen = app.get(&path).by(&client).send();
    app.get(&path).by(&client).header("If-None-Match", seen.header("etag")).send().expect(304);
    let publish = || app.post(&format!("{path}/publish")).by(&client).header("If-Match", seen.header("etag")).send();
    publish().expect(200);
    publish().problem(412, "precondition_failed");
}

fn an_id_of_another_kind_is_told_apart_from_one_that_is_unknown(app: &TestApp) {
    app.get("/v1/jobs/proposal_01h455vb4pex5vsknk084sn02q").send().problem(400, "invalid_id");
    app.get("/v1/jobs/nonsense").send().problem(400, "invalid_id");
    app.get("/v1/jobs/job_01h455vb4pex5vsknk084sn02q").send().problem(404, "not_found");
}

fn staff_post_no_jobs(app: &TestApp) {
    let staff = app.staff(domain::policy::Role::Support, "support");
    app.act(&staff, "/v1/jobs", &job_post()).problem(403, "not_permitted");
    app.post("/v1/jobs").json(&job_post()).problem(401, "unauthenticated");
}

fn the_categories_are_published_in_both_languages(app: &TestApp) {
    let categories = app.get("/v1/categories").send().expect(200);
    let translation = json!({"name": "translation", "title_en": "Translation", "title_ja": "翻訳"});
    assert!(categories["items"].as_array().unwrap().contains(&translation), "{categories}");
}
