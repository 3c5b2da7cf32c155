//! What stops the start, with one clear line.

use std::{collections::BTreeSet, net::TcpListener, process::Output};

use api::{
    config::{Flags, LIMITS, LimitSetting, Mode, RULES, RuleSetting, Settings},
    startup,
};
use chrono::TimeDelta;
use domain::rules::Rules;

use crate::harness::{Database, Engine, Request, Server, TestApp, on_both_engines, on_each_engine, program, settings};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

const PRODUCTION: [(&str, &str); 5] = [
    ("AZUKARI_DATABASE_URL", "postgres://db/azukari"),
    ("AZUKARI_MODE", "production"),
    ("AZUKARI_SECRET", SECRET),
    ("AZUKARI_SMTP_URL", "smtps://user:password@mail.example"),
    ("AZUKARI_PUBLIC_URL", "https://azukari.example"),
];

fn read(environment: &[(&str, &str)]) -> Result<Settings, String> {
    let owned = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::read(&Flags::default(), owned).map_err(|error| error.to_string())
}

#[test]
fn nothing_need_be_set_for_a_sandbox() {
    let settings = read(&[("PATH", "/bin"), ("AZUKARI_TEST_POSTGRES_URL", "anything")]).unwrap();
    assert_eq!(settings.mode, Mode::Sandbox);
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
}

#[test]
fn the_staff_that_a_sandbox_prints_for_the_examples_may_stay_in_the_environment() {
    let staff = ["SUPPORT_EMAIL", "SUPPORT2_PASSWORD", "FINANCE_EMAIL", "ADMIN_PASSWORD"];
    for name in staff.map(|name| format!("AZUKARI_{name}")) {
        assert!(read(&[(&name, "anything")]).is_ok(), "{name}");
    }
    assert!(read(&[("AZUKARI_MEMBER_EMAIL", "anything")]).is_err());
}

#[test]
fn production_starts_only_when_everything_it_needs_is_set() {
    assert_eq!(read(&PRODUCTION).unwrap().mode, Mode::Production);
    for (missing, _) in &PRODUCTION[2..] {
        let rest: Vec<_> = PRODUCTION.into_iter().filter(|(name, _)| name != missing).collect();
        let why = read(&rest).unwrap_err();
        assert!(why.contains(missing), "{missing}: {why}");
    }
}

#[test]
fn production_refuses_what_belongs_to_a_sandbox() {
    let odd = [
        ("AZUKARI_PAYMENTS", "sandbox"),
        ("AZUKARI_SECRET", "short"),
        ("AZUKARI_PUBLIC_URL", "http://azukari.example"),
    ];
    for (name, value) in odd {
        let others = PRODUCTION.into_iter().filter(|(known, _)| *known != name);
        let all: Vec<_> = others.chain([(name, value)]).collect();
        let why = read(&all).unwrap_err();
        assert!(why.contains(name), "{why}");
    }
}

#[test]
fn a_setting_that_makes_no_sense_is_named_in_one_line() {
    for (name, value) in [
        ("AZUKARI_LISTEN", "everywhere"),
        ("AZUKARI_MODE", "staging"),
        ("AZUKARI_PAYMENTS", "gold"),
        ("AZUKARI_READERS", "0"),
        ("AZUKARI_BODY_WAIT", "10"),
        ("AZUKARI_BODY_WAIT", "PT0S"),
        ("AZUKARI_READERS", "many"),
        ("AZUKARI_WRITERS", "-1"),
        ("AZUKARI_READS_PER_MINUTE", "0"),
        ("AZUKARI_WRITES_PER_MINUTE", "0"),
        ("AZUKARI_LOG_INS_PER_MINUTE", "many"),
        ("AZUKARI_MAILS_PER_MINUTE", "-1"),
        ("AZUKARI_TRUSTED_PROXIES", "everybody"),
        ("AZUKARI_TRUSTED_PROXIES", "0.0.0.0/0"),
        ("AZUKARI_FORWARDED_HEADER", "via"),
        ("AZUKARI_CORS_ORIGINS", "*"),
        ("AZUKARI_CORS_ORIGINS", "app.example"),
        ("AZUKARI_CORS_ORIGINS", "https://app.example/"),
        ("AZUKARI_CORS_ORIGINS", "https://app.example/path"),
        ("AZUKARI_CORS_ORIGINS", "https://App.example"),
        ("AZUKARI_SECRET", "short"),
        ("AZUKARI_PUBLIC_URL", ""),
        ("AZUKARI_PUBLIC_URL", "azukari.example"),
        ("AZUKARI_PUBLIC_URL", "HTTPS://azukari.example"),
        ("AZUKARI_PUBLIC_URL", "https://"),
        ("AZUKARI_PUBLIC_URL", "https://azukari.example/"),
        ("AZUKARI_PUBLIC_URL", "https://azukari.example?x"),
        ("AZUKARI_UNHEARD_OF", "1"),
    ] {
        let why = read(&[(name, value)]).unwrap_err();
        let named = why.to_lowercase().contains(&name.trim_start_matches("AZUKARI_").to_lowercase());
        assert!(named && !why.contains('\n'), "{name}={value}: {why}");
    }
}

