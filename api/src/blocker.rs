//! What stands in the way of leaving, in words: in the readiness, and in the refusal.

use chrono::{DateTime, Utc};
use domain::withdrawal::{Blocker as Fact, BlockerCode as Code, Warning as Lost};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    locale::{Locale, Text},
    money::Money,
    words::{BlockerCode, Owner, Warning as WarningName, Word},
};

/// One reason why a member cannot leave yet, or not at once.
#[derive(Debug, Serialize, ToSchema)]
pub struct Blocker {
    code: BlockerCode,
    #[schema(example = "A contract to work on is not over")]
    title: String,
    /// What clears it.
    #[schema(example = "Finish the work, or ask the client to end the contract by consent.")]
    what_to_do: String,
    /// Where to look at it, or clear it.
    #[schema(example = "/v1/contracts/contract_01k30dwqgzfgx9p7jfdwpht7gg")]
    link: String,
    /// How much it is about, where it is about money.
    #[schema(required = true)]
    amount: Option<Money>,
    /// Whether it must be cleared first. One that is not hard is cleared by leaving itself, and the account closes when that is done.
    hard: bool,
    /// Who must act.
    owner: Owner,
    since_at: DateTime<Utc>,
}

impl Blocker {
    /// In the language of the caller.
    pub fn of(fact: &Fact, locale: Locale) -> Self {
        let (title, what_to_do) = words(fact.code);
        Self {
            code: Word(fact.code),
            title: title.in_locale(locale).to_owned(),
            what_to_do: what_to_do.in_locale(locale).to_owned(),
            link: link(fact),
            amount: fact.amount.map(Money::from),
            hard: fact.hard,
            owner: Word(fact.owner),
            since_at: fact.since,
        }
    }
}

/// Something that is lost by leaving.
#[derive(Debug, Serialize, ToSchema)]
pub struct Loss {
    /// To be named in `acknowledged_warnings`.
    code: WarningName,
    #[schema(example = "Drafts of jobs are discarded")]
    title: String,
}

impl Loss {
    /// In the language of the caller.
    pub fn of(warning: Lost, locale: Locale) -> Self {
        Self { code: Word(warning), title: loss(warning).in_locale(locale).to_owned() }
    }
}

fn text(en: &str, ja: &str) -> Text {
    Text { en: en.to_owned(), ja: ja.to_owned() }
}

/// The resource itself, or where what it is about is changed.
fn link(fact: &Fact) -> String {
    let subject = fact.subject.as_deref().unwrap_or_default();
    match fact.code {
        Code::RunningContractAsWorker | Code::RunningContractAsClient => format!("/v1/contracts/{subject}"),
        Code::EscrowFunding | Code::EscrowHeld | Code::DeliveryAwaitingAcceptance => {
            format!("/v1/milestones/{subject}")
        }
        Code::OpenDispute => format!("/v1/disputes/{subject}"),
        Code::OpenProposal => format!("/v1/proposals/{subject}"),
        Code::OpenJob => format!("/v1/jobs/{subject}"),
        Code::ChargeUnderWay => format!("/v1/payments/{subject}"),
        Code::PayoutUnderWay | Code::PayoutHeld => format!("/v1/payouts/{subject}"),
        Code::RefundUnderWay => format!("/v1/refunds/{subject}"),
        Code::EarningsUnpaid | Code::ClientFundsLeft | Code::Receivable => "/v1/me/balance".to_owned(),
        Code::EmailUnconfirmed | Code::NoPassword => "/v1/me".to_owned(),
    }
}

macro_rules! words {
    ($($variant:ident $title_en:literal $title_ja:literal $en:literal $ja:literal;)+) => {
        /// What it is called, and what clears it.
        fn words(code: Code) -> (Text, Text) {
            match code { $(Code::$variant => (text($title_en, $title_ja), text($en, $ja))),+ }
        }
    };
}

