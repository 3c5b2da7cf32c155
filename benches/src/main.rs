//! How fast the program is, against the fewest plain statements that do the same. `README.md` says how to read it.

mod database;
mod floor;
mod growth;
mod load;
mod market;
mod rounds;
mod server;
mod table;

use std::path::PathBuf;

use clap::Parser;
use database::{Database, Engine};

/// What is measured, and how long.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// Where the data is kept; its device is what is measured.
    #[arg(long)]
    folder: PathBuf,
    /// A PostgreSQL server that keeps its data there, as somebody who may create databases.
    #[arg(long, env = "AZUKARI_TEST_POSTGRES_URL")]
    server: String,
    /// Contracts whose first milestone is delivered.
    #[arg(long, default_value_t = 20_000)]
    contracts: usize,
    /// Open jobs.
    #[arg(long, default_value_t = 100_000)]
    jobs: usize,
    /// Each contender runs once in a round, one after the other; the middle of all rounds counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Milestones accepted in one run.
    #[arg(long, default_value_t = 6_400)]
    accepts: usize,
    /// Seconds of one run that reads.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Only drives one thing, for a profiler: page, contract, null or accept.
    #[arg(long)]
    drive: Option<String>,
    /// Also measures what a million jobs and ledger entries change.
    #[arg(long)]
    growth: bool,
    /// Only this engine: sqlite or postgres.
    #[arg(long)]
    only: Option<String>,
}

fn main() -> std::process::ExitCode {
    let options = Options::parse();
    let mut table = table::Table::default();
    for (name, engine) in [("postgres", Engine::Postgres), ("sqlite", Engine::Sqlite)] {
        if options.only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let filled = Database::named("filled", engine, &options.folder, &options.server);
        filled.fill(options.contracts, options.jobs);
        match &options.drive {
            Some(what) => println!("{}", rounds::drive(&filled, &options, what)),
            None => rounds::measure(&filled, &options, &mut table),
        }
        if options.growth && options.drive.is_none() {
            growth::measure(engine, &options, &mut table);
        }
    }
    if options.drive.is_none() {
        print!("{table}");
    }
    if table.falls_short() { std::process::ExitCode::FAILURE } else { std::process::ExitCode::SUCCESS }
}
