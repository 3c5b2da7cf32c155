//! The program as people start it: a process of its own.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
};

use super::{Database, Engine, outbox};

/// The program with these arguments and nothing in its environment, as built beside the tests.
pub fn command(arguments: &[&str]) -> Command {
    let tests = std::env::current_exe().unwrap();
    let program: PathBuf = tests.ancestors().nth(2).unwrap().join("azukari");
    assert!(program.exists(), "{} is missing; run cargo build first", program.display());
    let mut command = Command::new(program);
    command.args(arguments).env_clear().current_dir(std::env::temp_dir());
    command
}

/// A sandbox that serves until this value goes away.
pub struct Program {
    pub url: String,
    /// What it said about its staff, for the environment of whoever acts as them.
    pub staff: Vec<(String, String)>,
    process: Child,
    // Keeps reading, so that the process never waits for somebody to listen.
    rest: Option<JoinHandle<()>>,
    database: Option<Database>,
}

impl Program {
    pub fn serve(engine: Engine) -> Self {
        Self::serve_logging(engine, "error", Stdio::inherit())
    }

    /// With a log of its own.
    pub fn serve_logging(engine: Engine, filter: &str, log: Stdio) -> Self {
        let database = Database::create(engine);
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--database-url", &database.url];
        let mut serve = command(&arguments);
        let mut process = serve.env("AZUKARI_LOG", filter).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let (mut staff, mut url) = (Vec::new(), String::new());
        for line in lines.by_ref() {
            let exported = line.strip_prefix("export ").unwrap_or_default().split(' ');
            staff.extend(exported.filter_map(|pair| pair.split_once('=')).map(|(a, b)| (a.to_owned(), b.to_owned())));
            if let Some(rest) = line.strip_prefix("Azukari listens on ") {
                url = rest.split(';').next().unwrap().to_owned();
                break;
            }
        }
        assert!(!url.is_empty(), "the program did not start");
        let rest = Some(thread::spawn(move || lines.for_each(drop)));
        Self { url, staff, process, rest, database: Some(database) }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let pid = self.process.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        let ended = self.process.wait().unwrap();
        self.rest.take().unwrap().join().unwrap();
        let database = self.database.take().unwrap();
        if !thread::panicking() {
            assert!(ended.success(), "the program did not stop gracefully: {ended}");
            let verified = command(&["ledger", "verify", "--database-url", &database.url]).output().unwrap();
            assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
            let findings = outbox::findings(database.engine, &database.url);
            assert!(findings.is_empty(), "{findings:?}");
        }
    }
}
