//! What each operation asks of apps and API keys: the table of the domain, by the method and path of a request.

use std::{collections::HashMap, sync::OnceLock};

use actix_web::http::Method;
use domain::scope::{NEEDS, Need, Scope, Scopes};
use serde_json::Value;

use crate::problem::{Code, Problem};

/// By method and path, as the specification writes them.
type Known = HashMap<(String, String), Need>;

/// What an operation needs by its id; what the table does not know is never an app's to do.
pub fn of_operation(id: &str) -> Need {
    NEEDS.iter().find(|(known, _)| *known == id).map_or(Need::Never, |(_, need)| *need)
}

/// What the operation of a request needs.
pub(crate) fn of(method: &Method, pattern: Option<String>) -> Need {
    let place = pattern.map(|pattern| (method.to_string(), pattern));
    place.and_then(|place| known().get(&place).copied()).unwrap_or(Need::Never)
}

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let document = crate::openapi::document().unwrap_or_default();
        let paths = document.get("paths").and_then(|paths| paths.as_object().cloned()).unwrap_or_default();
        let operations = |(path, item): (String, Value)| {
            let item = item.as_object().cloned().unwrap_or_default();
            item.into_iter().map(move |(method, operation)| {
                let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
                ((method.to_uppercase(), path.clone()), of_operation(id))
            })
        };
        paths.into_iter().flat_map(operations).collect()
    })
}

/// Asks the table. `alone` is an app that acts without a member.
///
/// # Errors
/// [`Code::InsufficientScope`] that names the scope, or [`Code::NotForApps`].
pub(crate) fn check(need: Need, scopes: Scopes, alone: bool) -> Result<(), Problem> {
    match need {
        Need::Open => Ok(()),
        Need::Never => Err(Problem::new(Code::NotForApps)),
        Need::Member(_) if alone => Err(Problem::new(Code::NotForApps).detail(
            "This app acts for itself. What belongs to a member needs a token that the member gave (authorization_code).",
            "会員に代わらずに動作しているアプリです。会員の情報には、会員が許可したトークン（authorization_code）が必要です。",
        )),
        Need::Anyone(scope) | Need::Member(scope) => require(scope, scopes),
    }
}

fn require(scope: Scope, scopes: Scopes) -> Result<(), Problem> {
    if scopes.contains(scope) {
        return Ok(());
    }
    let name = scope.as_str();
    Err(Problem::new(Code::InsufficientScope)
        .detail(format!("This needs the scope {name}."), format!("この操作にはスコープ{name}が必要です。"))
        .missing_scope(name))
}
