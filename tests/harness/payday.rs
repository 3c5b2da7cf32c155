//! What paydays take: accounts at banks.

use serde_json::{Value, json};

/// An account at some bank with this number, that nothing is wrong with.
pub fn account(number: &str) -> Value {
    json!({"bank_code": "0005", "branch_code": "101", "account_type": "ordinary", "number": number, "holder": "ヤマダ ハナコ"})
}
