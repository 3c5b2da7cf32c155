//! What contracts, milestones and payments refuse, as problems.

use domain::{contract::ContractError, ledger::InvalidEntry, milestone::MilestoneError, payment::PaymentError};

use crate::problem::{Code, Problem};

impl From<InvalidEntry> for Problem {
    /// An entry is made from amounts that were checked before, so one that cannot be made is our mistake.
    fn from(_: InvalidEntry) -> Self {
        Self::new(Code::Internal)
    }
}

impl From<ContractError> for Problem {
    fn from(error: ContractError) -> Self {
        match error {
            ContractError::Refused(refused) => refused.into(),
            ContractError::NotDue(not_due) => not_due.into(),
            ContractError::Money(error) => error.into(),
            ContractError::WorkUndecided { milestone, state } => Self::new(Code::WorkUndecided).detail(
                format!("{milestone} is {state}: it must be decided first."),
                format!("{milestone}は{state}の状態です。先に決着が必要です。"),
            ),
            ContractError::Entry(error) => error.into(),
            ContractError::TerminationFeeAwaited => Self::new(Code::ActionRefused).detail(
                "The termination fee is paid with the first milestone. Finish funding that one, then fund others.",
                "中途終了料は最初のマイルストーンと一緒に支払います。その仮払いが終わってから、ほかのマイルストーンを仮払いしてください。",
            ),
            ContractError::ProposalNotAccepted(_) | ContractError::ForeignProposal | ContractError::ForeignEscrow => {
                Self::new(Code::Internal)
            }
        }
    }
}

impl From<MilestoneError> for Problem {
    fn from(error: MilestoneError) -> Self {
        match error {
            MilestoneError::Refused(refused) => refused.into(),
            MilestoneError::NotDue(not_due) => not_due.into(),
            MilestoneError::Money(error) => error.into(),
            MilestoneError::Entry(error) => error.into(),
            MilestoneError::Underfunded { shortfall } => Self::new(Code::InsufficientFunds)
                .detail(format!("{shortfall} is missing."), format!("{shortfall}が不足しています。")),
            MilestoneError::StaleDelivery { current } => {
                let problem = Self::new(Code::StaleDelivery);
                match current {
                    Some(current) => problem
                        .detail(format!("The current delivery is {current}."), format!("最新の納品は{current}です。")),
                    None => problem,
                }
            }
            MilestoneError::RevisionsExhausted { limit } => Self::new(Code::RevisionsExhausted).detail(
                format!("All {limit} agreed rounds of changes are used."),
                format!("合意した{limit}回の修正をすべて使い切りました。"),
            ),
            MilestoneError::DueInThePast => {
                Self::new(Code::InvalidBody).at("/due_on", "the date has passed", "日付が過ぎています。")
            }
            MilestoneError::ShareOutOfRange { held } => Self::new(Code::SharesRefused).detail(
                format!("The worker's share must be between nothing and {held}."),
                format!("ワーカーの取り分は0から{held}の間です。"),
            ),
            MilestoneError::ForeignEscrow => Self::new(Code::Internal),
        }
    }
}

impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::Refused(refused) => refused.into(),
            PaymentError::Money(error) => error.into(),
            PaymentError::Entry(error) => error.into(),
            PaymentError::NotChargeable => Self::new(Code::ActionRefused).detail(
                "Only a pending card payment that is not being charged can be charged.",
                "未完了で、決済処理中でないカード支払いだけが決済できます。",
            ),
            PaymentError::NotReplaceable => Self::new(Code::ActionRefused).detail(
                "Another payment can be asked for only while the milestone waits for money, and none of it has come.",
                "別の支払い方法は、入金待ちで、まだ一部も入金されていないときだけ選べます。",
            ),
            PaymentError::NothingMissing => {
                Self::new(Code::ActionRefused).detail("There is nothing to pay.", "支払うものがありません。")
            }
            PaymentError::NothingReceived => Self::new(Code::InvalidBody).at(
                "/amount",
                "must be more than zero",
                "0より大きい金額を指定してください。",
            ),
        }
    }
}