fn azukari(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    program::command(arguments).envs(environment.iter().copied()).output().unwrap()
}

#[track_caller]
fn refused(arguments: &[&str], environment: &[(&str, &str)], expected: &str) {
    let output = azukari(arguments, environment);
    let said = String::from_utf8(output.stderr).unwrap();
    let last: Vec<&str> = said.lines().filter(|line| !line.starts_with('{')).collect();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(last.len(), 1, "{said}");
    assert!(last[0].starts_with("azukari: ") && last[0].contains(expected), "{said}");
}

#[test]
fn the_program_says_in_one_line_why_it_does_not_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let database = Database::empty(Engine::Sqlite);
    let url = ["--database-url", database.url.as_str()];
    refused(&["serve", "--mode", "staging"], &[], "mode");
    refused(&["serve", "--listen", "nowhere"], &[], "listen");
    refused(&["serve", "--database-url", "mysql://db"], &[], "sqlite: or postgres://");
    refused(&["serve", "--database-url", "sqlite:/nowhere/azukari.db"], &[], "database");
    refused(&["serve", "--database-url", "postgres://127.0.0.1:1/azukari"], &[], "database");
    refused(&["serve", "--config", "/nowhere.toml"], &[], "nowhere.toml");
    refused(&["serve", url[0], url[1], "--listen", &taken], &[], "listen");
    refused(&["serve", url[0], url[1]], &[("AZUKARI_LOG", "=====")], "AZUKARI_LOG");
    let rule = ("AZUKARI_RULES__FUNDING_WINDOW", "7 days");
    refused(&["serve", url[0], url[1]], &[rule], "rules.funding_window must be a duration as in P7D or PT72H");
}

#[test]
fn a_sandbox_database_never_serves_production() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let database = Database::create(engine);
        assert!(azukari(&["migrate", "--database-url", &database.url], &[]).status.success());
        let flags = ["migrate", "--database-url", &database.url];
        refused(&flags, &PRODUCTION[1..], "belongs to a sandbox installation");
    }
}

#[test]
fn the_ledger_of_a_new_installation_is_sound() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let database = Database::create(engine);
        assert!(azukari(&["migrate", "--database-url", &database.url], &[]).status.success());
        assert!(azukari(&["ledger", "verify", "--database-url", &database.url], &[]).status.success());
    }
}

#[test]
fn looking_at_a_database_that_is_not_there_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mistyped.db");
    let url = format!("sqlite:{}", path.display());
    refused(&["ledger", "verify", "--database-url", &url], &[], "there is no database at");
    assert!(!path.exists());
}

/// The rows of the documentation's table of rules, as they must be.
fn documented_rules() -> Vec<String> {
    let row = |setting: &RuleSetting| {
        let name = setting.name.replace('.', "__").to_uppercase();
        format!("| `AZUKARI_RULES__{name}` | `{}` | {} |", setting.value(&mut Rules::default()), setting.meaning)
    };
    RULES.iter().map(row).collect()
}

#[test]
fn every_number_of_the_rules_can_be_set_and_is_documented() {
    let documented = include_str!("../docs/settings.md").lines().filter(|line| line.contains("`AZUKARI_RULES__"));
    let rows: Vec<_> = documented.filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows, documented_rules());
    let fields = |group: &str, source: &'static str| -> Vec<&str> {
        let all = source.split(&format!("pub struct {group} {{")).nth(1).unwrap().split("\n}").next().unwrap();
        let name = |line: &'static str| Some(line.trim().strip_prefix("pub ")?.split_once(": ")?.0);
        all.lines().filter_map(name).collect()
    };
    let mut expected = fields("Rules", include_str!("../domain/src/rules.rs"));
    let place = expected.iter().position(|name| *name == "payout").unwrap();
    expected.splice(place..=place, fields("PayoutRules", include_str!("../domain/src/rules/payout.rs")));
    let known: Vec<_> = RULES.iter().map(|setting| setting.name.rsplit('.').next().unwrap()).collect();
    assert_eq!(expected, known);
}

