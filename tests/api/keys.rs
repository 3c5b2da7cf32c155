//! The keys that sign access tokens, going on to the next, and the secret that they are derived from.

use std::{
    io::{BufRead, BufReader},
    process::{Output, Stdio},
    thread,
};

use api::{startup, usecases::keys};
use domain::policy::Role;
use serde_json::json;

use crate::harness::{Database, Engine, TestApp, on_both_engines, on_each_engine, people, program, settings};

on_both_engines!(
    rotating_the_keys_logs_nobody_out,
    the_key_before_the_one_before_is_not_accepted,
    a_replica_that_has_not_heard_of_a_rotation_knows_its_tokens,
    keys_are_not_rotated_again_at_once,
    with_another_secret_nothing_starts_and_nothing_changes,
);
on_each_engine!(
    a_sandbox_that_was_made_with_a_secret_does_not_start_without,
    a_database_of_which_no_secret_was_noted_is_its_who_starts_next,
    of_many_that_start_at_once_with_secrets_of_their_own_one_starts,
    another_secret_is_adopted_by_a_command_alone,
    who_runs_while_another_secret_is_adopted_ends_and_says_why,
);

const SECRET: (&str, &str) = ("AZUKARI_SECRET", "0123456789abcdef0123456789abcdef");
const OTHER: (&str, &str) = ("AZUKARI_SECRET", "a secret of the tests that is long enough");

