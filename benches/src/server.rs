//! The program, as people start it, on a database of the benchmark's.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::load::{self, Wire};

/// Where clients are told to find it; the same for whoever makes tokens.
pub const PUBLIC_URL: &str = "http://bench.example";

/// How long it may take to become ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program while it serves.
pub struct Server {
    pub address: String,
    /// From its start to its first answer that it is ready.
    pub started_in: Duration,
    process: Child,
}

/// The program beside this one.
pub fn program() -> PathBuf {
    let bench = std::env::current_exe().expect("where this program is");
    bench.with_file_name("azukari")
}

impl Server {
    pub fn start(database_url: &str) -> Self {
        let began = Instant::now();
        let mut process = Command::new(program())
            .args(["serve", "--listen", "127.0.0.1:0", "--database-url", database_url])
            .env_clear()
            .env("AZUKARI_LOG", "error")
            .env("AZUKARI_PUBLIC_URL", PUBLIC_URL)
            // Each caller of ours asks as often as it can.
            .env("AZUKARI_READS_PER_MINUTE", "4000000000")
            .env("AZUKARI_WRITES_PER_MINUTE", "4000000000")
            .env("AZUKARI_LOG_INS_PER_MINUTE", "4000000000")
            .stdout(Stdio::piped())
            .spawn()
            .expect("build the program first: cargo build --release");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines().map_while(Result::ok);
        let listens = lines.find_map(|line| line.strip_prefix("Azukari listens on http://").map(str::to_owned));
        let address = listens.expect("it did not start").split(';').next().unwrap_or_default().to_owned();
        thread::spawn(move || lines.for_each(drop));
        let mut server = Self { address, started_in: Duration::ZERO, process };
        server.wait(began);
        server.started_in = began.elapsed();
        server
    }

    /// Asks until it answers that it is ready: when it says that it listens, nobody has been served yet.
    fn wait(&self, began: Instant) {
        let request = load::request("GET", "/readyz", None, None, "");
        while !Wire::open(&self.address).answer(&request).starts_with(b"HTTP/1.1 200 ") {
            assert!(began.elapsed() < PATIENCE, "it does not become ready");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// How much processor time it has used.
    pub fn processor(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap_or_default();
        // User and system time are the 14th and 15th field, in hundredths of a second; the name before may hold spaces.
        let fields =
            stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().skip(11).take(2)).into_iter().flatten();
        Duration::from_millis(fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * 10)
    }

    /// Its resident memory, in MB.
    pub fn memory(&self) -> f64 {
        self.megabytes("VmRSS:")
    }

    /// The most resident memory that it has had since its start, in MB.
    pub fn peak_memory(&self) -> f64 {
        self.megabytes("VmHWM:")
    }

    fn megabytes(&self, name: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("its memory");
        let kib: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number of kB");
        kib * 1024.0 / 1e6
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}
