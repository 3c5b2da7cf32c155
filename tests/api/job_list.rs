//! Finding jobs, page by page.

use serde_json::{Value, json};

use crate::harness::{
    Person, TestApp,
    market::{job_post, yen},
    on_both_engines,
};

on_both_engines!(
    filters_narrow_the_list_and_combine,
    a_budget_matches_where_the_ranges_overlap,
    pages_follow_each_other_without_gap_or_repetition,
    a_cursor_is_good_for_its_own_list_only,
    a_filter_that_cannot_be_is_refused,
    the_clients_own_list_has_drafts_and_nobody_elses_jobs,
);

/// Posts a job that differs from the usual one in these members.
fn post(app: &TestApp, client: &Person, title: &str, changes: &Value) {
    let mut job = job_post();
    job["title"] = json!(title);
    job.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    app.act(client, "/v1/jobs", &job).expect(201);
}

fn titles(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|job| job["title"].as_str().unwrap()).collect()
}

#[track_caller]
fn finds(app: &TestApp, query: &str, expected: &[&str]) {
    let page = app.get(&format!("/v1/jobs?{query}")).send().expect(200);
    assert_eq!(titles(&page), expected, "{query}");
    assert_eq!(page["next_cursor"], Value::Null);
}

fn filters_narrow_the_list_and_combine(app: &TestApp) {
    let client = app.member("client");
    post(app, &client, "short text", &json!({"category": "writing"}));
    post(app, &client, "long text", &json!({"category": "writing", "length": "over_6_months"}));
    post(app, &client, "logo", &json!({"category": "design"}));
    post(app, &client, "secret", &json!({"category": "design", "status": "draft"}));
    finds(app, "", &["logo", "long text", "short text"]);
    finds(app, "category=writing", &["long text", "short text"]);
    finds(app, "category=writing&length=one_off", &["short text"]);
    finds(app, "category=music", &[]);
    finds(app, "status=filled", &[]);
}

fn a_budget_matches_where_the_ranges_overlap(app: &TestApp) {
    let client = app.member("client");
    post(app, &client, "middle", &json!({"budget_min": yen(100), "budget_max": yen(200)}));
    post(app, &client, "open above", &json!({"budget_min": yen(150), "budget_max": null}));
    post(app, &client, "any", &json!({"budget_min": null, "budget_max": null}));
    let dollars = json!({"amount": 150, "currency": "USD"});
    post(app, &client, "dollars", &json!({"budget_min": dollars, "budget_max": dollars}));
    finds(app, "budget_min=200", &["any", "open above", "middle"]);
    finds(app, "budget_min=201", &["any", "open above"]);
    finds(app, "budget_max=149", &["any", "middle"]);
    finds(app, "budget_min=1&budget_max=99", &["any"]);
    finds(app, "budget_min=150&budget_max=150&currency=USD", &["dollars"]);
    finds(app, "currency=USD", &["dollars"]);
}

fn pages_follow_each_other_without_gap_or_repetition(app: &TestApp) {
    let client = app.member("client");
    let names = ["one", "two", "three", "four", "five"];
    names.iter().for_each(|name| post(app, &client, name, &json!({})));
    let (mut seen, mut query) = (Vec::new(), "/v1/jobs?limit=2".to_owned());
    for size in [2, 2, 1] {
        let page = app.get(&query).send().expect(200);
        assert_eq!(titles(&page).len(), size);
        seen.extend(titles(&page).into_iter().map(str::to_owned));
        // What is posted meanwhile is newer, and does not disturb the rest of the list.
        post(app, &client, "meanwhile", &json!({}));
        query = format!("/v1/jobs?limit=2&cursor={}", page["next_cursor"].as_str().unwrap_or_default());
    }
    seen.reverse();
    assert_eq!(seen, names);
    assert!(query.ends_with("cursor="), "the last page has no successor");
}

fn a_cursor_is_good_for_its_own_list_only(app: &TestApp) {
    let client = app.member("client");
    post(app, &client, "one", &json!({}));
    post(app, &client, "two", &json!({}));
    let page = app.get("/v1/jobs?limit=1").send().expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    finds(app, &format!("limit=1&cursor={cursor}"), &["one"]);
    let tampered = cursor.replacen(|digit: char| digit.is_ascii_digit(), "0", 1);
    for query in [
        format!("category=translation&cursor={cursor}"),
        format!("status=filled&cursor={cursor}"),
        format!("cursor={tampered}x"),
        "cursor=".to_owned(),
        "cursor=nonsense".to_owned(),
    ] {
        app.get(&format!("/v1/jobs?{query}")).send().problem(400, "invalid_cursor");
    }
    app.get(&format!("/v1/me/jobs?cursor={cursor}")).by(&client).send().problem(400, "invalid_cursor");
}

fn a_filter_that_cannot_be_is_refused(app: &TestApp) {
    for query in [
        "status=draft",
        "status=lost",
        "category=gardening",
        "length=7",
        "budget_min=0",
        "budget_max=9007199254740992",
        "budget_min=1e3",
        "currency=EUR",
        "limit=0",
        "limit=101",
        "sort=title",
        "limit=1&limit=2",
    ] {
        app.get(&format!("/v1/jobs?{query}")).send().problem(400, "invalid_parameter");
    }
}

fn the_clients_own_list_has_drafts_and_nobody_elses_jobs(app: &TestApp) {
    let (client, other) = (app.member("client"), app.member("other"));
    post(app, &client, "mine", &json!({}));
    post(app, &client, "my draft", &json!({"status": "draft"}));
    post(app, &other, "theirs", &json!({}));
    assert_eq!(titles(&app.read(&client, "/v1/me/jobs")), ["my draft", "mine"]);
    assert_eq!(titles(&app.read(&client, "/v1/me/jobs?status=draft")), ["my draft"]);
    app.get("/v1/me/jobs").send().problem(401, "unauthenticated");
}
