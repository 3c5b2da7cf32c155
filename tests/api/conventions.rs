//! What holds for every answer: request ids, languages, tags, and the documents about the API itself.

use serde_json::json;

use crate::harness::{TestApp, on_both_engines, operation::operations};

on_both_engines!(
    a_harmless_request_id_is_kept_and_others_are_replaced,
    problems_speak_the_language_that_is_asked_for,
    an_answer_that_is_known_already_is_not_sent_again,
    head_answers_like_get_without_a_body,
    the_specification_that_is_served_is_the_committed_one_for_this_server,
    health_version_and_metrics_are_open,
    the_documentation_works_without_the_network,
    the_state_machines_are_those_of_the_domain,
    no_operation_takes_a_parameter_that_it_does_not_have,
);

fn a_harmless_request_id_is_kept_and_others_are_replaced(app: &TestApp) {
    let answer = |id: &str| app.get("/v1/me").header("X-Request-Id", id).send();
    let kept = answer("my-request_1.2");
    assert_eq!(kept.problem(401, "unauthenticated")["request_id"], "my-request_1.2");
    for odd in ["", "two words", "<script>", "改", &"x".repeat(65)] {
        let id = answer(odd).header("x-request-id").to_owned();
        assert_ne!(id, odd);
        assert_eq!(id.len(), 32);
    }
}

fn problems_speak_the_language_that_is_asked_for(app: &TestApp) {
    let title = |language: &str| {
        let answer = app.get("/v1/me").header("Accept-Language", language).send();
        assert_eq!(answer.header("vary"), "Authorization, Accept-Language");
        answer.problem(401, "unauthenticated")["title"].as_str().unwrap().to_owned()
    };
    assert_eq!(title("en"), "Log in first");
    assert_eq!(title("fr"), "Log in first");
    assert_eq!(title("ja-JP, en;q=0.8"), "ログインが必要です");
}

fn an_answer_that_is_known_already_is_not_sent_again(app: &TestApp) {
    let hanako = app.member("hanako");
    let first = app.get("/v1/me").by(&hanako).send();
    let version = first.expect(200)["version"].clone();
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with(&format!("\"{version}-")), "{tag}");
    for known in [tag.clone(), format!("W/{tag}"), format!("\"0-0\", {tag}"), "*".to_owned()] {
        let again = app.get("/v1/me").by(&hanako).header("If-None-Match", &known).send();
        assert_eq!((again.status, again.text.as_str()), (304, ""));
        assert_eq!(again.header("etag"), tag);
    }
    app.get("/v1/me").by(&hanako).header("If-None-Match", "\"0-0\"").send().expect(200);
    app.get("/v1/me").by(&hanako).header("If-None-Match", &"0".repeat(1000)).send().expect(200);
    app.get("/v1/me").by(&hanako).header("If-None-Match", &"0".repeat(1001)).send().problem(400, "invalid_header");
}

fn head_answers_like_get_without_a_body(app: &TestApp) {
    let hanako = app.member("hanako");
    let (get, head) = (app.get("/v1/me").by(&hanako).send(), app.request("HEAD", "/v1/me").by(&hanako).send());
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    for name in ["etag", "content-type", "content-length"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
    assert_eq!(app.request("HEAD", "/v1/me").send().status, 401);
}

fn the_specification_that_is_served_is_the_committed_one_for_this_server(app: &TestApp) {
    let served = app.get("/openapi.json").send().expect(200);
    let mut committed: serde_json::Value = serde_norway::from_str(include_str!("../../openapi.yaml")).unwrap();
    // "Try it" must reach the server that the page came from.
    committed["servers"] = json!([{"url": "/", "description": "This server"}]);
    assert_eq!(committed, served);
}

fn health_version_and_metrics_are_open(app: &TestApp) {
    for path in ["/livez", "/readyz"] {
        assert_eq!(app.get(path).send().expect(200), json!({"status": "ok"}));
    }
    assert_eq!(app.get("/version").send().expect(200)["mode"], "sandbox");
    let metrics = app.get("/metrics").send();
    assert_eq!(metrics.status, 200);
    assert!(metrics.text.contains("http_requests_total"), "{}", metrics.text);
    assert_eq!(app.get("/docs/errors").send().status, 200);
    app.get("/nowhere").send().problem(404, "not_found");
    let counted = app.get("/metrics").send().text;
    for route in ["route=\"/docs\"", "route=\"unmatched\"", "route=\"/version\""] {
        assert!(counted.contains(route), "{route} in {counted}");
    }
}

fn the_documentation_works_without_the_network(app: &TestApp) {
    let page = app.get("/docs/").send();
    assert_eq!(page.status, 200);
    let moved = app.get("/docs").send();
    assert_eq!((moved.status, moved.header("location")), (308, "/docs/"));
    for quote in ["src=\"http", "href=\"http"] {
        assert!(!page.text.contains(quote), "{}", page.text);
    }
    let errors = app.get("/docs/errors").send();
    assert_eq!(errors.status, 200);
    for code in api::problem::Code::ALL {
        assert!(errors.text.contains(&format!("id=\"{}\"", code.as_str())));
    }
}

fn the_state_machines_are_those_of_the_domain(app: &TestApp) {
    let served = app.get("/v1/state-machines").send().expect(200);
    let committed: serde_json::Value =
        serde_json::from_str(include_str!("../../docs/states/state-machines.json")).unwrap();
    assert_eq!(served, committed);
}

fn no_operation_takes_a_parameter_that_it_does_not_have(app: &TestApp) {
    let hanako = app.member("hanako");
    // A member's browser may bring to the page what the page does not know (RFC 6749 section 3.1).
    for mut operation in operations().into_iter().filter(|one| one.template != "/oauth/authorize") {
        operation.path.push_str("?unheard_of=1");
        let refused = operation.call(app, Some(&hanako.access_token)).problem(400, "invalid_parameter");
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains("`unheard_of`"), "{}: {detail}", operation.name());
    }
    app.get("/v1/me?unheard_of=1").send().problem(400, "invalid_parameter");
    app.get("/v1/me").by(&hanako).send().expect(200);
}
