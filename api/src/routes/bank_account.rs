//! Where the caller's payouts go.

use actix_web::{delete, get, put};
use domain::{
    bank_account::{self, AccountDetails, AccountNumber, InvalidBankAccount},
    kana::KanaName,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    date_time::DateTime,
    problem::{Code, Problem},
    reply::Reply,
    usecases::bank_account as usecase,
    words::{AccountType, BankAccountState, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(read_bank_account).service(put_bank_account).service(delete_bank_account);
}

/// An account at a Japanese bank.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccountAtBank {
    #[schema(example = "0036")]
    bank_code: String,
    #[schema(example = "101")]
    branch_code: String,
    account_type: AccountType,
    /// Seven digits, filled up with zeros.
    #[schema(example = "1234567")]
    number: String,
    /// Whose it is, in the half-width katakana of bank files.
    #[schema(example = "ﾔﾏﾀﾞ ﾊﾅｺ")]
    holder: String,
}

impl From<&AccountDetails> for AccountAtBank {
    fn from(details: &AccountDetails) -> Self {
        Self {
            bank_code: details.bank.to_string(),
            branch_code: details.branch.to_string(),
            account_type: Word(details.account_type),
            number: details.number.to_string(),
            holder: details.holder.to_string(),
        }
    }
}

/// Where payouts go.
#[derive(Debug, Serialize, ToSchema)]
struct BankAccount {
    #[serde(flatten)]
    account: AccountAtBank,
    /// `failing` when the bank refused a payout to it: nothing more is paid until it is corrected.
    status: BankAccountState,
    /// What the bank said.
    #[schema(required = true, example = json!(null))]
    failure_reason: Option<String>,
    /// Name it when you ask for a payout.
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
}

fn reply(account: &bank_account::BankAccount) -> Result<Reply, Problem> {
    let body = BankAccount {
        account: (&account.details).into(),
        status: Word(account.state),
        failure_reason: account.failure_reason.clone(),
        version: account.version,
        created_at: account.created_at.into(),
        updated_at: account.updated_at.into(),
    };
    Ok(Reply::ok(&body)?.version(account.version))
}

/// Where the caller's payouts go
#[utoipa::path(tag = "money", responses((status = 200, description = "The account", body = BankAccount)),
    extensions(("x-errors" = json!(["not_found", "not_permitted"]))))]
#[get("/v1/me/bank-account")]
async fn read_bank_account(call: Call) -> Answer {
    call.read(|conn, cx| reply(&usecase::read(conn, cx)?)).await
}

/// An account at Japan Post Bank (ゆうちょ銀行), as its holders know it.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct JapanPost {
    /// 記号: five digits that begin with 1 and end with 0.
    #[schema(example = "10530", max_length = 5)]
    #[garde(length(chars, max = 100))]
    symbol: String,
    /// 番号: up to eight digits that end with 1.
    #[schema(example = "12345671", max_length = 8)]
    #[garde(length(chars, max = 100))]
    number: String,
}

/// Where payouts are to go: bank, branch, type and number, or `japan_post` in place of these four.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "bank_code": "0036", "branch_code": "101", "account_type": "ordinary", "number": "1234567", "holder": "ヤマダ ハナコ",
}))]
struct BankAccountPut {
    /// Four digits.
    #[schema(max_length = 4)]
    #[garde(length(chars, max = 100))]
    bank_code: Option<String>,
    /// Three digits.
    #[schema(max_length = 3)]
    #[garde(length(chars, max = 100))]
    branch_code: Option<String>,
    /// 普通 (ordinary), 当座 (current), 貯蓄 (savings) or another.
    #[garde(skip)]
    account_type: Option<AccountType>,
    /// One to seven digits; a shorter number is filled up with zeros in front, as banks do.
    #[schema(max_length = 7)]
    #[garde(length(chars, max = 100))]
    number: Option<String>,
    /// In place of bank, branch, type and number.
    #[garde(dive)]
    japan_post: Option<JapanPost>,
    /// Whose account it is, in katakana of either width or hiragana. It is kept as banks write it: half-width, small kana as large ones, at most 30 characters with each voicing mark counted.
    #[schema(min_length = 1, max_length = 100)]
    #[garde(length(chars, min = 1, max = 100))]
    holder: String,
}

impl TryFrom<BankAccountPut> for AccountDetails {
    type Error = Problem;

    fn try_from(put: BankAccountPut) -> Result<Self, Problem> {
        let holder = KanaName::parse(&put.holder)?;
        match (put.bank_code, put.branch_code, put.account_type, put.number, put.japan_post) {
            (None, None, None, None, Some(JapanPost { symbol, number })) => {
                let place = |error| {
                    if error == InvalidBankAccount::Symbol { "/japan_post/symbol" } else { "/japan_post/number" }
                };
                Self::japan_post(&symbol, &number, holder).map_err(|error| Problem::of_account(place(error), error))
            }
            (Some(bank), Some(branch), Some(Word(account_type)), Some(number), None) => Ok(Self {
                bank: bank.parse().map_err(|error| Problem::of_account("/bank_code", error))?,
                branch: branch.parse().map_err(|error| Problem::of_account("/branch_code", error))?,
                account_type,
                number: AccountNumber::filled(&number).map_err(|error| Problem::of_account("/number", error))?,
                holder,
            }),
            (_, _, _, _, _) => Err(Problem::new(Code::InvalidBody).at(
                "",
                "name bank_code, branch_code, account_type and number, or japan_post alone",
                "bank_code、branch_code、account_type、numberのすべて、またはjapan_postだけを指定してください。",
            )),
        }
    }
}

/// Name or correct where the caller's payouts go
///
/// Checked for its form. Payouts that are in no batch yet go there; you are told by mail. Needs a proof of the last ten minutes: a log-in, or `/v1/sessions/step-up`.
#[utoipa::path(tag = "money", request_body = BankAccountPut, responses((status = 200, description = "The account", body = BankAccount)),
    extensions(("x-errors" = json!(["not_permitted", "precondition_failed", "recent_login_required"]))))]
#[put("/v1/me/bank-account")]
async fn put_bank_account(call: Call, body: Body<BankAccountPut>) -> Answer {
    let Body { value, canonical } = body;
    let details = AccountDetails::try_from(value)?;
    call.act(Key::Optional, &canonical, move |tx, cx| reply(&usecase::put(tx, cx, details.clone())?)).await
}

/// Name no account any more
///
/// Payouts wait until there is another. Needs a proof of the last ten minutes, as naming one does.
#[utoipa::path(tag = "money", responses((status = 204, description = "None is named")),
    extensions(("x-errors" = json!(["not_found", "not_permitted", "precondition_failed", "recent_login_required"]))))]
#[delete("/v1/me/bank-account")]
async fn delete_bank_account(call: Call) -> Answer {
    call.act(Key::Optional, "", |tx, cx| {
        usecase::remove(tx, cx)?;
        Ok(Reply::empty())
    })
    .await
}
