//! What each scope means, for the member who decides.

use domain::scope::Scope;

use crate::locale::Text;

/// What an app with this scope can do.
pub fn meaning(scope: Scope) -> Text {
    let (en, ja) = match scope {
        Scope::ProfileRead => {
            ("See your name, e-mail address and account state", "お名前、メールアドレス、アカウントの状態を見る")
        }
        Scope::JobsRead => ("See jobs, including your drafts", "募集を見る（あなたの下書きを含む）"),
        Scope::JobsWrite => {
            ("Write, publish and take back jobs in your name", "あなたの名前で募集を作成・公開・取り下げる")
        }
        Scope::ProposalsRead => {
            ("See your proposals and those to your jobs", "あなたの提案と、あなたの募集への提案を見る")
        }
        Scope::ProposalsWrite => (
            "Propose, negotiate, decline and retract in your name",
            "あなたの名前で提案・条件交渉・辞退・取り下げをする",
        ),
        Scope::ContractsRead => ("See your contracts, deliveries and disputes", "契約、納品、紛争を見る"),
        Scope::ContractsWrite => (
            "Deliver work, ask for changes, write notes, ask to end contracts, and open and answer disputes in your name",
            "あなたの名前で納品、修正依頼、進捗の記入、契約終了の申請、紛争の申し立てと回答をする",
        ),
        Scope::MoneyRead => ("See your balances, payments, payouts and refunds", "残高、支払い、出金、返金を見る"),
        Scope::PaymentsWrite => ("Spend your money: fund milestones", "あなたのお金を使う（マイルストーンの仮払い）"),
        Scope::PayoutsWrite => (
            "Have your money paid out to your own bank account, and refunded to where it came from",
            "あなたの登録口座への出金と、支払い元への返金を申請する",
        ),
        Scope::EventsRead => ("Be told what happens in your account", "アカウントの出来事を受け取る"),
    };
    Text { en: en.to_owned(), ja: ja.to_owned() }
}
