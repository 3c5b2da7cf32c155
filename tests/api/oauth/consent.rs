//! The page on which a member decides, and those who would like to decide for them.

use domain::policy::Role;
use serde_json::json;

use crate::harness::{
    Person, Response, TestApp, on_both_engines,
    partner::{Browser, Partner, REDIRECT, hidden, told},
    people::PASSWORD,
};

on_both_engines!(
    a_member_logs_in_decides_and_goes_back_with_a_code_and_the_state_untouched,
    a_member_who_says_no_goes_back_with_that,
    line_breaks_of_an_app_make_no_headers,
    the_second_factor_is_asked_for_and_guesses_are_slowed,
    the_right_password_clears_what_was_guessed_before_also_where_a_second_factor_follows,
    a_wrong_password_is_refused_on_the_page_like_anywhere_else,
    requests_without_a_hashed_challenge_are_sent_back,
    nobody_is_sent_to_an_address_that_is_not_the_apps_own,
    what_cannot_be_read_is_told_as_that,
    a_loopback_address_may_have_any_port_and_no_other_may,
    the_form_may_go_back_to_an_app_that_listens_on_ipv6,
    nobody_decides_by_a_form_of_another_browser_or_another_request,
    the_page_cannot_be_framed_kept_or_scripted,
    the_page_masks_the_password_and_lets_a_manager_fill_it_in,
    what_others_call_themselves_is_never_markup,
    the_page_speaks_the_language_of_the_request,
    staff_connect_no_apps,
    a_page_has_nothing_but_the_page,
);

fn partner(app: &TestApp) -> Partner {
    app.partner(&app.member("taro"), "Tea Calendar", true)
}

fn a_member_logs_in_decides_and_goes_back_with_a_code_and_the_state_untouched(app: &TestApp) {
    let (partner, hanako) = (partner(app), app.member("hanako"));
    let state = "a/state&with=%25 <odd> 文字";
    // What we do not know is ignored, as many clients send it.
    let query =
        partner.query("profile:read contracts:write", &[("state", state), ("nonce", "n-0S6"), ("prompt", "consent")]);
    let mut browser = Browser::new(app);
    let page = browser.log_in(&query, &hanako);
    for said in ["Tea Calendar", "calendar.example", "See your name", "Deliver work", &hanako.email] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    assert!(!page.text.contains("fund milestones"), "{}", page.text);
    let back = browser.answer(&query, &page, &[("decision", "allow")]);
    assert_eq!(back.status, 303);
    assert!(back.header("location").starts_with(&format!("{REDIRECT}?code=")), "{}", back.header("location"));
    assert_eq!(told(&back, "state"), state);
    let server = app.get("/.well-known/oauth-authorization-server").send().expect(200);
    assert_eq!(told(&back, "iss"), server["issuer"].as_str().unwrap());
    assert_eq!(server["issuer"], format!("http://{}", app.address()));
    assert_eq!(server["code_challenge_methods_supported"], json!(["S256"]));
}

fn a_member_who_says_no_goes_back_with_that(app: &TestApp) {
    let (partner, hanako) = (partner(app), app.member("hanako"));
    let query = partner.query("profile:read", &[]);
    let mut browser = Browser::new(app);
    let page = browser.log_in(&query, &hanako);
    let back = browser.answer(&query, &page, &[("decision", "deny")]);
    assert_eq!((told(&back, "error").as_str(), told(&back, "code").as_str()), ("access_denied", ""));
    assert_eq!(told(&back, "state"), "a state & more");
    // Somebody else at the same browser.
    let other = browser.answer(&query, &page, &[("decision", "switch")]);
    assert_eq!(other.status, 303);
    assert!(browser.open(&query).text.contains("name=\"password\""));
}

fn line_breaks_of_an_app_make_no_headers(app: &TestApp) {
    let (partner, hanako) = (partner(app), app.member("hanako"));
    let state = "x\r\nSet-Cookie: azukari_browser=planted\r\nX-Planted: 1\r\n\r\n<p>";
    let query = partner.query("profile:read", &[("state", state)]);
    let mut browser = Browser::new(app);
    let page = browser.log_in(&query, &hanako);
    let back = browser.answer(&query, &page, &[("decision", "deny")]);
    assert_eq!((back.status, told(&back, "state").as_str()), (303, state));
    assert_eq!((back.header("set-cookie"), back.header("x-planted")), ("", ""));
}

fn slowed(page: &Response) {
    assert_eq!(page.status, 429, "{}", page.text);
    assert!((1..=3).contains(&page.header("retry-after").parse::<u64>().unwrap()));
}

