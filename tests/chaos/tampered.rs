//! The verdict itself must be able to fail: a copy of sound books is spoilt, so that they still add up to zero. On SQLite
//! alone, where a copy is a file: the verdict asks both engines the same questions.

use std::path::Path;

use super::{
    books::Books,
    journal::{Ack, event},
    members::{Market, Member},
    replica::Replica,
    stage::{Ground, Size, Stage},
    verdict::{Verdict, by_id},
};
use crate::harness::{Engine, database::execute};

/// What is done to a copy, and which part of the verdict must say so.
type Spoilt = (&'static str, &'static str, fn(&Verdict) -> bool);

const NO_GUARDS: &str =
    "DROP TRIGGER journal_entries_append_only_update; DROP TRIGGER journal_entries_append_only_delete;
    DROP TRIGGER postings_append_only_update; DROP TRIGGER postings_append_only_delete;
    DROP TRIGGER events_not_deleted; DROP TRIGGER events_append_only; DROP TRIGGER events_numbered_once;
    PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
    CREATE TEMP TABLE chosen AS SELECT id FROM journal_entries WHERE kind = 'escrow_released' ORDER BY id LIMIT 1;
    CREATE TEMP TABLE whose AS SELECT account_id, amount FROM postings JOIN chosen ON entry_id = chosen.id;";

const SPOILT: [Spoilt; 8] = [
    (
        "an entry is gone, and so is what it changed",
        "UPDATE ledger_accounts SET balance = balance + (SELECT amount FROM whose WHERE account_id = id)
            WHERE id IN (SELECT account_id FROM whose) AND balance IS NOT NULL AND kind = 'earnings';
         DELETE FROM postings WHERE entry_id IN (SELECT id FROM chosen);
         DELETE FROM journal_entries WHERE id IN (SELECT id FROM chosen)",
        |verdict| !verdict.absent.is_empty(),
    ),
    (
        "an entry is there twice",
        "INSERT INTO journal_entries SELECT x'00', kind, currency, subject, reverses, occurred_at FROM journal_entries
            JOIN chosen USING (id);
         INSERT INTO postings SELECT x'00', line, account_id, amount, balance_after FROM postings
            JOIN chosen ON entry_id = chosen.id",
        |verdict| !verdict.doubled.is_empty(),
    ),
    (
        "one yen more was earned, and one less taken as a fee",
        "UPDATE postings SET amount = amount - 1 WHERE entry_id IN (SELECT id FROM chosen)
            AND account_id IN (SELECT id FROM ledger_accounts WHERE kind = 'earnings');
         UPDATE postings SET amount = amount + 1 WHERE entry_id IN (SELECT id FROM chosen)
            AND account_id IN (SELECT id FROM ledger_accounts WHERE kind = 'system_fee')",
        |verdict| !verdict.absent.is_empty() && !verdict.doubled.is_empty() && !verdict.wrong.is_empty(),
    ),
    (
        "what one has earned belongs to another",
        "UPDATE postings SET account_id = (SELECT id FROM ledger_accounts WHERE kind = 'earnings'
                AND id NOT IN (SELECT account_id FROM whose) LIMIT 1)
            WHERE entry_id IN (SELECT id FROM chosen)
            AND account_id IN (SELECT id FROM ledger_accounts WHERE kind = 'earnings')",
        |verdict| !verdict.absent.is_empty() && !verdict.wrong.is_empty(),
    ),
    (
        "an ended escrow still holds a yen",
        "UPDATE ledger_accounts SET balance = balance + 1 WHERE kind = 'escrow'",
        |verdict| verdict.wrong.iter().any(|finding| finding.contains("ended escrow")),
    ),
    ("an event is gone", "DELETE FROM events WHERE number = 40", |verdict| {
        !verdict.absent.is_empty() && verdict.wrong.iter().any(|finding| finding.contains("numbered"))
    }),
    ("a mail will never be sent", "UPDATE mails SET next_attempt_at = NULL", |verdict| {
        verdict.wrong.iter().any(|finding| finding.contains("neither sent"))
    }),
    (
        "a balance was written once too often",
        "UPDATE ledger_accounts SET version = version + 1 WHERE kind = 'earnings'",
        |verdict| verdict.wrong.iter().any(|finding| finding.contains("is in version")),
    ),
];

