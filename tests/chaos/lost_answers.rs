//! Answers that are lost on their way, after the work was done: whoever asks again with the same key learns what was done.

use super::{
    proxy::CuttingProxy,
    replica::Replica,
    stage::{Ground, Size, Stage, sized},
    table::Row,
};
use crate::harness::{Engine, on_each_engine};

on_each_engine!(what_was_done_and_not_heard_of_is_done_once);

fn what_was_done_and_not_heard_of_is_done_once(engine: Engine) {
    let operations = sized(150, 5_000);
    let row = Row::of(format!("answers lost on the way, {engine:?}"));
    let ground = Ground::of(engine);
    let replicas = vec![Replica::new(&ground.url())];
    let mut proxies = Vec::new();
    let mut stage = Stage::with(ground, replicas, |urls| {
        proxies = urls.iter().map(|url| CuttingProxy::before(url.trim_start_matches("http://").to_owned())).collect();
        proxies.iter().map(|proxy| format!("http://{}", proxy.address)).collect()
    });
    stage.suffer(Size { operations, faults: 0 }, |_, _, _| ());
    let verdict = stage.verdict();
    let (answers, requests) = proxies[0].cuts();
    assert!(answers * 10 > operations && requests > 0, "only {answers} answers and {requests} requests were cut");
    row.judge(&format!("{answers} answers and {requests} requests cut"), &verdict);
}
