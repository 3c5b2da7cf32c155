//! What entries by hand refuse, as problems.

use domain::manual_entry::{MOST_MEMBERS, ManualEntryError};

use crate::problem::{Code, Problem};

impl From<ManualEntryError> for Problem {
    fn from(error: ManualEntryError) -> Self {
        let ja = match &error {
            ManualEntryError::NotByHand(kind) => format!("{kind}には手動で記帳できません。"),
            ManualEntryError::ManyMembers => format!("一つの記帳に関わる会員は{MOST_MEMBERS}人までです。"),
            ManualEntryError::Entry(_) => {
                "同じ通貨の借方と貸方が一致し、勘定ごとに一行で、0より大きい金額でなければなりません。".to_owned()
            }
            ManualEntryError::NoMember(id) => format!("{id}という会員はいません。"),
            ManualEntryError::Left(_) => return Self::new(Code::MemberLeft),
            ManualEntryError::FourEyes => return Self::new(Code::FourEyes),
            ManualEntryError::Refused(refused) => return refused.clone().into(),
        };
        Self::new(Code::InvalidBody).at("/lines", error.to_string(), ja)
    }
}
