//! Second factors: codes by time, and recovery codes.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{
    Engine, Person, Response, TestApp,
    authenticator::Authenticator,
    on_both_engines, people,
    work::{at_once, in_turn},
};

on_both_engines!(
    a_second_factor_counts_once_its_first_code_was_right,
    a_log_in_with_a_second_factor_has_two_steps,
    no_code_works_twice_and_none_of_an_earlier_step,
    a_challenge_opens_one_session_whatever_codes_come_with_it,
    a_challenge_that_was_used_stays_so_when_recovery_codes_are_renewed,
    a_code_sent_with_many_challenges_at_once_opens_one_session,
    a_code_of_the_step_before_or_after_is_right_and_none_further_off,
    a_recovery_code_works_once_in_place_of_a_code,
    new_recovery_codes_void_the_old,
    with_a_second_factor_a_password_proves_nothing_more,
    guessing_at_codes_is_slowed_whatever_challenge_comes_with_them,
    a_challenge_is_good_for_this_password_and_five_minutes,
    a_challenge_that_was_changed_is_worth_nothing,
    a_short_password_needs_the_second_factor_beside_it,
    the_secret_is_sealed_at_rest,
    a_reset_password_does_not_pass_by_the_second_factor,
    a_new_second_factor_ends_the_sessions_that_were_opened_without,
    who_logs_in_while_a_second_factor_is_added_has_no_session_without_it,
);
on_both_engines!(super::PRODUCTION => in_production_staff_do_nothing_without_a_second_factor);

const PRODUCTION: &[(&str, &str)] = &[
    ("AZUKARI_MODE", "production"),
    ("AZUKARI_SECRET", "a secret of the tests that is long enough"),
    ("AZUKARI_PAYMENTS", "bank_transfer"),
    ("AZUKARI_SMTP_URL", "smtp://127.0.0.1:9"),
    ("AZUKARI_PUBLIC_URL", "https://azukari.example"),
];

/// Lets the codes of all steps be unused.
fn forget_used(app: &TestApp) {
    app.database.execute("UPDATE second_factors SET last_step = 0").unwrap();
}

fn challenge(app: &TestApp, email: &str, password: &str) -> String {
    let problem = app.try_password(email, password).problem(403, "second_factor_required");
    assert_eq!(problem["factors"], json!(["totp", "recovery_code"]));
    problem["challenge_token"].as_str().unwrap().to_owned()
}

fn second_step(app: &TestApp, challenge: &str, name: &str, code: &str) -> Response {
    app.post("/v1/sessions/second-factor").json(&json!({"challenge_token": challenge, name: code}))
}

fn a_second_factor_counts_once_its_first_code_was_right(app: &TestApp) {
    let hanako = app.member("hanako");
    let confirm = |code: &str| app.post("/v1/me/second-factor/confirm").by(&hanako).json(&json!({"code": code}));
    confirm("123456").problem(404, "not_found");
    app.post("/v1/me/second-factor").by(&hanako).send().expect(201);
    confirm("12345").problem(401, "invalid_code");
    assert_eq!(app.read(&hanako, "/v1/me/second-factor"), json!({"is_set": false, "recovery_codes_left": 0}));
    app.log_in(&hanako.email);
    let (_, codes) = app.add_second_factor(&hanako);
    assert_eq!(codes.as_array().unwrap().len(), 10);
    assert_eq!(app.read(&hanako, "/v1/me/second-factor"), json!({"is_set": true, "recovery_codes_left": 10}));
    app.post("/v1/me/second-factor").by(&hanako).send().problem(409, "second_factor_set");
    assert_eq!(app.subjects(&hanako.email)[0], "A second factor was added");
}

fn a_log_in_with_a_second_factor_has_two_steps(app: &TestApp) {
    let hanako = app.member("hanako");
    let (phone, _) = app.add_second_factor(&hanako);
    app.try_password(&hanako.email, "a wrong one, and a long one").problem(401, "invalid_credentials");
    let challenge = challenge(app, &hanako.email, people::PASSWORD);
    second_step(app, &challenge, "code", "000000x").problem(401, "invalid_code");
    second_step(app, "azm_worthless", "code", &phone.code(0)).problem(401, "invalid_token");
    let tokens = second_step(app, &challenge, "code", &phone.code(1)).expect(201);
    let here = people::person(&hanako.email, &tokens);
    assert_eq!(app.read(&here, "/v1/me")["id"], hanako.id);
    app.get("/v1/me").token(&challenge).send().problem(401, "invalid_token");
}

fn no_code_works_twice_and_none_of_an_earlier_step(app: &TestApp) {
    let hanako = app.member("hanako");
    let (phone, _) = app.add_second_factor(&hanako);
    let enter = |code: &str| second_step(app, &challenge(app, &hanako.email, people::PASSWORD), "code", code);
    let next = phone.code(1);
    enter(&next).expect(201);
    for used in [next, phone.code(0), phone.code(-1)] {
        enter(&used).problem(401, "invalid_code");
    }
}

