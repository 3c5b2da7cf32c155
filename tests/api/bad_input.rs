//! What cannot be read, or breaks a rule, is refused by name and changes nothing.

use serde_json::json;

use crate::harness::{Response, TestApp, on_both_engines, operation::operations, people};

on_both_engines!(
    what_is_not_json_is_malformed,
    a_name_that_stands_twice_is_malformed,
    a_nul_character_or_nothing_to_be_seen_breaks_a_rule,
    an_unknown_member_is_refused_by_name,
    no_operation_takes_a_member_that_nobody_may_set,
    a_line_break_in_an_address_breaks_a_rule,
    a_body_that_is_too_large_is_refused,
    another_content_type_is_not_supported,
    a_wrong_method_is_told_the_right_ones,
    an_unknown_path_is_not_found,
    an_unknown_or_repeated_parameter_is_refused,
    a_parameter_with_control_characters_or_without_end_is_refused,
    a_header_that_cannot_be_read_is_refused,
    a_date_no_calendar_knows_is_refused,
);

fn register(app: &TestApp, body: impl Into<Vec<u8>>) -> Response {
    app.post("/v1/accounts").raw(body)
}

fn what_is_not_json_is_malformed(app: &TestApp) {
    let deep = format!(r#"{{"email": {}{}}}"#, "[".repeat(100), "]".repeat(100));
    let bottomless = "[".repeat(100_000);
    let bodies: [&[u8]; 12] = [
        b"",
        b"{",
        b"{} {}",
        b"{'email': 1}",
        br#"{"email": NaN}"#,
        br#"{"email": 01}"#,
        b"{\"email\": \"\xff\xfe\"}",
        br#"{"email": "\ud800"}"#,
        b"{\"email\": \"\0\"}",
        b"\xef\xbb\xbf{}",
        deep.as_bytes(),
        bottomless.as_bytes(),
    ];
    for body in bodies {
        register(app, body).problem(400, "malformed_json");
    }
}

fn a_name_that_stands_twice_is_malformed(app: &TestApp) {
    let once = people::registration("hanako@example.com").to_string();
    let twice = once.replacen('{', r#"{"email":"taro@example.com","#, 1);
    register(app, twice).problem(400, "malformed_json");
}

fn a_nul_character_or_nothing_to_be_seen_breaks_a_rule(app: &TestApp) {
    for name in ["email", "password", "display_name", "terms_version"] {
        for unfit in ["a long enough text with \0 in it", "\u{3000}\u{200b} "] {
            let mut form = people::registration("hanako@example.com");
            form[name] = json!(unfit);
            let problem = app.post("/v1/accounts").json(&form).problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["pointer"], json!(format!("/{name}")), "{problem}");
        }
    }
    app.get("/v1/test-mailbox?recipient=a%00b").send().problem(400, "invalid_parameter");
}

fn an_unknown_member_is_refused_by_name(app: &TestApp) {
    let mut form = people::registration("hanako@example.com");
    form["role"] = json!("admin");
    let problem = app.post("/v1/accounts").json(&form).problem(422, "invalid_body");
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("role"), "{problem}");
    for body in [json!(null), json!([]), json!("text"), json!(7), json!({})] {
        app.post("/v1/accounts").json(&body).problem(422, "invalid_body");
    }
}

