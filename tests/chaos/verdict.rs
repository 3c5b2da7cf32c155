//! The verdict on a marketplace after a fault: nothing lost, nothing doubled, nothing that was acknowledged absent.

use std::collections::BTreeMap;

use reqwest::Method;

use super::{
    books::{Books, Facts, compare, count},
    journal::Ack,
    members::{ACCOUNT_NAMED, Market, Member},
    patience::{LONG, until, within},
};
use crate::harness::{Engine, program::command};

/// What was found wrong, in words, by what it means.
#[derive(Debug, Default)]
pub struct Verdict {
    /// How many operations of each kind were acknowledged.
    pub kinds: BTreeMap<&'static str, usize>,
    /// Operations without an answer, or with one that explains nothing.
    pub lost: Vec<String>,
    /// Effects without an acknowledgement, or more often than acknowledged.
    pub doubled: Vec<String>,
    /// Acknowledgements without their effect.
    pub absent: Vec<String>,
    /// Everything else that must not be.
    pub wrong: Vec<String>,
}

impl Verdict {
    /// Compares everything, through the database and through the API, which must be up.
    pub fn on(market: &Market, books: &Books, before: &Facts) -> Self {
        until("every event has its number", LONG, || (books.unnumbered() == 0).then_some(()));
        let mut promised = before.clone();
        for (fact, times) in count(market.journal.promises()) {
            *promised.entry(fact).or_default() += times;
        }
        let difference = compare(&promised, &books.facts());
        let mut verdict = Self {
            kinds: market.journal.kinds(),
            absent: difference.absent,
            doubled: difference.doubled,
            ..Self::default()
        };
        verdict.lost.clone_from(&market.journal.unexpected.lock().unwrap());
        verdict.wrong = books.findings();
        verdict.wrong.extend(unsound(books));
        if books.unended() != 0 {
            verdict.lost.push(format!("{} escrows never ended", books.unended()));
        }
        verdict
    }

    /// Every acknowledged request that had a key, sent once more with it, is answered as it was.
    pub fn replay(mut self, market: &Market, people: &BTreeMap<String, &Member>) -> Self {
        for ack in market.journal.acks().into_iter().filter(|ack| ack.kind != ACCOUNT_NAMED) {
            let token = people.get(&ack.who).map_or_else(|| ack.token.clone(), |who| who.token.lock().unwrap().clone());
            let again = || market.once(Method::POST, &ack.path, Some(&token), Some(&ack.key), &ack.body);
            if !within(LONG, again).is_some_and(|answer| answer.replayed && answer.body == ack.answer) {
                self.absent.push(format!("{} {} is no longer answered as it was", ack.kind, ack.path));
            }
        }
        self
    }

    /// Whoever named an account was told so by one mail each time.
    pub fn mails(mut self, market: &Market, books: &Books, people: &[&Member]) -> Self {
        let acks = market.journal.acks();
        for member in people {
            let named = acks.iter().filter(|ack| ack.kind == ACCOUNT_NAMED && ack.who == member.id).count();
            let (mailed, email) = (books.mails_about_accounts(&member.email), &member.email);
            if mailed < named {
                self.absent.push(format!("{email} was mailed {mailed} times about {named} accounts"));
            }
            if mailed > named {
                self.doubled.push(format!("{email} was mailed {mailed} times about {named} accounts"));
            }
        }
        self
    }

    /// Of everything that was answered with a version, versions only rose, and it is not older now.
    pub fn versions(mut self, market: &Market, people: &BTreeMap<String, &Member>) -> Self {
        let mut newest: BTreeMap<String, (i64, Ack)> = BTreeMap::new();
        for ack in market.journal.acks() {
            let (Some(id), Some(version)) = (ack.answer["id"].as_str(), ack.answer["version"].as_i64()) else {
                continue;
            };
            let before = newest.get(id).map_or(0, |(version, _)| *version);
            if version <= before {
                self.wrong.push(format!("{id} was version {before}, and then {version}"));
            }
            newest.insert(id.to_owned(), (version, ack));
        }
        for (id, (version, ack)) in &newest {
            let Some(path) = path_of(id) else { continue };
            let now = market.read(people[&ack.who], &path);
            if now["version"].as_i64().is_none_or(|now| now < *version) || now["id"] != id.as_str() {
                self.absent.push(format!("{id} was version {version}, and is {}", now["version"]));
            }
        }
        self
    }

