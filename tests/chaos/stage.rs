//! A marketplace that is about to suffer: its database, its replicas, and the people in it.

use std::{path::PathBuf, thread};

use super::{
    books::{Books, Facts},
    cluster::Cluster,
    load::{Crowd, KINDS},
    members::Market,
    patience::{LONG, rest, until},
    payday,
    replica::Replica,
    verdict::{Verdict, by_id},
};
use crate::harness::{Database, Engine};

/// Whether `make chaos` runs, and not only the short form.
pub fn in_full() -> bool {
    std::env::var_os("AZUKARI_CHAOS_TABLE").is_some()
}

/// So many in the short form, and so many in full; `AZUKARI_CHAOS_DIVISOR` makes the latter fewer, to try things out.
pub fn sized(short: usize, full: usize) -> usize {
    let divisor = std::env::var("AZUKARI_CHAOS_DIVISOR").map_or(1, |divisor| divisor.parse().unwrap());
    if in_full() { (full / divisor).max(1) } else { short }
}

/// How much is done to it.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Keyed operations that must be acknowledged.
    pub operations: usize,
    /// How often the fault strikes.
    pub faults: usize,
}

/// What keeps the data.
pub enum Ground {
    /// Of the tests' own server, or a file.
    Shared(Database),
    /// A durable server of its own.
    Own(Box<Cluster>),
    /// A SQLite file in a folder that somebody else looks after.
    File(PathBuf),
}

/// Replicas on one database, and a crowd at work.
pub struct Stage {
    pub books: Books,
    pub replicas: Vec<Replica>,
    pub market: Market,
    pub crowd: Crowd,
    pub before: Facts,
    // After the replicas, so that it is dropped last.
    pub ground: Ground,
}

impl Size {
    /// Operations and faults, each in the short form and in full.
    pub fn of(operations: (usize, usize), faults: (usize, usize)) -> Self {
        Self { operations: sized(operations.0, operations.1), faults: sized(faults.0, faults.1) }
    }
}

impl Ground {
    /// A fresh database. PostgreSQL is a server with durable commits when the full form runs.
    pub fn of(engine: Engine) -> Self {
        match engine {
            Engine::Postgres if in_full() => Self::Own(Box::new(Cluster::start())),
            Engine::Postgres | Engine::Sqlite => Self::Shared(Database::create(engine)),
        }
    }

    pub fn url(&self) -> String {
        match self {
            Self::Shared(database) => database.url.clone(),
            Self::Own(cluster) => cluster.url(),
            Self::File(path) => format!("sqlite:{}", path.display()),
        }
    }

    pub fn engine(&self) -> Engine {
        match self {
            Self::Shared(database) => database.engine,
            Self::Own(_) => Engine::Postgres,
            Self::File(_) => Engine::Sqlite,
        }
    }

    pub fn cluster(&mut self) -> &mut Cluster {
        match self {
            Self::Own(cluster) => cluster,
            Self::Shared(_) | Self::File(_) => panic!("this server is not ours to kill"),
        }
    }
}

impl Stage {
    /// Opens a marketplace with so many replicas.
    pub fn open(ground: Ground, replicas: usize) -> Self {
        let url = ground.url();
        Self::with(ground, (0..replicas).map(|_| Replica::new(&url)).collect(), |urls| urls)
    }

    /// The same with replicas of a certain kind, reached in a certain way.
    pub fn with(ground: Ground, mut replicas: Vec<Replica>, reach: impl FnOnce(Vec<String>) -> Vec<String>) -> Self {
        replicas.iter_mut().for_each(Replica::restart);
        let market = Market::of(reach(replicas.iter().map(Replica::url).collect()));
        let crowd = Crowd::gather(&market);
        let books = Books { engine: ground.engine(), url: ground.url() };
        let before = books.facts();
        Self { books, replicas, market, crowd, before, ground }
    }

    /// Lets the crowd work, and the fault strike again and again, evenly spread over its operations.
    pub fn suffer(&mut self, size: Size, mut strike: impl FnMut(usize, &mut Vec<Replica>, &mut Ground)) {
        let Self { replicas, market, crowd, ground, .. } = self;
        let (market, crowd) = (&*market, &*crowd);
        thread::scope(|scope| {
            let work = scope.spawn(move || crowd.work(market, size.operations));
            for number in 0..size.faults {
                let enough = size.operations * number / size.faults + 1;
                while market.journal.count() < enough && !work.is_finished() {
                    rest();
                }
                assert!(!work.is_finished(), "the work was over before fault {number}");
                strike(number, replicas, ground);
            }
        });
    }

    /// Pays everybody, looks at everything that there is to look at, and stops the marketplace.
    pub fn verdict(&mut self) -> Verdict {
        let verdict = self.verdict_without_replay();
        let people: Vec<_> = self.crowd.everybody().collect();
        let verdict = verdict.replay(&self.market, &by_id(&people)).mails(&self.market, &self.books, &people);
        self.replicas.iter().for_each(Replica::signal_stop);
        let ends: Vec<_> = self.replicas.iter_mut().map(Replica::ended).collect();
        assert!(ends.iter().all(|end| end.success()), "{ends:?}");
        verdict
    }

    /// The same where keys and mails may have been forgotten meanwhile, and on.
    pub fn verdict_without_replay(&self) -> Verdict {
        let done = self.market.journal.kinds();
        assert!(KINDS.iter().all(|kind| done.contains_key(kind)), "not everything was done: {done:?}");
        payday::pay_everybody(&self.market, &self.crowd, &self.replicas[0].staff("FINANCE"));
        let people: Vec<_> = self.crowd.everybody().collect();
        let verdict = Verdict::on(&self.market, &self.books, &self.before);
        let verdict = verdict.versions(&self.market, &by_id(&people)).balances(&self.market, &people);
        verdict.events(&self.market, &people, &self.books)
    }
}

/// Waits until a replica is ready to serve.
pub fn ready(replica: &Replica) {
    until("the program is ready", LONG, || {
        let answer = reqwest::blocking::get(format!("{}/readyz", replica.url())).ok()?;
        answer.status().is_success().then_some(())
    });
}