fn the_second_factor_is_asked_for_and_guesses_are_slowed(app: &TestApp) {
    let (partner, hanako) = (partner(app), app.member("hanako"));
    let (phone, _) = app.add_second_factor(&hanako);
    let query = partner.query("profile:read", &[]);
    let mut browser = Browser::new(app);
    let page = browser.open(&query);
    let second = browser.answer(&query, &page, &[("email", &hanako.email), ("password", PASSWORD)]);
    assert_eq!(second.status, 200, "{}", second.text);
    let challenge = hidden(&second, "challenge_token");
    let mut send = |code: &str| browser.answer(&query, &second, &[("challenge_token", &challenge), ("code", code)]);
    for _ in 0..5 {
        let wrong = send("not-a-code");
        assert_eq!(wrong.status, 401, "{}", wrong.text);
    }
    slowed(&send(&phone.code(1)));
    app.put_back("tallies", &["last_at"], 3600);
    assert_eq!(send(&phone.code(1)).status, 303);
    assert!(browser.open(&query).text.contains("value=\"allow\""));
}

fn the_right_password_clears_what_was_guessed_before_also_where_a_second_factor_follows(app: &TestApp) {
    let (partner, hanako) = (partner(app), app.member("hanako"));
    app.add_second_factor(&hanako);
    let query = partner.query("profile:read", &[]);
    let mut browser = Browser::new(app);
    let page = browser.open(&query);
    let mut attempt =
        |password: &str| browser.answer(&query, &page, &[("email", &hanako.email), ("password", password)]).status;
    for _ in 0..2 {
        for _ in 0..4 {
            assert_eq!(attempt("a wrong one, and a long one"), 401);
        }
        assert_eq!(attempt(PASSWORD), 200);
    }
}

fn a_wrong_password_is_refused_on_the_page_like_anywhere_else(app: &TestApp) {
    let (partner, hanako) = (partner(app), app.member("hanako"));
    let query = partner.query("profile:read", &[]);
    let mut browser = Browser::new(app);
    let page = browser.open(&query);
    let mut attempt =
        |password: &str| browser.answer(&query, &page, &[("email", &hanako.email), ("password", password)]);
    for _ in 0..5 {
        let wrong = attempt("a wrong one, and a long one");
        assert_eq!(wrong.status, 401, "{}", wrong.text);
        assert!(wrong.text.contains("role=\"alert\""), "{}", wrong.text);
    }
    slowed(&attempt(PASSWORD));
    app.put_back("tallies", &["last_at"], 3600);
    assert_eq!(attempt(PASSWORD).status, 303);
}

fn requests_without_a_hashed_challenge_are_sent_back(app: &TestApp) {
    let partner = partner(app);
    for (changes, error) in [
        (vec![("code_challenge", "")], "invalid_request"),
        (vec![("code_challenge_method", "")], "invalid_request"),
        (vec![("code_challenge_method", "plain")], "invalid_request"),
        (vec![("code_challenge", "too-short")], "invalid_request"),
        (vec![("response_type", "token")], "unsupported_response_type"),
        (vec![("response_type", "")], "invalid_request"),
        (vec![("scope", "")], "invalid_scope"),
        (vec![("scope", "profile:read admin")], "invalid_scope"),
    ] {
        let back = Browser::new(app).open(&partner.query("profile:read", &changes));
        assert_eq!((back.status, told(&back, "error").as_str()), (303, error), "{changes:?}");
        assert!(back.header("location").starts_with(REDIRECT), "{}", back.header("location"));
        assert_eq!(told(&back, "state"), "a state & more");
    }
    let unknown = Browser::new(app).open(&partner.query("profile:read", &[("nonce", "n"), ("ui_locales", "fr")]));
    assert_eq!(unknown.status, 200, "what is unknown is ignored");
}