fn a_challenge_opens_one_session_whatever_codes_come_with_it(app: &TestApp) {
    let hanako = app.member("hanako");
    let (phone, codes) = app.add_second_factor(&hanako);
    let recovery = |place: usize| codes[place].as_str().unwrap();
    let mut given = challenge(app, &hanako.email, people::PASSWORD);
    second_step(app, &given, "code", &phone.code(1)).expect(201);
    second_step(app, &given, "recovery_code", recovery(0)).problem(401, "invalid_token");
    given = challenge(app, &hanako.email, people::PASSWORD);
    let answers = at_once(2, |each| second_step(app, &given, "recovery_code", recovery(each + 1)));
    let mut statuses = answers.iter().map(|answer| answer.status).collect::<Vec<_>>();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 401], "{answers:?}");
    assert_eq!(app.read(&hanako, "/v1/me/second-factor")["recovery_codes_left"], 9);
}

fn a_challenge_that_was_used_stays_so_when_recovery_codes_are_renewed(app: &TestApp) {
    let hanako = app.member("hanako");
    let (_, old) = app.add_second_factor(&hanako);
    let given = challenge(app, &hanako.email, people::PASSWORD);
    second_step(app, &given, "recovery_code", old[0].as_str().unwrap()).expect(201);
    let new = app.post("/v1/me/second-factor/recovery-codes").by(&hanako).send().expect(200)["recovery_codes"].clone();
    second_step(app, &given, "recovery_code", new[0].as_str().unwrap()).problem(401, "invalid_token");
}

fn a_code_sent_with_many_challenges_at_once_opens_one_session(app: &TestApp) {
    let hanako = app.member("hanako");
    let (phone, _) = app.add_second_factor(&hanako);
    let challenges: Vec<String> = (0..4).map(|_| challenge(app, &hanako.email, people::PASSWORD)).collect();
    let code = phone.code(1);
    let answers = at_once(challenges.len(), |each| second_step(app, &challenges[each], "code", &code));
    let (opened, late): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(opened.len(), 1, "{answers:?}");
    late.iter().for_each(|answer| drop(answer.problem(401, "invalid_token")));
}

fn a_code_of_the_step_before_or_after_is_right_and_none_further_off(app: &TestApp) {
    let hanako = app.member("hanako");
    let (phone, _) = app.add_second_factor(&hanako);
    let enter = |steps: i64| {
        let challenge = challenge(app, &hanako.email, people::PASSWORD);
        second_step(app, &challenge, "code", &phone.code(steps))
    };
    for steps in [-3, 3, 20] {
        enter(steps).problem(401, "invalid_code");
    }
    for steps in [-1, 0, 1] {
        let sent = within_one_step(|| {
            forget_used(app);
            enter(steps)
        });
        sent.expect(201);
    }
}

/// Does it again if a step began between making a code and having it looked at.
fn within_one_step<T>(act: impl Fn() -> T) -> T {
    let step = || api::clock::real_now().timestamp() / 30;
    loop {
        let (before, done) = (step(), act());
        if step() == before {
            return done;
        }
    }
}

fn a_recovery_code_works_once_in_place_of_a_code(app: &TestApp) {
    let hanako = app.member("hanako");
    let (_, codes) = app.add_second_factor(&hanako);
    let code = codes[3].as_str().unwrap();
    let typed = code.to_uppercase().replace('-', " ");
    let enter = |code: &str| second_step(app, &challenge(app, &hanako.email, people::PASSWORD), "recovery_code", code);
    enter(&typed).expect(201);
    enter(code).problem(401, "invalid_code");
    assert_eq!(app.read(&hanako, "/v1/me/second-factor")["recovery_codes_left"], 9);
    assert!(app.subjects(&hanako.email).contains(&"Your recovery codes have changed".to_owned()));
    let taro = app.member("taro");
    app.add_second_factor(&taro);
    app.step_up(&taro, &json!({"recovery_code": codes[4]})).problem(401, "invalid_code");
}

fn new_recovery_codes_void_the_old(app: &TestApp) {
    let hanako = app.member("hanako");
    app.post("/v1/me/second-factor/recovery-codes").by(&hanako).send().problem(404, "not_found");
    let (_, old) = app.add_second_factor(&hanako);
    let new = app.post("/v1/me/second-factor/recovery-codes").by(&hanako).send().expect(200)["recovery_codes"].clone();
    app.step_up(&hanako, &json!({"recovery_code": old[0]})).problem(401, "invalid_code");
    app.step_up(&hanako, &json!({"recovery_code": new[0]})).expect(200);
}