fn ids(app: &TestApp) -> Vec<String> {
    let keys = app.get("/.well-known/jwks.json").send().expect(200)["keys"].clone();
    keys.as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn rotate(app: &TestApp) {
    app.put_back("instance", &["keys_rotated_at"], 3601);
    keys::rotate(&app.app).unwrap().unwrap();
}

fn rotating_the_keys_logs_nobody_out(app: &TestApp) {
    let hanako = app.member("hanako");
    let before = ids(app);
    assert_eq!(before.len(), 2, "the one that signs, and the next");
    rotate(app);
    let after = ids(app);
    assert_eq!(after[..2], [before[1].clone(), before[0].clone()]);
    app.read(&hanako, "/v1/me");
    let renewed = app.post("/v1/sessions/refresh").json(&json!({"refresh_token": hanako.refresh_token})).expect(200);
    let renewed = people::person(&hanako.email, &renewed);
    let kid = jsonwebtoken::decode_header(&renewed.access_token).unwrap().kid;
    assert_eq!(kid.as_deref(), Some(after[0].as_str()));
    app.read(&renewed, "/v1/me");
}

fn the_key_before_the_one_before_is_not_accepted(app: &TestApp) {
    let hanako = app.member("hanako");
    rotate(app);
    rotate(app);
    app.get("/v1/me").by(&hanako).send().problem(401, "invalid_token");
    app.post("/v1/sessions/refresh").json(&json!({"refresh_token": hanako.refresh_token})).expect(200);
}

fn a_replica_that_has_not_heard_of_a_rotation_knows_its_tokens(app: &TestApp) {
    let hanako = app.member("hanako");
    let claims = app.app.tokens.check(&hanako.access_token).unwrap();
    let ahead = jsonwebtoken::decode_header(&hanako.access_token).unwrap().kid;
    app.app.tokens.turn_to(1).unwrap();
    let token = app.app.tokens.issue(claims, api::clock::real_now()).unwrap();
    app.app.tokens.turn_to(0).unwrap();
    assert_ne!(jsonwebtoken::decode_header(&token).unwrap().kid, ahead);
    app.get("/v1/me").token(&token).send().expect(200);
}

fn keys_are_not_rotated_again_at_once(app: &TestApp) {
    assert_eq!(keys::rotate(&app.app).unwrap(), Some(1));
    assert_eq!(keys::rotate(&app.app).unwrap(), None);
    assert_eq!(ids(app).len(), 3);
}

fn azukari(database: &Database, arguments: &[&str], setting: Option<(&str, &str)>) -> Output {
    let arguments = [arguments, &["--database-url", &database.url]].concat();
    program::command(&arguments).envs(setting).output().unwrap()
}

/// What the database remembers of its secret, and all that a start writes.
fn remembered(database: &Database) -> Vec<Vec<String>> {
    let instance =
        "SELECT mode || ' ' || coalesce(first_key_id, 'none') || ' ' || key_generation AS text FROM instance";
    let written = "SELECT kind || ' ' || attempts AS text FROM timers ORDER BY kind";
    let rows = |table| format!("SELECT count(*) || '' AS text FROM {table}");
    let all = [instance.to_owned(), written.to_owned(), rows("ledger_accounts"), rows("members"), rows("audit_log")];
    all.iter().map(|query| database.texts(query)).collect()
}

fn with_another_secret_nothing_starts_and_nothing_changes(app: &TestApp) {
    let before = remembered(&app.database);
    let create = ["staff", "create", "--email", "mia@azukari.example", "--role", "support"];
    let commands: [&[&str]; 6] = [
        &["serve", "--listen", "127.0.0.1:0"],
        &["migrate"],
        &["demo"],
        &create,
        &["keys", "rotate"],
        &["ledger", "verify"],
    ];
    for command in commands {
        let output = azukari(&app.database, command, Some(SECRET));
        let said = String::from_utf8(output.stderr).unwrap();
        let plain: Vec<&str> = said.lines().filter(|line| !line.starts_with('{')).collect();
        assert_eq!((output.status.code(), plain.len()), (Some(1), 1), "{command:?}: {said}");
        assert!(plain[0].contains("belongs to another secret") && plain[0].contains("`azukari keys adopt`"), "{said}");
        assert_eq!(remembered(&app.database), before, "{command:?}");
    }
    assert!(azukari(&app.database, &["ledger", "verify"], None).status.success());
    let public = &ids(app)[0];
    assert!(before[0][0].contains(public), "what is noted is what everybody can read of the keys");
}

fn a_sandbox_that_was_made_with_a_secret_does_not_start_without(engine: Engine) {
    let database = Database::create(engine);
    let open = |more: &[(&str, &str)]| startup::open(settings(&database, more)).map(drop);
    open(&[SECRET]).unwrap();
    for other in [&[][..], &[OTHER]] {
        assert!(open(other).unwrap_err().to_string().contains("belongs to another secret"));
    }
    open(&[SECRET]).unwrap();
}

fn a_database_of_which_no_secret_was_noted_is_its_who_starts_next(engine: Engine) {
    let database = Database::create(engine);
    let open = |more: &[(&str, &str)]| startup::open(settings(&database, more)).map(drop);
    open(&[]).unwrap();
    database.execute("UPDATE instance SET first_key_id = NULL").unwrap();
    open(&[SECRET]).unwrap();
    assert!(open(&[]).is_err());
}

/// On a new database, and on one of before, of whose row all find on PostgreSQL that nobody noted a secret yet.
fn of_many_that_start_at_once_with_secrets_of_their_own_one_starts(engine: Engine) {
    let database = Database::create(engine);
    let secrets = ["one", "two", "three"].map(|name| format!("{name}: a secret of the tests, long enough"));
    for is_new in [true, false] {
        let held =
            (!is_new && engine == Engine::Postgres).then(|| database.half_done("SELECT 1 FROM instance FOR UPDATE"));
        let start = |secret: &str| startup::open(settings(&database, &[("AZUKARI_SECRET", secret)])).map(drop);
        let started: Vec<_> = thread::scope(|scope| {
            let all: Vec<_> = secrets.iter().map(|secret| scope.spawn(move || start(secret))).collect();
            while held.is_some() && database.waiting() < all.len() {
                thread::yield_now();
            }
            drop(held);
            all.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert_eq!(started.iter().filter(|start| start.is_ok()).count(), 1, "new: {is_new}: {started:?}");
        database.execute("UPDATE instance SET first_key_id = NULL").unwrap();
    }
}

fn another_secret_is_adopted_by_a_command_alone(engine: Engine) {
    let mut app = TestApp::spawn_with(engine, &[SECRET]);
    let (hanako, noa) = (app.member("hanako"), app.staff(Role::Admin, "noa"));
    let (phone, codes) = app.add_second_factor(&hanako);
    app.stop_serving();
    let adopt = || {
        let output = azukari(&app.database, &["keys", "adopt"], Some(OTHER));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(adopt().contains("from now on"));
    assert!(adopt().contains("already"));
    assert!(startup::open(settings(&app.database, &[SECRET])).is_err());
    app.serve_again(&[OTHER]);
    app.get("/v1/me").by(&hanako).send().problem(401, "invalid_token");
    let renewed = app.post("/v1/sessions/refresh").json(&json!({"refresh_token": hanako.refresh_token})).expect(200);
    app.read(&people::person(&hanako.email, &renewed), "/v1/me");
    let begun = app.try_password(&hanako.email, people::PASSWORD).problem(403, "second_factor_required");
    let second_step = |name: &str, code: &str| {
        app.post("/v1/sessions/second-factor").json(&json!({"challenge_token": begun["challenge_token"], name: code}))
    };
    second_step("code", &phone.code(1)).problem(401, "invalid_code");
    second_step("recovery_code", codes[0].as_str().unwrap()).expect(201);
    let log = app.read(&app.log_in(&noa.email), "/v1/admin/audit-log?operation=keys%20adopt");
    let [record] = log["items"].as_array().unwrap().as_slice() else { panic!("{log}") };
    assert_eq!((&record["actor_role"], &record["resource"]), (&json!("console"), &json!("secret")));
}

fn who_runs_while_another_secret_is_adopted_ends_and_says_why(engine: Engine) {
    let database = Database::create(engine);
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--database-url", &database.url];
    let mut serve = program::command(&arguments);
    let mut process = serve.env("AZUKARI_LOG", "error").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("Azukari listens on ")));
    assert!(azukari(&database, &["keys", "adopt"], Some(OTHER)).status.success());
    let ended = process.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("belongs to another secret"), "{said}");
}