    /// What everybody has is what the acknowledged entries leave them.
    pub fn balances(mut self, market: &Market, people: &[&Member]) -> Self {
        let facts = market.journal.promises();
        let legs = || facts.iter().flat_map(|fact| fact.split(' ').skip(3));
        let held = |account: &str, member: &Member| -> i64 {
            let prefix = format!("{account}:{}:", member.uuid);
            -legs()
                .filter_map(|leg| leg.strip_prefix(&prefix))
                .map(|amount| amount.parse::<i64>().unwrap())
                .sum::<i64>()
        };
        for member in people {
            let balance = market.read(member, "/v1/me/balance");
            for account in ["earnings", "client_funds"] {
                let (found, wanted) = (balance[account]["amount"].as_i64().unwrap(), held(account, member));
                if found != wanted {
                    self.wrong.push(format!("{account} of {} are {found}, and should be {wanted}", member.email));
                }
            }
        }
        self
    }

    /// Every event that somebody may read comes once, in the order of its number.
    pub fn events(mut self, market: &Market, people: &[&Member], books: &Books) -> Self {
        for member in people {
            let (mut last, mut read) = (0, 0);
            loop {
                let page = market.read(member, &format!("/v1/events?after={last}&limit=100"));
                let items = page["items"].as_array().unwrap();
                if items.is_empty() {
                    break;
                }
                for number in items.iter().map(|item| item["number"].as_i64().unwrap()) {
                    if number <= last {
                        self.wrong.push(format!("event {number} came after {last}"));
                    }
                    (last, read) = (number, read + 1);
                }
            }
            let (id, email) = (member_sql(books, member), &member.email);
            let stored = books
                .texts(&format!("SELECT 'x' AS text FROM events WHERE client_id = {id} OR worker_id = {id}"))
                .len();
            if stored != read {
                self.absent.push(format!("{email} reads {read} events of {stored}"));
            }
        }
        self
    }

    /// Everything that was found, if anything was.
    pub fn complaint(&self) -> Option<String> {
        let some = |what: &str, found: &[String]| {
            let shown = found.iter().take(10).cloned().collect::<Vec<_>>().join("\n  ");
            (!found.is_empty()).then(|| format!("{} {what}:\n  {shown}", found.len()))
        };
        let all = [
            some("lost", &self.lost),
            some("doubled", &self.doubled),
            some("absent", &self.absent),
            some("wrong", &self.wrong),
        ];
        let all: Vec<String> = all.into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join("\n"))
    }
}

fn member_sql(books: &Books, member: &Member) -> String {
    match books.engine {
        Engine::Sqlite => format!("x'{}'", member.uuid),
        Engine::Postgres => format!("'{}'", member.uuid),
    }
}

/// Where something with this id is read; nothing for what has no page of its own.
fn path_of(id: &str) -> Option<String> {
    let (prefix, _) = id.split_once('_')?;
    let noun = match prefix {
        "job" | "proposal" | "contract" | "milestone" | "payment" | "payout" | "dispute" => format!("{prefix}s"),
        "cancellation" => "cancellation-requests".to_owned(),
        _ => return None,
    };
    Some(format!("/v1/{noun}/{id}"))
}

/// What `azukari ledger verify` finds.
pub fn unsound(books: &Books) -> Option<String> {
    let output = command(&["ledger", "verify", "--database-url", &books.url]).output().unwrap();
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// By id.
pub fn by_id<'a>(people: &[&'a Member]) -> BTreeMap<String, &'a Member> {
    people.iter().map(|member| (member.id.clone(), *member)).collect()
}
