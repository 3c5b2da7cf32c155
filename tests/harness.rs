//! A whole marketplace for one test: its own port, its own database, its own people.

pub mod authenticator;
pub mod client;
pub mod database;
pub mod deals;
pub mod histories;
pub mod market;
pub mod openid;
pub mod operation;
pub mod outbox;
pub mod partner;
pub mod patience;
pub mod payday;
pub mod people;
pub mod program;
mod server;
pub mod tools;
pub mod work;

use std::sync::Arc;

use ::api::{
    config::{Flags, Settings},
    startup,
    state::App,
};

use persistence::ledger;

pub use client::{Request, Response};
pub use database::{Database, Engine};
pub use deals::Deal;
pub use people::Person;
pub use server::Server;

/// Runs each named function, which takes a `&TestApp`, as one test on SQLite and one on PostgreSQL; with settings, if some
/// come first.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => { $crate::harness::on_both_engines!(&[] => $($name),+); };
    ($settings:expr => $($name:ident),+ $(,)?) => {$(
        mod $name {
            use crate::harness::{Engine, TestApp};

            #[test]
            fn sqlite() {
                super::$name(&TestApp::spawn_with(Engine::Sqlite, $settings));
            }

            #[test]
            fn postgres() {
                super::$name(&TestApp::spawn_with(Engine::Postgres, $settings));
            }
        }
    )+};
}
pub(crate) use on_both_engines;

/// Runs each named function, which takes an `Engine` and makes what it needs itself, as one test on each;
/// ignored ones with their reason, as in `#[ignore = "measures time"]`.
macro_rules! on_each_engine {
    ($($(#[$ignored:meta])? $name:ident),+ $(,)?) => {$(
        mod $name {
            use crate::harness::Engine;

            #[test]
            $(#[$ignored])?
            fn sqlite() {
                super::$name(Engine::Sqlite);
            }

            #[test]
            $(#[$ignored])?
            fn postgres() {
                super::$name(Engine::Postgres);
            }
        }
    )+};
}
pub(crate) use on_each_engine;

/// A marketplace that is served.
pub struct TestApp {
    pub app: Arc<App>,
    server: Option<Server>,
    // After the server, so that it is dropped last.
    pub database: Database,
}

impl TestApp {
    /// A sandbox on a fresh database.
    pub fn spawn(engine: Engine) -> Self {
        Self::spawn_with(engine, &[])
    }

    /// A sandbox with more settings, named as in the environment.
    pub fn spawn_with(engine: Engine, more: &[(&str, &str)]) -> Self {
        let database = Database::create(engine);
        let app = startup::open(settings(&database, more)).unwrap();
        let server = Some(Server::start(app.clone()));
        Self { app, server, database }
    }

    /// Where it listens, as in `127.0.0.1:4711`.
    pub fn address(&self) -> String {
        self.server.as_ref().unwrap().address.to_string()
    }

    /// A `GET`.
    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    /// A `POST`.
    pub fn post(&self, path: &str) -> Request {
        self.request("POST", path)
    }

    /// Any method on any path.
    pub fn request(&self, method: &str, path: &str) -> Request {
        Request::new(method, &format!("http://{}{path}", self.address()))
    }

    /// Serves no more, and fires no timer: the database is left to others.
    pub fn stop_serving(&mut self) {
        self.server.take().unwrap().stop();
    }

    /// Serves again what others have changed meanwhile, with these settings.
    pub fn serve_again(&mut self, more: &[(&str, &str)]) {
        self.app = startup::open(settings(&self.database, more)).unwrap();
        self.server = Some(Server::start(self.app.clone()));
    }

    /// What must hold after every test, whatever it did.
    fn verify(&self) {
        self.verify_books();
        let findings = outbox::findings(self.database.engine, &self.database.url);
        assert!(findings.is_empty(), "{findings:?}");
        let open = self.database.transactions_left_open();
        assert_eq!(open, 0, "transactions were left open");
    }

    /// Every yen is where the ledger says it is.
    pub fn verify_books(&self) {
        let audit = self.app.store.read(ledger::verify).unwrap();
        assert!(audit.is_sound(), "{audit:?}");
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.server.take().into_iter().for_each(Server::stop);
        if !std::thread::panicking() {
            self.verify();
        }
    }
}

/// Settings of a sandbox on this database, with a port of its own.
pub fn settings(database: &Database, more: &[(&str, &str)]) -> Settings {
    let own = [
        ("AZUKARI_DATABASE_URL", database.url.as_str()),
        ("AZUKARI_LISTEN", "127.0.0.1:0"),
        ("AZUKARI_READERS", "4"),
        ("AZUKARI_WRITERS", "6"),
    ];
    let all = own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::read(&Flags::default(), all).unwrap()
}