/// What is done to one copy that is served again, and what the verdict must say of each.
const SPOILT_AND_SERVED: [(&str, &str); 7] = [
    ("UPDATE idempotency_keys SET answer = replace(answer, 'JPY', 'EUR')", "is no longer answered as it was"),
    ("UPDATE jobs SET version = 0", ", and is 0"),
    ("UPDATE ledger_accounts SET balance = balance + 1 WHERE kind = 'earnings'", "and should be"),
    ("UPDATE events SET number = -number WHERE kind = 'bank_account.changed'", " events of "),
    ("UPDATE escrows SET state = 'funded'", "escrows never ended"),
    (
        "DELETE FROM mails WHERE recipient = 'worker-0@example.com' AND subject LIKE '%bank account%'",
        "worker-0@example.com was mailed 0 times about 1 accounts",
    ),
    (
        "INSERT INTO mails (id, recipient, subject, body, created_at, attempts, locale)
            SELECT x'00', recipient, subject, body, created_at, attempts, locale FROM mails
            WHERE recipient = 'worker-1@example.com' AND subject LIKE '%bank account%'",
        "worker-1@example.com was mailed 2 times about 1 accounts",
    ),
];

fn copy(books: &Books, folder: &Path, number: usize) -> Books {
    let path = folder.join(format!("spoilt-{number}.db"));
    execute(books.engine, &books.url, &format!("VACUUM INTO '{}'", path.display())).unwrap();
    Books { engine: books.engine, url: format!("sqlite:{}", path.display()) }
}

#[test]
fn the_verdict_notices_books_that_were_tampered_with_and_still_add_up() {
    let mut stage = Stage::open(Ground::of(Engine::Sqlite), 1);
    stage.suffer(Size { operations: 100, faults: 0 }, |_, _, _| ());
    let sound = stage.verdict();
    assert_eq!(sound.complaint(), None);
    let folder = tempfile::tempdir().unwrap();
    for (number, (what, spoil, noticed)) in SPOILT.into_iter().enumerate() {
        let copy = copy(&stage.books, folder.path(), number);
        execute(copy.engine, &copy.url, &format!("{NO_GUARDS} {spoil}")).unwrap();
        assert_eq!(copy.total(), 0, "{what}: a sum of zero proves nothing");
        let verdict = Verdict::on(&stage.market, &copy, &stage.before);
        assert!(noticed(&verdict), "{what}: {:?}", verdict.complaint());
    }
    let served = copy(&stage.books, folder.path(), SPOILT.len());
    let spoils: Vec<&str> = SPOILT_AND_SERVED.iter().map(|(spoil, _)| *spoil).collect();
    execute(served.engine, &served.url, &format!("{NO_GUARDS} {}", spoils.join(";"))).unwrap();
    let replica = Replica::start(&served.url);
    let mut market = Market::of(vec![replica.url()]);
    market.journal = stage.market.journal.clone();
    let people: Vec<&Member> = stage.crowd.everybody().collect();
    let Verdict { lost, doubled, absent, wrong, .. } = Verdict::on(&market, &served, &stage.before)
        .replay(&market, &by_id(&people))
        .mails(&market, &served, &people)
        .versions(&market, &by_id(&people))
        .balances(&market, &people)
        .events(&market, &people, &served);
    let found = [lost, doubled, absent, wrong].concat();
    for (spoil, said) in SPOILT_AND_SERVED {
        assert!(found.iter().any(|finding| finding.contains(said)), "{spoil}: nothing says {said:?}");
    }
    let invented = vec![event("milestone.accepted", "milestone_that_never_was")];
    let last: Ack = stage.market.journal.acks().pop().unwrap();
    stage.market.journal.add(Ack { facts: invented, ..last });
    let verdict = Verdict::on(&stage.market, &stage.books, &stage.before);
    assert_eq!(verdict.absent, ["event milestone.accepted milestone_that_never_was"]);
}
