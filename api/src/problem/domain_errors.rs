//! What the domain refuses, as problems: one exhaustive mapping for each of its errors.

mod access;
mod disagreement;
mod manual_entry;
mod market;
mod payday;
mod work;

use domain::{
    ids::InvalidId,
    machine::Refused,
    member::NotHere,
    money::MoneyError,
    policy::{Forbidden, Standing},
};

use super::{Code, Problem};

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        // What the caller may do is told by `instead`: the state allows others more, and guards may allow less.
        let Refused { machine, state, action, allowed: _ } = refused;
        Self::new(Code::ActionRefused).detail(
            format!("This {machine} is {state}; {action} is not possible."),
            format!("この{machine}は{state}の状態なので、{action}はできません。"),
        )
    }
}

impl From<Forbidden> for Problem {
    fn from(forbidden: Forbidden) -> Self {
        match forbidden.standing {
            // Outsiders do not learn that there is anything.
            Standing::Outsider => Self::not_found(),
            Standing::Oneself
            | Standing::Client
            | Standing::Worker
            | Standing::Support
            | Standing::Moderator
            | Standing::Finance
            | Standing::Admin
            | Standing::System => Self::new(Code::NotPermitted),
        }
    }
}

impl From<NotHere> for Problem {
    fn from(NotHere(_): NotHere) -> Self {
        Self::new(Code::MemberLeft)
    }
}

impl From<MoneyError> for Problem {
    fn from(error: MoneyError) -> Self {
        let ja = match error {
            MoneyError::OutOfRange => "金額が範囲外です。",
            MoneyError::CurrencyMismatch(..) => "通貨が一致しません。",
        };
        Self::new(Code::InvalidBody).detail(error.to_string(), ja)
    }
}

impl From<InvalidId> for Problem {
    fn from(error: InvalidId) -> Self {
        let ja = match &error {
            InvalidId::WrongPrefix { expected, found } => {
                format!("{expected}で始まるIDが必要ですが、{found}のIDでした。")
            }
            InvalidId::Malformed { expected } => format!("{expected}_で始まる正しいIDではありません。"),
        };
        Self::new(Code::InvalidId).detail(error.to_string(), ja)
    }
}
