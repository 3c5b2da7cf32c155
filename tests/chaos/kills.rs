//! `kill -9` of the program while clients work.

use std::sync::atomic::Ordering;

use super::{
    replica::Replica,
    stage::{Ground, Size, Stage},
    table::Row,
};
use crate::harness::Engine;

/// Kills one replica after the other, and now and then all of them at once.
fn killed(engine: Engine, replicas: usize) {
    let size = Size::of((150, 10_000), (4, 50));
    let row = Row::of(format!("kill -9, {engine:?}, {replicas} replica(s)"));
    let mut stage = Stage::open(Ground::of(engine), replicas);
    stage.suffer(size, |number, replicas, _| {
        if number % 5 == 4 {
            replicas.iter_mut().for_each(Replica::kill);
            replicas.iter_mut().for_each(Replica::restart);
        } else {
            let turn = number % replicas.len();
            replicas[turn].kill();
            replicas[turn].restart();
        }
    });
    let broken = stage.market.journal.broken.load(Ordering::Relaxed);
    assert!(broken > 0, "nobody was ever waiting for an answer");
    let verdict = stage.verdict();
    row.judge(&format!("{} kills, {broken} requests cut off", size.faults), &verdict);
}

#[test]
fn nothing_is_lost_or_doubled_when_the_program_is_killed_on_sqlite() {
    killed(Engine::Sqlite, 1);
}

#[test]
fn nothing_is_lost_or_doubled_when_replicas_are_killed_on_postgres() {
    killed(Engine::Postgres, 2);
}

#[test]
#[ignore = "takes minutes"]
fn nothing_is_lost_or_doubled_when_the_only_replica_is_killed_on_postgres() {
    killed(Engine::Postgres, 1);
}
