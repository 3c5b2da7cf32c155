//! PostgreSQL killed and started again while clients work; and one that follows it put in its place.

use super::{
    cluster::Cluster,
    replica::Replica,
    stage::{Ground, Size, Stage, ready, sized},
    table::Row,
};

#[test]
fn nothing_is_lost_or_doubled_when_postgres_is_killed() {
    let size = Size::of((150, 5_000), (1, 5));
    let row = Row::of("PostgreSQL killed and started again, 2 replicas");
    let mut stage = Stage::open(Ground::Own(Box::new(Cluster::start())), 2);
    stage.suffer(size, |_, replicas, ground| {
        ground.cluster().kill();
        ground.cluster().restart();
        replicas.iter().for_each(ready);
    });
    let verdict = stage.verdict();
    row.judge(&format!("{} crashes", size.faults), &verdict);
}

/// The standby that every commit waited for takes over in the middle of the work.
#[test]
#[ignore = "takes minutes"]
fn nothing_acknowledged_is_lost_when_a_synchronous_standby_is_promoted() {
    let operations = sized(150, 5_000);
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
