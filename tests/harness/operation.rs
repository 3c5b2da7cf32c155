//! Every operation there is, from the specification itself, so that tests of all of them forget none.

use serde_json::{Value, json};

use super::{Response, TestApp};

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
    body: Option<Value>,
}

/// All of them.
pub fn operations() -> Vec<Operation> {
    let document = api::openapi::document().unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "path");
            let exemplary = parameters.fold(path.clone(), |path, parameter| {
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
                body: operation.pointer("/requestBody/content/application~1json/example").cloned(),
            });
        }
    }
    assert!(all.len() > 10, "the specification has lost its operations");
    all
}

impl Operation {
    /// The same on a resource that exists.
    pub fn on(mut self, id: &str) -> Self {
        self.path = self.template.replace("{id}", id);
        self
    }

    /// What it is called in a failed assertion.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    /// Calls it as the bearer of a token, or as nobody.
    pub fn call(&self, app: &TestApp, token: Option<&str>) -> Response {
        let request = app.request(&self.method, &self.path);
        let request = if self.method == "POST" { request.fresh_key() } else { request };
        let request = token.into_iter().fold(request, |request, token| request.token(token));
        match &self.body {
            Some(body) => request.json(body),
            None => request.send(),
        }
    }
}
