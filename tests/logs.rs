//! What the program writes to its log, at its most talkative, while people join, log in and are attacked: no secret of
//! theirs, and nothing that they made up to look like a line of ours.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::TcpStream,
};

use api::config::{Flags, Settings};
use serde_json::{Value, json};

use crate::harness::{
    Engine, Request, Response, authenticator::Authenticator, on_each_engine, people, program::Program,
};

const EMAIL: &str = "hanako.secret@example.com";
const OTHER_EMAIL: &str = "hanako.elsewhere@example.com";
const NEW_PASSWORD: &str = "seven otters juggle lanterns";
const WRONG_PASSWORD: &str = "eleven herons paint bridges";
const MARK: &str = "smuggled-line";

on_each_engine!(
    no_secret_and_no_forged_line_is_written_even_at_the_highest_level,
    what_a_client_gets_wrong_is_no_error_of_ours
);

/// A member's app, which remembers every secret that went through its hands.
struct App {
    url: String,
    secrets: Vec<String>,
}

impl App {
    fn request(&self, method: &str, path: &str) -> Request {
        Request::new(method, &format!("{}{path}", self.url))
    }

    fn post(&self, path: &str, body: &Value) -> Response {
        self.request("POST", path).json(body)
    }

    fn log_in(&self, email: &str, password: &str) -> Response {
        self.post("/v1/sessions", &json!({"email": email, "password": password}))
    }

    /// Keeps a secret in mind.
    fn note(&mut self, secret: &str) -> String {
        assert!(secret.len() >= 6, "{secret:?} could be found anywhere");
        self.secrets.push(secret.to_owned());
        secret.to_owned()
    }

    /// Keeps in mind what an answer holds under these names.
    fn note_of<const N: usize>(&mut self, answer: &Value, names: [&str; N]) -> [String; N] {
        names.map(|name| self.note(answer[name].as_str().unwrap()))
    }

    /// The newest token of this kind that was mailed to an address.
    fn mailed(&mut self, email: &str, prefix: &str) -> String {
        let mails = self.request("GET", &format!("/v1/test-mailbox?recipient={email}")).send().expect(200);
        let bodies = mails["items"].as_array().unwrap().iter().map(|mail| mail["body"].as_str().unwrap());
        let token = bodies.flat_map(str::lines).find(|line| line.starts_with(prefix)).unwrap().to_owned();
        self.note(&token)
    }
}

fn no_secret_and_no_forged_line_is_written_even_at_the_highest_level(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let program = Program::serve_logging(engine, "trace", File::create(&path).unwrap().into());
    let mut app = App { url: program.url.clone(), secrets: Vec::new() };
    for secret in [EMAIL, OTHER_EMAIL, people::PASSWORD, NEW_PASSWORD, WRONG_PASSWORD] {
        app.note(secret);
    }
    let access = join(&mut app);
    change_address(&mut app, &access);
    add_second_factor(&mut app, &access);
    reset_password(&mut app);
    attack(&mut app, &access);
    smuggle(&app);
    drop(program);
    judge(&fs::read_to_string(&path).unwrap(), &app.secrets);
}

fn what_a_client_gets_wrong_is_no_error_of_ours(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    // With something to write down, so that no log is mistaken for a quiet one.
    let filter = Settings::read(&Flags::default(), []).unwrap().log + ",actix_server=info";
    let program = Program::serve_logging(engine, &filter, File::create(&path).unwrap().into());
    let app = App { url: program.url.clone(), secrets: Vec::new() };
    smuggle(&app);
    drop(program);
    let log = fs::read_to_string(&path).unwrap();
    assert!(log.contains("\"INFO\"") && !log.contains("\"ERROR\"") && !log.contains("\"WARN\""), "{log}");
}

/// Joins, logs in and renews; an access token.
fn join(app: &mut App) -> String {
    app.post("/v1/accounts", &people::registration(EMAIL)).expect(202);
    let token = app.mailed(EMAIL, "azc_");
    app.post("/v1/accounts/confirm-email", &json!({"token": token})).expect(200);
    app.log_in(EMAIL, WRONG_PASSWORD).problem(401, "invalid_credentials");
    let logged_in = app.log_in(EMAIL, people::PASSWORD).expect(201);
    let [_, refresh, _] = app.note_of(&logged_in, ["access_token", "refresh_token", "device_token"]);
    let renewed = app.post("/v1/sessions/refresh", &json!({"refresh_token": refresh})).expect(200);
    let [access, _] = app.note_of(&renewed, ["access_token", "refresh_token"]);
    app.request("GET", "/v1/me").token(&access).send().expect(200);
    let wish = json!({"name": "my script", "scopes": ["profile:read"]});
    let made = app.request("POST", "/v1/api-keys").token(&access).fresh_key().json(&wish).expect(201);
    let [key] = app.note_of(&made, ["key"]);
    app.request("GET", "/v1/me").token(&key).send().expect(200);
    app.request("GET", "/v1/me").token(&format!("{key}x")).send().problem(401, "invalid_token");
    access
}

fn change_address(app: &mut App, access: &str) {
    app.request("POST", "/v1/me/email-change").token(access).json(&json!({"email": OTHER_EMAIL})).expect(202);
    for email in [EMAIL, OTHER_EMAIL] {
        let token = app.mailed(email, "aze_");
        app.post("/v1/me/email-change/confirm", &json!({"token": token})).expect(200);
    }
}

