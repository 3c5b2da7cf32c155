//! What a database holds, read behind the application's back, and how it compares with what was acknowledged.

use std::collections::BTreeMap;

use super::journal::{entry_of, event};
use crate::harness::{Engine, database::texts, outbox};

/// A database that somebody else writes to.
#[derive(Debug, Clone)]
pub struct Books {
    pub engine: Engine,
    pub url: String,
}

/// How often each fact is there.
pub type Facts = BTreeMap<String, i64>;

/// What compares badly.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Promised and not there.
    pub absent: Vec<String>,
    /// There more often than it was promised.
    pub doubled: Vec<String>,
}

/// Counts facts.
pub fn count(facts: impl IntoIterator<Item = String>) -> Facts {
    facts.into_iter().fold(Facts::new(), |mut counted, fact| {
        *counted.entry(fact).or_default() += 1;
        counted
    })
}

/// Finds every fact exactly as often as it was promised.
pub fn compare(promised: &Facts, found: &Facts) -> Difference {
    let times = |facts: &Facts, fact: &String| facts.get(fact).copied().unwrap_or(0);
    let over = |more: &Facts, less: &Facts| {
        more.keys().filter(|fact| times(more, fact) > times(less, fact)).cloned().collect::<Vec<_>>()
    };
    Difference { absent: over(promised, found), doubled: over(found, promised) }
}

impl Books {
    pub fn texts(&self, query: &str) -> Vec<String> {
        texts(self.engine, &self.url, query).unwrap()
    }

    /// A column of ids as text, the same on both engines.
    fn hex(&self, column: &str) -> String {
        match self.engine {
            Engine::Sqlite => format!("lower(hex({column}))"),
            Engine::Postgres => format!("replace(CAST({column} AS text), '-', '')"),
        }
    }

    fn rows(&self, query: &str) -> Vec<Vec<String>> {
        self.texts(query).iter().map(|line| line.split('|').map(str::to_owned).collect()).collect()
    }

    /// Every event, every entry with its lines, and every change of what clients have set aside.
    pub fn facts(&self) -> Facts {
        let mut facts = count(
            self.rows("SELECT kind || '|' || subject AS text FROM events").iter().map(|row| event(&row[0], &row[1])),
        );
        let owner =
            format!("CASE WHEN a.kind IN ('client_funds', 'earnings') THEN {} ELSE '' END", self.hex("a.owner"));
        let lines = self.rows(&format!(
            "SELECT {} || '|' || e.kind || '|' || e.subject || '|' || a.kind || '|' || {owner} || '|' || CAST(p.amount AS text) AS text
             FROM journal_entries e JOIN postings p ON p.entry_id = e.id JOIN ledger_accounts a ON a.id = p.account_id",
            self.hex("e.id")
        ));
        let mut entries: BTreeMap<&str, (&str, &str, Vec<String>)> = BTreeMap::new();
        for line in &lines {
            let entry = entries.entry(&line[0]).or_insert((&line[1], &line[2], Vec::new()));
            entry.2.push(format!("{}:{}:{}", line[3], line[4], line[5]));
        }
        for (kind, subject, legs) in entries.into_values() {
            *facts.entry(entry_of(kind, subject, legs)).or_default() += 1;
        }
        facts.extend(self.reservations());
        facts
    }

    /// How often what a client has set aside was changed: what its account's version counts beside its postings.
    fn reservations(&self) -> Facts {
        let rows = self.rows(&format!(
            "SELECT {} || '|' || CAST(version - 1 - (SELECT count(*) FROM postings p WHERE p.account_id = a.id) AS text) AS text
             FROM ledger_accounts a WHERE kind = 'client_funds'",
            self.hex("owner")
        ));
        rows.iter()
            .map(|row| (reservation(&row[0]), row[1].parse().unwrap()))
            .filter(|(_, times)| *times != 0)
            .collect()
    }

    /// Whatever must not be, whoever did it: in words.
    pub fn findings(&self) -> Vec<String> {
        [self.broken_chains(), self.held_after_the_end(), outbox::findings(self.engine, &self.url)].concat()
    }

