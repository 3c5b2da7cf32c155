//! What the store refuses by itself, below the rules and locks that keep it from being asked.

use std::{
    cell::Cell,
    sync::{Mutex, mpsc::channel},
    thread,
};

use chrono::DateTime;
use diesel::{
    Connection,
    connection::{InstrumentationEvent, TransactionManager},
};
use domain::{
    actor::Party,
    cancellation::{CancellationRequest, CancellationState},
    event::EventKind,
    ids::{CancellationRequestId, ContractId, EventId, JournalEntryId, MilestoneId},
    ledger::{Account, EntryKind, Finding, JournalEntry, Transfer},
    money::{Currency, Money},
};
use persistence::{
    cancellation, contract,
    error::StoreError,
    escrow,
    event::{self, Event},
    instance, ledger, milestone,
    store::{Conn, Intent, Sizes, Store, Tx},
    tally,
    work::{self, Which},
};
use serde_json::json;
use uuid::Uuid;

use crate::harness::{
    Database, Engine, TestApp, on_both_engines, on_each_engine,
    patience::{LONG, until},
};

on_both_engines!(
    what_has_changed_since_it_was_read_is_not_saved_over,
    whoever_waited_for_a_contract_sees_the_request_to_cancel_made_meanwhile,
);

on_each_engine!(
    books_of_many_pages_are_audited_to_the_last_entry,
    work_that_panics_is_undone_and_the_next_goes_on,
    a_connection_that_stays_in_a_transaction_is_replaced,
    an_entry_without_its_events_is_found_and_an_event_without_its_entry,
    an_update_is_prepared_once,
);

#[track_caller]
fn assert_late<T>(app: &TestApp, table: &str, save: impl Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static)
where
    T: std::fmt::Debug + Send + 'static,
{
    let refused = app.app.store.write(Intent::Keep, save).unwrap_err();
    assert!(matches!(refused, StoreError::LostRace { table: of } if of == table), "{refused:?}");
}

/// Whoever decides holds the lock of the contract. Should one forget it, the versions tell.
fn what_has_changed_since_it_was_read_is_not_saved_over(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let id: MilestoneId = deal.milestones[0].parse().unwrap();
    let read = app.app.store.read(|conn| milestone::find(conn, id)).unwrap().unwrap();
    let signed = app.app.store.read(|conn| contract::find(conn, read.milestone.contract)).unwrap().unwrap();
    deal.fund(0);
    let before = deal.read();
    assert_late(app, "milestones", move |tx| milestone::save(tx, &read.milestone, None));
    assert_late(app, "escrows", move |tx| escrow::save(tx, &read.escrow));
    assert_late(app, "contracts", move |tx| contract::save(tx, &signed));
    assert_eq!(deal.read(), before);
}

/// Only of PostgreSQL: a connection to SQLite is an open file. Before its first query nothing is prepared yet, and that is
/// where Diesel does not see by itself that a connection is gone.
#[test]
fn a_connection_that_is_lost_before_its_first_query_is_replaced() {
    let database = Database::create(Engine::Postgres);
    let store = Store::open(&database.url, Sizes { readers: 1, writers: 1 }).unwrap();
    let others = "datname = current_database() AND pid <> pg_backend_pid()";
    let ended = format!("SELECT pg_terminate_backend(pid, 5000)::text AS text FROM pg_stat_activity WHERE {others}");
    assert!(database.texts(&ended).iter().all(|ended| ended == "true"));
    let read = || store.read(|conn| tally::read(conn, &[b"nobody"]));
    let write = || store.write(Intent::Keep, ledger::open_platform_accounts);
    let lost = read().unwrap_err();
    assert!(matches!(lost, StoreError::Unavailable(_)), "{lost:?}");
    assert_eq!(read().unwrap(), []);
    write().unwrap_err();
    write().unwrap();
}

