//! Realistic examples, made from the schemas: every name means the same everywhere, so it has one example.

use serde_json::{Map, Value, json};

/// The request id of every example.
pub(super) const REQUEST_ID: &str = "0198c0de5d1f7c3a9b1e4f6f2d1c7a10";

/// An id with this prefix.
pub(super) fn id(prefix: &str) -> String {
    format!("{prefix}_01k30dwqgzfgx9p7jfdwpht7gg")
}

/// Which kind of id stands in a path.
pub(super) fn prefix_of_path(path: &str) -> &'static str {
    const KINDS: [(&str, &str); 18] = [
        ("/jobs/", "job"),
        ("/proposals/", "proposal"),
        ("/contracts/", "contract"),
        ("/milestones/", "milestone"),
        ("/payments/", "payment"),
        ("/payouts/", "payout"),
        ("/refunds/", "refund"),
        ("/payout-batches/", "batch"),
        ("/bank-receipts/", "receipt"),
        ("/cancellation-requests/", "cancellation"),
        ("/disputes/", "dispute"),
        ("/sessions/", "session"),
        ("/me/identities/", "identity"),
        ("/members/", "member"),
        ("/manual-entries/", "manual"),
        ("/apps/", "app"),
        ("/connected-apps/", "app"),
        ("/api-keys/", "key"),
    ];
    let known = KINDS.iter().find(|(part, _)| path.contains(&format!("{part}{{id}}")));
    known.map_or("id", |(_, prefix)| prefix)
}

/// An example of a schema; `name` is the property it stands at.
pub(super) fn of(schema: &Value, schemas: &Value, name: &str) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = reference.rsplit('/').next().unwrap_or_default();
        if let Some(known) = of_type(target, name) {
            return known;
        }
        let Some(schema) = schemas.get(target) else { return Value::Null };
        let titled = name.is_empty() || name == "items" || schema.get("properties").is_some();
        return of(schema, schemas, if titled { target } else { name });
    }
    if let Some(options) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array) {
        let real = options.iter().find(|option| option.get("type") != Some(&json!("null")));
        return real.map_or(Value::Null, |option| of(option, schemas, name));
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        return together(parts, schemas, name);
    }
    if let Some(first) = schema.pointer("/enum/0") {
        return first.clone();
    }
    match kind(schema) {
        "object" => object(schema, schemas, name),
        "array" => schema.get("items").map_or_else(|| json!([]), |item| json!([of(item, schemas, singular(name))])),
        "integer" | "number" => integer(name, schema),
        "boolean" => json!(true),
        _ => text(name, schema),
    }
}

/// What stands where a type alone, or with the name of the property, tells more than its schema.
fn of_type(target: &str, name: &str) -> Option<Value> {
    match (target, name) {
        ("Category", _) => Some(json!("translation")),
        ("JobState", _) => Some(json!("open")),
        ("Party", _) => Some(json!("worker")),
        ("Money", "budget_min") => Some(yen(10_000)),
        ("Money", "budget_min_net") => Some(yen(8_000)),
        ("Money", "budget_max") => Some(yen(50_000)),
        ("Money", "budget_max_net") => Some(yen(40_000)),
        _ => None,
    }
}

fn yen(amount: i64) -> Value {
    json!({"amount": amount, "currency": "JPY"})
}

/// The members of all parts in one object.
fn together(parts: &[Value], schemas: &Value, name: &str) -> Value {
    let parts = parts.iter().map(|part| of(part, schemas, name));
    parts.filter_map(|part| part.as_object().cloned()).flatten().collect::<Map<_, _>>().into()
}

fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ => "object",
    }
}

fn object(schema: &Value, schemas: &Value, title: &str) -> Value {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return json!({}) };
    let member = |(name, schema): (&String, &Value)| {
        let place = if name == "id" { format!("{title}#id") } else { name.clone() };
        (name.clone(), of(schema, schemas, &place))
    };
    properties.iter().map(member).collect::<Map<_, _>>().into()
}

fn singular(name: &str) -> &str {
    match name {
        "allowed_actions" => "action",
        "" => "items",
        plural => plural,
    }
}

fn integer(name: &str, schema: &Value) -> Value {
    match name {
        "version" | "round" | "position" | "terms_version" | "line" => json!(1),
        "acceptance_days" => json!(7),
        "revision_limit" => json!(3),
        "expires_in" => json!(900),
        "number" => json!(42),
        "status" => json!(200),
        _ => schema.get("minimum").cloned().unwrap_or_else(|| json!(0)),
    }
}

fn text(name: &str, schema: &Value) -> Value {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    if let Some(title) = name.strip_suffix("#id") {
        return json!(id(&snake(title)));
    }
    match (name, format) {
        (_, "date-time") => json!("2026-04-01T09:00:00Z"),
        (_, "date") => json!("2026-04-30"),
        ("email" | "recipient", _) => json!("hanako@example.com"),
        ("password", _) => json!("correct horse battery staple"),
        ("display_name" | "sender", _) => json!("Hanako Yamada"),
        ("title", _) => json!("Translate a product page into English"),
        ("description" | "scope", _) => json!("About 3,000 characters of Japanese, for a shop that sells tea."),
        ("category", _) => json!("translation"),
        ("message", _) => json!("I have translated for tea shops before, and can start on Monday."),
        ("body" | "claim" | "reason" | "answer" | "reasoning", _) => {
            json!("The first half is done; the rest follows on Friday.")
        }
        ("links", _) => json!("https://files.example.com/draft-1.pdf"),
        ("action", _) => json!("accept"),
        ("access_token", _) => json!("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJtZW1iZXIifQ.c2lnbmF0dXJl"),
        ("refresh_token" | "token", _) => json!("azr_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ("next_cursor", _) => Value::Null,
        ("rate", _) => json!("0.20"),
        (other, _) => other.strip_suffix("_id").map_or_else(|| json!("text"), |kind| json!(id(known_prefix(kind)))),
    }
}

/// Which kind of id a property holds, if it holds one: `id` is that of the schema it stands in.
pub(super) fn prefix_of_property(title: &str, name: &str) -> Option<String> {
    match name {
        "id" => Some(snake(title)),
        "request_id" => None,
        other => other.strip_suffix("_id").map(|kind| known_prefix(kind).to_owned()),
    }
}

/// `client_id` and `worker_id` are members.
fn known_prefix(kind: &str) -> &str {
    match kind {
        "api_key" => "key",
        "client" | "worker" | "author" | "drafter" | "preparer" | "owner" | "actor" => "member",
        "bank_receipt" => "receipt",
        "payout_batch" | "prepared_batch" => "batch",
        "payout_detail" => "payout",
        "cancellation_request" => "cancellation",
        "journal_entry" => "entry",
        "current_session" => "session",
        "progress_note" => "note",
        "test_mail" => "mail",
        "manual_entry" => "manual",
        "audit_record" | "own_audit_record" => "audit",
        other => other,
    }
}

fn snake(title: &str) -> String {
    let word: String = title.chars().take_while(|c| c.is_alphanumeric()).collect();
    known_prefix(&word.chars().enumerate().fold(String::new(), |mut out, (place, c)| {
        if c.is_uppercase() && place > 0 {
            out.push('_');
        }
        out.extend(c.to_lowercase());
        out
    }))
    .to_owned()
}
