//! What each operation asks of apps and API keys: the table of the domain.

use domain::scope::{NEEDS, Need, Scope, Scopes};

use crate::problem::{Code, Problem};

/// What an operation needs by its id; what the table does not know is never an app's to do.
pub fn of_operation(id: &str) -> Need {
    NEEDS.iter().find(|(known, _)| *known == id).map_or(Need::Never, |(_, need)| *need)
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