#[test]
fn providers_that_could_be_mistaken_for_one_another_are_refused() {
    let provider = |id: &str, issuer: &str, back: &str| {
        [
            ("NAME", "A provider"),
            ("ISSUER", issuer),
            ("CLIENT_ID", "us"),
            ("CLIENT_SECRET", "x"),
            ("REDIRECT_URIS", back),
        ]
        .map(|(name, value)| (format!("AZUKARI_SOCIAL__{id}__{name}"), value.to_owned()))
    };
    let read_both = |first: [(String, String); 5], second: [(String, String); 5], more: &[(&str, &str)]| {
        let own: Vec<_> = first.iter().chain(&second).map(|(name, value)| (name.as_str(), value.as_str())).collect();
        read(&[&own[..], more].concat())
    };
    let one = || provider("ONE", "https://one.example", "https://app.example/one app.example:/one");
    let two = |back: &str| provider("TWO", "http://127.0.0.1:1", back);
    let both = read_both(one(), two("https://app.example/two"), &[]).unwrap();
    assert_eq!(both.social.keys().collect::<Vec<_>>(), ["one", "two"]);
    for back in ["https://app.example/two https://app.example/one", "", "no address", "https://app.example/#x"] {
        let why = read_both(one(), two(back), &[]).unwrap_err();
        assert!(why.contains("social.two.redirect_uris") && !why.contains('\n'), "{back}: {why}");
    }
    let why = read_both(one(), two("https://app.example/two"), &PRODUCTION).unwrap_err();
    assert!(why.contains("social.two.issuer"), "{why}");
}

