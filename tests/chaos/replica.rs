//! The program as a process that may be killed at any moment and started again at the same address.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    thread,
};

use super::patience::{LONG, until};
use crate::harness::program::command;

/// One process that serves, or is to serve, a database.
pub struct Replica {
    port: u16,
    database: String,
    environment: Vec<(String, String)>,
    process: Option<Child>,
    /// What it said about its staff when it was started on a new database.
    pub staff: Vec<(String, String)>,
}

impl Replica {
    /// One that is not started yet.
    pub fn new(database: &str) -> Self {
        let plenty = ["READS", "WRITES", "LOG_INS", "MAILS"];
        let own = plenty.map(|name| (format!("AZUKARI_{name}_PER_MINUTE"), "10000000".to_owned()));
        let mut environment = Vec::from(own);
        environment.push(("AZUKARI_LOG".into(), std::env::var("AZUKARI_CHAOS_LOG").unwrap_or("off".into())));
        Self { port: free_port(), database: database.to_owned(), environment, process: None, staff: Vec::new() }
    }

    /// One that serves.
    pub fn start(database: &str) -> Self {
        let mut replica = Self::new(database);
        replica.restart();
        replica
    }

    /// With one more setting.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `127.0.0.1:port`
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Starts it, and waits until it listens. While the database is away it does not start, and is started again.
    pub fn restart(&mut self) {
        until("the program listens", LONG, || self.try_start().then_some(()));
    }

    /// Whether it now listens.
    pub fn try_start(&mut self) -> bool {
        let mut process = self.serve().spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        for line in lines.by_ref() {
            let exported = line.strip_prefix("export ").unwrap_or_default().split(' ');
            let told = exported.filter_map(|pair| pair.split_once('='));
            self.staff.extend(told.map(|(name, value)| (name.to_owned(), value.to_owned())));
            if line.starts_with("Azukari listens on ") {
                self.process = Some(process);
                // Keeps reading, so that the process never waits for somebody to listen; ends with it.
                thread::spawn(move || lines.for_each(drop));
                return true;
            }
        }
        process.wait().unwrap();
        false
    }

    fn serve(&self) -> Command {
        let address = self.address();
        let mut serve = command(&["serve", "--listen", &address, "--database-url", &self.database]);
        let quiet = if std::env::var_os("AZUKARI_CHAOS_LOG").is_some() { Stdio::inherit() } else { Stdio::null() };
        serve.envs(self.environment.iter().cloned()).stdout(Stdio::piped()).stderr(quiet);
        serve
    }

    /// `kill -9`
    pub fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Asks it to stop, as an operator does.
    pub fn signal_stop(&self) {
        let pid = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> ExitStatus {
        let mut process = self.process.take().unwrap();
        until("the program has stopped", LONG, || process.try_wait().unwrap())
    }

    /// What its staff is called and their password, by role as in `FINANCE`.
    pub fn staff(&self, role: &str) -> (String, String) {
        let told = |what: &str| {
            let name = format!("AZUKARI_{role}_{what}");
            self.staff.iter().find(|(known, _)| *known == name).unwrap().1.clone()
        };
        (told("EMAIL"), told("PASSWORD"))
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port below those that outgoing connections are given, so that none of them takes it while the program is down.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 1000).unwrap() * 12;
    until("a port is free", LONG, || {
        let port = 20_000 + (own + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        TcpListener::bind(("127.0.0.1", port)).is_ok().then_some(port)
    })
}
