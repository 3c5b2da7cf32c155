//! Completes the document: parameters, error responses and examples that follow from the conventions, so that no
//! handler has to repeat them and none can forget them.

use std::collections::{BTreeMap, BTreeSet};

use domain::scope::Need;
use serde_json::{Map, Value, json};

use super::{bounds, components, example};
use crate::{
    call::header::MOST_TAGS,
    locale::Locale,
    needs,
    problem::{Code, Problem},
};

/// What the value of a header is made of (RFC 9110 section 5.5).
const FIELD_VALUE: &str = r"^[\t -~\u0080-\u00ff]*$";

/// How much of an operation is completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// What it takes.
    Parameters,
    /// What it answers as well, with examples.
    Whole,
}

/// Adds to every operation what its path, method and security imply.
///
/// # Errors
/// An operation declares what there is not.
pub fn complete(document: &mut Value) -> serde_json::Result<()> {
    let forms = forms(document);
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        bounds::bound(schemas, &forms);
    }
    operations(document, Extent::Whole)?;
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert("headers".into(), components::headers());
        let schemas = components.entry("schemas").or_insert_with(|| json!({}));
        schemas.as_object_mut().map(|schemas| schemas.insert("Problem".into(), components::problem()));
    }
    Ok(())
}

/// Completes every operation so far.
///
/// # Errors
/// An operation declares what there is not.
pub(super) fn operations(document: &mut Value, extent: Extent) -> serde_json::Result<()> {
    let schemas = document.pointer("/components/schemas").cloned().unwrap_or_default();
    let paths = document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten();
    for (path, item) in paths {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                Operation { keyed: false, path, method, operation, schemas: &schemas }.complete(extent)?;
            }
        }
    }
    Ok(())
}

/// The schemas that are sent as forms.
fn forms(document: &Value) -> BTreeSet<String> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let operations = paths.filter_map(Value::as_object).flat_map(Map::values);
    let named = operations.filter_map(|operation| {
        operation.pointer("/requestBody/content/application~1x-www-form-urlencoded/schema/$ref")?.as_str()
    });
    named.filter_map(|name| name.rsplit('/').next()).map(str::to_owned).collect()
}

struct Operation<'a> {
    /// Whether it honours an idempotency key.
    keyed: bool,
    path: &'a str,
    method: &'a str,
    operation: &'a mut Map<String, Value>,
    schemas: &'a Value,
}

