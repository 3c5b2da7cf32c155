//! Events, numbered in the order in which everybody sees them.

use serde_json::{Value, json};

use crate::harness::{
    Engine, Person, TestApp, on_both_engines,
    partner::{Partner, REDIRECT},
};

on_both_engines!(
    events_are_numbered_in_order_and_read_from_any_point,
    who_hires_and_works_reads_of_both_in_one_order_page_by_page,
    nobody_reads_the_events_of_others,
    a_reader_that_is_up_to_date_stays_where_it_is,
    an_event_that_an_older_version_left_without_a_number_gets_the_next,
    what_can_act_for_a_member_is_told_to_them,
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

fn who_hires_and_works_reads_of_both_in_one_order_page_by_page(app: &TestApp) {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    let hires = app.deal_between(&hanako, &taro, &[10_000], &json!({}));
    let works = app.deal_between(&taro, &hanako, &[10_000], &json!({}));
    hires.complete(0);
    works.complete(0);
    let all = events(app, &hanako, "?limit=100")["items"].as_array().unwrap().clone();
    let numbers: Vec<i64> = all.iter().map(|event| event["number"].as_i64().unwrap()).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    let told = |kind: &str| all.iter().filter(|event| event["kind"] == kind).map(|event| &event["subject"]).collect();
    let accepted: Vec<&Value> = told("milestone.accepted");
    assert_eq!(accepted, [&json!(hires.milestones[0]), &json!(works.milestones[0])]);

    let (mut read, mut after) = (Vec::new(), json!(0));
    while read.len() < all.len() {
        let page = events(app, &hanako, &format!("?limit=3&after={after}"));
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.len(), 3.min(all.len() - read.len()));
        read.extend(items.iter().cloned());
        after = page["next_after"].clone();
    }
    assert_eq!(read, all);
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

#[test]
fn on_sqlite_an_event_has_its_number_when_it_is_committed() {
    let app = TestApp::spawn(Engine::Sqlite);
    app.register("hanako@example.com").expect(202);
    assert_eq!(app.database.texts("SELECT CAST(number AS text) AS text FROM events"), ["1"]);
}

fn an_event_that_an_older_version_left_without_a_number_gets_the_next(app: &TestApp) {
    let hanako = app.member("hanako");
    let last = events(app, &hanako, "")["next_after"].as_i64().unwrap();
    let fresh = match app.database.engine {
        Engine::Sqlite => "randomblob(16)",
        Engine::Postgres => "gen_random_uuid()",
    };
    let left = format!(
        "INSERT INTO events (id, kind, subject, client_id, data, occurred_at)
         SELECT {fresh}, 'member.left_behind', subject, client_id, data, occurred_at FROM events WHERE number = {last}"
    );
    app.database.execute(&left).unwrap();
    let read = events(app, &hanako, &format!("?after={last}"));
    assert_eq!((&read["items"][0]["kind"], &read["next_after"]), (&json!("member.left_behind"), &json!(last + 1)));
}

fn what_can_act_for_a_member_is_told_to_them(app: &TestApp) {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    let partner = app.partner(&taro, "Tea Calendar", true);
    app.connect(&partner, &hanako, "profile:read");
    let own = format!("/v1/apps/{}", partner.id);
    let wish = json!({"name": "Coffee Calendar", "redirect_uris": [REDIRECT]});
    app.request("PUT", &own).by(&taro).json(&wish).expect(200);
    let secret = app.post(&format!("{own}/rotate-secret")).by(&taro).send().expect(200)["client_secret"].clone();
    let partner = Partner { secret: secret.as_str().map(str::to_owned), ..partner };
    app.request("DELETE", &format!("/v1/me/connected-apps/{}", partner.id)).by(&hanako).send().expect(204);
    app.connect(&partner, &hanako, "profile:read");
    app.request("DELETE", &own).by(&taro).send().expect(204);
    let key = app.api_key(&hanako, &["profile:read"])["id"].clone();
    app.request("DELETE", &format!("/v1/api-keys/{}", key.as_str().unwrap())).by(&hanako).send().expect(204);
    app.add_second_factor(&hanako);
    app.post("/v1/me/second-factor/recovery-codes").by(&hanako).send().expect(200);

    let told = |person: &Person| -> Vec<(String, Value)> {
        let read = events(app, person, "")["items"].as_array().unwrap().clone();
        let since = read.iter().skip_while(|event| event["kind"] != "member.confirmed").skip(1);
        since.map(|event| (event["kind"].as_str().unwrap().to_owned(), event["subject"].clone())).collect()
    };
    let of = |kind: &str, subject: &Value| (kind.to_owned(), subject.clone());
    let (tea, me) = (json!(partner.id), json!(hanako.id));
    let hers = [
        of("app.connected", &tea),
        of("app.disconnected", &tea),
        of("app.connected", &tea),
        of("app.disconnected", &tea),
        of("api_key.made", &key),
        of("api_key.revoked", &key),
        of("member.second_factor_added", &me),
        of("member.recovery_codes_changed", &me),
    ];
    assert_eq!(told(&hanako), hers);
    let his = ["app.registered", "app.changed", "app.secret_changed", "app.deleted"].map(|kind| of(kind, &tea));
    assert_eq!(told(&taro), his);
}