/// Only of PostgreSQL, on which there are several. Nothing else is waited for as long as for this.
#[test]
fn a_replica_that_starts_while_another_migrates_waits_until_it_has() {
    let database = Database::create(Engine::Postgres);
    let migrating = database.half_done("SELECT pg_advisory_xact_lock(4702394921427289)");
    let long = "SELECT 'x' AS text FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'
                AND query_start < now() - interval '1500 milliseconds'";
    thread::scope(|scope| {
        let second = scope.spawn(|| Store::open(&database.url, Sizes { readers: 1, writers: 1 }));
        while database.texts(long).is_empty() && !second.is_finished() {
            thread::yield_now();
        }
        drop(migrating);
        second.join().unwrap().unwrap();
    });
}

/// Only of SQLite, whose writer commits together what has queued up: at first without savepoints, then with them.
#[test]
fn what_is_undone_among_others_is_undone_alone() {
    let database = Database::create(Engine::Sqlite);
    let store = Store::open(&database.url, Sizes { readers: 1, writers: 1 }).unwrap();
    let now = DateTime::from_timestamp(1_775_000_000, 0).unwrap();
    let (told, heard) = channel();
    let queue = |name: &'static str, intent: Intent, refused: bool| {
        let told = told.clone();
        let work = move |tx: &mut Tx<'_>| {
            tally::add(tx, name.as_bytes(), now, DateTime::UNIX_EPOCH, |_| None::<()>)?;
            if refused { Err(StoreError::StillRunning) } else { Ok(()) }
        };
        store.write_then(intent, work, move |outcome| told.send((name, outcome.is_ok())).unwrap());
    };
    for round in 1..=2 {
        let (go, wait) = channel::<()>();
        let wait = Mutex::new(wait);
        let busy = move |_: &mut Tx<'_>| wait.lock().unwrap().recv().or(Ok::<_, StoreError>(()));
        store.write_then(Intent::Keep, busy, |outcome| outcome.unwrap());
        queue("kept before", Intent::Keep, false);
        queue("refused", Intent::Keep, true);
        queue("kept between", Intent::Keep, false);
        queue("tried", Intent::Preview, false);
        queue("kept after", Intent::Keep, false);
        drop(go);
        let answers: Vec<_> = heard.iter().take(5).collect();
        let kept =
            [("kept before", true), ("refused", false), ("kept between", true), ("tried", true), ("kept after", true)];
        assert_eq!(answers, kept);
        let names: [&[u8]; 5] = [b"kept before", b"refused", b"kept between", b"tried", b"kept after"];
        let mut found = store.read(|conn| tally::read(conn, &names)).unwrap();
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        let found: Vec<_> = found.iter().map(|(name, tally)| (name.as_slice(), tally.times)).collect();
        assert_eq!(found, [(names[4], round), (names[0], round), (names[2], round)]);
    }
}

