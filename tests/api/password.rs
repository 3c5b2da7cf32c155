//! Passwords: which are taken, changing one, and replacing a forgotten one.

use serde_json::{Value, json};

use crate::harness::{Person, Response, TestApp, on_both_engines, people};

on_both_engines!(
    passwords_that_are_easy_to_guess_are_refused_by_name,
    a_password_works_however_a_keyboard_composes_it,
    a_password_is_taken_whole_up_to_128_characters,
    a_changed_password_ends_the_other_sessions_and_is_told_by_mail,
    a_password_is_not_changed_with_a_token_alone,
    a_reset_is_answered_alike_for_known_and_unknown_addresses,
    a_reset_token_sets_a_password_once_and_ends_every_session,
    a_reset_cancels_a_change_of_address_that_a_thief_began,
    a_reset_token_expires,
    a_refused_password_leaves_the_reset_token_good,
    nobody_fills_a_mailbox_with_resets,
    who_has_not_confirmed_is_told_to_register_and_gets_nothing_that_confirms,
    the_confirmation_is_sent_once_more_and_no_more_than_three_times,
    a_changed_address_or_password_voids_what_was_mailed_before,
    neither_passwords_nor_tokens_are_stored,
);

const NEW: &str = "seven otters juggle lanterns";

fn ask(app: &TestApp, email: &str) -> Response {
    app.post("/v1/password-resets").json(&json!({"email": email}))
}

fn confirm(app: &TestApp, token: &str, password: &str) -> Response {
    app.post("/v1/password-resets/confirm").json(&json!({"token": token, "password": password}))
}

fn change(app: &TestApp, person: &Person, password: &str) -> Response {
    app.request("PUT", "/v1/me/password").by(person).json(&json!({"password": password}))
}

fn passwords_that_are_easy_to_guess_are_refused_by_name(app: &TestApp) {
    let guessable =
        ["passwordpassword", "123456789012345678", "hanako@example.com", "hanakohanakohanako", "azukariazukariazukari"];
    for password in guessable.into_iter().chain(["fourteen chars"]) {
        let mut form = people::registration("hanako@example.com");
        form["password"] = json!(password);
        let problem = app.post("/v1/accounts").json(&form).problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], "/password", "{password}");
    }
    assert_eq!(app.mails("hanako@example.com"), Vec::<Value>::new());
}

fn a_password_works_however_a_keyboard_composes_it(app: &TestApp) {
    let mut form = people::registration("hanako@example.com");
    form["password"] = json!("ガラスの靴と夜の図書館と十二の鐘");
    app.post("/v1/accounts").json(&form).expect(202);
    let token = json!({"token": app.mailed_token("hanako@example.com")});
    app.post("/v1/accounts/confirm-email").json(&token).expect(200);
    app.try_password("hanako@example.com", "カ\u{3099}ラスの靴と夜の図書館と十二の鐘").expect(201);
    app.try_password("hanako@example.com", "ｶﾞﾗｽの靴と夜の図書館と十二の鐘").expect(201);
}

fn a_password_is_taken_whole_up_to_128_characters(app: &TestApp) {
    let hanako = app.member("hanako");
    let long = "seven otters juggle lanterns, eleven herons paint bridges, nine badgers tune violins and thirty moths read \
                letters under the quiet moon";
    assert_eq!(change(app, &hanako, &long[..129]).problem(422, "invalid_body")["errors"][0]["pointer"], "/password");
    for length in [64, 128] {
        change(app, &hanako, &long[..length]).expect(204);
        app.try_password(&hanako.email, &long[..length - 1]).problem(401, "invalid_credentials");
        app.try_password(&hanako.email, &long[..length].to_uppercase()).problem(401, "invalid_credentials");
        app.try_password(&hanako.email, &long[..length]).expect(201);
    }
}

