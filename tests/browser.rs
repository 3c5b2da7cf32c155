//! The page on which members decide about apps, in a real browser: Chromium without a window, and without scripts.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{
    TestApp, on_both_engines,
    partner::{Partner, VERIFIER},
    people::PASSWORD,
    tools::{root, tool},
};

on_both_engines!(a_member_decides_in_a_real_browser_without_scripts_in_both_languages);

const BROWSERS: [&str; 4] =
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/lib/chromium/chromium"];

fn walk(app: &TestApp, partner: &Partner, email: &str, locale: &str) -> Value {
    let browser = BROWSERS.iter().find(|place| Path::new(place).exists()).expect("`make tools` installs Chromium");
    let mut command = tool("node");
    command.arg(root().join("tools/consent.mjs")).arg(browser).arg(format!("http://{}", app.address()));
    command.args([&partner.id, email, PASSWORD, locale]);
    let home = tempfile::tempdir().unwrap();
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home.path());
    let output = command.output().expect("`make tools` installs node");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn a_member_decides_in_a_real_browser_without_scripts_in_both_languages(app: &TestApp) {
    let (taro, hanako) = (app.member("taro"), app.member("hanako"));
    let name = "Tea <img src=x> Calendar";
    let wish = json!({"name": name, "redirect_uris": ["http://127.0.0.1/callback"], "confidential": false});
    let made = app.act(&taro, "/v1/apps", &wish).expect(201);
    let partner = Partner { id: made["id"].as_str().unwrap().to_owned(), secret: None };
    for (locale, log_in, spends) in
        [("en-US", "Log in", "Spend your money"), ("ja-JP", "ログイン", "あなたのお金を使う")]
    {
        let seen = walk(app, &partner, &hanako.email, locale);
        assert_eq!((&seen["framed"], &seen["images"]), (&json!(0), &json!(0)), "{seen}");
        assert_eq!(seen["log_in"], log_in);
        assert!(!seen["wrong"].as_str().unwrap().is_empty());
        let question = seen["question"].as_str().unwrap();
        for part in [name, spends, "127.0.0.1", &hanako.email] {
            assert!(question.contains(part), "{part}: {question}");
        }
        assert_eq!(seen["answer"]["state"], "a state & more");
        let text = |name: &str| seen["answer"][name].as_str().unwrap().to_owned();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &text("code")),
            ("redirect_uri", seen["redirect_uri"].as_str().unwrap()),
            ("code_verifier", VERIFIER),
        ];
        app.as_partner(&partner, "/oauth/token", &fields).expect(200);
    }
}
