//! Clocks that are wrong: set back and forward while the program runs, in odd time zones, and not the same on two replicas.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{
    members::Market,
    replica::Replica,
    stage::{Ground, Stage, sized},
    table::{Row, left_out, skip},
};
use crate::harness::Engine;

/// A clock that a program believes in, so many hours or minutes off the right one: libfaketime, which reads a file.
struct Clock(TempDir);

impl Clock {
    fn new(off: &str) -> Self {
        let clock = Self(tempfile::tempdir().unwrap());
        clock.set(off);
        clock
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("off")
    }

    /// As in `-2h` and `+40d`.
    fn set(&self, off: &str) {
        // In one step, because it is read all the time.
        let fresh = self.0.path().join("fresh");
        fs::write(&fresh, off).unwrap();
        fs::rename(fresh, self.file()).unwrap();
    }

    fn before(&self, replica: Replica, library: &Path) -> Replica {
        let file = self.file();
        let settings = [
            ("LD_PRELOAD", library.to_str().unwrap()),
            ("FAKETIME_TIMESTAMP_FILE", file.to_str().unwrap()),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ];
        settings.into_iter().fold(replica, |replica, (name, value)| replica.with(name, value))
    }
}

/// Nothing if these tests are left out.
fn libfaketime() -> Option<PathBuf> {
    if left_out("AZUKARI_WITHOUT_LIBFAKETIME") {
        return None;
    }
    let triples = fs::read_dir("/usr/lib").unwrap().map_while(Result::ok).map(|entry| entry.path());
    let found = triples.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|path| path.exists());
    Some(found.expect(
        "libfaketime is missing; `tools/setup test` installs it, AZUKARI_WITHOUT_LIBFAKETIME=1 leaves these tests out",
    ))
}

/// What the table says without it.
const LEFT_OUT: &str = "AZUKARI_WITHOUT_LIBFAKETIME is set";

fn set_back_and_forward(engine: Engine) {
    let operations = sized(150, 3_000);
    let name = format!("the clock 2 h back, 40 d forward, and right again, {engine:?}");
    let Some(library) = libfaketime() else { return skip(&name, LEFT_OUT) };
    let row = Row::of(name);
    let clock = Clock::new("+0");
    let ground = Ground::of(engine);
    let replica = clock.before(Replica::new(&ground.url()), &library);
    let mut stage = Stage::with(ground, vec![replica], |urls| urls);
    let changes = [("+0", 0), ("-2h", -2), ("+40d", 960), ("+0", 0), ("+40d", 960)];
    let begun = stage.market.now();
    for (number, (off, hours)) in changes.into_iter().enumerate() {
        clock.set(off);
        let off = (stage.market.now() - begun).num_minutes() - hours * 60;
        assert!((-5..=5).contains(&off), "the program did not notice its clock");
        // Tokens of another time are not worth anything now.
        stage.crowd.everybody().for_each(|member| stage.market.log_in_again(member));
        stage.crowd.work(&stage.market, operations * (number + 1) / changes.len());
    }
    // Keys are kept for 7 days, and it was 40 days later.
    let verdict = stage.verdict_without_replay();
    stage.replicas[0].signal_stop();
    assert!(stage.replicas[0].ended().success());
    row.judge(&format!("{} changes", changes.len() - 1), &verdict);
}

#[test]
fn a_clock_that_jumps_loses_nothing_on_sqlite() {
    set_back_and_forward(Engine::Sqlite);
}

#[test]
#[ignore = "takes minutes"]
fn a_clock_that_jumps_loses_nothing_on_postgres() {
    set_back_and_forward(Engine::Postgres);
}

/// One is 5 minutes ahead, and they are at opposite ends of the world.
#[test]
fn replicas_5_minutes_apart_lose_nothing() {
    let name = "replicas 5 minutes apart, in UTC+14 and UTC-8, Postgres";
    let Some(library) = libfaketime() else { return skip(name, LEFT_OUT) };
    let row = Row::of(name);
    let ground = Ground::of(Engine::Postgres);
    let clocks = [Clock::new("+0"), Clock::new("+5m")];
    let zones = ["Pacific/Kiritimati", "America/Los_Angeles"];
    let replica = |place: usize| clocks[place].before(Replica::new(&ground.url()), &library).with("TZ", zones[place]);
    let replicas = vec![replica(0), replica(1)];
    let mut stage = Stage::with(ground, replicas, |urls| urls);
    let [here, there] = [0, 1].map(|place| Market::of(vec![stage.replicas[place].url()]).now());
    assert!((4..=5).contains(&(there - here).num_minutes()), "the programs did not notice their clocks");
    stage.crowd.work(&stage.market, sized(150, 3_000));
    let verdict = stage.verdict();
    row.judge("2 clocks", &verdict);
}
