//! Events, numbered in the order in which everybody sees them.

use serde_json::{Value, json};

use crate::harness::{Person, TestApp, on_both_engines};

on_both_engines!(
    events_are_numbered_in_order_and_read_from_any_point,
    nobody_reads_the_events_of_others,
    a_reader_that_is_up_to_date_stays_where_it_is,
);

fn events(app: &TestApp, person: &Person, query: &str) -> Value {
    app.read(person, &format!("/v1/events{query}"))
}

fn events_are_numbered_in_order_and_read_from_any_point(app: &TestApp) {
    let hanako = app.member("hanako");
    let all = events(app, &hanako, "");
    let items = all["items"].as_array().unwrap();
    let kinds: Vec<&str> = items.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["member.registered", "member.confirmed"]);
    let numbers: Vec<i64> = items.iter().map(|event| event["number"].as_i64().unwrap()).collect();
    assert!(numbers[0] > 0 && numbers[0] < numbers[1], "{numbers:?}");
    assert!(items.iter().all(|event| event["subject"] == json!(hanako.id)));

    let first = events(app, &hanako, "?limit=1");
    assert_eq!((&first["items"][0], &first["next_after"]), (&items[0], &json!(numbers[0])));
    let second = events(app, &hanako, &format!("?after={}", numbers[0]));
    assert_eq!(second["items"], json!([items[1]]));
}

fn nobody_reads_the_events_of_others(app: &TestApp) {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    for person in [&hanako, &taro] {
        let read = events(app, person, "")["items"].as_array().unwrap().clone();
        assert_eq!(read.len(), 2, "joining and confirming");
        assert!(read.iter().all(|event| event["subject"] == json!(person.id)), "{read:?}");
    }
}

fn a_reader_that_is_up_to_date_stays_where_it_is(app: &TestApp) {
    let hanako = app.member("hanako");
    let last = events(app, &hanako, "")["next_after"].clone();
    let after = events(app, &hanako, &format!("?after={last}"));
    assert_eq!(after, json!({"items": [], "next_after": last}));
}
