//! How the worker tells that the work goes on.

use domain::policy::Role;
use serde_json::{Value, json};

use crate::harness::{Deal, Person, Response, TestApp, deals::text, on_both_engines};

on_both_engines!(
    a_note_is_read_by_both_sides_and_staff,
    only_the_worker_writes_notes,
    a_note_is_about_the_contract_or_one_of_its_milestones,
    notes_are_listed_page_by_page,
);

fn path(deal: &Deal<'_>) -> String {
    format!("/v1/contracts/{}/progress-notes", deal.contract)
}

fn write(deal: &Deal<'_>, by: &Person, body: Value) -> Response {
    deal.app().act(by, &path(deal), &body)
}

fn a_note_is_read_by_both_sides_and_staff(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let note = write(&deal, &deal.worker, json!({"body": "半分できました。🎉"})).expect(201);
    assert_eq!((&note["author_id"], &note["milestone_id"]), (&json!(deal.worker.id), &Value::Null));
    let support = app.staff(Role::Support, "mia");
    for person in [&deal.client, &deal.worker, &support] {
        assert_eq!(app.read(person, &path(&deal))["items"], json!([note]));
    }
    app.get(&path(&deal)).by(&app.member("stranger")).send().problem(404, "not_found");
    assert_eq!(app.events_about(&deal.client, &text(&note["id"])), ["progress_note.written"]);
}

fn only_the_worker_writes_notes(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let note = json!({"body": "Half of it is done."});
    write(&deal, &deal.client, note.clone()).problem(403, "not_permitted");
    write(&deal, &app.staff(Role::Support, "mia"), note.clone()).problem(403, "not_permitted");
    write(&deal, &app.member("stranger"), note).problem(404, "not_found");
    assert_eq!(app.read(&deal.worker, &path(&deal))["items"], json!([]));
}

fn a_note_is_about_the_contract_or_one_of_its_milestones(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    let about = |id: &str| write(&deal, &deal.worker, json!({"body": "Done.", "milestone_id": id}));
    assert_eq!(about(&deal.milestones[0]).expect(201)["milestone_id"], json!(deal.milestones[0]));
    let problem = about("milestone_01k30dwqgzfgx9p7jfdwpht7gg").problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "/milestone_id");
    about(&deal.contract).problem(400, "invalid_id");
    for body in [String::new(), "x".repeat(5_001)] {
        write(&deal, &deal.worker, json!({"body": body})).problem(422, "invalid_body");
    }
}

fn notes_are_listed_page_by_page(app: &TestApp) {
    let deal = app.deal(&[10_000]);
    for body in ["One.", "Two.", "Three."] {
        write(&deal, &deal.worker, json!({"body": body})).expect(201);
    }
    let notes = app.pages(&deal.client, &path(&deal));
    assert_eq!(notes.iter().map(|note| note["body"].clone()).collect::<Vec<_>>(), ["Three.", "Two.", "One."]);
}