fn nobody_is_sent_to_an_address_that_is_not_the_apps_own(app: &TestApp) {
    let partner = partner(app);
    for uri in [
        "",
        "https://evil.example/callback",
        "https://calendar.example/callback/",
        "https://calendar.example/callback/more",
        "https://calendar.example/callbac",
        "https://calendar.example/callback?next=https://evil.example",
        "https://calendar.example/callback#part",
        "https://calendar.example:8443/callback",
        "https://calendar.example@evil.example/callback",
        "https://CALENDAR.example/callback",
        "http://calendar.example/callback",
        "https://calendar.example.evil.example/callback",
        "https://calendar.example/./callback",
    ] {
        let page = Browser::new(app).open(&partner.query("profile:read", &[("redirect_uri", uri)]));
        assert_eq!((page.status, page.header("location")), (400, ""), "{uri}");
        assert!(page.header("content-type").starts_with("text/html"), "{uri}");
    }
    let doubled = format!("{}&redirect_uri=https%3A%2F%2Fevil.example%2F", partner.query("profile:read", &[]));
    assert_eq!(Browser::new(app).open(&doubled).status, 400);
    let nobody = partner.query("profile:read", &[("client_id", "app_01k30dwqgzfgx9p7jfdwpht7gg")]);
    assert_eq!(Browser::new(app).open(&nobody).status, 400);
}

fn what_cannot_be_read_is_told_as_that(app: &TestApp) {
    let partner = partner(app);
    let query = partner.query("profile:read", &[]);
    let mut browser = Browser::new(app);
    for unreadable in [format!("{query}&state=again"), format!("{query}&more={}", "x".repeat(2001))] {
        let refused = browser.open(&unreadable);
        assert_eq!(refused.status, 400);
        assert!(refused.text.contains("The request cannot be read"), "{}", refused.text);
    }
    let page = browser.open(&query);
    let refused = browser.answer(&query, &page, &[("email", "a\0b"), ("password", PASSWORD)]);
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("The request cannot be read"), "{}", refused.text);
}

fn a_loopback_address_may_have_any_port_and_no_other_may(app: &TestApp) {
    let taro = app.member("taro");
    let partner = desk(app, &taro, "http://127.0.0.1/cb");
    for (uri, status) in [
        ("http://127.0.0.1/cb", 200),
        ("http://127.0.0.1:51004/cb", 200),
        ("http://127.0.0.1:51004/other", 400),
        ("http://127.0.0.1:51004/cb?x=1", 400),
        ("http://[::1]:51004/cb", 400),
        ("http://localhost:51004/cb", 400),
        ("http://127.0.0.1:51004@evil.example/cb", 400),
        ("https://127.0.0.1:51004/cb", 400),
    ] {
        let page = Browser::new(app).open(&partner.query("profile:read", &[("redirect_uri", uri)]));
        assert_eq!(page.status, status, "{uri}");
    }
}

fn desk(app: &TestApp, owner: &Person, redirect_uri: &str) -> Partner {
    let wish = json!({"name": "Tea Desk", "redirect_uris": [redirect_uri], "confidential": false});
    let made = app.act(owner, "/v1/apps", &wish).expect(201);
    Partner { id: made["id"].as_str().unwrap().to_owned(), secret: None }
}

/// A content security policy has no words for such an address, and a browser would keep the answer from the app.
fn the_form_may_go_back_to_an_app_that_listens_on_ipv6(app: &TestApp) {
    let partner = desk(app, &app.member("taro"), "http://[::1]/cb");
    let uri = "http://[::1]:51004/cb";
    let page = Browser::new(app).open(&partner.query("profile:read", &[("redirect_uri", uri)]));
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' http:;"), "{policy}");
}

fn nobody_decides_by_a_form_of_another_browser_or_another_request(app: &TestApp) {
    let (partner, hanako) = (partner(app), app.member("hanako"));
    let query = partner.query("profile:read", &[]);
    let (mut victim, mut attacker) = (Browser::new(app), Browser::new(app));
    let page = victim.log_in(&query, &hanako);
    let foreign = hidden(&attacker.open(&query), "csrf_token");
    for token in ["", "x", &foreign] {
        let refused = victim.post(&query, &[("csrf_token", token), ("decision", "allow")]);
        assert_eq!((refused.status, refused.header("location")), (403, ""), "{token}");
    }
    let refused = victim.post(&query, &[("decision", "allow")]);
    assert_eq!(refused.status, 403);
    // The form of a harmless request does not allow another one.
    let more = partner.query("profile:read payments:write", &[]);
    assert_eq!(victim.answer(&more, &page, &[("decision", "allow")]).status, 403);
    let other = app.partner(&app.member("jiro"), "Coffee Calendar", true).query("profile:read", &[]);
    assert_eq!(victim.answer(&other, &page, &[("decision", "allow")]).status, 403);
    // Without the cookie the right token is worth nothing, also for a log-in.
    let mut nobody = Browser::new(app);
    let own = hidden(&page, "csrf_token");
    assert_eq!(nobody.post(&query, &[("csrf_token", &own), ("decision", "allow")]).status, 403);
    let logged = [("csrf_token", own.as_str()), ("email", &hanako.email), ("password", PASSWORD)];
    assert_eq!(nobody.post(&query, &logged).status, 403);
    assert_eq!(victim.answer(&query, &page, &[("decision", "allow")]).status, 303);
}

