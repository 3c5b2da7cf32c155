//! Bounds that follow from what a value is: ids, dates and prose look the same wherever they stand.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::example;
use crate::oauth::form;

/// The longest date and the longest moment that are written by hand: `2026-04-01T09:00:00.123456789+09:00`.
const DATE: u64 = 10;
const MOMENT: u64 = 35;
/// What a text of a request is made of: no control characters but tabs and line breaks, nothing that turns its
/// direction around.
const PROSE: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202d\u202e]*$";
/// Where a file is.
const LINK: &str = r"^https://[^\u0000-\u001f\u007f-\u009f\u202d\u202e]*$";
const LINK_LENGTH: u64 = 2000;
/// Where members can be sent back to.
const REDIRECT: &str = r"^https?://[!-~]+$";

/// The pattern of ids with this prefix.
pub(super) fn id_pattern(prefix: &str) -> String {
    format!("^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$")
}

/// Bounds every schema of the document; `title` is what it is called, as an example's id needs to know.
pub(super) fn bound(schemas: &mut Map<String, Value>, forms: &BTreeSet<String>) {
    for (title, schema) in schemas {
        if forms.contains(title) {
            bound_form(schema);
        }
        within(schema, title, "");
    }
}

/// Bounds a form of OAuth: what is unknown in it is ignored, but comes once, and what is empty counts as left out (RFC 6749
/// section 3.2).
fn bound_form(schema: &mut Value) {
    let any = json!({"type": "string", "maxLength": form::MOST, "pattern": PROSE});
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (name, property) in properties.into_iter().flatten() {
        let Some(property) = property.as_object_mut().filter(|property| kind(property) == "string") else { continue };
        add(property, "maxLength", json!(form::MOST));
        if required.iter().any(|required| required == name) {
            add(property, "minLength", json!(1));
        }
    }
    schema["additionalProperties"] = any;
}

/// Bounds the schema of one parameter. The `id` of a path is bounded by whoever knows the path; the `client_id` of OAuth is
/// an app's.
pub(super) fn bound_parameter(parameter: &mut Value) {
    let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
    let name = if ["id", "client_id"].contains(&name) { String::new() } else { name.to_owned() };
    if let Some(schema) = parameter.get_mut("schema") {
        within(schema, "", &name);
    }
}

fn within(schema: &mut Value, title: &str, name: &str) {
    let Some(members) = schema.as_object_mut() else { return };
    if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, property) in properties {
            within(property, title, name);
        }
    }
    for part in ["allOf", "oneOf", "anyOf"] {
        for option in members.get_mut(part).and_then(Value::as_array_mut).into_iter().flatten() {
            within(option, title, name);
        }
    }
    if let Some(items) = members.get_mut("items") {
        within(items, title, name);
    }
    match kind(members) {
        "string" if !members.contains_key("enum") => text(members, title, name),
        "integer" if members.contains_key("minimum") => integer(members),
        _ => {}
    }
}

fn kind(schema: &Map<String, Value>) -> &str {
    let kinds = schema.get("type");
    let first = kinds.and_then(Value::as_array).and_then(|kinds| kinds.iter().find(|kind| *kind != "null"));
    first.or(kinds).and_then(Value::as_str).unwrap_or_default()
}

fn text(schema: &mut Map<String, Value>, title: &str, name: &str) {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default().to_owned();
    match format.as_str() {
        "date" => add(schema, "maxLength", json!(DATE)),
        "date-time" => add(schema, "maxLength", json!(MOMENT)),
        _ => {}
    }
    if let (Some(prefix), false) = (example::prefix_of_property(title, name), schema.contains_key("example")) {
        schema.insert("maxLength".into(), json!(prefix.len() + 27));
        add(schema, "pattern", json!(id_pattern(&prefix)));
    } else if name == "links" {
        add(schema, "maxLength", json!(LINK_LENGTH));
        add(schema, "pattern", json!(LINK));
    } else if name == "redirect_uris" {
        add(schema, "maxLength", json!(domain::app::REDIRECT_MOST));
        add(schema, "pattern", json!(REDIRECT));
    } else if format.is_empty() && schema.contains_key("maxLength") {
        add(schema, "pattern", json!(PROSE));
    }
}

fn integer(schema: &mut Map<String, Value>) {
    let most = if schema.get("format").is_some_and(|format| format == "int64") { i64::MAX } else { i32::MAX.into() };
    if !schema.contains_key("exclusiveMaximum") {
        add(schema, "maximum", json!(most));
    }
}

fn add(schema: &mut Map<String, Value>, name: &str, value: Value) {
    schema.entry(name).or_insert(value);
}