/// Adds a second factor, and logs in and steps up with it.
fn add_second_factor(app: &mut App, access: &str) {
    let offered = app.request("POST", "/v1/me/second-factor").token(access).send().expect(201);
    let [secret] = app.note_of(&offered, ["secret"]);
    let phone = Authenticator::told(&secret);
    let (first, second) = (app.note(&phone.code(0)), app.note(&phone.code(1)));
    let confirm = app.request("POST", "/v1/me/second-factor/confirm").token(access);
    let recovery = confirm.json(&json!({"code": first})).expect(200)["recovery_codes"].clone();
    let recovery: Vec<String> =
        recovery.as_array().unwrap().iter().map(|code| app.note(code.as_str().unwrap())).collect();
    let problem = app.log_in(OTHER_EMAIL, people::PASSWORD).problem(403, "second_factor_required");
    let [challenge] = app.note_of(&problem, ["challenge_token"]);
    let step =
        |code: &str| app.post("/v1/sessions/second-factor", &json!({"challenge_token": challenge, "code": code}));
    step("no code").problem(401, "invalid_code");
    let logged_in = step(&second).expect(201);
    app.note_of(&logged_in, ["access_token", "refresh_token", "device_token"]);
    let step_up = app.request("POST", "/v1/sessions/step-up").token(access);
    step_up.json(&json!({"recovery_code": recovery[0]})).expect(200);
}

fn reset_password(app: &mut App) {
    app.post("/v1/password-resets", &json!({"email": OTHER_EMAIL})).expect(202);
    let token = app.mailed(OTHER_EMAIL, "azp_");
    let body = json!({"token": token, "password": NEW_PASSWORD});
    let done = app.post("/v1/password-resets/confirm", &body).expect(200);
    app.note_of(&done, ["device_token"]);
}

/// Secrets that are wrong, and secrets where none belong.
fn attack(app: &mut App, access: &str) {
    let forged = app.note(&format!("{}forged", access.rsplit_once('.').unwrap().0));
    app.request("GET", "/v1/me").token(&forged).send().problem(401, "invalid_token");
    app.request("GET", "/v1/me").header("Authorization", access).send().problem(401, "invalid_token");
    app.post("/v1/sessions/refresh", &json!({"refresh_token": forged})).expect(422);
    for path in ["/v1/me", "/v1/categories", "/v1/test-mailbox", "/nowhere", "/docs/"] {
        app.request("GET", &format!("{path}?access_token={access}")).send();
        app.request("GET", &format!("{path}/{access}")).send();
    }
    app.request("GET", "/v1/me").header("X-Request-Id", access).send();
    app.request("GET", "/v1/me").header("Cookie", &format!("session={access}")).send();
    app.request("POST", "/v1/sessions").raw(format!("{{\"password\": \"{WRONG_PASSWORD}\", "));
    app.post("/v1/sessions", &json!({WRONG_PASSWORD: access}));
    app.request("POST", "/v1/sessions").header("Content-Type", access).bytes(WRONG_PASSWORD);
}

/// Line breaks wherever a caller can put some.
fn smuggle(app: &App) {
    let line = format!("{{\"level\":\"ERROR\",\"{MARK}\":1}}");
    let encoded = format!("%0d%0a%7B%22level%22:%22ERROR%22,%22{MARK}%22:1%7D%0a");
    for path in ["/v1/jobs/", "/v1/categories?x=", "/nowhere/"] {
        app.request("GET", &format!("{path}{encoded}")).send();
    }
    let mut form = people::registration("taro@example.com");
    form["display_name"] = json!(format!("Taro\n{line}\n"));
    app.post("/v1/accounts", &form);
    app.post("/v1/accounts", &json!({format!("x\n{line}\n"): 1}));
    let address = app.url.strip_prefix("http://").unwrap();
    for head in [
        format!("GET /version HTTP/1.1\r\nHost: a\r\nX-Request-Id: x\n{line}\n\r\n\r\n"),
        format!("GET /version HTTP/1.1\r\nHost: a\r\ntraceparent: x\r{line}\r\n\r\n"),
        format!("GET /version\n{line}\n HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("{line}\n{line}\n\r\n\r\n"),
    ] {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.write_all(head.as_bytes()).unwrap();
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        // Whether it is answered, or hung up on, makes no difference.
        let _ = socket.read_to_end(&mut Vec::new());
    }
}

fn judge(log: &str, secrets: &[String]) {
    let mut requests = 0;
    for text in log.lines() {
        let mut line: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("no line of ours: {text}"));
        // Its microseconds may look like any code.
        let written = line.as_object_mut().unwrap().remove("timestamp");
        assert!(written.is_some() && line.get(MARK).is_none(), "no line of ours: {text}");
        requests += usize::from(text.contains("\"answered\""));
        let text = line.to_string();
        for secret in secrets {
            assert!(!holds(&text, secret), "{secret} is told by {text}");
        }
    }
    assert!(requests > 30, "the log tells of no requests");
    assert!(secrets.len() > 25, "{} secrets are too few", secrets.len());
}

/// Whether a line has a secret in it: a code of six digits only if it is not a part of some other number.
fn holds(line: &str, secret: &str) -> bool {
    let digits = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    line.match_indices(secret).any(|(at, _)| {
        let around = (line[..at].chars().next_back(), line[at + secret.len()..].chars().next());
        secret.len() > 6 || !(digits(around.0) || digits(around.1))
    })
}