fn with_a_second_factor_a_password_proves_nothing_more(app: &TestApp) {
    let hanako = app.member("hanako");
    let (phone, _) = app.add_second_factor(&hanako);
    app.age_log_ins(601);
    let remove = || app.request("DELETE", "/v1/me/second-factor").by(&hanako).send();
    assert_eq!(remove().problem(403, "recent_login_required")["factors"], json!(["totp", "recovery_code"]));
    let refused = app.step_up(&hanako, &json!({"password": people::PASSWORD}));
    assert_eq!(refused.problem(403, "second_factor_required")["factors"], json!(["totp", "recovery_code"]));
    app.step_up(&hanako, &json!({"code": phone.code(1)})).expect(200);
    remove().expect(204);
    assert_eq!(app.subjects(&hanako.email)[0], "Your second factor was removed");
    app.log_in(&hanako.email);
}

fn guessing_at_codes_is_slowed_whatever_challenge_comes_with_them(app: &TestApp) {
    let hanako = app.member("hanako");
    let (phone, _) = app.add_second_factor(&hanako);
    for _ in 0..5 {
        let challenge = challenge(app, &hanako.email, people::PASSWORD);
        second_step(app, &challenge, "code", "nope").problem(401, "invalid_code");
    }
    let challenge = challenge(app, &hanako.email, people::PASSWORD);
    second_step(app, &challenge, "code", &phone.code(0)).problem(429, "guessing_too_fast");
    app.put_back("tallies", &["last_at"], 3);
    second_step(app, &challenge, "code", &phone.code(1)).expect(201);
}

fn a_challenge_is_good_for_this_password_and_five_minutes(app: &TestApp) {
    let hanako = app.member("hanako");
    let (phone, _) = app.add_second_factor(&hanako);
    let challenge = challenge(app, &hanako.email, people::PASSWORD);
    let told = String::from_utf8(URL_SAFE_NO_PAD.decode(challenge.strip_prefix("azm_").unwrap()).unwrap()).unwrap();
    let ends: i64 = told.split('.').nth(1).unwrap().parse().unwrap();
    let seconds = ends - api::clock::real_now().timestamp();
    assert!((290..=300).contains(&seconds), "{seconds}");
    second_step(app, &ending(app, &hanako, 60), "code", "none").problem(401, "invalid_code");
    second_step(app, &ending(app, &hanako, 0), "code", &phone.code(1)).problem(401, "invalid_token");
    let new = json!({"password": "seven otters juggle lanterns"});
    app.request("PUT", "/v1/me/password").by(&hanako).json(&new).expect(204);
    second_step(app, &challenge, "code", &phone.code(1)).problem(401, "invalid_token");
}

fn a_challenge_that_was_changed_is_worth_nothing(app: &TestApp) {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    let (hers, his) = (app.add_second_factor(&hanako).0, app.add_second_factor(&taro).0);
    let given = challenge(app, &hanako.email, people::PASSWORD);
    let text = URL_SAFE_NO_PAD.decode(given.strip_prefix("azm_").unwrap()).unwrap();
    let text = String::from_utf8(text).unwrap();
    let parts: Vec<&str> = text.split('.').collect();
    let later = (parts[1].parse::<i64>().unwrap() + 3600).to_string();
    for (changed, phone) in
        [([parts[0], later.as_str(), parts[2]], &hers), ([taro.id.as_str(), parts[1], parts[2]], &his)]
    {
        let changed = format!("azm_{}", URL_SAFE_NO_PAD.encode(changed.join(".")));
        second_step(app, &changed, "code", &phone.code(1)).problem(401, "invalid_token");
    }
    second_step(app, &given, "code", &hers.code(1)).expect(201);
}

/// A challenge of somebody's that ends so many seconds from now, as the server would have made it.
fn ending(app: &TestApp, person: &Person, seconds: i64) -> String {
    let hashes = format!("SELECT password_hash AS text FROM members WHERE email = '{}'", person.email);
    let told = format!("{}.{}", person.id, api::clock::real_now().timestamp() + seconds);
    let hash = &app.database.texts(&hashes)[0];
    let step = &app.database.texts("SELECT CAST(last_step AS text) AS text FROM second_factors")[0];
    let (hex, of) = (
        app.database.hex("code_hash"),
        format!("member_id = (SELECT id FROM members WHERE email = '{}')", person.email),
    );
    let codes = app.database.texts(&format!("SELECT {hex} AS text FROM recovery_codes WHERE {of} ORDER BY code_hash"));
    let tag = app.app.tokens.sign(&format!("challenge {told} {step} {}  {hash}", codes.concat()));
    format!("azm_{}", URL_SAFE_NO_PAD.encode(format!("{told}.{tag}")))
}