fn a_changed_password_ends_the_other_sessions_and_is_told_by_mail(app: &TestApp) {
    let (other, here) = (app.member("hanako"), app.log_in("hanako@example.com"));
    change(app, &here, "short").problem(422, "invalid_body");
    change(app, &here, NEW).expect(204);
    app.read(&here, "/v1/me");
    app.get("/v1/me").by(&other).send().problem(401, "invalid_token");
    app.try_password(&here.email, people::PASSWORD).problem(401, "invalid_credentials");
    app.try_password(&here.email, NEW).expect(201);
    assert!(app.subjects(&here.email).contains(&"Your password was changed".to_owned()));
    let kinds = app.read(&here, "/v1/events")["items"].to_string();
    assert!(kinds.contains("member.password_changed"), "{kinds}");
}

fn a_password_is_not_changed_with_a_token_alone(app: &TestApp) {
    let hanako = app.member("hanako");
    app.age_log_ins(601);
    let problem = change(app, &hanako, NEW).problem(403, "recent_login_required");
    assert_eq!(problem["factors"], json!(["password"]));
    app.log_in(&hanako.email);
}

fn a_reset_is_answered_alike_for_known_and_unknown_addresses(app: &TestApp) {
    app.member("hanako");
    app.register("pending@example.com").expect(202);
    let answers: Vec<Value> = ["hanako@example.com", "pending@example.com", "nobody@example.com"]
        .map(|email| ask(app, email).expect(202))
        .to_vec();
    ask(app, "no address").problem(422, "invalid_body");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(app.mails("nobody@example.com"), Vec::<Value>::new());
    assert_eq!(app.subjects("hanako@example.com")[0], "Choose a new password");
}

fn a_reset_token_sets_a_password_once_and_ends_every_session(app: &TestApp) {
    let hanako = app.member("hanako");
    ask(app, "Hanako@Example.com").expect(202);
    let token = app.mailed(&hanako.email, "azp_");
    let device = confirm(app, &token, NEW).expect(200)["device_token"].as_str().unwrap().to_owned();
    confirm(app, &token, NEW).problem(401, "invalid_token");
    app.get("/v1/me").by(&hanako).send().problem(401, "invalid_token");
    app.try_password(&hanako.email, people::PASSWORD).problem(401, "invalid_credentials");
    let before = app.subjects(&hanako.email);
    assert_eq!(before[0], "Your password was changed");
    let login = json!({"email": hanako.email, "password": NEW, "device_token": device});
    app.post("/v1/sessions").json(&login).expect(201);
    assert_eq!(app.subjects(&hanako.email), before, "the device of the reset is known");
}

fn a_reset_cancels_a_change_of_address_that_a_thief_began(app: &TestApp) {
    let hanako = app.member("hanako");
    app.act(&hanako, "/v1/me/email-change", &json!({"email": "thief@example.com"})).expect(202);
    let ends = [app.mailed(&hanako.email, "aze_"), app.mailed("thief@example.com", "aze_")];
    ask(app, &hanako.email).expect(202);
    confirm(app, &app.mailed(&hanako.email, "azp_"), NEW).expect(200);
    for token in ends {
        app.post("/v1/me/email-change/confirm").json(&json!({"token": token})).problem(401, "invalid_token");
    }
    app.try_password(&hanako.email, NEW).expect(201);
}

fn a_reset_token_expires(app: &TestApp) {
    let hanako = app.member("hanako");
    ask(app, &hanako.email).expect(202);
    let token = app.mailed(&hanako.email, "azp_");
    app.put_back("password_resets", &["expires_at"], 3601);
    confirm(app, &token, NEW).problem(401, "invalid_token");
    confirm(app, "azp_unknown", NEW).problem(401, "invalid_token");
}

fn a_refused_password_leaves_the_reset_token_good(app: &TestApp) {
    let hanako = app.member("hanako");
    ask(app, &hanako.email).expect(202);
    let token = app.mailed(&hanako.email, "azp_");
    for weak in ["too short", "passwordpassword", "hanako@example.com"] {
        let problem = confirm(app, &token, weak).problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], "/password");
    }
    confirm(app, &token, NEW).expect(200);
}

fn nobody_fills_a_mailbox_with_resets(app: &TestApp) {
    let hanako = app.member("hanako");
    for _ in 0..5 {
        ask(app, &hanako.email).expect(202);
    }
    let sent = app.subjects(&hanako.email).iter().filter(|subject| *subject == "Choose a new password").count();
    assert_eq!(sent, 3);
}

