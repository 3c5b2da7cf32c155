//! Who may call what: every operation of the specification, by everybody who could try, against one table.
//!
//! The table is `matrix/table.txt`. An operation without a row fails the test, and so does a row without an operation.

use std::collections::{BTreeMap, BTreeSet};

use domain::policy::Role;
use serde_json::{Value, json};

use super::outsiders::Work;
use crate::harness::{
    Person, Response, TestApp,
    deals::text,
    market::yen,
    on_both_engines,
    operation::{Operation, operations},
};

// Many log in and join here, from one address.
on_both_engines!(&[("AZUKARI_LOG_INS_PER_MINUTE", "100000"), ("AZUKARI_MAILS_PER_MINUTE", "100000")] =>
    everybody_is_answered_as_the_table_says,
    what_is_not_ones_own_looks_like_what_never_was,
    a_key_is_missed_where_the_specification_says_so_and_nowhere_else,
);

/// Those who try. A member who is suspended does not exist yet: whoever has left, with a payout on its way, comes nearest.
/// `revoked` is the client whose work it is, with the token of a session that has ended; `app` an app that she allowed to
/// read her profile.
const COLUMNS: [&str; 9] = ["nobody", "member", "support", "moderator", "finance", "admin", "left", "revoked", "app"];

/// What ends the caller's sessions or account: asked last, each time with a log-in of its own.
const ENDINGS: [&str; 4] =
    ["PUT /v1/me/password", "DELETE /v1/sessions/current", "DELETE /v1/sessions", "POST /v1/me/withdrawal"];

/// The rows of the table: an operation, and a cell for each column.
fn table() -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/api/matrix/table.txt")).unwrap();
    let rows = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = |line: &str| {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let (method, path, cells) = (&words[0], &words[1], words[2..].to_vec());
        assert_eq!(cells.len(), COLUMNS.len(), "{line}");
        (format!("{method} {path}"), cells)
    };
    let table: BTreeMap<_, _> = rows.clone().map(read).collect();
    assert_eq!(table.len(), rows.count(), "an operation has two rows");
    table
}

/// One of everything, and everybody who tries to get at it.
struct Market<'a> {
    app: &'a TestApp,
    work: Work,
    staff_only: BTreeMap<&'static str, String>,
    tokens: BTreeMap<&'static str, Person>,
}

impl<'a> Market<'a> {
    fn of(app: &'a TestApp) -> Self {
        // The example of the specification names her address where staff let one join again.
        app.leave(&app.member("hanako")).expect(200);
        let left = Self::leaver(app);
        let work = Work::of(app);
        let staff = [Role::Support, Role::Moderator, Role::Finance, Role::Admin];
        let mut tokens: BTreeMap<_, _> =
            staff.iter().map(|role| (role.as_str(), app.staff(*role, role.as_str()))).collect();
        let revoked = app.log_in(&work.client.email);
        app.request("DELETE", "/v1/sessions/current").by(&revoked).send().expect(204);
        let jiro = app.member("jiro");
        app.bank(&jiro, "7654321");
        let staff_only = Self::for_staff(app, &tokens["finance"]);
        let app_for_her = Self::partner(app, &work.client);
        tokens.extend([("left", left), ("revoked", revoked), ("member", jiro), ("app", app_for_her)]);
        Self { app, work, staff_only, tokens }
    }

    /// What an app has that somebody allowed next to nothing.
    fn partner(app: &TestApp, person: &Person) -> Person {
        let partner = app.partner(&app.member("kenji"), "Tea Ledger", true);
        let granted = app.connect(&partner, person, "profile:read");
        Person { access_token: text(&granted["access_token"]), ..person.clone() }
    }

    /// Somebody who has left, with a payout on its way.
    fn leaver(app: &TestApp) -> Person {
        let goro = app.earner_named("goro", 10_000).worker;
        app.leave(&goro).expect(200);
        goro
    }

    /// What only staff have ids of.
    fn for_staff(app: &TestApp, finance: &Person) -> BTreeMap<&'static str, String> {
        let id = |value: &Value| text(&value["id"]);
        let receipt = id(&app.transfer(finance, "20260401-1", None, 3_000).expect(201));
        let due = json!({"pay_on": app.date(20)});
        let batch = id(&app.act(finance, "/v1/admin/payout-batches", &due).expect(201));
        let line = |account: &str, side: &str| json!({"account": account, "side": side, "amount": yen(1_100)});
        let lines = json!([line("bank_fee", "debit"), line("bank", "credit")]);
        let entry = json!({"reason": "The bank's fee.", "lines": lines});
        let manual = id(&app.act(finance, "/v1/admin/manual-entries", &entry).expect(201));
        let shiro = app.member("shiro").id;
        [("bank-receipts", receipt), ("payout-batches", batch), ("manual-entries", manual), ("members", shiro)].into()
    }

    /// The operation on what is there, or on what its path names by example.
    fn aimed(&self, operation: Operation) -> Operation {
        if !operation.template.contains("{id}") {
            return operation;
        }
        let noun = operation.template.split("/{id}").next().unwrap().rsplit('/').next().unwrap().to_owned();
        let id = self.staff_only.get(noun.as_str()).cloned();
        let id = id.unwrap_or_else(|| self.work.id_for(&operation.template).to_owned());
        operation.on(&id)
    }

    /// What somebody is told.
    fn ask(&self, column: &str, operation: &Operation) -> Response {
        let known = self.tokens.get(column);
        let ends = ENDINGS.contains(&operation.name().as_str()) && !["left", "revoked", "app"].contains(&column);
        let again = known.filter(|_| ends).map(|person| self.app.log_in(&person.email));
        let token = again.as_ref().or(known).map(|person| person.access_token.as_str());
        operation.call(self.app, token)
    }
}

