//! What jobs, proposals and fees refuse.

use chrono::SecondsFormat;
use domain::{
    fee::NoSuchNet, job::JobError, money::Currency, proposal::ProposalError, terms::TermsError, timer::NotDue,
};
use serde_json::json;

use crate::{
    money::Money,
    problem::{Code, Problem},
    words::Word,
};

impl From<NotDue> for Problem {
    fn from(error: NotDue) -> Self {
        let NotDue { due_at } = error;
        let problem = Self::new(Code::TooEarly);
        match due_at {
            Some(at) => {
                let at = at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
                problem.detail(format!("This becomes possible at {at}."), format!("{at}から可能になります。"))
            }
            None => problem,
        }
    }
}

impl From<JobError> for Problem {
    fn from(error: JobError) -> Self {
        let en = error.to_string();
        let at = |pointer: &str, ja: &str| Self::new(Code::InvalidBody).at(pointer, en.clone(), ja);
        match error {
            JobError::BudgetReversed => at("/budget_min", "予算の下限が上限を超えています。"),
            JobError::BudgetNotPositive => at("/budget_min", "予算は0より大きくしてください。"),
            JobError::BudgetCurrency(currency) => at("/currency", &format!("予算の通貨は{currency}にしてください。")),
            JobError::Refused(refused) => refused.into(),
            JobError::NotDue(early) => early.into(),
        }
    }
}

impl From<ProposalError> for Problem {
    fn from(error: ProposalError) -> Self {
        let en = error.to_string();
        match error {
            ProposalError::OwnJob => Self::new(Code::OwnJob),
            ProposalError::JobNotOpen(state) => Self::new(Code::ActionRefused).detail(
                format!("The job is {state} and takes no proposals."),
                format!("募集は{state}の状態で、提案を受け付けていません。"),
            ),
            ProposalError::Currency(currency) => Self::new(Code::TermsRefused).at(
                "/terms/milestones/0/amount/currency",
                en,
                format!("通貨は{currency}にしてください。"),
            ),
            ProposalError::Terms(errors) => errors.into(),
            ProposalError::NotYourTurn { turn } => Self::new(Code::ActionRefused)
                .detail(format!("It is the {turn}'s turn to answer."), format!("{turn}の回答を待っています。")),
            ProposalError::StaleRound { current } => Self::new(Code::StaleTerms).detail(
                format!("The current round is {current}: read its terms before you answer."),
                format!("最新は第{current}回です。その条件を確認してから回答してください。"),
            ),
            ProposalError::Refused(refused) => refused.into(),
            ProposalError::NotDue(early) => early.into(),
        }
    }
}

impl From<Vec<TermsError>> for Problem {
    fn from(errors: Vec<TermsError>) -> Self {
        errors.iter().fold(Self::new(Code::TermsRefused), |problem, error| {
            problem.at(pointer(error), error.to_string(), in_japanese(error))
        })
    }
}

/// Where in a body with `terms` the offender stands.
fn pointer(error: &TermsError) -> String {
    match error {
        TermsError::NoMilestones | TermsError::TooManyMilestones { .. } | TermsError::TotalTooLarge { .. } => {
            "/terms/milestones".into()
        }
        TermsError::AmountNotPositive { index } => format!("/terms/milestones/{index}/amount/amount"),
        TermsError::AmountCurrency { index, .. } => format!("/terms/milestones/{index}/amount/currency"),
        TermsError::DueInThePast { index } | TermsError::DueOutOfOrder { index } => {
            format!("/terms/milestones/{index}/due_on")
        }
        TermsError::AcceptanceDays { .. } => "/terms/acceptance_days".into(),
        TermsError::RevisionLimit { .. } => "/terms/revision_limit".into(),
        TermsError::TerminationFee => "/terms/termination_fee".into(),
    }
}

fn in_japanese(error: &TermsError) -> String {
    match error {
        TermsError::NoMilestones => "マイルストーンが一つ以上必要です。".into(),
        TermsError::TooManyMilestones { max } => format!("マイルストーンは{max}個までです。"),
        TermsError::AmountNotPositive { .. } => "金額は0より大きくしてください。".into(),
        TermsError::AmountCurrency { expected, .. } => format!("通貨は{expected}にそろえてください。"),
        TermsError::DueInThePast { .. } => "納期が過ぎています。".into(),
        TermsError::DueOutOfOrder { .. } => "納期が前のマイルストーンより早くなっています。".into(),
        TermsError::TotalTooLarge { max } => format!("マイルストーンと中途終了料の合計は{max}までです。"),
        TermsError::AcceptanceDays { min, max } => format!("検収期間は{min}～{max}日です。"),
        TermsError::RevisionLimit { max } => format!("修正回数は{max}回までです。"),
        TermsError::TerminationFee => "中途終了料は0より大きく、マイルストーンと同じ通貨にしてください。".into(),
    }
}

impl Problem {
    /// A net that no price leaves, with the nearest that one does.
    pub fn no_such_net(nearest: NoSuchNet, currency: Currency) -> Self {
        let NoSuchNet { next_net, next_gross } = nearest;
        let money = |amount| json!(Money { amount, currency: Word(currency) });
        Self::new(Code::NoSuchNet)
            .detail(
                format!("No price gives exactly that net. The nearest is {next_net}, by a price of {next_gross}."),
                format!("その手取り額になる金額はありません。最も近い手取り額は{next_net}で、金額は{next_gross}です。"),
            )
            .with("next_net", money(next_net))
            .with("next_gross", money(next_gross))
    }
}
