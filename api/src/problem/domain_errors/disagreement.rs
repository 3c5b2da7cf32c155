//! What cancellation requests and disputes refuse.

use domain::{cancellation::CancellationError, dispute::DisputeError, ids::MilestoneId, money::Money};

use crate::problem::{Code, Problem};

impl From<CancellationError> for Problem {
    fn from(error: CancellationError) -> Self {
        match error {
            CancellationError::Refused(refused) => refused.into(),
            CancellationError::NotDue(early) => early.into(),
            CancellationError::ContractOver(state) => Self::new(Code::ActionRefused)
                .detail(format!("The contract is {state}."), format!("契約は{state}の状態です。")),
            CancellationError::NothingOpen => Self::new(Code::ActionRefused).detail(
                "No milestone can be canceled: each is finished or disputed.",
                "キャンセルできるマイルストーンがありません。",
            ),
            CancellationError::ShareMissing(milestone) => Self::new(Code::SharesRefused).at(
                "/shares",
                format!("{milestone} is open and has no share"),
                format!("{milestone}の配分がありません。"),
            ),
            CancellationError::ShareUnexpected(milestone) => Self::new(Code::SharesRefused).at(
                "/shares",
                format!("{milestone} is not an open milestone of this contract, or is named twice"),
                format!("{milestone}はこの契約の未完了のマイルストーンではないか、重複しています。"),
            ),
            CancellationError::ShareOutOfRange { milestone, held } => out_of_range("/shares", Some(milestone), held),
            CancellationError::OwnRequest => not_theirs("The other side answers.", "相手方が回答します。"),
            CancellationError::NotOwnRequest => {
                not_theirs("Only the side that asked can take it back.", "申請した側だけが取り下げられます。")
            }
        }
    }
}

impl From<DisputeError> for Problem {
    fn from(error: DisputeError) -> Self {
        match error {
            DisputeError::Refused(refused) => refused.into(),
            DisputeError::NotDue(early) => early.into(),
            DisputeError::OwnClaim => not_theirs("The other side answers.", "相手方が回答します。"),
            DisputeError::OwnCause => {
                not_theirs("Nobody rules in their own cause.", "自分が当事者である紛争は裁定できません。")
            }
            DisputeError::NoOffer => {
                Self::new(Code::ActionRefused).detail("There is no offer to accept.", "受諾できる提示がありません。")
            }
            DisputeError::OwnOffer => Self::new(Code::ActionRefused)
                .detail("The other side must accept the offer.", "提示は相手方が受諾します。"),
            DisputeError::NoRuling => Self::new(Code::ActionRefused)
                .detail("There is no ruling to confirm.", "確定できる裁定案がありません。"),
            DisputeError::StaleOffer { current } => Self::new(Code::StaleOffer).detail(
                format!("The standing offer gives the worker {current}."),
                format!("現在の提示のワーカーの取り分は{current}です。"),
            ),
            DisputeError::StaleRuling { current } => Self::new(Code::StaleRuling).detail(
                format!("The proposed ruling gives the worker {current}."),
                format!("現在の裁定案のワーカーの取り分は{current}です。"),
            ),
            DisputeError::FourEyes => Self::new(Code::FourEyes),
            DisputeError::ShareOutOfRange { held } => out_of_range("/worker_share", None, held),
            // The use case disputes the milestone before it opens the dispute.
            DisputeError::MilestoneNotDisputed(_) => Self::new(Code::Internal),
        }
    }
}

fn out_of_range(pointer: &str, milestone: Option<MilestoneId>, held: Money) -> Problem {
    let of = milestone.map(|milestone| format!(" of {milestone}")).unwrap_or_default();
    let no = milestone.map(|milestone| format!("{milestone}の")).unwrap_or_default();
    Problem::new(Code::SharesRefused).at(
        pointer,
        format!("the worker's share{of} must be between nothing and {held}"),
        format!("{no}ワーカーの取り分は0から{held}の間です。"),
    )
}

fn not_theirs(en: &str, ja: &str) -> Problem {
    Problem::new(Code::NotPermitted).detail(en, ja)
}
