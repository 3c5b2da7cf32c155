//! Mail that really leaves, over SMTP.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
};

use api::{mailer::Mailer, startup};
use serde_json::{Value, json};

use crate::harness::{
    TestApp, on_both_engines,
    patience::LONG,
    people, settings,
    tools::{root, tool},
};

on_both_engines!(
    a_confirmation_is_delivered_over_smtp,
    mail_speaks_the_language_of_the_registration,
    a_mail_is_plain_text_and_a_page_with_the_same_words,
    a_mail_whose_answer_was_lost_comes_again_as_the_same_mail,
);

/// A mail server of its own, which ends with this value.
struct MailServer {
    process: Child,
    lines: Receiver<String>,
    url: String,
}

impl MailServer {
    fn start() -> Self {
        Self::losing(0)
    }

    /// One that takes so many mails without saying so.
    fn losing(answers: u32) -> Self {
        let mut command = tool("python");
        command
            .arg(root().join("tools/smtp-sink"))
            .arg(answers.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = command.spawn().expect("the mail server of the tests is installed by `make tools`");
        let said = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let (told, lines) = channel();
        // Reads on its own, so that nobody waits for ever for a mail that does not come.
        thread::spawn(move || said.for_each(|line| drop(told.send(line))));
        let port = lines.recv_timeout(LONG).expect("the mail server of the tests did not start");
        Self { process, lines, url: format!("smtp://127.0.0.1:{port}") }
    }

    /// Waits for the next mail.
    fn next(&self) -> Value {
        let line = self.lines.recv_timeout(LONG).unwrap_or_else(|error| panic!("no mail has come: {error}"));
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

fn a_confirmation_is_delivered_over_smtp(plain: &TestApp) {
    let server = MailServer::start();
    let app = TestApp::spawn_with(plain.database.engine, &[("AZUKARI_SMTP_URL", &server.url)]);
    app.register("hanako@example.com").expect(202);
    let mail = server.next();
    assert_eq!(mail["sender"], "no-reply@azukari.example");
    assert_eq!(mail["recipients"], json!(["hanako@example.com"]));
    assert_eq!(mail["subject"], "Confirm your e-mail address");
    assert!(mail["message_id"].as_str().unwrap().contains("mail_"), "{mail}");
    let token = mail["body"].as_str().unwrap().lines().find(|line| line.starts_with("azc_")).unwrap().to_owned();
    app.post("/v1/accounts/confirm-email").json(&json!({"token": token})).expect(200);
}

fn mail_speaks_the_language_of_the_registration(plain: &TestApp) {
    let server = MailServer::start();
    let app = TestApp::spawn_with(plain.database.engine, &[("AZUKARI_SMTP_URL", &server.url)]);
    let form = people::registration("hanako@example.com");
    app.post("/v1/accounts").header("Accept-Language", "ja").json(&form).expect(202);
    assert_eq!(server.next()["subject"], "メールアドレスの確認");
}

fn a_mail_is_plain_text_and_a_page_with_the_same_words(plain: &TestApp) {
    let server = MailServer::start();
    let app = TestApp::spawn_with(plain.database.engine, &[("AZUKARI_SMTP_URL", &server.url)]);
    let form = people::registration("hanako@example.com");
    for (language, word) in [("en", "good for 24 hours"), ("ja", "24時間有効")] {
        app.post("/v1/accounts").header("Accept-Language", language).json(&form).expect(202);
        let mail = server.next();
        assert_eq!(mail["type"], "multipart/alternative");
        assert_eq!(mail["auto_submitted"], "auto-generated");
        let (text, page) = (mail["body"].as_str().unwrap(), mail["html"].as_str().unwrap());
        assert!(page.contains(&format!("<html lang=\"{language}\">")), "{page}");
        let token = text.lines().find(|line| line.starts_with("azc_")).unwrap();
        for part in [text, page] {
            assert!(part.contains(word) && part.contains(token), "{part}");
        }
    }
}

fn a_mail_whose_answer_was_lost_comes_again_as_the_same_mail(plain: &TestApp) {
    plain.register("hanako@example.com").expect(202);
    let server = MailServer::losing(1);
    // Sends by our hand, so that nothing has to be waited for: a refusal is noted when this is done.
    let app = startup::open(settings(&plain.database, &[("AZUKARI_SMTP_URL", &server.url)])).unwrap();
    let mailer = Mailer::open(&app).unwrap().unwrap();
    mailer.send_due(&app).unwrap();
    let first = server.next();
    let noted = || plain.database.texts("SELECT attempts || '' AS text FROM mails WHERE last_error IS NOT NULL");
    assert_eq!(noted(), ["1"]);
    // Not due again for minutes.
    mailer.send_due(&app).unwrap();
    assert_eq!(noted(), ["1"]);
    plain.put_back("mails", &["next_attempt_at"], 600);
    mailer.send_due(&app).unwrap();
    assert_eq!(server.next(), first, "the same id, date and words: mail programs show one");
}