/// What an answer says about who may; `ok` is whatever came after that was decided.
fn cell(answer: &Response) -> String {
    let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
    assert!(answer.status < 500 && body["code"] != "rate_limited", "{}", answer.text);
    let deciding =
        ["unauthenticated", "invalid_token", "not_permitted", "not_found", "not_for_apps", "insufficient_scope"];
    let is_refused = body["code"].as_str().is_some_and(|code| deciding.contains(&code));
    if is_refused { answer.status.to_string() } else { "ok".to_owned() }
}

/// Every operation: first what can be asked again and again, then what deletes, last what ends a session or an account.
fn in_order() -> Vec<Operation> {
    let mut all = operations();
    all.sort_by_key(|one| {
        let ending = ENDINGS.iter().position(|name| *name == one.name()).map_or(0, |place| place + 1);
        (ending, one.method == "DELETE", one.template.clone(), one.method.clone())
    });
    all
}

fn everybody_is_answered_as_the_table_says(app: &TestApp) {
    let (market, table) = (Market::of(app), table());
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut undeclared = BTreeSet::new();
    let all: Vec<Operation> = in_order().into_iter().map(|one| market.aimed(one)).collect();
    for column in COLUMNS {
        // All of them send the same wrong password, and none is to wait for those before.
        app.put_back("tallies", &["last_at"], 3600);
        for operation in &all {
            let answer = market.ask(column, operation);
            undeclared.extend(operation.undeclared(&answer));
            found.entry(operation.name()).or_default().push(cell(&answer));
        }
    }
    let wrong: Vec<String> = found
        .iter()
        .filter(|(name, cells)| table.get(*name).is_none_or(|row| row != *cells))
        .map(|(name, cells)| format!("{name:<58} {}", cells.join(" ")))
        .collect();
    assert!(wrong.is_empty(), "answered otherwise than the table says, or not in it:\n{}", wrong.join("\n"));
    let undeclared: Vec<String> = undeclared.into_iter().collect();
    assert!(undeclared.is_empty(), "not what the specification says:\n{}", undeclared.join("\n"));
    let gone: Vec<&String> = table.keys().filter(|name| !found.contains_key(*name)).collect();
    assert!(gone.is_empty(), "rows without an operation: {gone:?}");
}

fn what_is_not_ones_own_looks_like_what_never_was(app: &TestApp) {
    let (market, table) = (Market::of(app), table());
    let hidden = |one: &Operation| one.template.contains("{id}") && table[&one.name()][1] == "404";
    let mut compared = BTreeSet::new();
    for operation in in_order().into_iter().filter(hidden) {
        let told = |answer: Response| {
            let mut body: Value = serde_json::from_str(&answer.text).unwrap();
            body["request_id"].take();
            (answer.status, body)
        };
        // The path of the specification names, as its example, what never was.
        let never = told(market.ask("member", &operation));
        let operation = market.aimed(operation);
        let foreign = told(market.ask("member", &operation));
        assert_eq!(foreign, never, "{}", operation.name());
        compared.insert(operation.template.clone());
    }
    assert!(compared.len() > 30, "{compared:?}");
}

/// By the token of a session that has ended, which is looked at after the key, so that nothing is done.
fn a_key_is_missed_where_the_specification_says_so_and_nowhere_else(app: &TestApp) {
    let person = app.member("hanako");
    app.request("DELETE", "/v1/sessions/current").by(&person).send().expect(204);
    let all = operations();
    let missed = |operation: &Operation| {
        let answer = operation.call_without_key(app, &person.access_token);
        answer.status == 400 && answer.text.contains(r#""idempotency_key_missing""#)
    };
    let wrong: Vec<String> = all.iter().filter(|one| missed(one) != one.needs_key).map(Operation::name).collect();
    assert!(wrong.is_empty(), "a key is missed otherwise than the specification says: {wrong:?}");
    assert!(all.iter().filter(|one| one.needs_key).count() > 20);
}