words! {
    RunningContractAsWorker "A contract to work on is not over" "進行中の契約（受注側）があります"
        "Finish the work, or ask the client to end the contract by consent." "業務を完了するか、クライアントに合意によるキャンセルを申請してください。";
    RunningContractAsClient "A contract to pay for is not over" "進行中の契約（発注側）があります"
        "Accept what is delivered, or ask the worker to end the contract by consent." "納品物を検収するか、ワーカーに合意によるキャンセルを申請してください。";
    EscrowFunding "A milestone waits for its money" "仮払い待ちのマイルストーンがあります"
        "The client pays, or both end the contract by consent; unpaid funding expires by itself." "クライアントが支払うか、合意で契約を終了してください。未払いのまま期限を過ぎると仮払いは失効します。";
    EscrowHeld "Money is held for work that is not delivered" "仮払い済みで未納品の業務があります"
        "The worker delivers, or both end the contract by consent." "ワーカーが納品するか、合意で契約を終了してください。";
    DeliveryAwaitingAcceptance "A delivery awaits acceptance" "検収待ちの納品があります"
        "The client accepts or asks for changes; without an answer it is accepted automatically." "クライアントが検収または修正を依頼します。返答がなければ自動的に検収されます。";
    OpenDispute "A dispute is not settled" "解決していない紛争があります"
        "Agree on shares with the other side, or wait for the ruling." "相手と配分に合意するか、運営の裁定をお待ちください。";
    OpenProposal "A proposal waits for an answer" "交渉中の提案があります"
        "Retract the proposal if it is yours, decline it if it was made to you." "自分の提案は取り下げ、受け取った提案は辞退してください。";
    OpenJob "A job takes proposals" "公開中の募集があります"
        "Take the job back." "募集を取り消してください。";
    ChargeUnderWay "A card is being charged" "カード決済の処理中です"
        "Wait for the outcome: what comes is refunded when you leave." "結果をお待ちください。入金された分は退会時に返金します。";
    PayoutUnderWay "A payout is on its way" "出金手続き中です"
        "Nothing: leave, and the account closes when it has arrived." "対応は不要です。退会すると、着金後にアカウントが閉じられます。";
    PayoutHeld "A payout is held" "保留中の出金があります"
        "Our people are looking at it; the payout says why." "運営が確認中です。理由は出金の詳細にあります。";
    RefundUnderWay "A refund is on its way" "返金手続き中です"
        "Nothing: leave, and the account closes when it has arrived." "対応は不要です。退会すると、返金の完了後にアカウントが閉じられます。";
    EarningsUnpaid "Earnings are not paid out" "出金されていない報酬があります"
        "Leaving pays them out, free of charge, to your bank account: set one, or correct it." "退会すると無料で銀行口座へ振り込みます。口座を登録または修正してください。";
    ClientFundsLeft "Client funds are left" "未使用の入金があります"
        "Leaving refunds them to where they came from; what came by bank transfer needs your bank account." "退会すると支払元へ返金します。銀行振込の返金には銀行口座の登録が必要です。";
    Receivable "You owe the operator" "運営への未払いがあります"
        "Pay what is owed." "未払い金をお支払いください。";
    EmailUnconfirmed "The e-mail address is not confirmed" "メールアドレスが未確認です"
        "Confirm it with the mailed token." "メールで届いたトークンで確認してください。";
    NoPassword "There is no password" "パスワードが未設定です"
        "Set a password, then log in with it." "パスワードを設定し、ログインし直してください。";
}

fn loss(warning: Lost) -> Text {
    match warning {
        Lost::DraftJobsDiscarded => text("Drafts of jobs are discarded", "募集の下書きは破棄されます"),
        Lost::ProposalsRetracted => text(
            "Proposals that wait behind another contract are retracted",
            "他の契約の成立で保留中の提案は取り下げられます",
        ),
        Lost::MoneyBecomesUnclaimed => text(
            "Money in a currency that we cannot pay out is set aside; you can claim it at any time",
            "出金できない通貨の残高は未請求金として保管されます。いつでも請求できます",
        ),
        Lost::PointsLost => text("Points are lost", "ポイントは失効します"),
    }
}