fn request_to_cancel(contract: ContractId) -> CancellationRequest {
    let now = DateTime::from_timestamp(1_775_000_000, 0).unwrap();
    CancellationRequest {
        id: CancellationRequestId::from_uuid(Uuid::from_u128(1)),
        contract,
        requested_by: Party::Client,
        reason: "Our plans have changed.".to_owned(),
        shares: Vec::new(),
        state: CancellationState::Requested,
        respond_by: now,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// SQLite lets one after the other write; on PostgreSQL a query that waits for a lock began before the other's end.
fn whoever_waited_for_a_contract_sees_the_request_to_cancel_made_meanwhile(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let (contract, milestone): (ContractId, MilestoneId) =
        (deal.contract.parse().unwrap(), deal.milestones[0].parse().unwrap());
    let ((locked, is_locked), (go_on, goes_on)) = (channel(), channel::<()>());
    let (request, store) = (request_to_cancel(contract), &app.app.store);
    let seen = thread::scope(|scope| {
        scope.spawn(move || {
            let ask = move |tx: &mut Tx<'_>| {
                work::lock(tx, Which::Contract(contract))?;
                locked.send(()).unwrap();
                // Until it is let go, or the test has failed.
                goes_on.recv().unwrap_err();
                cancellation::insert(tx, &request)
            };
            store.write(Intent::Keep, ask).unwrap();
        });
        is_locked.recv().unwrap();
        let second = scope.spawn(move || store.write(Intent::Keep, move |tx| work::lock(tx, Which::Of(milestone))));
        let waiting =
            "SELECT 'x' AS text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let waits = || second.is_finished() || !app.database.texts(waiting).is_empty();
        if app.database.engine == Engine::Postgres {
            until("the second waits for the lock", LONG, || waits().then_some(()));
        }
        drop(go_on);
        second.join().unwrap().unwrap()
    });
    assert_eq!(seen.map(|(_, is_asked)| is_asked), Some(true));
}

fn work_that_panics_is_undone_and_the_next_goes_on(engine: Engine) {
    let database = Database::create(engine);
    let store = Store::open(&database.url, Sizes { readers: 1, writers: 1 }).unwrap();
    let panics = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        ledger::open_platform_accounts(tx)?;
        panic!("a mistake of ours")
    };
    let failed = store.write(Intent::Keep, panics).unwrap_err();
    assert!(matches!(failed, StoreError::Panicked), "{failed:?}");
    assert!(database.texts("SELECT 'x' AS text FROM ledger_accounts").is_empty());
    store.write(Intent::Keep, ledger::open_platform_accounts).unwrap();
    assert!(!database.texts("SELECT 'x' AS text FROM ledger_accounts").is_empty());
}

/// Three transactions deep, which is more than is rolled back after work that fails.
fn a_connection_that_stays_in_a_transaction_is_replaced(engine: Engine) {
    let database = Database::create(engine);
    let store = Store::open(&database.url, Sizes { readers: 1, writers: 1 }).unwrap();
    let sinks = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        ledger::open_platform_accounts(tx)?;
        for _ in 0..3 {
            <Conn as Connection>::TransactionManager::begin_transaction(&mut **tx)?;
        }
        Err(StoreError::StillRunning)
    };
    let failed = store.write(Intent::Keep, sinks).unwrap_err();
    assert!(matches!(failed, StoreError::StillRunning), "{failed:?}");
    store.write(Intent::Keep, |_| Ok::<_, StoreError>(())).unwrap();
    assert!(database.texts("SELECT 'x' AS text FROM ledger_accounts").is_empty());
    store.write(Intent::Keep, ledger::open_platform_accounts).unwrap();
    assert!(!database.texts("SELECT 'x' AS text FROM ledger_accounts").is_empty());
}

/// Each kind of entry by itself. That the two are told together is what every test that serves the API checks at its end.
fn an_entry_without_its_events_is_found_and_an_event_without_its_entry(engine: Engine) {
    let database = Database::create(engine);
    let store = Store::open(&database.url, Sizes { readers: 1, writers: 1 }).unwrap();
    store.write(Intent::Keep, ledger::open_platform_accounts).unwrap();
    let now = DateTime::from_timestamp(1_775_000_000, 0).unwrap();
    let post = |id: u128, kind: EntryKind| {
        let id = JournalEntryId::from_uuid(Uuid::from_u128(id));
        let amount = Money::new(1, Currency::Jpy).unwrap();
        let transfer = Transfer { debit: Account::BankFee, credit: Account::Bank, amount };
        let entry = JournalEntry::of(kind, &[transfer]).unwrap();
        store.write(Intent::Keep, move |tx| ledger::post(tx, id, &entry, "x", now)).unwrap();
    };
    let told = Cell::new(0);
    let tell = |kind: EventKind| {
        let (id, kind, data) = (EventId::from_uuid(Uuid::from_u128(told.get())), kind.to_string(), json!({}));
        let event = Event { id, kind, subject: "x".into(), client: None, worker: None, data, occurred_at: now };
        store.write(Intent::Keep, move |tx| event::record(tx, vec![event.clone()])).unwrap();
        told.set(told.get() + 1);
    };
    let miscounted = || store.read(ledger::verify).unwrap().miscounted;
    let mut silent = Vec::new();
    for (number, kind) in (1..).zip(EntryKind::ALL.iter().copied()) {
        let events = kind.events();
        post(2 * number, kind);
        let found = miscounted();
        assert_eq!(found.iter().map(|(event, ..)| *event).collect::<Vec<_>>(), events, "{kind}: {found:?}");
        assert!(found.iter().all(|(_, entries, told)| *entries == told + 1), "{kind}: {found:?}");
        for event in events {
            tell(*event);
        }
        assert_eq!(miscounted(), [], "{kind}");
        for event in events {
            tell(*event);
        }
        let found = miscounted();
        assert!(found.iter().map(|(event, ..)| event).eq(events), "{kind}: {found:?}");
        post(2 * number + 1, kind);
        if events.is_empty() {
            silent.push(kind);
        }
    }
    let without =
        [EntryKind::GatewayTransferred, EntryKind::BankCharged, EntryKind::CapitalPaidIn, EntryKind::Reversal];
    assert_eq!(silent, without);
}

