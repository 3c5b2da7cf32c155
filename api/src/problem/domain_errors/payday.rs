//! What bank accounts, the calendar, payouts and refunds refuse, as problems.

use domain::{
    bank_account::InvalidBankAccount, bank_receipt::BankReceiptError, business_calendar::NotAMonthEnd, kana::KanaError,
    payout::PayoutError, refund::RefundError, settlement::WrongValueDate,
};
use serde_json::json;

use crate::{
    money::Money,
    problem::{Code, Problem},
};

impl From<NotAMonthEnd> for Problem {
    fn from(error: NotAMonthEnd) -> Self {
        Self::new(Code::NotAMonthEnd)
            .detail(format!("{error}."), format!("{}は2000年から2149年までの月末の日付ではありません。", error.0))
    }
}

impl Problem {
    /// What is wrong with one member of a bank account.
    pub fn of_account(pointer: &'static str, error: InvalidBankAccount) -> Self {
        let ja = match error {
            InvalidBankAccount::Digits(count) => format!("{count}桁の数字で指定してください。"),
            InvalidBankAccount::Number => "1～7桁の数字で指定してください。".to_owned(),
            InvalidBankAccount::Zeros => "0だけの番号は指定できません。".to_owned(),
            InvalidBankAccount::Symbol => "記号は1で始まり0で終わる5桁の数字です。".to_owned(),
            InvalidBankAccount::PostNumber => "番号は1で終わる2～8桁の数字です。".to_owned(),
        };
        Self::new(Code::InvalidBody).at(pointer, error.to_string(), ja)
    }
}

impl From<BankReceiptError> for Problem {
    fn from(error: BankReceiptError) -> Self {
        match error {
            BankReceiptError::Ahead => {
                Self::new(Code::InvalidBody).at("/received_on", error.to_string(), "未来の日付は指定できません。")
            }
            BankReceiptError::Matched => Self::new(Code::ActionRefused)
                .detail("This receipt is matched already.", "この入金はすでに照合済みです。"),
        }
    }
}

impl From<WrongValueDate> for Problem {
    fn from(error: WrongValueDate) -> Self {
        let ja = match error {
            WrongValueDate::Ahead => "未来の日付は指定できません。".to_owned(),
            WrongValueDate::Before(earliest) => format!("{earliest}以降の日付を指定してください。"),
        };
        Self::new(Code::InvalidBody).at("/value_on", error.to_string(), ja)
    }
}

impl From<PayoutError> for Problem {
    fn from(error: PayoutError) -> Self {
        match error {
            PayoutError::NotYen => {
                Self::new(Code::InvalidBody).at("/amount/currency", "payouts are in JPY only", "出金は日本円だけです。")
            }
            PayoutError::TooSmall { minimum } => Self::new(Code::PayoutTooSmall).detail(
                format!("The least that is paid out is {minimum}. What is less waits, and is never lost."),
                format!("最低出金額は{minimum}です。残高は失効せず繰り越されます。"),
            ),
            PayoutError::NotEnough { total, available } => Self::new(Code::InsufficientFunds).detail(
                format!("{total} would leave your earnings, with the fee; {available} is there."),
                format!("手数料込みで{total}が必要ですが、残高は{available}です。"),
            ),
            PayoutError::NotAsked => Self::new(Code::ActionRefused).detail(
                "It is made without asking, as every month; only what you asked for can be taken back.",
                "毎月自動的に行われる出金です。取り消せるのは、ご自身で申請した出金だけです。",
            ),
            PayoutError::NotSent => Self::new(Code::ActionRefused)
                .detail("Its batch was not sent to the bank yet.", "この出金のバッチはまだ銀行に送られていません。"),
            PayoutError::ValueDate(error) => error.into(),
            PayoutError::Refused(refused) => refused.into(),
            PayoutError::Money(error) => error.into(),
            PayoutError::Entry(error) => error.into(),
        }
    }
}

impl From<RefundError> for Problem {
    fn from(error: RefundError) -> Self {
        let en = error.to_string();
        match error {
            RefundError::NothingAsked => {
                Self::new(Code::InvalidBody).at("/amount/amount", en, "金額は0より大きくしてください。")
            }
            RefundError::OtherCurrency(currency) => Self::new(Code::InvalidBody).at(
                "/amount/currency",
                en,
                format!("通貨は支払いと同じ{currency}にしてください。"),
            ),
            RefundError::TooLarge { left } => Self::new(Code::RefundTooLarge)
                .detail(
                    format!("{left} of this payment can still go back."),
                    format!("この支払いから返金できるのは{left}までです。"),
                )
                .with("refundable", json!(Money::from(left))),
            RefundError::NotFree { free } => Self::new(Code::InsufficientFunds).detail(
                format!("{free} of your client funds is free; the rest is set aside or held for milestones."),
                format!("返金に使える残高は{free}です。残りは仮払いに充てられています。"),
            ),
            RefundError::NoBank => Self::new(Code::NoBankForCurrency),
            RefundError::NoAccount => Self::new(Code::BankAccountMissing),
            RefundError::ValueDate(error) => error.into(),
            RefundError::Refused(refused) => refused.into(),
            RefundError::Money(error) => error.into(),
            RefundError::Entry(error) => error.into(),
        }
    }
}

impl From<KanaError> for Problem {
    fn from(error: KanaError) -> Self {
        let ja = match error {
            KanaError::Empty => "名義が空です。".to_owned(),
            KanaError::Character(c) => format!("「{c}」は銀行の名義に使えません。カタカナで入力してください。"),
            KanaError::TooLong(length) => {
                format!("名義は銀行の表記（濁点・半濁点も1文字）で30文字までです。現在{length}文字です。")
            }
        };
        Self::new(Code::InvalidBody).at("/holder", error.to_string(), ja)
    }
}
