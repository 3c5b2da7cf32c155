//! A disk that loses what was not synced, that fails to sync, that is full: for SQLite, whose durability is ours to prove.

use std::{fs, path::PathBuf, process::Command, sync::atomic::Ordering};

use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

use super::{
    members::Market,
    patience::{LONG, until},
    replica::Replica,
    stage::{Ground, Size, Stage, ready},
    table::{Row, left_out, skip},
    verdict::Verdict,
};
use crate::harness::{Engine, database::execute};

/// A folder on a disk with a volatile cache; see unsynced.c.
struct Disk {
    folder: TempDir,
    tools: TempDir,
}

impl Disk {
    fn new() -> Self {
        let disk = Self { folder: tempfile::tempdir().unwrap(), tools: tempfile::tempdir().unwrap() };
        disk.compile("unsynced.so", &["-shared", "-fPIC"]);
        disk.compile("restorer", &["-DRESTORER"]);
        disk
    }

    fn compile(&self, name: &str, how: &[&str]) {
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("chaos/unsynced.c");
        let mut cc = Command::new("cc");
        cc.args(["-O1", "-Wno-unused-result"]).args(how).arg("-o").arg(self.tools.path().join(name)).arg(source);
        assert!(cc.args(["-ldl", "-lpthread"]).status().unwrap().success());
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("azukari.db")
    }

    fn stage(&self) -> Stage {
        let ground = Ground::File(self.file());
        let replica = Replica::new(&ground.url())
            .with("LD_PRELOAD", self.tools.path().join("unsynced.so").to_str().unwrap())
            .with("UNSYNCED_FOLDER", self.folder.path().to_str().unwrap());
        Stage::with(ground, vec![replica], |urls| urls)
    }

    fn switch(&self, name: &str, on: bool) {
        let path = self.folder.path().join(format!("{name}.switch"));
        if on { fs::write(path, "").unwrap() } else { fs::remove_file(path).unwrap() }
    }

    /// The power goes: the program is gone, and so is whatever was not synced. Answers how many writes that were.
    fn cut_power(&self, replica: &mut Replica) -> usize {
        let beside = |end: &str| PathBuf::from(format!("{}{end}", self.file().display()));
        let unsynced = || fs::metadata(beside("-wal.undo")).is_ok_and(|undo| undo.len() > 0).then_some(());
        until("something waits to be synced", LONG, unsynced);
        replica.kill();
        let mut restorer = Command::new(self.tools.path().join("restorer"));
        let output = restorer.arg(self.file()).arg(beside("-wal")).output().unwrap();
        drop(fs::remove_file(beside("-shm")));
        String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
    }
}

#[test]
#[ignore = "takes minutes"]
fn what_was_acknowledged_outlives_power_cuts() {
    let size = Size::of((150, 5_000), (4, 25));
    let row = Row::of("power cuts that lose what was not synced, Sqlite");
    let disk = Disk::new();
    let mut stage = disk.stage();
    let mut lost = 0;
    stage.suffer(size, |_, replicas, _| {
        lost += disk.cut_power(&mut replicas[0]);
        replicas[0].restart();
    });
    let verdict = stage.verdict();
    assert!(lost > 0, "nothing was ever waiting to be synced");
    row.judge(&format!("{} power cuts, {lost} writes lost", size.faults), &verdict);
}

/// As if the program ran with `synchronous=OFF`: nothing reaches the disk before it is acknowledged.
#[test]
fn a_power_cut_is_noticed_when_nothing_is_synced() {
    let disk = Disk::new();
    let mut stage = disk.stage();
    disk.switch("lie", true);
    stage.suffer(Size { operations: 100, faults: 0 }, |_, _, _| ());
    disk.cut_power(&mut stage.replicas[0]);
    stage.replicas[0].restart();
    let verdict = Verdict::on(&stage.market, &stage.books, &stage.before);
    assert!(!verdict.absent.is_empty(), "acknowledged work was lost, and nobody noticed");
}

/// Nothing can be written for a while. Writers are told to come back, readers notice nothing.
fn out_of_order(stage: &mut Stage, size: Size, mut break_it: impl FnMut(bool)) -> Verdict {
    let probe = Market::of(vec![stage.replicas[0].url()]);
    let journal = stage.market.journal.clone();
    let refusals = || journal.put_off.load(Ordering::Relaxed);
    stage.suffer(size, |_, replicas, _| {
        let before = refusals();
        break_it(true);
        until("writers are refused", LONG, || (refusals() > before + 20).then_some(()));
        let status = |path: &str| probe.once(Method::GET, path, None, None, &Value::Null).unwrap().status;
        assert_eq!([status("/livez"), status("/v1/jobs")], [200, 200]);
        break_it(false);
        ready(&replicas[0]);
    });
    stage.verdict()
}

fn refused(what: &str, switch: &str) {
    let size = Size::of((100, 3_000), (2, 10));
    let row = Row::of(format!("{what}, Sqlite"));
    let disk = Disk::new();
    let mut stage = disk.stage();
    let verdict = out_of_order(&mut stage, size, |on| disk.switch(switch, on));
    row.judge(&format!("{} times", size.faults), &verdict);
}

#[test]
fn writers_are_refused_while_the_disk_is_full_and_nothing_is_lost() {
    refused("disk full", "full");
}

#[test]
fn writers_are_refused_while_syncing_fails_and_nothing_is_lost() {
    refused("fsync fails and loses what was to be synced", "fail");
}

/// A real file system of 24 MB.
struct Mount(TempDir);

impl Mount {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"]).arg(folder.path());
        let mounted = mount.status().is_ok_and(|status| status.success());
        assert!(mounted, "only who may mount a file system can fill it; AZUKARI_WITHOUT_MOUNT=1 leaves this test out");
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("azukari.db")
    }

    /// Takes all the room there is, or gives it back.
    fn fill(&self, full: bool) {
        let filler = self.0.path().join("filler");
        if full {
            self.empty_log();
            assert!(fs::write(filler, vec![1_u8; 24 << 20]).is_err(), "the disk is larger than was asked for");
        } else {
            fs::remove_file(filler).unwrap();
        }
    }

    /// Gives back what the log has taken: in there the program could go on writing for long.
    fn empty_log(&self) {
        let (file, log) = (self.file(), self.0.path().join("azukari.db-wal"));
        until("the log is empty", LONG, || {
            execute(Engine::Sqlite, file.to_str().unwrap(), "PRAGMA wal_checkpoint(TRUNCATE)").ok()?;
            (fs::metadata(&log).unwrap().len() < 256 << 10).then_some(())
        });
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0.path()).status());
    }
}

#[test]
#[ignore = "takes minutes"]
fn writers_are_refused_while_a_real_file_system_is_full_and_nothing_is_lost() {
    let name = "a real file system full, Sqlite";
    if left_out("AZUKARI_WITHOUT_MOUNT") {
        return skip(name, "AZUKARI_WITHOUT_MOUNT is set");
    }
    let row = Row::of(name);
    let mount = Mount::new();
    let ground = Ground::File(mount.file());
    let mut stage = Stage::open(ground, 1);
    let size = Size::of((100, 1_000), (2, 10));
    let verdict = out_of_order(&mut stage, size, |full| mount.fill(full));
    row.judge(&format!("{} times", size.faults), &verdict);
}