/// Diesel prepares an `UPDATE` anew each time, unless it is told that it always has the same text.
fn an_update_is_prepared_once(engine: Engine) {
    let database = Database::create(engine);
    let store = Store::open(&database.url, Sizes { readers: 1, writers: 1 }).unwrap();
    let (sender, kept) = channel();
    let adopts = move |tx: &mut Tx<'_>| {
        let sender = sender.clone();
        tx.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::CacheQuery { sql, .. } = event {
                sender.send(sql.to_owned()).unwrap();
            }
        });
        instance::claim(tx, "sandbox", None, DateTime::from_timestamp(1_775_000_000, 0).unwrap())?;
        instance::adopt_secret(tx, "first")?;
        instance::adopt_secret(tx, "second")
    };
    store.write(Intent::Keep, adopts).unwrap();
    let kept: Vec<String> = kept.try_iter().filter(|sql| sql.contains("UPDATE")).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
}

fn books_of_many_pages_are_audited_to_the_last_entry(engine: Engine) {
    let database = Database::create(engine);
    let store = Store::open(&database.url, Sizes { readers: 1, writers: 1 }).unwrap();
    store.write(Intent::Keep, ledger::open_platform_accounts).unwrap();
    let (id, at) = match engine {
        Engine::Sqlite => ("unhex(printf('%032x', n))", "0"),
        Engine::Postgres => ("lpad(to_hex(n), 32, '0')::uuid", "now()"),
    };
    let series = "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < 2500)";
    let bank = "(SELECT id FROM ledger_accounts WHERE kind = 'bank' AND currency = 'JPY')";
    for insert in [
        format!(
            "journal_entries (id, kind, currency, subject, occurred_at) SELECT {id}, 'x', 'JPY', 's', {at} FROM series"
        ),
        format!("postings (entry_id, line, account_id, amount) SELECT {id}, 0, {bank}, 5 FROM series"),
        format!("postings (entry_id, line, account_id, amount) SELECT {id}, 1, {bank}, -5 FROM series WHERE n < 2500"),
        format!("postings (entry_id, line, account_id, amount) SELECT {id}, 1, {bank}, -4 FROM series WHERE n = 2500"),
    ] {
        database.execute(&format!("{series} INSERT INTO {insert}")).unwrap();
    }
    let audit = store.read(ledger::verify).unwrap();
    assert_eq!((audit.report.entries, audit.report.postings), (2_500, 5_000));
    let last = JournalEntryId::from_uuid(Uuid::from_u128(2_500));
    let unbalanced = Finding::UnbalancedEntry { entry: last, currency: Currency::Jpy, sum: 1 };
    // What is missing of the last one is missing on the whole.
    let whole = Finding::EquationBroken { currency: Currency::Jpy, difference: 1 };
    assert_eq!(audit.report.findings, [unbalanced, whole]);
}
