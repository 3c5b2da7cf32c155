//! Paydays, open to anyone, and the days of which staff know better.

use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{TestApp, deals::text, on_both_engines};

on_both_engines!(
    anybody_learns_when_a_month_is_paid,
    only_the_end_of_a_month_is_paid,
    what_finance_says_of_a_day_moves_the_payday,
    the_calendar_is_read_page_by_page,
    only_finance_keeps_the_calendar,
);

fn pay_on(app: &TestApp, closed_on: &str) -> String {
    text(&app.get(&format!("/v1/payout-calendar?closed_on={closed_on}")).send().expect(200)["pay_on"])
}

fn anybody_learns_when_a_month_is_paid(app: &TestApp) {
    for (closed_on, expected) in [
        ("2026-03-31", "2026-04-15"),
        ("2026-04-30", "2026-05-15"),
        ("2027-04-30", "2027-05-17"),
        ("2026-01-31", "2026-02-16"),
    ] {
        assert_eq!(pay_on(app, closed_on), expected);
    }
}

fn only_the_end_of_a_month_is_paid(app: &TestApp) {
    for day in ["2026-04-29", "2026-02-27", "2151-01-31"] {
        app.get(&format!("/v1/payout-calendar?closed_on={day}")).send().problem(422, "not_a_month_end");
    }
    for query in
        ["", "?closed_on=2026-02-30", "?closed_on=soon", "?closed_on=2026-04-30&closed_on=2026-04-30", "?day=1"]
    {
        app.get(&format!("/v1/payout-calendar{query}")).send().problem(400, "invalid_parameter");
    }
}

fn what_finance_says_of_a_day_moves_the_payday(app: &TestApp) {
    let finance = app.staff(Role::Finance, "fin");
    let day = "/v1/admin/calendar-overrides/2026-05-15";
    let say = |open: bool| {
        let body = json!({"is_business_day": open, "note": "The clearing system is down"});
        app.request("PUT", day).by(&finance).json(&body).expect(200)
    };
    let said = say(false);
    assert_eq!((&said["day_on"], &said["author_id"]), (&json!("2026-05-15"), &json!(finance.id)));
    assert_eq!(pay_on(app, "2026-04-30"), "2026-05-18");
    let listed = |expected: &[Value]| {
        assert_eq!(app.read(&finance, "/v1/admin/calendar-overrides")["items"], json!(expected));
    };
    listed(&[said]);
    listed(&[say(true)]);
    assert_eq!(pay_on(app, "2026-04-30"), "2026-05-15");
    say(false);
    app.request("DELETE", day).by(&finance).send().expect(204);
    listed(&[]);
    assert_eq!(pay_on(app, "2026-04-30"), "2026-05-15");
    app.request("DELETE", day).by(&finance).send().problem(404, "not_found");
}

fn the_calendar_is_read_page_by_page(app: &TestApp) {
    let finance = app.staff(Role::Finance, "fin");
    let days = ["2026-05-13", "2026-05-11", "2026-05-15", "2026-05-12", "2026-05-14"];
    for day in days {
        let path = format!("/v1/admin/calendar-overrides/{day}");
        app.request("PUT", &path).by(&finance).json(&json!({"is_business_day": false, "note": "A rest"})).expect(200);
    }
    let listed: Vec<String> =
        app.pages(&finance, "/v1/admin/calendar-overrides").iter().map(|said| text(&said["day_on"])).collect();
    assert_eq!(listed, ["2026-05-11", "2026-05-12", "2026-05-13", "2026-05-14", "2026-05-15"]);
    let first = app.read(&finance, "/v1/admin/calendar-overrides?limit=2");
    let elsewhere = format!("/v1/admin/payout-runs?cursor={}", text(&first["next_cursor"]));
    app.get(&elsewhere).by(&finance).send().problem(400, "invalid_cursor");
}

fn only_finance_keeps_the_calendar(app: &TestApp) {
    let (support, hanako) = (app.staff(Role::Support, "mia"), app.member("hanako"));
    let body = json!({"is_business_day": false, "note": "I would like a day off"});
    let day = "/v1/admin/calendar-overrides/2026-05-15";
    app.request("PUT", day).by(&support).json(&body).problem(403, "not_permitted");
    app.request("PUT", day).by(&hanako).json(&body).problem(404, "not_found");
    app.get("/v1/admin/calendar-overrides").by(&support).send().problem(403, "not_permitted");
    let admin = app.staff(Role::Admin, "noa");
    let put = |day: &str, body: &Value| {
        app.request("PUT", &format!("/v1/admin/calendar-overrides/{day}")).by(&admin).json(body)
    };
    put("2026-02-30", &body).problem(400, "invalid_parameter");
    put("2026-05-15", &json!({"is_business_day": false, "note": ""})).problem(422, "invalid_body");
    put("2026-05-15", &body).expect(200);
}
