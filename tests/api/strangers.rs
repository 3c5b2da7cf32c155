//! Every operation, called by somebody who is not logged in or whose token is worthless. The list comes from the
//! specification, so that no new operation is forgotten.

use serde_json::{Value, json};

use crate::harness::{Response, TestApp, on_both_engines};

on_both_engines!(
    operations_that_are_not_open_refuse_strangers,
    operations_that_are_open_do_not_ask_who_it_is,
    operations_that_look_at_tokens_refuse_worthless_ones,
);

struct Operation {
    method: String,
    path: String,
    /// A stranger may call it.
    open: bool,
    /// A token is looked at, if there is one.
    personal: bool,
    body: Option<Value>,
}

/// All of them, with the example of the specification as their body.
fn operations() -> Vec<Operation> {
    let document = api::openapi::document().unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["parameters"].as_array().and_then(|list| list.iter().find(|one| one["name"] == "id"));
            let id = id.map_or("", |parameter| parameter["example"].as_str().unwrap());
            all.push(Operation {
                method: method.to_uppercase(),
                path: path.replace("{id}", id),
                open: operation["security"].as_array().is_some_and(|ways| ways.contains(&json!({}))),
                personal: operation["security"] != json!([{}]),
                body: operation.pointer("/requestBody/content/application~1json/example").cloned(),
            });
        }
    }
    assert!(all.len() > 10, "the specification has lost its operations");
    all
}

fn call(app: &TestApp, operation: &Operation, token: Option<&str>) -> Response {
    let request = app.request(&operation.method, &operation.path);
    let request = if operation.method == "POST" { request.fresh_key() } else { request };
    let request = token.into_iter().fold(request, |request, token| request.token(token));
    match &operation.body {
        Some(body) => request.json(body),
        None => request.send(),
    }
}

fn operations_that_are_not_open_refuse_strangers(app: &TestApp) {
    for operation in operations().iter().filter(|operation| !operation.open) {
        let answer = call(app, operation, None);
        assert_eq!(answer.status, 401, "{} {}: {}", operation.method, operation.path, answer.text);
        answer.problem(401, "unauthenticated");
    }
}

fn operations_that_are_open_do_not_ask_who_it_is(app: &TestApp) {
    for operation in operations().iter().filter(|operation| operation.open) {
        let answer = call(app, operation, None);
        let asked = answer.status == 401 && answer.text.contains("unauthenticated");
        assert!(!asked, "{} {}", operation.method, operation.path);
        assert!(answer.status < 500, "{} {}: {}", operation.method, operation.path, answer.text);
    }
}

fn operations_that_look_at_tokens_refuse_worthless_ones(app: &TestApp) {
    for operation in operations().iter().filter(|operation| operation.personal) {
        let answer = call(app, operation, Some("worthless"));
        assert_eq!(answer.status, 401, "{} {}: {}", operation.method, operation.path, answer.text);
        answer.problem(401, "invalid_token");
    }
}