fn the_page_cannot_be_framed_kept_or_scripted(app: &TestApp) {
    let (partner, hanako) = (partner(app), app.member("hanako"));
    let query = partner.query("profile:read", &[]);
    let mut browser = Browser::new(app);
    let first = browser.open(&query);
    let cookie = first.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let before = browser.cookie.clone();
    let pages = [first, browser.log_in(&query, &hanako), browser.open("client_id=x")];
    assert_ne!(browser.cookie, before, "logging in gives another cookie");
    for page in pages {
        let policy = page.header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("script"), "{policy}");
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(!page.text.contains("<script"), "{}", page.text);
    }
    let asked = browser.open(&query);
    assert!(asked.header("content-security-policy").contains("form-action 'self' https://calendar.example;"));
}

fn the_page_masks_the_password_and_lets_a_manager_fill_it_in(app: &TestApp) {
    let page = Browser::new(app).open(&partner(app).query("profile:read", &[])).text;
    for field in [
        r#"<input type="email" name="email" autocomplete="username""#,
        r#"<input type="password" name="password" autocomplete="current-password""#,
    ] {
        assert_eq!(page.matches(field).count(), 1, "{field}: {page}");
    }
}

fn what_others_call_themselves_is_never_markup(app: &TestApp) {
    let (taro, hanako) = (app.member("taro"), app.member("hanako"));
    let partner = app.partner(&taro, "<img src=x onerror=alert(1)>\"'&", false);
    let query = partner.query("profile:read", &[("state", "\"><script>alert(1)</script>")]);
    let mut browser = Browser::new(app);
    for page in [browser.open(&query), browser.log_in(&query, &hanako)] {
        assert!(page.text.contains("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;"), "{}", page.text);
        for markup in ["<img", "<script", "\"><script"] {
            assert!(!page.text.contains(markup), "{markup}: {}", page.text);
        }
    }
    app.connect(&partner, &hanako, "profile:read");
    let mail = &app.mails(&hanako.email)[0];
    assert!(mail["body"].as_str().unwrap().contains("<img"), "as text: {mail}");
}

fn the_page_speaks_the_language_of_the_request(app: &TestApp) {
    let partner = partner(app);
    let ask = |wished: &str, language: &str| {
        let query = partner.query("profile:read", &[("ui_locales", wished)]);
        app.get(&format!("/oauth/authorize?{query}")).header("Accept-Language", language).send()
    };
    for (wished, language, tag) in [("", "ja", "ja"), ("", "fr", "en"), ("ja", "en", "ja"), ("fr en-GB", "ja", "en")] {
        let page = ask(wished, language);
        assert!(page.text.contains(&format!("<html lang=\"{tag}\">")), "{wished} {language}: {}", page.text);
        assert_eq!(page.text.contains("ログイン"), tag == "ja");
    }
}

fn staff_connect_no_apps(app: &TestApp) {
    let (partner, staff) = (partner(app), app.staff(Role::Admin, "boss"));
    let query = partner.query("profile:read", &[]);
    let mut browser = Browser::new(app);
    let page = browser.open(&query);
    let refused = browser.answer(&query, &page, &[("email", &staff.email), ("password", PASSWORD)]);
    assert_eq!(refused.status, 403, "{}", refused.text);
    let wish = json!({"name": "Tea", "redirect_uris": [], "confidential": false});
    app.act(&staff, "/v1/apps", &wish).problem(403, "not_permitted");
}

fn a_page_has_nothing_but_the_page(app: &TestApp) {
    let (partner, hanako) = (partner(app), app.member("hanako"));
    let query = partner.query("profile:read", &[]);
    let mut browser = Browser::new(app);
    browser.log_in(&query, &hanako);
    let value = browser.cookie.split_once('=').unwrap().1.to_owned();
    app.post("/v1/sessions/refresh").json(&json!({"refresh_token": value})).problem(401, "invalid_token");
    app.get("/v1/me").token(&value).send().problem(401, "invalid_token");
    // It is a log-in like others: seen, and ended with them.
    assert_eq!(app.read(&hanako, "/v1/sessions")["items"].as_array().unwrap().len(), 2);
    app.request("DELETE", "/v1/sessions").by(&hanako).send().expect(204);
    assert!(browser.open(&query).text.contains("name=\"password\""));
}
