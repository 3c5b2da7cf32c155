//! What the caller has, and every line of the books that made it so.

use actix_web::get;
use chrono::{DateTime, Utc};
use domain::{
    ids::JournalEntryId,
    ledger::Account,
    money::{Currency as DomainCurrency, Money as Amount},
};
use persistence::ledger::{self, Line};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    call::{Answer, Call},
    extract::Filter,
    money::Money,
    page::{DEFAULT_LIMIT, MAX_LIMIT},
    problem::{Code, Problem},
    reply::Reply,
    words::{AccountKind, EntryKind, Word},
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(balance).service(entries);
}

/// What a member has.
#[derive(Debug, Serialize, ToSchema)]
struct Balance {
    /// What was earned and not yet paid out.
    earnings: Money,
    /// What was paid in as a client and is not held in an escrow.
    client_funds: Money,
    /// How much of the client funds is set aside for milestones being funded.
    client_funds_reserved: Money,
    /// How much of the client funds is free.
    client_funds_available: Money,
}

/// What the caller has
#[utoipa::path(tag = "money", responses((status = 200, description = "The balance in JPY", body = Balance)))]
#[get("/v1/me/balance")]
async fn balance(call: Call) -> Answer {
    call.read(|conn, cx| {
        let me = cx.member()?;
        let balances = ledger::balances(conn, me.uuid())?;
        let nothing = Amount::zero(DomainCurrency::Jpy);
        let of = |account: Account| {
            let yen = |balance: &&ledger::Balance| {
                balance.account == account && balance.amount.currency() == DomainCurrency::Jpy
            };
            balances.iter().find(yen).map_or((nothing, nothing), |balance| (balance.amount, balance.reserved))
        };
        let (earnings, _) = of(Account::Earnings(me));
        let (funds, reserved) = of(Account::ClientFunds(me));
        Reply::ok(&Balance {
            earnings: earnings.into(),
            client_funds: funds.into(),
            client_funds_reserved: reserved.into(),
            client_funds_available: funds.minus(reserved)?.into(),
        })
    })
    .await
}

/// Where to go on reading.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EntryFilter {
    /// Only entries before this one: the `entry_id` of the last one seen.
    #[param(max_length = 64, example = "entry_01k30dwqgzfgx9p7jfdwpht7gg")]
    before: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
}

/// A change of one of the caller's accounts.
#[derive(Debug, Serialize, ToSchema)]
struct LedgerEntry {
    entry_id: String,
    kind: EntryKind,
    /// What it was about.
    #[schema(example = "milestone_01k30dwqgzfgx9p7jfdwpht7gg")]
    subject: String,
    account: AccountKind,
    /// By how much the account changed, in minor units; negative when it fell.
    #[schema(example = 8000)]
    change: i64,
    /// What it held then.
    balance_after: Money,
    occurred_at: DateTime<Utc>,
}

impl TryFrom<Line> for LedgerEntry {
    type Error = Problem;

    fn try_from(line: Line) -> Result<Self, Problem> {
        Ok(Self {
            entry_id: line.entry.to_string(),
            kind: line.kind.parse().map(Word).map_err(|_| Problem::new(Code::Internal))?,
            subject: line.subject,
            account: Word(line.account.kind()),
            change: line.change,
            balance_after: Amount::new(line.balance_after, line.currency)?.into(),
            occurred_at: line.occurred_at,
        })
    }
}

/// Changes, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct LedgerEntries {
    items: Vec<LedgerEntry>,
    /// What to pass as `before` for the next page; null on the last one.
    #[schema(required = true, example = json!(null))]
    next_before: Option<String>,
}

/// Every change of the caller's accounts, newest first
#[utoipa::path(tag = "money", params(EntryFilter), responses((status = 200, description = "Changes", body = LedgerEntries)),
    extensions(("x-errors" = json!(["invalid_id"]))))]
#[get("/v1/me/ledger-entries")]
async fn entries(call: Call, filter: Filter<EntryFilter>) -> Answer {
    let limit = filter.0.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::new(Code::InvalidParameter));
    }
    let before: Option<JournalEntryId> = filter.0.before.as_deref().map(str::parse).transpose()?;
    call.read(move |conn, cx| {
        let me = cx.member()?;
        let mut lines = ledger::lines(conn, me.uuid(), before.map(domain::ids::Id::uuid), i64::from(limit) + 1)?;
        let more = lines.len() > usize::from(limit);
        lines.truncate(limit.into());
        let next_before = lines.last().filter(|_| more).map(|line| line.entry.to_string());
        let items = lines.into_iter().map(LedgerEntry::try_from).collect::<Result<_, _>>()?;
        Reply::ok(&LedgerEntries { items, next_before })
    })
    .await
}
