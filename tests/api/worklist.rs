//! What waits for staff.

use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{Person, TestApp, deals::text, market::yen, on_both_engines};

on_both_engines!(
    what_has_waited_longest_comes_first,
    what_is_dealt_with_is_gone,
    no_kind_hides_behind_another,
    only_staff_see_the_worklist,
    the_worklist_takes_no_wild_limit,
);

fn tasks(app: &TestApp, person: &Person) -> Vec<(String, String)> {
    let list = app.read(person, "/v1/admin/worklist");
    let task = |task: &Value| (text(&task["kind"]), text(&task["id"]));
    list["items"].as_array().unwrap().iter().map(task).collect()
}

fn record_receipt(app: &TestApp, by: &Person) -> String {
    let receipt = json!({
        "bank_reference": "20260401-1", "sender": "YAMADA", "amount": yen(5_000), "received_on": app.date(0),
    });
    text(&app.act(by, "/v1/admin/bank-receipts", &receipt).expect(201)["id"])
}

fn what_has_waited_longest_comes_first(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000]);
    let admin = app.staff(Role::Admin, "noa");
    (0..2).for_each(|place| deal.fund(place));
    deal.deliver(0);
    deal.on(&deal.client, 0, "request-changes", &json!({"reason": "Too formal.", "due_on": app.date(0)})).expect(200);
    let claim = json!({"reason": "other", "claim": "It is blue."});
    let dispute = text(&deal.on(&deal.client, 1, "dispute", &claim).expect(201)["id"]);
    assert_eq!(tasks(app, &admin), []);
    app.advance_hours(13 * 24);
    let receipt = record_receipt(app, &admin);
    let dispute_task = |kind: &str| (kind.to_owned(), dispute.clone());
    let receipt_task = ("receipt_unmatched".to_owned(), receipt);
    assert_eq!(tasks(app, &admin), [dispute_task("dispute_in_mediation"), receipt_task.clone()]);
    app.advance_hours(19 * 24);
    let overdue = ("redelivery_overdue".to_owned(), deal.milestones[0].clone());
    assert_eq!(tasks(app, &admin), [dispute_task("dispute_escalated"), receipt_task, overdue]);
    let only = app.read(&admin, "/v1/admin/worklist?kind=receipt_unmatched&limit=1");
    assert_eq!(only["items"][0]["kind"], "receipt_unmatched", "none hides behind what has waited longer");
    let top = app.read(&admin, "/v1/admin/worklist?limit=1");
    assert_eq!(top["items"].as_array().map(Vec::len), Some(1));
}

fn no_kind_hides_behind_another(app: &TestApp) {
    let deal = app.deal(&[10_000, 20_000]);
    let mia = app.staff(Role::Support, "mia");
    (0..2).for_each(|place| deal.fund(place));
    let claim = json!({"reason": "other", "claim": "It is blue."});
    let dispute = |place| text(&deal.on(&deal.client, place, "dispute", &claim).expect(201)["id"]);
    let older = dispute(0);
    app.advance_hours(18 * 24);
    let newer = dispute(1);
    app.advance_hours(13 * 24);
    for (kind, id) in [("dispute_escalated", older), ("dispute_in_mediation", newer)] {
        let only = app.read(&mia, &format!("/v1/admin/worklist?kind={kind}&limit=1"));
        assert_eq!(only["items"][0]["id"], id, "{kind}");
    }
}

fn what_is_dealt_with_is_gone(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let finance = app.staff(Role::Finance, "fin");
    deal.on(&deal.client, 0, "start-funding", &json!({"method": "bank_transfer"})).expect(200);
    let receipt = record_receipt(app, &finance);
    assert_eq!(tasks(app, &finance).len(), 1);
    let payment = deal.milestone(0)["payments"][0]["id"].clone();
    let path = format!("/v1/admin/bank-receipts/{receipt}/match");
    app.act(&finance, &path, &json!({"payment_id": payment})).expect(200);
    assert_eq!(tasks(app, &finance), []);
}

fn only_staff_see_the_worklist(app: &TestApp) {
    app.get("/v1/admin/worklist").by(&app.member("hanako")).send().problem(404, "not_found");
    assert_eq!(tasks(app, &app.staff(Role::Support, "mia")), []);
}

fn the_worklist_takes_no_wild_limit(app: &TestApp) {
    let mia = app.staff(Role::Support, "mia");
    for limit in ["0", "101", "-1", "many"] {
        let path = format!("/v1/admin/worklist?limit={limit}");
        app.get(&path).by(&mia).send().problem(400, "invalid_parameter");
    }
}
