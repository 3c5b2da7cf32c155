//! Every operation there is, from the specification itself, so that tests of all of them forget none.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Request, Response, TestApp, deals::text};

/// An operation, with the examples of the specification as its id and body.
pub struct Operation {
    /// Its `operationId`.
    pub id: String,
    pub method: String,
    /// With `{id}` where the id goes.
    pub template: String,
    pub path: String,
    /// A stranger may call it.
    pub open: bool,
    /// A token is looked at, if there is one.
    pub personal: bool,
    /// Whether a call without an idempotency key is refused, as the specification has it.
    pub needs_key: bool,
    /// The names of its query parameters.
    pub query: Vec<String>,
    body: Option<Value>,
    /// What the specification says of its answers, by status.
    answers: BTreeMap<String, Declared>,
}

/// All of them.
pub fn operations() -> Vec<Operation> {
    let document = api::openapi::document().unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parameters = |place: &'static str| {
                let all = operation["parameters"].as_array().into_iter().flatten();
                all.filter(move |one| one["in"] == place)
            };
            let exemplary = parameters("path").fold(path.clone(), |path, parameter| {
                let text = |name: &str| parameter[name].as_str().unwrap();
                path.replace(&format!("{{{}}}", text("name")), text("example"))
            });
            all.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                template: path.clone(),
                path: exemplary,
                open: operation["security"].as_array().is_some_and(|ways| ways.is_empty() || ways.contains(&json!({}))),
                personal: operation["security"] != json!([]),
                needs_key: parameters("header").any(|one| one["name"] == "Idempotency-Key" && one["required"] == true),
                query: parameters("query").map(|one| text(&one["name"])).collect(),
                body: operation.pointer("/requestBody/content/application~1json/example").cloned(),
                answers: answers_of(&operation["responses"]),
            });
        }
    }
    assert!(all.len() > 10, "the specification has lost its operations");
    all
}

fn answers_of(responses: &Value) -> BTreeMap<String, Declared> {
    responses.as_object().unwrap().iter().map(|(status, answer)| (status.clone(), Declared::of(answer))).collect()
}

/// What the specification says of one answer.
struct Declared {
    headers: BTreeSet<String>,
    codes: BTreeSet<String>,
}

impl Declared {
    fn of(answer: &Value) -> Self {
        let names = |members: Option<&Value>| {
            let members = members.and_then(Value::as_object).into_iter().flatten();
            members.map(|(name, _)| name.clone()).collect()
        };
        let examples = answer.pointer("/content/application~1problem+json/examples");
        Self { headers: names(answer.get("headers")), codes: names(examples) }
    }
}

impl Operation {
    /// In what an answer is another than the specification says: its status, its code, its tag or its place.
    pub fn undeclared(&self, answer: &Response) -> Option<String> {
        let wrong = |what: &str| Some(format!("{} answers {} {what}", self.name(), answer.status));
        let Some(declared) = self.answers.get(&answer.status.to_string()) else { return wrong("") };
        let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        match body["code"].as_str() {
            Some(code) if body["status"].is_number() && !declared.codes.contains(code) => return wrong(code),
            Some(_) | None => {}
        }
        let headers = ["ETag", "Location"];
        headers.into_iter().find_map(|name| {
            let is_declared = declared.headers.contains(name);
            if answer.header(name).is_empty() == is_declared { wrong(name) } else { None }
        })
    }

    /// The same on a resource that exists.
    pub fn on(mut self, id: &str) -> Self {
        self.path = self.template.replace("{id}", id);
        self
    }

    /// The same with one more member in its body; none, if it has no body, or this member in it.
    pub fn adding(mut self, name: &str, value: &Value) -> Option<Self> {
        let body = self.body.as_mut()?.as_object_mut()?;
        body.insert(name.to_owned(), value.clone()).is_none().then_some(self)
    }

    /// What it is called in a failed assertion.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    /// Calls it as the bearer of a token, or as nobody.
    pub fn call(&self, app: &TestApp, token: Option<&str>) -> Response {
        let request = app.request(&self.method, &self.path);
        self.send(if self.method == "POST" { request.fresh_key() } else { request }, token)
    }

    /// The same without an idempotency key.
    pub fn call_without_key(&self, app: &TestApp, token: &str) -> Response {
        self.send(app.request(&self.method, &self.path), Some(token))
    }

    fn send(&self, request: Request, token: Option<&str>) -> Response {
        let request = token.into_iter().fold(request, |request, token| request.token(token));
        match &self.body {
            Some(body) => request.json(body),
            None => request.send(),
        }
    }
}
