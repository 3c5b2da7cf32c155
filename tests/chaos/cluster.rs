//! A PostgreSQL server of a test's own, with durable commits, that can be killed and started again.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
};

use tempfile::TempDir;

use super::patience::{LONG, until};
use crate::harness::{Engine, database::texts};

/// A server, its data and its socket; all of it goes away with this value.
pub struct Cluster {
    folder: TempDir,
    port: u16,
    server: Option<Child>,
}

/// The settings that durability rests on; the rest is the server's default.
const DURABLE: &str = "fsync = on\nsynchronous_commit = on\nfull_page_writes = on\n";

impl Cluster {
    /// A new server on a Unix socket of its own.
    pub fn start() -> Self {
        let mut cluster = Self::without_data();
        let data = cluster.data();
        let arguments = ["-D", text(&data), "-U", "azukari", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
        cluster.run("initdb", &arguments);
        cluster.configure("max_wal_senders = 4\n");
        cluster.restart();
        cluster
    }

    /// A copy of a running server that follows it, and whose confirmation each of its commits waits for.
    pub fn synchronous_standby_of(primary: &mut Self) -> Self {
        let mut standby = Self::without_data();
        let data = standby.data();
        let source = format!("host={} port={} user=azukari application_name=standby", primary.socket(), primary.port);
        standby.run("pg_basebackup", &["-D", text(&data), "-d", &source, "-R", "-X", "stream", "-c", "fast"]);
        standby.configure("");
        standby.restart();
        primary.configure("synchronous_standby_names = 'standby'\n");
        primary.query("SELECT pg_reload_conf()::text AS text");
        let synchronous = "SELECT application_name AS text FROM pg_stat_replication WHERE sync_state = 'sync'";
        until("the standby is synchronous", LONG, || primary.query(synchronous).pop());
        standby
    }

    fn without_data() -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(5500);
        let folder = tempfile::Builder::new().prefix("azukari-cluster").tempdir_in("/tmp").unwrap();
        if is_root() {
            // The server refuses to run as root.
            assert!(Command::new("chown").arg("nobody").arg(folder.path()).status().unwrap().success());
        }
        // The port is only part of the socket's name.
        Self { folder, port: NEXT.fetch_add(1, Ordering::Relaxed), server: None }
    }

    /// Where a program finds it.
    pub fn url(&self) -> String {
        format!("postgres://azukari@{}:{}/postgres", self.socket().replace('/', "%2F"), self.port)
    }

    /// Where a program finds whichever of the two takes writes.
    pub fn url_with(&self, other: &Self) -> String {
        let place = |one: &Self| format!("{}:{}", one.socket().replace('/', "%2F"), one.port);
        format!("postgres://azukari@{},{}/postgres?target_session_attrs=read-write", place(self), place(other))
    }

    /// The column `text` of what a query finds.
    pub fn query(&self, query: &str) -> Vec<String> {
        texts(Engine::Postgres, &self.url(), query).unwrap()
    }

    /// Ends every process of it at once, as a power cut would.
    pub fn kill(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let pid = server.id().to_string();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        server.kill().unwrap();
        Command::new("kill").arg("-9").args(children.split_whitespace()).stderr(Stdio::null()).status().unwrap();
        server.wait().unwrap();
    }

    /// Starts it on the data it has, and waits until it answers.
    pub fn restart(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let url = self.url();
        // While processes of a server that was killed still linger, a new one refuses to start.
        until("PostgreSQL answers", LONG, || {
            let ended = self.server.as_mut().is_none_or(|server| server.try_wait().unwrap().is_some());
            if ended {
                let mut server = self.command("postgres", &["-D", text(&self.data())]);
                server.stdout(Stdio::null()).stderr(log.try_clone().unwrap());
                self.server = Some(server.spawn().unwrap());
            }
            texts(Engine::Postgres, &url, "SELECT 'up' AS text").ok()
        });
    }

    /// A standby becomes the server that takes writes.
    pub fn promote(&self) {
        self.query("SELECT pg_promote(true, 60)::text AS text");
    }

    fn configure(&self, more: &str) {
        let own =
            format!("listen_addresses = ''\nunix_socket_directories = '{}'\nport = {}\n", self.socket(), self.port);
        let file = self.data().join("postgresql.auto.conf");
        let before = fs::read_to_string(&file).unwrap();
        fs::write(file, format!("{before}{own}{DURABLE}max_connections = 100\n{more}")).unwrap();
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = self.command(program, arguments).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let program = binaries().join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=nobody", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.args(arguments).current_dir(self.folder.path()).env("HOME", self.folder.path());
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn socket(&self) -> &str {
        text(self.folder.path())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.kill();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

fn binaries() -> PathBuf {
    let tool = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tools/postgres-bin");
    let output = Command::new(tool).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().into()
}
