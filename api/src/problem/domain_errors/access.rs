//! What the rules of accounts refuse.

use domain::{
    app::{self, InvalidName},
    member::{HasUsername, RoleRefused},
    password::{self, WeakPassword},
    username::{self, InvalidUsername},
};

use super::super::{Code, Problem};

impl From<WeakPassword> for Problem {
    fn from(error: WeakPassword) -> Self {
        let ja = match error {
            WeakPassword::TooShort { least } => format!("{least}文字以上にしてください。"),
            WeakPassword::TooLong => format!("{}文字以内にしてください。", password::MOST),
            WeakPassword::Guessable => {
                "推測されやすいパスワードです（よく使われるもの、単純な並び、お名前やアドレスを含むもの）。".to_owned()
            }
        };
        Self::new(Code::InvalidBody).at("/password", error.to_string(), ja)
    }
}

impl From<InvalidUsername> for Problem {
    fn from(error: InvalidUsername) -> Self {
        let ja = match error {
            InvalidUsername::Length => format!("{}～{}文字にしてください。", username::LEAST, username::MOST),
            InvalidUsername::Characters => {
                "文字と数字、およびその間の一つずつの「-」「.」「_」だけが使えます。".to_owned()
            }
            InvalidUsername::MixedScripts => "一緒に使われない文字体系が混ざっています。".to_owned(),
            InvalidUsername::Reserved => "予約されている名前です。".to_owned(),
        };
        Self::new(Code::InvalidBody).at("/username", error.to_string(), ja)
    }
}

impl From<RoleRefused> for Problem {
    fn from(error: RoleRefused) -> Self {
        let ja = match error {
            RoleRefused::NotHere(state) => format!("このアカウントは{state}の状態です。"),
            RoleRefused::HasBusiness => {
                "会員としての取引や残高があるアカウントです。別のアカウントに役割を与えてください。".to_owned()
            }
        };
        Self::new(Code::ActionRefused).detail(error.to_string(), ja)
    }
}

impl From<HasUsername> for Problem {
    fn from(HasUsername: HasUsername) -> Self {
        Self::new(Code::UsernameSet)
    }
}

impl From<InvalidName> for Problem {
    fn from(error: InvalidName) -> Self {
        let ja = match error {
            InvalidName::Unshowable => {
                format!("1～{}文字で、見えない文字や書字方向を変える文字を含まない名前にしてください。", app::NAME_MOST)
            }
            InvalidName::Reserved => "Azukariと、それに見える文字列を含まない名前にしてください。".to_owned(),
        };
        Self::new(Code::InvalidBody).at("/name", error.to_string(), ja)
    }
}