#[test]
fn every_limit_can_be_set_and_is_documented() {
    let row = |limit: &LimitSetting| {
        let default = if limit.default.is_empty() { "none".to_owned() } else { format!("`{}`", limit.default) };
        format!("| `AZUKARI_{}` | {default} | {} |", limit.name.to_uppercase(), limit.meaning)
    };
    let page = include_str!("../docs/settings.md").split("## `fee`").next().unwrap();
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| `AZUKARI_")).collect();
    assert_eq!(rows, LIMITS.iter().map(row).collect::<Vec<_>>());
    for limit in LIMITS {
        let name = format!("AZUKARI_{}", limit.name.to_uppercase());
        assert!(read(&[(&name, limit.default)]).is_ok(), "{name}");
    }
}

#[test]
fn rules_are_set_in_the_file_and_stronger_in_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("azukari.toml");
    std::fs::write(&path, "[rules]\nfunding_window = \"P10D\"\nleave_after = \"PT36H\"\nmax_milestones = 20\n")
        .unwrap();
    let file = ("AZUKARI_CONFIG", path.to_str().unwrap());
    let set = read(&[file, ("AZUKARI_RULES__FUNDING_WINDOW", "P11D"), ("AZUKARI_RULES__REVISION_LIMIT", "5")]).unwrap();
    let expected = Rules {
        funding_window: TimeDelta::days(11),
        leave_after: TimeDelta::hours(36),
        max_milestones: 20,
        revision_limit: 5,
        ..Rules::default()
    };
    assert_eq!(set.rules, expected);
    assert_eq!(read(&[]).unwrap().rules, Rules::default());
}

on_both_engines!(&[("AZUKARI_RULES__AGREED_LAPSE", "PT5H")] => a_rule_that_is_set_is_what_decides);

fn a_rule_that_is_set_is_what_decides(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    app.advance_hours(4);
    assert_eq!(deal.status(), "agreed");
    app.advance_hours(1);
    assert_eq!(deal.status(), "lapsed");
}

#[test]
fn every_number_that_can_be_set_is_read_into_its_own_place() {
    for setting in RULES {
        let mut rules = Rules::default();
        let usual = setting.value(&mut rules);
        let other = match (usual.as_str(), usual.parse::<u16>()) {
            (_, Ok(number @ (11 | 60))) => (number - 1).to_string(),
            (_, Ok(number)) => (number + 1).to_string(),
            ("P30D", _) => "P40D".to_owned(),
            ("100000000", _) => "200000000".to_owned(),
            ("true", _) => "false".to_owned(),
            ("after_purge", _) => "support".to_owned(),
            ("automatic", _) => "on_request".to_owned(),
            ("next", _) => "previous".to_owned(),
            (rate, _) if rate.starts_with("0.") => "0.25".to_owned(),
            (fees, _) if fees.contains('=') => "450 650@30000 0036=0".to_owned(),
            _ => "P1DT6H".to_owned(),
        };
        let name = format!("AZUKARI_RULES__{}", setting.name.replace('.', "__").to_uppercase());
        // A shorter window comes with it, so that a single change contradicts nothing.
        let rest = [("AZUKARI_RULES__ACCEPTANCE_DAYS_MAX", "10"), (name.as_str(), other.as_str())];
        assert_eq!(setting.value(&mut read(&rest).unwrap().rules), other, "{name}");
    }
}

#[test]
fn rules_that_make_no_sense_are_named_in_one_line() {
    for (name, value) in [
        ("FUNDING_WINDOW", "7 days"),
        ("FUNDING_WINDOW", "P1M"),
        ("FUNDING_WINDOW", "P0D"),
        ("FUNDING_WINDOW", "P-7D"),
        ("FUNDING_WINDOW", "P3651D"),
        ("MAX_MILESTONES", "many"),
        ("MAX_MILESTONES", "-1"),
        ("MAX_MILESTONES", "0"),
        ("MAX_CONTRACT_TOTAL", "0"),
        ("MAX_CONTRACT_TOTAL", "1000000000001"),
        ("ACCEPTANCE_DAYS_MIN", "0"),
        ("ACCEPTANCE_DAYS_MIN", "8"),
        ("ACCEPTANCE_DAYS_MAX", "6"),
        ("ACCEPTANCE_DAYS_MAX", "12"),
        ("ACCEPTANCE_DAYS", "12"),
        ("REVISION_LIMIT", "21"),
        ("SECOND_REMINDER", "P4D"),
        ("LEAVING_REASON_REQUIRED", "perhaps"),
        ("EMAIL_REUSE", "never"),
        ("PAYOUT__SHIFT", "sideways"),
        ("PAYOUT__MINIMUM", "-1"),
        ("PAYOUT__QUICK_RATE", "5"),
        ("PAYOUT__BANK_FEES", "0036=100"),
        ("PAYOUT__BANK_FEES", "500 36=100"),
        ("PAYOUT__BANK_FEES", "500 0036=100 0036=200"),
        ("PAYOUT__BANK_FEES", "500 400"),
        ("PAYOUT__BANK_FEES", "500 0036=100@30000"),
        ("PAYOUT__BANK_FEES", "500 0000=100"),
        ("UNHEARD_OF", "1"),
        ("FUNDING_WINDOW__UNHEARD_OF", "1"),
    ] {
        let why = read(&[(&format!("AZUKARI_RULES__{name}"), value)]).unwrap_err();
        let named = why.contains(&name.replace("__", ".").to_lowercase());
        assert!(named && !why.contains('\n'), "{name}={value}: {why}");
    }
}

on_each_engine!(the_demo_fills_a_sandbox_once);

fn the_demo_fills_a_sandbox_once(engine: Engine) {
    let database = Database::create(engine);
    let url = ["--database-url", database.url.as_str()];
    let output = azukari(&["demo", url[0], url[1]], &[]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told} {}", String::from_utf8_lossy(&output.stderr));
    let tokens: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("export TOKEN=")).collect();
    let server = Server::start(startup::open(settings(&database, &[])).unwrap());
    let read = |token: &str, path: &str| {
        Request::new("GET", &format!("http://{}{path}", server.address)).token(token).send().expect(200)
    };
    let contracts = |token: &&str| read(token, "/v1/me/contracts")["items"].as_array().unwrap().len();
    let people: BTreeSet<String> = tokens.iter().map(|token| read(token, "/v1/me")["id"].to_string()).collect();
    assert_eq!((tokens.len(), people.len()), (6, 6), "{told}");
    assert!(tokens.iter().map(contracts).sum::<usize>() >= 8, "both sides of at least four contracts");
    server.stop();
    let members = || database.texts("SELECT count(*) || '' AS text FROM members");
    let before = members();
    let again = "this sandbox holds the demo already: log in as yamada.tea.shop@demo.example";
    refused(&["demo", url[0], url[1]], &[], again);
    assert_eq!(members(), before);
    assert!(azukari(&["ledger", "verify", url[0], url[1]], &[]).status.success());
}

#[test]
fn the_demo_leaves_production_alone() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let database = Database::create(engine);
        refused(
            &["demo", "--database-url", &database.url],
            &PRODUCTION[1..],
            "the demo fills a sandbox, and this is none",
        );
    }
}
