//! What apps and API keys may do: the table, compared with the specification, and tried operation by operation.

use std::collections::BTreeSet;

use domain::scope::{NEEDS, Need, Scope};
use serde_json::{Value, json};

use crate::harness::{TestApp, on_both_engines, operation::operations};

on_both_engines!(
    an_app_is_refused_what_is_never_for_apps_whatever_its_scopes,
    an_app_is_refused_what_it_was_not_allowed_and_learns_the_scope,
    an_app_with_every_scope_is_refused_nothing_else_for_being_one,
    an_app_without_a_member_reads_what_anybody_may_and_nothing_of_a_member,
    an_app_does_not_see_answers_that_its_member_was_given,
);

/// Every operation of the specification, by its id.
fn specified() -> Vec<(String, Value)> {
    let document = api::openapi::document().unwrap();
    let items = document["paths"].as_object().unwrap().values().cloned();
    let operations = items.flat_map(|item| item.as_object().unwrap().values().cloned().collect::<Vec<_>>());
    operations.map(|one| (one["operationId"].as_str().unwrap().to_owned(), one)).collect()
}

fn need(id: &str) -> Need {
    NEEDS.iter().find(|(known, _)| *known == id).unwrap().1
}

#[test]
fn the_table_names_every_operation_of_the_specification_once_and_no_other() {
    let named: Vec<String> = NEEDS.iter().map(|(id, _)| (*id).to_owned()).collect();
    let once: BTreeSet<String> = named.iter().cloned().collect();
    assert_eq!(named.len(), once.len(), "an operation stands twice");
    let all: BTreeSet<String> = specified().into_iter().map(|(id, _)| id).collect();
    let difference: Vec<&String> = all.symmetric_difference(&once).collect();
    assert!(difference.is_empty(), "in the table or in the specification alone: {difference:?}");
}

#[test]
fn the_specification_says_of_each_operation_what_the_table_says() {
    for (id, operation) in specified() {
        let ways = operation["security"].as_array().unwrap();
        let asked: Vec<&Value> = ways.iter().filter_map(|way| way.get("oauth2")).collect();
        let keyed = ways.iter().filter(|way| way.get("api_key").is_some()).count();
        assert_eq!(asked.len(), keyed, "{id}");
        let told = match need(&id) {
            Need::Open => (ways.is_empty(), vec![]),
            Need::Never => (!ways.is_empty() && !ways.contains(&json!({})), vec![]),
            Need::Anyone(scope) => (ways.contains(&json!({})), vec![json!([scope.as_str()])]),
            Need::Member(scope) => (!ways.contains(&json!({})), vec![json!([scope.as_str()])]),
        };
        assert!(told.0, "{id}: {ways:?}");
        assert_eq!(asked, told.1.iter().collect::<Vec<_>>(), "{id}");
    }
}

#[test]
fn every_scope_opens_something() {
    for scope in Scope::ALL {
        let opens = NEEDS.iter().any(|(_, need)| [Need::Anyone(*scope), Need::Member(*scope)].contains(need));
        assert!(opens, "{scope}");
    }
}

fn every_scope() -> String {
    domain::scope::Scopes::all().to_string()
}

/// The tokens that an app of this member and a key of theirs have.
fn tokens(app: &TestApp, scope: &str) -> Vec<String> {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    let partner = app.partner(&taro, "Tea Calendar", true);
    let granted = app.connect(&partner, &hanako, scope);
    let scopes: Vec<&str> = scope.split(' ').collect();
    let key = app.api_key(&hanako, &scopes);
    [&granted["access_token"], &key["key"]].iter().map(|token| token.as_str().unwrap().to_owned()).collect()
}

fn an_app_is_refused_what_is_never_for_apps_whatever_its_scopes(app: &TestApp) {
    for token in tokens(app, &every_scope()) {
        let never: Vec<_> = operations().into_iter().filter(|one| need(&one.id) == Need::Never).collect();
        assert!(never.len() > 60, "{}", never.len());
        for operation in never {
            operation.call(app, Some(&token)).problem(403, "not_for_apps");
        }
        app.get("/v1/me").token(&token).send().expect(200);
    }
}

fn an_app_is_refused_what_it_was_not_allowed_and_learns_the_scope(app: &TestApp) {
    for (token, own) in tokens(app, "profile:read").into_iter().zip([Scope::ProfileRead; 2]) {
        for operation in operations() {
            let (Need::Member(scope) | Need::Anyone(scope)) = need(&operation.id) else { continue };
            if scope == own {
                continue;
            }
            let answer = operation.call(app, Some(&token));
            assert_eq!(answer.problem(403, "insufficient_scope")["scope"], scope.as_str(), "{}", operation.name());
            let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
            assert_eq!(answer.header("www-authenticate"), challenge);
        }
    }
}

fn an_app_with_every_scope_is_refused_nothing_else_for_being_one(app: &TestApp) {
    for token in tokens(app, &every_scope()) {
        for operation in operations() {
            if let Need::Member(_) | Need::Anyone(_) = need(&operation.id) {
                let answer = operation.call(app, Some(&token));
                for code in ["insufficient_scope", "not_for_apps", "invalid_token"] {
                    assert!(!answer.text.contains(code), "{}: {}", operation.name(), answer.text);
                }
            }
        }
    }
}

fn an_app_without_a_member_reads_what_anybody_may_and_nothing_of_a_member(app: &TestApp) {
    let taro = app.member("taro");
    let partner = app.partner(&taro, "Tea Calendar", true);
    let own = app.as_partner(&partner, "/oauth/token", &[("grant_type", "client_credentials")]).expect(200);
    assert_eq!((own["scope"].as_str(), own.get("refresh_token")), (Some("jobs:read"), None));
    let token = own["access_token"].as_str().unwrap();
    app.get("/v1/jobs").token(token).send().expect(200);
    for operation in operations() {
        if let Need::Member(_) | Need::Never = need(&operation.id) {
            operation.call(app, Some(token)).problem(403, "not_for_apps");
        }
    }
    for scope in ["profile:read", "jobs:read money:read", "admin"] {
        let fields = [("grant_type", "client_credentials"), ("scope", scope)];
        app.as_partner(&partner, "/oauth/token", &fields).oauth(400, "invalid_scope");
    }
    let public = app.partner(&taro, "Tea Phone", false);
    app.as_partner(&public, "/oauth/token", &[("grant_type", "client_credentials")]).oauth(400, "unauthorized_client");
}

fn an_app_does_not_see_answers_that_its_member_was_given(app: &TestApp) {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    let partner = app.partner(&taro, "Tea Calendar", true);
    let token = app.connect(&partner, &hanako, "profile:read")["access_token"].clone();
    let job = json!({"title": "Translate a page", "description": "About 3,000 characters.", "category": "translation", "length": "one_off"});
    app.post("/v1/jobs").by(&hanako).key("the-same").json(&job).expect(201);
    let replay = app.post("/v1/jobs").token(token.as_str().unwrap()).key("the-same").json(&job);
    replay.problem(403, "insufficient_scope");
}