/// What mass assignment would be after.
fn no_operation_takes_a_member_that_nobody_may_set(app: &TestApp) {
    let admin = app.staff(domain::policy::Role::Admin, "noa");
    let mut tried = 0;
    for name in ["role", "verified", "email_verified", "status", "state", "id", "member_id", "version", "created_at"] {
        for operation in operations() {
            let Some(operation) = operation.adding(name, &json!("admin")) else { continue };
            let answer = operation.call(app, Some(&admin.access_token));
            assert_eq!(answer.status, 422, "{name} {}: {}", operation.name(), answer.text);
            let problem = answer.problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["pointer"], format!("/{name}"), "{}: {problem}", operation.name());
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
    assert_eq!(app.read(&admin, "/v1/me")["role"], "admin");
}

fn a_line_break_in_an_address_breaks_a_rule(app: &TestApp) {
    for email in ["hanako@example.com\r\nBcc: taro@example.com", "hanako\n@example.com", "hanako@example.com\n"] {
        let address = json!({"email": email});
        register(app, people::registration(email).to_string()).problem(422, "invalid_body");
        for path in ["/v1/password-resets", "/v1/accounts/resend-confirmation"] {
            app.post(path).json(&address).problem(422, "invalid_body");
        }
    }
}

fn a_body_that_is_too_large_is_refused(app: &TestApp) {
    let mut form = people::registration("hanako@example.com");
    form["display_name"] = json!("x".repeat(300_000));
    app.post("/v1/accounts").json(&form).problem(413, "body_too_large");
}

fn another_content_type_is_not_supported(app: &TestApp) {
    let form = people::registration("hanako@example.com").to_string();
    app.post("/v1/accounts").bytes(form.clone()).problem(415, "unsupported_media_type");
    for kind in
        ["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
    {
        let answer = app.post("/v1/accounts").header("Content-Type", kind).bytes(form.clone());
        answer.problem(415, "unsupported_media_type");
    }
    app.post("/v1/accounts").header("Content-Type", "Application/JSON; Charset=\"UTF-8\"").bytes(form).expect(202);
}

fn a_wrong_method_is_told_the_right_ones(app: &TestApp) {
    for method in ["GET", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "PROPFIND", "PURGE", "QUERY"] {
        let answer = app.request(method, "/v1/accounts").send();
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), "POST, OPTIONS", "{method}");
        if method != "HEAD" {
            answer.problem(405, "method_not_allowed");
        }
    }
    for method in ["POST", "PUT", "DELETE", "MKCOL"] {
        let answer = app.request(method, "/v1/me").send();
        answer.problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS", "{method}");
    }
    // Where another path has an id in the place of the name, the name goes first.
    for (method, path, allow) in [
        ("DELETE", "/v1/me/identities/complete", "POST, OPTIONS"),
        ("GET", "/v1/sessions/social", "POST, OPTIONS"),
        ("GET", "/v1/%73essions/social", "POST, OPTIONS"),
    ] {
        let answer = app.request(method, path).send();
        answer.problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
    let options = app.request("OPTIONS", "/v1/me").send();
    assert_eq!((options.status, options.header("allow")), (204, "GET, HEAD, OPTIONS"));
}

fn an_unknown_path_is_not_found(app: &TestApp) {
    for path in ["/", "/v1", "/v1/", "/v1/me/", "/v2/me", "/v1/unheard-of", "/v1//me", "/.env", "/%00", "/v1/%ff"] {
        for method in ["GET", "POST", "PROPFIND"] {
            app.request(method, path).send().problem(404, "not_found");
        }
    }
}

fn an_unknown_or_repeated_parameter_is_refused(app: &TestApp) {
    let hanako = app.member("hanako");
    for query in [
        "before=1",
        "after=1&after=2",
        "after=x",
        "after=-1",
        "after=1.5",
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=x",
    ] {
        let answer = app.get(&format!("/v1/events?{query}")).by(&hanako).send();
        answer.problem(400, "invalid_parameter");
    }
    app.post("/v1/accounts?now=yes").json(&people::registration("taro@example.com")).problem(400, "invalid_parameter");
}

fn a_parameter_with_control_characters_or_without_end_is_refused(app: &TestApp) {
    let hanako = app.member("hanako");
    let long = "1".repeat(255);
    let mut tried = 0;
    // The page of `/oauth/authorize` answers in its own way.
    for mut operation in operations().into_iter().filter(|one| one.template != "/oauth/authorize") {
        let path = operation.path.clone();
        for name in operation.query.clone() {
            for value in ["%1B", "%E2%80%AE", &long] {
                operation.path = format!("{path}?{name}={value}");
                let answer = operation.call(app, Some(&hanako.access_token));
                assert_eq!(answer.status, 400, "{} {name}={value}: {}", operation.name(), answer.text);
                answer.problem(400, "invalid_parameter");
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "{tried}");
    for name in ["%1B", "%E2%80%AE", &long] {
        app.get(&format!("/v1/events?{name}=1")).by(&hanako).send().problem(400, "invalid_parameter");
    }
}

fn a_header_that_cannot_be_read_is_refused(app: &TestApp) {
    let form = people::registration("taro@example.com");
    let long = "k".repeat(256);
    for key in ["", "two words", "鍵", long.as_str()] {
        app.post("/v1/accounts").key(key).json(&form).problem(400, "invalid_header");
    }
    app.post("/v1/accounts").key("a").key("b").json(&form).problem(400, "invalid_header");
}

fn a_date_no_calendar_knows_is_refused(app: &TestApp) {
    let finance = app.staff(domain::policy::Role::Finance, "fin");
    let receipt = |date: &str| {
        let body = json!({
            "bank_reference": "1", "sender": "A", "amount": {"amount": 1, "currency": "JPY"}, "received_on": date,
        });
        app.act(&finance, "/v1/admin/bank-receipts", &body)
    };
    for date in ["-10000-01-01", "-0001-01-01", "+10000-01-01", "2026-02-30", "2026-13-01", "yesterday", ""] {
        receipt(date).problem(422, "invalid_body");
        app.act(&finance, "/v1/admin/payout-batches", &json!({"pay_on": date})).problem(422, "invalid_body");
        app.get(&format!("/v1/payout-calendar?closed_on={date}")).send().problem(400, "invalid_parameter");
        app.get(&format!("/v1/admin/payouts?pay_on={date}")).by(&finance).send().problem(400, "invalid_parameter");
    }
    assert_eq!(app.read(&finance, "/v1/admin/bank-receipts")["items"], json!([]));
}