    /// Of every account with a balance: its postings, each from one balance to the next, lead from nothing to what is
    /// stored; and its version counts them.
    fn broken_chains(&self) -> Vec<String> {
        let rows = self.rows(&format!(
            "SELECT {} || '|' || a.kind || '|' || CAST(a.balance AS text) || '|' || CAST(a.version AS text)
                 || '|' || CAST(p.amount AS text) || '|' || CAST(p.balance_after AS text) AS text
             FROM ledger_accounts a JOIN postings p ON p.account_id = a.id WHERE a.balance IS NOT NULL",
            self.hex("a.id")
        ));
        let mut accounts: BTreeMap<&str, Vec<&Vec<String>>> = BTreeMap::new();
        rows.iter().for_each(|row| accounts.entry(&row[0]).or_default().push(row));
        accounts.into_values().filter_map(|postings| broken_chain(&postings)).collect()
    }

    /// Escrows that are over and still hold something, by their postings and by their balance.
    fn held_after_the_end(&self) -> Vec<String> {
        self.texts(&format!(
            "SELECT 'the ended escrow ' || {} || ' holds ' || CAST(a.balance AS text) AS text
             FROM escrows e JOIN ledger_accounts a ON a.owner = e.id AND a.kind = 'escrow'
             WHERE e.state IN ('released', 'refunded', 'split', 'void')
                 AND (a.balance <> 0 OR (SELECT sum(p.amount) FROM postings p WHERE p.account_id = a.id) <> 0)",
            self.hex("e.id")
        ))
    }

    /// Balances that are not the sum of their postings, as one query sees them.
    pub fn drift(&self) -> Vec<String> {
        self.texts(&format!(
            "SELECT {} || ' holds ' || CAST(a.balance AS text) AS text FROM ledger_accounts a WHERE a.balance IS NOT NULL
                 AND a.balance <> -COALESCE((SELECT sum(p.amount) FROM postings p WHERE p.account_id = a.id), 0)",
            self.hex("a.id")
        ))
    }

    /// How many mails tell somebody of a change of their account at a bank.
    pub fn mails_about_accounts(&self, email: &str) -> usize {
        let about = "subject = 'Your bank account was changed'";
        self.texts(&format!("SELECT 'x' AS text FROM mails WHERE recipient = '{email}' AND {about}")).len()
    }

    /// How many escrows are not over.
    pub fn unended(&self) -> usize {
        self.texts("SELECT 'x' AS text FROM escrows WHERE state IN ('unfunded', 'funded')").len()
    }

    /// How many events wait for their number.
    pub fn unnumbered(&self) -> usize {
        self.texts("SELECT 'x' AS text FROM events WHERE number IS NULL").len()
    }

    /// What all accounts hold together, which is nothing, whatever happened.
    pub fn total(&self) -> i64 {
        self.texts("SELECT CAST(COALESCE(sum(amount), 0) AS text) AS text FROM postings")[0].parse().unwrap()
    }
}

/// The fact that what a client has set aside was changed once.
pub fn reservation(client_uuid: &str) -> String {
    format!("reservation {client_uuid}")
}

fn broken_chain(postings: &[&Vec<String>]) -> Option<String> {
    let number = |row: &Vec<String>, place: usize| row[place].parse::<i64>().unwrap();
    let first = postings[0];
    // Only what is owed has a balance of its own: a credit, which is negative, makes it larger.
    let mut before: Vec<i64> = postings.iter().map(|row| number(row, 5) + number(row, 4)).collect();
    let mut after: Vec<i64> = postings.iter().map(|row| number(row, 5)).collect();
    before.push(number(first, 2));
    after.push(0);
    before.sort_unstable();
    after.sort_unstable();
    let changes = i64::try_from(postings.len()).unwrap() + 1;
    let (kind, version) = (first[1].as_str(), number(first, 3));
    let counted = if kind == "client_funds" { version >= changes } else { version == changes };
    (before != after || !counted).then(|| {
        format!(
            "the {kind} account {} is in version {version} after {} changes that lead from {before:?} to {after:?}",
            first[0],
            changes - 1
        )
    })
}
