//! What must not become slower with history: the same requests on a small marketplace and on one that has grown.

use crate::{
    Options,
    database::{Database, Engine},
    load::{self, Pace},
    rounds::Requests,
    server::Server,
    table::{Table, middle},
};

/// Of jobs and of ledger entries, before and after.
const FEW: usize = 10_000;
const MANY: usize = 1_000_000;
/// Contracts whose first milestone is delivered, in both.
const CONTRACTS: usize = 1_600;
const CONNECTIONS: usize = 8;
/// How much longer a page of jobs may take.
const AT_MOST: f64 = 1.3;

/// Measures both in turns.
pub fn measure(engine: Engine, options: &Options, table: &mut Table) {
    let small = Database::named("small", engine, &options.folder, &options.server);
    small.fill(CONTRACTS, FEW);
    small.more_entries(FEW - small.count("journal_entries"));
    let grown = small.copy("grown");
    grown.connect().execute(&grown.more_jobs(MANY - FEW));
    grown.more_entries(MANY - FEW);
    small.settle();
    grown.settle();
    let (mut few, mut many) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        few.push(once(&small, options));
        many.push(once(&grown, options));
    }
    for (place, (what, at_most)) in
        [("page of 20 jobs", Some(AT_MOST)), ("page of own ledger entries", None), ("accept", None)].iter().enumerate()
    {
        let longer = few.iter().zip(&many).map(|(few, many)| few[place].per_second / many[place].per_second);
        let what = format!("{engine:?}: time of a {what} with {MANY} jobs and ledger entries, against {FEW}");
        table.bound(what, middle(longer.collect()), "times", *at_most);
    }
    small.remove();
    grown.remove();
}

fn once(database: &Database, options: &Options) -> [Pace; 3] {
    let copy = database.copy("run");
    let requests = Requests::of(&copy);
    let server = Server::start(&copy.url());
    let time = std::time::Duration::from_secs(options.seconds);
    let read = |requests: &[Vec<u8>]| load::send_for(&[&server.address], CONNECTIONS, requests, time);
    let (page, ledger) = (read(&requests.page), read(&requests.ledger));
    let split: Vec<_> = requests.accepts.chunks(CONTRACTS / CONNECTIONS).map(<[_]>::to_vec).collect();
    [page, ledger, load::send_all(&[&server.address], &split)]
}