/// It may be somebody else who registered the address.
fn who_has_not_confirmed_is_told_to_register_and_gets_nothing_that_confirms(app: &TestApp) {
    app.register("hanako@example.com").expect(202);
    for _ in 0..5 {
        ask(app, "hanako@example.com").expect(202);
    }
    let told = "Your address was never confirmed";
    assert_eq!(app.subjects("hanako@example.com"), [told, told, told, "Confirm your e-mail address"]);
    let told = app.mails("hanako@example.com")[0]["body"].to_string();
    assert!(!told.contains("azc_") && !told.contains("azp_"), "{told}");
}

fn the_confirmation_is_sent_once_more_and_no_more_than_three_times(app: &TestApp) {
    let resend = |email: &str| app.post("/v1/accounts/resend-confirmation").json(&json!({"email": email})).expect(202);
    app.register("hanako@example.com").expect(202);
    let first = app.mailed_token("hanako@example.com");
    let answers = [resend("hanako@example.com"), resend("hanako@example.com"), resend("hanako@example.com")];
    assert!(answers.iter().all(|answer| *answer == resend("nobody@example.com")));
    assert_eq!(app.mails("hanako@example.com").len(), 3);
    assert_eq!(app.mails("nobody@example.com"), Vec::<Value>::new());
    let confirm = |token: &str| app.post("/v1/accounts/confirm-email").json(&json!({"token": token}));
    let last = app.mailed_token("hanako@example.com");
    confirm(&first).expect(200);
    confirm(&last).problem(401, "invalid_token");
    resend("hanako@example.com");
    assert_eq!(app.subjects("hanako@example.com")[0], "You already have an account");
}

fn a_changed_address_or_password_voids_what_was_mailed_before(app: &TestApp) {
    let hanako = app.member("hanako");
    ask(app, &hanako.email).expect(202);
    let token = app.mailed(&hanako.email, "azp_");
    change(app, &hanako, NEW).expect(204);
    confirm(app, &token, "eleven herons paint bridges").problem(401, "invalid_token");
    ask(app, &hanako.email).expect(202);
    let token = app.mailed(&hanako.email, "azp_");
    app.act(&hanako, "/v1/me/email-change", &json!({"email": "next@example.com"})).expect(202);
    for end in [&hanako.email, "next@example.com"] {
        let agreed = json!({"token": app.mailed(end, "aze_")});
        app.post("/v1/me/email-change/confirm").json(&agreed).expect(200);
    }
    confirm(app, &token, "eleven herons paint bridges").problem(401, "invalid_token");
}

fn neither_passwords_nor_tokens_are_stored(app: &TestApp) {
    let hanako = app.member("hanako");
    let device = app.try_password(&hanako.email, people::PASSWORD).expect(201)["device_token"].clone();
    let key = app.api_key(&hanako, &["profile:read"])["key"].clone();
    ask(app, &hanako.email).expect(202);
    // The mailbox makes the token.
    let mailed = app.mailed(&hanako.email, "azp_");
    let (device, key) = (device.as_str().unwrap(), key.as_str().unwrap());
    let secrets = [people::PASSWORD, &hanako.access_token, &hanako.refresh_token, device, key, &mailed];
    let tables = app.database.tables();
    for table in tables.iter().filter(|table| *table != "mails") {
        for secret in secrets {
            assert!(!app.database.holds(table, secret), "{table} holds {secret}");
        }
    }
    // What is there would be found.
    assert!(tables.len() > 30 && app.database.holds("mails", &mailed) && app.database.holds("members", &hanako.email));
    for (table, column) in [("password_resets", "token_hash"), ("devices", "token_hash"), ("api_keys", "key_hash")] {
        let kept = app.database.texts(&format!("SELECT {} AS text FROM {table}", app.database.hex(column)));
        assert!(!kept.is_empty() && kept.iter().all(|hash| hash.len() == 64), "{table}: {kept:?}");
    }
    let hashes = app.database.texts("SELECT password_hash AS text FROM members");
    assert!(hashes.iter().all(|hash| hash.starts_with("$argon2id$")), "{hashes:?}");
}
