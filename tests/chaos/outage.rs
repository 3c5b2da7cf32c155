//! PostgreSQL killed and started again while clients work; and one that follows it put in its place.

use super::{
    cluster::Cluster,
    replica::Replica,
    stage::{Ground, Size, Stage, ready},
    table::Row,
};
use crate::harness::Engine;

fn server_killed(size: Size) {
    let row = Row::of("PostgreSQL killed and started again, 2 replicas");
    let mut stage = Stage::open(Ground::of(Engine::Postgres, true), 2);
    stage.suffer(size, |_, replicas, ground| {
        ground.cluster().kill();
        ground.cluster().restart();
        replicas.iter().for_each(ready);
    });
    let verdict = stage.verdict();
    row.judge(&format!("{} crashes", size.faults), &verdict);
}

#[test]
fn nothing_is_lost_or_doubled_when_postgres_is_killed() {
    server_killed(Size { operations: 150, faults: 1 });
}

#[test]
#[ignore = "takes minutes"]
fn crashes_5_of_postgres() {
    server_killed(Size { operations: 5_000, faults: 5 });
}

/// The standby that every commit waited for takes over in the middle of the work.
fn promoted(operations: usize) {
    let row = Row::of("a synchronous standby promoted, 2 replicas");
    let mut primary = Cluster::start();
    let standby = Cluster::synchronous_standby_of(&mut primary);
    let url = primary.url_with(&standby);
    let replicas = (0..2).map(|_| Replica::new(&url)).collect();
    let mut stage = Stage::with(Ground::Own(Box::new(primary)), replicas, |urls| urls);
    stage.suffer(Size { operations, faults: 2 }, |number, replicas, ground| {
        // The first time all is well; the second time, half of the work is done.
        if number == 1 {
            ground.cluster().kill();
            standby.promote();
            replicas.iter().for_each(ready);
        }
    });
    stage.books.url = standby.url();
    let verdict = stage.verdict();
    row.judge("1 promotion", &verdict);
}

#[test]
#[ignore = "takes minutes"]
fn promotes_a_synchronous_standby() {
    promoted(5_000);
}

#[test]
fn nothing_acknowledged_is_lost_when_a_synchronous_standby_is_promoted() {
    promoted(150);
}
