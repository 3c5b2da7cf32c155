//! What browsers are told: which other web apps may call, and what must not be done with an answer.

use serde_json::json;

use crate::harness::{Request, Response, TestApp, on_both_engines, people};

on_both_engines!(
    by_default_no_other_web_app_may_call,
    every_answer_tells_browsers_what_not_to_do,
    answers_that_may_hold_tokens_are_kept_by_nobody,
);

on_both_engines!(&[("AZUKARI_CORS_ORIGINS", "https://app.example http://localhost:3000")] =>
    a_listed_web_app_may_call_and_read_what_it_needs,
    a_refusal_can_be_read_by_a_listed_web_app,
    a_web_app_that_is_not_listed_is_told_nothing,
);

on_both_engines!(&[("AZUKARI_PUBLIC_URL", "https://azukari.example")] => behind_tls_browsers_are_told_to_stay_there);

fn preflight(app: &TestApp, origin: &str, headers: &str) -> Response {
    let ask = app.request("OPTIONS", "/v1/me/username").header("Origin", origin);
    ask.header("Access-Control-Request-Method", "PUT").header("Access-Control-Request-Headers", headers).send()
}

fn by_default_no_other_web_app_may_call(app: &TestApp) {
    let asked = preflight(app, "https://app.example", "authorization");
    let answered = app.get("/v1/categories").header("Origin", "https://app.example").send();
    for answer in [asked, answered] {
        let told: Vec<_> = answer.headers.keys().filter(|name| name.as_str().starts_with("access-control")).collect();
        assert!(told.is_empty(), "{told:?}");
    }
}

fn words(answer: &Response, name: &str) -> Vec<String> {
    answer.header(name).split(',').map(|word| word.trim().to_ascii_lowercase()).collect()
}

fn a_listed_web_app_may_call_and_read_what_it_needs(app: &TestApp) {
    for origin in ["https://app.example", "http://localhost:3000"] {
        let asked = preflight(app, origin, "authorization,content-type,idempotency-key,if-match,if-none-match");
        assert!(asked.status < 300, "{}", asked.text);
        assert_eq!(asked.header("access-control-allow-origin"), origin);
        assert_eq!(asked.header("access-control-max-age"), "3600");
        assert_eq!(asked.header("access-control-allow-credentials"), "");
        assert!(words(&asked, "access-control-allow-methods").contains(&"put".to_owned()));
        for name in ["authorization", "content-type", "idempotency-key", "if-match", "if-none-match"] {
            assert!(words(&asked, "access-control-allow-headers").contains(&name.to_owned()), "{name}");
        }
        let answer = app.get("/v1/categories").header("Origin", origin).send();
        answer.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        for name in ["ratelimit", "ratelimit-policy", "retry-after", "etag", "location", "idempotency-replayed", "link"]
        {
            assert!(words(&answer, "access-control-expose-headers").contains(&name.to_owned()), "{name}");
        }
        let varies = answer.headers.get_all("vary").iter().map(|line| line.to_str().unwrap().to_ascii_lowercase());
        let varies = varies.collect::<Vec<_>>().join(", ");
        assert!(varies.contains("origin") && varies.contains("authorization"), "{varies}");
    }
    let odd = preflight(app, "https://app.example", "x-unheard-of");
    odd.problem(400, "invalid_header");
}

fn a_refusal_can_be_read_by_a_listed_web_app(app: &TestApp) {
    let ask = |request: Request| request.header("Origin", "https://app.example");
    let strange = ask(app.get("/v1/me")).send();
    strange.problem(401, "unauthenticated");
    assert_eq!(strange.header("access-control-allow-origin"), "https://app.example");
    let few = [("AZUKARI_READS_PER_MINUTE", "1"), ("AZUKARI_CORS_ORIGINS", "https://app.example")];
    let hasty = TestApp::spawn_with(app.database.engine, &few);
    ask(hasty.get("/version")).send().expect(200);
    let refused = ask(hasty.get("/version")).send();
    refused.problem(429, "rate_limited");
    assert_eq!(refused.header("access-control-allow-origin"), "https://app.example");
}

fn a_web_app_that_is_not_listed_is_told_nothing(app: &TestApp) {
    for origin in ["https://evil.example", "https://app.example.evil.example", "http://app.example", "null"] {
        let asked = preflight(app, origin, "authorization");
        let answered = app.get("/v1/categories").header("Origin", origin).send();
        for answer in [asked, answered] {
            assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
        }
    }
}

fn every_answer_tells_browsers_what_not_to_do(app: &TestApp) {
    for path in ["/v1/me", "/v1/nowhere", "/version", "/docs/", "/docs/errors", "/docs/swagger-ui-bundle.js"] {
        let answer = app.get(path).send();
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", ""),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; ") && policy.ends_with("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("script-src 'unsafe"), "{policy}");
        assert_eq!(
            policy.contains("script-src 'self';"),
            path.starts_with("/docs/") && path != "/docs/errors",
            "{path}"
        );
    }
    let page = app.get("/docs/").send().text;
    assert!(!page.contains("<script>") && !page.contains("onload="), "{page}");
}

fn behind_tls_browsers_are_told_to_stay_there(app: &TestApp) {
    assert_eq!(app.get("/version").send().header("strict-transport-security"), "max-age=31536000");
}

fn answers_that_may_hold_tokens_are_kept_by_nobody(app: &TestApp) {
    let hanako = app.member("hanako");
    let body = json!({"email": hanako.email, "password": people::PASSWORD});
    let logged_in = app.post("/v1/sessions").json(&body);
    logged_in.expect(201);
    let refused = app.post("/v1/sessions").json(&json!({}));
    let renewed = app.post("/v1/sessions/refresh").json(&json!({"refresh_token": hanako.refresh_token}));
    renewed.expect(200);
    for answer in [logged_in, refused, renewed] {
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert_eq!(app.get("/v1/me").by(&hanako).send().header("cache-control"), "private, no-cache");
    for path in ["/v1/me", "/v1/nowhere", "/livez", "/version"] {
        assert_eq!(app.get(path).send().header("cache-control"), "private, no-cache", "{path}");
    }
}
