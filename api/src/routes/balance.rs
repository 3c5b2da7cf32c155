//! What the caller has, and every line of the books that made it so.

use std::collections::BTreeSet;

use actix_web::get;
use domain::{
    ids::MemberId,
    ledger::Account,
    money::{Currency as DomainCurrency, Money as Amount},
    policy::Operation,
};
use persistence::{
    ledger::{self, AccountLine},
    page::Position,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::Routes;
use crate::{
    call::{Answer, Call},
    date_time::DateTime,
    extract::Filter,
    money::Money,
    page::PageFilter,
    problem::{Code, Problem},
    reply::Reply,
    words::{AccountKind, Currency, EntryKind, Word},
};

/// The most lines that one entry can have on the accounts of one member.
const MOST_LINES: i64 = 8;

pub(super) fn configure(config: &mut impl Routes) {
    config.service(balance).service(entries);
}

/// What a member has in one currency.
#[derive(Debug, Serialize, ToSchema)]
struct Holding {
    /// What was earned and not yet paid out.
    earnings: Money,
    /// What was paid in as a client and is not held in an escrow.
    client_funds: Money,
    /// How much of the client funds is set aside for milestones being funded.
    client_funds_reserved: Money,
    /// How much of the client funds is free.
    client_funds_available: Money,
}

/// What a member has: in JPY, and in every currency.
#[derive(Debug, Serialize, ToSchema)]
struct Balance {
    #[serde(flatten)]
    in_yen: Holding,
    /// The same for each currency in which you have ever had anything.
    currencies: Vec<CurrencyHolding>,
}

/// What a member has in one currency, by its name.
#[derive(Debug, Serialize, ToSchema)]
struct CurrencyHolding {
    currency: Currency,
    #[serde(flatten)]
    holding: Holding,
}

impl Holding {
    fn of(balances: &[ledger::Balance], me: MemberId, currency: DomainCurrency) -> Result<Self, Problem> {
        let nothing = Amount::zero(currency);
        let of = |account: Account| {
            let own = balances.iter().find(|one| one.account == account && one.amount.currency() == currency);
            own.map_or((nothing, nothing), |one| (one.amount, one.reserved))
        };
        let (earnings, _) = of(Account::Earnings(me));
        let (funds, reserved) = of(Account::ClientFunds(me));
        Ok(Self {
            earnings: earnings.into(),
            client_funds: funds.into(),
            client_funds_reserved: reserved.into(),
            client_funds_available: funds.minus(reserved)?.into(),
        })
    }
}

/// What the caller has
///
/// At the top in JPY, and below `currencies` in each that the caller has ever had anything in.
#[utoipa::path(tag = "money", responses((status = 200, description = "The balance", body = Balance)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/me/balance")]
async fn balance(call: Call) -> Answer {
    call.read(|conn, cx| {
        cx.permit(Operation::ReadOwnMoney, cx.standing_outside())?;
        let me = cx.member()?;
        let balances = ledger::balances(conn, me.uuid())?;
        let own = |one: &ledger::Balance| [Account::Earnings(me), Account::ClientFunds(me)].contains(&one.account);
        let held: BTreeSet<_> = balances.iter().filter(|one| own(one)).map(|one| one.amount.currency()).collect();
        let holding =
            |currency| Ok(CurrencyHolding { currency: Word(currency), holding: Holding::of(&balances, me, currency)? });
        let currencies = held.into_iter().map(holding).collect::<Result<_, Problem>>()?;
        Reply::ok(&Balance { in_yen: Holding::of(&balances, me, DomainCurrency::Jpy)?, currencies })
    })
    .await
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
    occurred_at: DateTime,
}

impl TryFrom<AccountLine> for LedgerEntry {
    type Error = Problem;

    fn try_from(line: AccountLine) -> Result<Self, Problem> {
        Ok(Self {
            entry_id: line.entry.to_string(),
            kind: line.kind.parse().map(Word).map_err(|_| Problem::new(Code::Internal))?,
            subject: line.subject,
            account: Word(line.account.kind()),
            change: line.change,
            balance_after: Amount::new(line.balance_after, line.currency)?.into(),
            occurred_at: line.occurred_at.into(),
        })
    }
}

/// Changes, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct LedgerEntries {
    items: Vec<LedgerEntry>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Every change of the caller's accounts, newest first
///
/// A page ends with a whole entry, so it can be a little longer than `limit`.
#[utoipa::path(tag = "money", params(PageFilter), responses((status = 200, description = "Changes", body = LedgerEntries)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/me/ledger-entries")]
async fn entries(call: Call, filter: Filter<PageFilter>) -> Answer {
    call.read(move |conn, cx| {
        cx.permit(Operation::ReadOwnMoney, cx.standing_outside())?;
        let (me, secrets) = (cx.member()?, cx.app.tokens.secrets());
        let page = filter.0.page(format!("ledger entries {me}"), secrets)?;
        let before = page.after.map(|position| position.id);
        let lines = ledger::lines(conn, me.uuid(), before, page.fetch() + MOST_LINES)?;
        let position = |line: &AccountLine| Position { at: line.occurred_at, id: line.entry.uuid() };
        let (lines, next_cursor) = page.cut_whole(lines, |line| line.entry, position, secrets);
        let items = lines.into_iter().map(LedgerEntry::try_from).collect::<Result<_, _>>()?;
        Reply::ok(&LedgerEntries { items, next_cursor })
    })
    .await
}