fn a_short_password_needs_the_second_factor_beside_it(app: &TestApp) {
    let hanako = app.member("hanako");
    let short = json!({"password": "Vz8!kqPw"});
    let put = |body: &Value| app.request("PUT", "/v1/me/password").by(&hanako).json(body);
    put(&short).problem(422, "invalid_body");
    app.add_second_factor(&hanako);
    put(&short).expect(204);
    challenge(app, &hanako.email, "Vz8!kqPw");
    let remove = || app.request("DELETE", "/v1/me/second-factor").by(&hanako).send();
    remove().problem(409, "longer_password_needed");
    put(&json!({"password": "seven otters juggle lanterns"})).expect(204);
    remove().expect(204);
}

fn the_secret_is_sealed_at_rest(app: &TestApp) {
    let hanako = app.member("hanako");
    let (phone, codes) = app.add_second_factor(&hanako);
    let hex = |column: &str, table: &str| {
        app.database.texts(&format!("SELECT {} AS text FROM {table}", app.database.hex(column)))
    };
    let plain: String = phone.secret().iter().map(|byte| format!("{byte:02x}")).collect();
    let sealed = hex("secret", "second_factors");
    assert_eq!(sealed[0].len(), 2 * (12 + 20 + 16), "nonce, secret and tag");
    assert!(!sealed[0].contains(&plain));
    let code: String = codes[0].as_str().unwrap().bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(hex("code_hash", "recovery_codes").iter().all(|hash| hash.len() == 64 && *hash != code));
}

fn a_reset_password_does_not_pass_by_the_second_factor(app: &TestApp) {
    let hanako = app.member("hanako");
    let (phone, _) = app.add_second_factor(&hanako);
    app.post("/v1/password-resets").json(&json!({"email": hanako.email})).expect(202);
    let body = json!({"token": app.mailed(&hanako.email, "azp_"), "password": "seven otters juggle lanterns"});
    app.post("/v1/password-resets/confirm").json(&body).expect(200);
    let challenge = challenge(app, &hanako.email, "seven otters juggle lanterns");
    second_step(app, &challenge, "code", &phone.code(1)).expect(201);
}

fn a_new_second_factor_ends_the_sessions_that_were_opened_without(app: &TestApp) {
    let hanako = app.member("hanako");
    let elsewhere = app.log_in(&hanako.email);
    app.add_second_factor(&hanako);
    app.get("/v1/me").by(&elsewhere).send().problem(401, "invalid_token");
    app.read(&hanako, "/v1/me");
}

fn who_logs_in_while_a_second_factor_is_added_has_no_session_without_it(app: &TestApp) {
    for (name, log_in_first) in [("hanako", true), ("taro", false)] {
        let person = app.member(name);
        let enrolment = app.post("/v1/me/second-factor").by(&person).send().expect(201);
        let phone = Authenticator::told(enrolment["secret"].as_str().unwrap());
        let log_in = || app.try_password(&person.email, people::PASSWORD);
        let confirm = || app.post("/v1/me/second-factor/confirm").by(&person).json(&json!({"code": phone.code(0)}));
        let (opened, confirmed) = in_turn(app, &person.email, log_in_first, log_in, confirm);
        confirmed.expect(200);
        // On SQLite the two come as they come.
        if opened.status == 201 && (log_in_first || app.database.engine == Engine::Sqlite) {
            let tokens = opened.expect(201);
            app.get("/v1/me").token(tokens["access_token"].as_str().unwrap()).send().problem(401, "invalid_token");
        } else {
            opened.problem(403, "second_factor_required");
        }
        app.read(&person, "/v1/me");
    }
}

fn in_production_staff_do_nothing_without_a_second_factor(app: &TestApp) {
    let noa = app.staff(Role::Admin, "noa");
    let mia = app.staff(Role::Support, "mia");
    let (log, role) = ("/v1/admin/audit-log", format!("/v1/admin/members/{}/role", mia.id));
    let give = || app.request("PUT", &role).by(&noa).json(&json!({"role": "finance", "reason": "The team changes."}));
    app.get(log).by(&noa).send().problem(403, "second_factor_missing");
    give().problem(403, "second_factor_missing");
    assert_eq!(app.read(&noa, "/v1/me")["role"], "admin");
    app.post("/v1/me/second-factor").by(&noa).send().expect(201);
    app.get(log).by(&noa).send().problem(403, "second_factor_missing");
    app.database.execute("DELETE FROM second_factors").unwrap();
    app.add_second_factor(&noa);
    app.get(log).by(&noa).send().expect(200);
    give().expect(200);
    app.request("DELETE", "/v1/me/second-factor").by(&noa).send().expect(204);
    app.get(log).by(&noa).send().problem(403, "second_factor_missing");
}