impl Operation<'_> {
    fn complete(mut self, extent: Extent) -> serde_json::Result<()> {
        let key = self.operation.remove("x-key");
        let (takes_key, key_required) = match key.as_ref().map(Value::as_str) {
            None => (true, false),
            Some(Some("required")) => (true, true),
            Some(Some("none")) => (false, false),
            Some(_) => return Err(self.unknown("x-key", key)),
        };
        self.keyed = self.method == "post" && takes_key;
        let declared = self.declared()?;
        self.parameters(key_required, &declared);
        if extent == Extent::Whole {
            self.errors(key_required, &declared);
            self.unchanged();
            self.headers();
            self.examples();
            self.security();
        }
        Ok(())
    }

    /// The codes that it says it has besides those that follow from its shape.
    fn declared(&mut self) -> serde_json::Result<Vec<Code>> {
        let names: Vec<String> = self.operation.remove("x-errors").map_or(Ok(Vec::new()), serde_json::from_value)?;
        let known = |name: &String| Code::ALL.iter().copied().find(|code| code.as_str() == name);
        names.iter().map(|name| known(name).ok_or_else(|| self.unknown("x-errors", name.as_str()))).collect()
    }

    fn unknown(&self, extension: &str, value: impl Into<Value>) -> serde_json::Error {
        let (method, path, value) = (self.method, self.path, value.into());
        serde::ser::Error::custom(format!("{method} {path} has {value} in {extension}"))
    }

    /// Says of each operation by itself whether it takes a token: generated clients look nowhere else. What apps and keys
    /// may do is told from the same table that decides it.
    fn security(&mut self) {
        if self.open() {
            self.operation.insert("security".into(), json!([]));
            return;
        }
        let scheme = if self.path.starts_with("/v1/admin/") { "staff" } else { "bearer" };
        let scope = match self.need() {
            Need::Open | Need::Never => None,
            Need::Anyone(scope) | Need::Member(scope) => Some(scope.as_str()),
        };
        let strangers = self.takes_strangers().then(|| json!({}));
        let apps = scope.into_iter().flat_map(|scope| [json!({"oauth2": [scope]}), json!({"api_key": []})]);
        let ways: Vec<Value> = strangers.into_iter().chain([json!({scheme: []})]).chain(apps).collect();
        self.operation.insert("security".into(), ways.into());
    }

    fn need(&self) -> Need {
        needs::of_operation(self.operation.get("operationId").and_then(Value::as_str).unwrap_or_default())
    }

    fn open(&self) -> bool {
        self.operation.get("security").is_some_and(|security| security == &json!([{}]))
    }

    fn takes_strangers(&self) -> bool {
        let ways = self.operation.get("security").and_then(Value::as_array);
        ways.is_some_and(|ways| ways.contains(&json!({})))
    }

    /// Its forms are refused in the words of another standard.
    fn speaks_oauth(&self) -> bool {
        self.path.starts_with("/oauth/")
    }

    fn posts(&self) -> bool {
        self.method == "post"
    }

    /// An action on a resource.
    fn acts(&self) -> bool {
        self.posts() && self.path.contains("{id}/")
    }

    /// Reads what has a version, which its tag begins with.
    fn reads_tagged(&self) -> bool {
        let answer = self.operation.get("responses").and_then(|responses| responses.get("200"));
        self.method == "get" && answer.is_some_and(|answer| is_tagged(answer, self.schemas))
    }

    fn parameters(&mut self, key_required: bool, declared: &[Code]) {
        let mut added = Vec::new();
        if self.path.contains("{id}") {
            let prefix = example::prefix_of_path(self.path);
            added.push(json!({
                "name": "id", "in": "path", "required": true, "description": "The resource.",
                "schema": {"type": "string", "maxLength": prefix.len() + 27, "pattern": bounds::id_pattern(prefix)},
                "example": example::id(prefix),
            }));
        }
        if self.keyed {
            added.push(json!({
                "name": "Idempotency-Key", "in": "header", "required": key_required,
                "description": "Makes a retry safe: the same key with the same request repeats the first answer. Kept for 7 days.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
                "example": "0198c0de-5d1f-7c3a-9b1e-4f6f2d1c7a10",
            }));
        }
        if self.acts() || declared.contains(&Code::PreconditionFailed) {
            added.push(json!({
                "name": "If-Match", "in": "header", "required": false,
                "description": "The ETag last seen; refused with 412 if the resource has changed since.",
                "schema": {"type": "string", "maxLength": 64, "pattern": FIELD_VALUE},
            }));
        }
        if self.reads_tagged() {
            added.push(json!({
                "name": "If-None-Match", "in": "header", "required": false,
                "description": "The ETag last seen; answered with 304 and no body if it is still the same.",
                "schema": {"type": "string", "maxLength": MOST_TAGS, "pattern": FIELD_VALUE},
            }));
        }
        if self.posts() && can_be_previewed(self.path) {
            added.push(json!({
                "name": "preview", "in": "query", "required": false,
                "description": "With true, answers with what would happen and changes nothing.",
                "schema": {"type": "boolean", "default": false},
            }));
        }
        if added.is_empty() && !self.operation.contains_key("parameters") {
            return;
        }
        let list = self.operation.entry("parameters").or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.retain(|known| !added.iter().any(|new| new["name"] == known["name"]));
            list.extend(added);
            list.iter_mut().for_each(bounds::bound_parameter);
        }
    }

    /// The codes this operation can answer with: those of its shape, and those it declares.
    fn codes(&self, key_required: bool, declared: &[Code]) -> BTreeSet<&'static str> {
        let mut codes =
            vec![Code::InvalidHeader, Code::InvalidParameter, Code::Internal, Code::Unavailable, Code::RateLimited];
        if !self.open() {
            codes.push(Code::InvalidToken);
        }
        if !self.takes_strangers() {
            codes.push(Code::Unauthenticated);
        }
        match self.need() {
            Need::Open => {}
            Need::Never => codes.push(Code::NotForApps),
            Need::Anyone(_) => codes.push(Code::InsufficientScope),
            Need::Member(_) => codes.extend([Code::InsufficientScope, Code::NotForApps]),
        }
        if self.path.starts_with("/v1/me/") {
            // Staff have no market of their own.
            codes.push(Code::NotPermitted);
        }
        if self.path.contains("{id}") {
            codes.extend([Code::InvalidId, Code::NotFound]);
        }
        let queried = self.operation.get("parameters").and_then(Value::as_array);
        if queried.is_some_and(|list| list.iter().any(|parameter| parameter["name"] == "cursor")) {
            codes.push(Code::InvalidCursor);
        }
        if self.keyed {
            codes.push(Code::IdempotencyKeyReused);
        }
        if key_required {
            codes.push(Code::IdempotencyKeyMissing);
        }
        if self.operation.contains_key("requestBody") && !self.speaks_oauth() {
            codes.extend([
                Code::MalformedJson,
                Code::BodyTooSlow,
                Code::BodyTooLarge,
                Code::UnsupportedMediaType,
                Code::InvalidBody,
            ]);
        }
        if self.acts() {
            codes.extend([Code::PreconditionFailed, Code::ActionRefused, Code::LostRace, Code::NotPermitted]);
        }
        codes.extend(declared);
        if codes.contains(&Code::NotPermitted) {
            codes.push(Code::SecondFactorMissing);
        }
        codes.into_iter().map(Code::as_str).collect()
    }

    fn errors(&mut self, key_required: bool, declared: &[Code]) {
        let names = self.codes(key_required, declared);
        let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
        for code in Code::ALL.iter().copied().filter(|code| names.contains(code.as_str())) {
            by_status.entry(code.status()).or_default().push(code);
        }
        let responses = self.operation.entry("responses").or_insert_with(|| json!({}));
        let Some(responses) = responses.as_object_mut() else { return };
        for (status, codes) in by_status {
            let list = codes.iter().map(|code| format!("`{}`", code.as_str())).collect::<Vec<_>>().join(", ");
            let examples: Map<String, Value> = codes
                .iter()
                .map(|code| {
                    (
                        code.as_str().to_owned(),
                        json!({"value": Problem::new(*code).body(Locale::En, example::REQUEST_ID)}),
                    )
                })
                .collect();
            let problem = json!({"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples});
            // What is refused in other words as well keeps its own description.
            let known = responses.entry(status.to_string()).or_insert_with(|| json!({}));
            let Some(known) = known.as_object_mut() else { continue };
            known.entry("description").or_insert_with(|| format!("Codes: {list}").into());
            let content = known.entry("content").or_insert_with(|| json!({}));
            content.as_object_mut().map(|content| content.insert("application/problem+json".into(), problem));
        }
    }

    /// What the caller has seen already is not sent again.
    fn unchanged(&mut self) {
        if !self.reads_tagged() {
            return;
        }
        if let Some(responses) = self.operation.get_mut("responses").and_then(Value::as_object_mut) {
            responses.insert("304".into(), json!({"description": "It is still what `If-None-Match` names"}));
        }
    }

    /// Where the caller stands is told with every answer; the rest follows from the status and from what is answered.
    fn headers(&mut self) {
        let (keyed, schemas) = (self.keyed, self.schemas);
        let responses = self.operation.get_mut("responses").and_then(Value::as_object_mut);
        for (status, response) in responses.into_iter().flatten() {
            let is_tagged = status == "304" || is_tagged(response, schemas);
            let Some(response) = response.as_object_mut() else { continue };
            let names = [
                Some("RateLimit"),
                Some("RateLimit-Policy"),
                (status == "429" || status == "503").then_some("Retry-After"),
                is_tagged.then_some("ETag"),
                (status == "201").then_some("Location"),
                (keyed && status.starts_with('2')).then_some("Idempotency-Replayed"),
            ];
            let told = response.entry("headers").or_insert_with(|| json!({}));
            for name in names.into_iter().flatten() {
                let header = json!({"$ref": format!("#/components/headers/{name}")});
                told.as_object_mut().map(|told| told.insert(name.into(), header));
            }
        }
    }

    fn examples(&mut self) {
        let schemas = self.schemas;
        let fill = |content: Option<&mut Value>| {
            let json = content.and_then(|content| content.get_mut("application/json")).and_then(Value::as_object_mut);
            if let Some(json) = json {
                let made = json.get("schema").map(|schema| example::of(schema, schemas, ""));
                if let (Some(made), false) = (made, json.contains_key("example")) {
                    json.insert("example".into(), made);
                }
            }
        };
        fill(self.operation.get_mut("requestBody").and_then(|body| body.get_mut("content")));
        for response in
            self.operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flat_map(|r| r.values_mut())
        {
            fill(response.get_mut("content"));
        }
    }
}

/// Whether a response is a resource with a version, which has an `ETag`.
fn is_tagged(response: &Value, schemas: &Value) -> bool {
    response.pointer("/content/application~1json/schema").is_some_and(|schema| has_version(schema, schemas))
}

fn has_version(schema: &Value, schemas: &Value) -> bool {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = reference.rsplit('/').next().unwrap_or_default();
        return schemas.get(target).is_some_and(|target| has_version(target, schemas));
    }
    let own = schema.pointer("/properties/version/type").is_some_and(|kind| kind == "integer");
    let parts = schema.get("allOf").and_then(Value::as_array);
    own || parts.into_iter().flatten().any(|part| has_version(part, schemas))
}

/// What is made new and moves money by that, and so can be previewed as well.
const PREVIEWED_CREATIONS: [&str; 2] = ["/v1/payouts", "/v1/refunds"];

/// Whether a path is that of something that can be previewed: an action on a resource, or one of the few others. What is
/// done to an app answers with a secret, which nobody is to be shown for nothing.
fn can_be_previewed(path: &str) -> bool {
    path.contains("{id}/") && !path.starts_with("/v1/apps/") || PREVIEWED_CREATIONS.contains(&path)
}
