//! Another e-mail address, confirmed on both ends.

use serde_json::{Value, json};

use crate::harness::{
    Person, Response, TestApp, on_both_engines, people,
    work::{at_once, in_turn},
};

on_both_engines!(
    an_address_changes_when_both_ends_have_confirmed,
    one_end_alone_changes_nothing,
    a_known_address_is_answered_as_an_unknown_one_and_its_owner_is_told,
    an_address_that_was_taken_meanwhile_is_not_taken_over,
    an_address_that_was_only_registered_belongs_to_who_confirms_it,
    of_two_who_take_one_address_at_once_one_has_it,
    a_change_can_be_dropped_and_expires,
    the_present_address_is_no_change,
    an_address_is_asked_for_three_times_a_day_whosever_it_is,
);

const NEXT: &str = "next@example.com";

fn ask(app: &TestApp, person: &Person, email: &str) -> Response {
    app.act(person, "/v1/me/email-change", &json!({"email": email}))
}

fn confirm(app: &TestApp, token: &str) -> Response {
    app.post("/v1/me/email-change/confirm").json(&json!({"token": token}))
}

fn email(app: &TestApp, person: &Person) -> Value {
    app.read(person, "/v1/me")["email"].clone()
}

fn an_address_changes_when_both_ends_have_confirmed(app: &TestApp) {
    let hanako = app.member("hanako");
    let asked = ask(app, &hanako, NEXT).expect(202);
    assert_eq!(
        (&asked["email"], &asked["present_confirmed"], &asked["next_confirmed"]),
        (&json!(NEXT), &json!(false), &json!(false))
    );
    let (old, new) = (app.mailed(&hanako.email, "aze_"), app.mailed(NEXT, "aze_"));
    assert_eq!(confirm(app, &new).expect(200)["next_confirmed"], true);
    assert_eq!(email(app, &hanako), hanako.email);
    confirm(app, &old).expect(200);
    assert_eq!(email(app, &hanako), NEXT);
    for address in [&hanako.email, NEXT] {
        assert_eq!(app.subjects(address)[0], "Your address was changed", "{address}");
    }
    app.try_password(&hanako.email, people::PASSWORD).problem(401, "invalid_credentials");
    app.try_password("NEXT@example.com", people::PASSWORD).expect(201);
    confirm(app, &old).problem(401, "invalid_token");
    app.get("/v1/me/email-change").by(&hanako).send().problem(404, "not_found");
    // The address that was left is free.
    app.member("hanako");
}

fn one_end_alone_changes_nothing(app: &TestApp) {
    let hanako = app.member("hanako");
    ask(app, &hanako, NEXT).expect(202);
    let new = app.mailed(NEXT, "aze_");
    for _ in 0..2 {
        confirm(app, &new).expect(200);
    }
    assert_eq!(email(app, &hanako), hanako.email);
    confirm(app, "aze_unknown").problem(401, "invalid_token");
    assert_eq!(app.read(&hanako, "/v1/me/email-change")["next_confirmed"], true);
}

fn a_known_address_is_answered_as_an_unknown_one_and_its_owner_is_told(app: &TestApp) {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    let shape = |answer: Value| answer.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let (known, unknown) = (ask(app, &hanako, &taro.email), ask(app, &hanako, NEXT));
    assert_eq!(shape(known.expect(202)), shape(unknown.expect(202)));
    assert_eq!(app.subjects(&taro.email)[0], "Somebody asked for your address");
    assert_eq!(app.subjects(&hanako.email)[..2], ["Agree to another address", "Agree to another address"]);
    ask(app, &hanako, &taro.email).expect(202);
    confirm(app, &app.mailed(&hanako.email, "aze_")).expect(200);
    assert_eq!((email(app, &hanako), email(app, &taro)), (json!(hanako.email), json!(taro.email)));
}

fn an_address_that_was_taken_meanwhile_is_not_taken_over(app: &TestApp) {
    let hanako = app.member("hanako");
    ask(app, &hanako, "taro@example.com").expect(202);
    let (old, new) = (app.mailed(&hanako.email, "aze_"), app.mailed("taro@example.com", "aze_"));
    confirm(app, &new).expect(200);
    let taro = app.member("taro");
    confirm(app, &old).problem(401, "invalid_token");
    assert_eq!((email(app, &hanako), email(app, &taro)), (json!(hanako.email), json!(taro.email)));
}

fn an_address_that_was_only_registered_belongs_to_who_confirms_it(app: &TestApp) {
    let hanako = app.member("hanako");
    app.register(NEXT).expect(202);
    let planted = app.mailed_token(NEXT);
    ask(app, &hanako, NEXT).expect(202);
    let (old, new) = (app.mailed(&hanako.email, "aze_"), app.mailed(NEXT, "aze_"));
    confirm(app, &old).expect(200);
    confirm(app, &new).expect(200);
    assert_eq!(email(app, &hanako), NEXT);
    app.post("/v1/accounts/confirm-email").json(&json!({"token": planted})).problem(401, "invalid_token");
}

/// By joining with it, and by a change to it; and by two changes.
fn of_two_who_take_one_address_at_once_one_has_it(app: &TestApp) {
    for (name, joins_first) in [("hanako", true), ("taro", false)] {
        let person = app.member(name);
        let next = format!("{name}-next@example.com");
        ask(app, &person, &next).expect(202);
        confirm(app, &app.mailed(&person.email, "aze_")).expect(200);
        let change_token = app.mailed(&next, "aze_");
        app.register(&next).expect(202);
        let join_token = app.mailed_token(&next);
        let joining = || app.post("/v1/accounts/confirm-email").json(&json!({"token": join_token}));
        let changing = || confirm(app, &change_token);
        let (joined, changed) = in_turn(app, &next, joins_first, joining, changing);
        if changed.status == 200 {
            joined.problem(401, "invalid_token");
            assert_eq!(email(app, &person), json!(next));
        } else {
            changed.problem(401, "invalid_token");
            joined.expect(200);
            assert_eq!(email(app, &person), json!(person.email));
        }
        app.log_in(&next);
    }
    for round in 0..5 {
        let next = format!("wanted-{round}@example.com");
        let people = ["one", "two"].map(|name| app.member(&format!("{name}-{round}")));
        let tokens = people.each_ref().map(|person| {
            ask(app, person, &next).expect(202);
            confirm(app, &app.mailed(&person.email, "aze_")).expect(200);
            app.mailed(&next, "aze_")
        });
        let answers = at_once(2, |each| confirm(app, &tokens[each]));
        let won = answers.iter().position(|answer| answer.status == 200).unwrap();
        let (winner, loser) = (&people[won], &people[1 - won]);
        assert_eq!((email(app, winner), email(app, loser)), (json!(next), json!(loser.email)));
    }
}

fn a_change_can_be_dropped_and_expires(app: &TestApp) {
    let hanako = app.member("hanako");
    ask(app, &hanako, NEXT).expect(202);
    let dropped = app.mailed(NEXT, "aze_");
    app.request("DELETE", "/v1/me/email-change").by(&hanako).send().expect(204);
    app.request("DELETE", "/v1/me/email-change").by(&hanako).send().problem(404, "not_found");
    confirm(app, &dropped).problem(401, "invalid_token");
    ask(app, &hanako, NEXT).expect(202);
    let (old, new) = (app.mailed(&hanako.email, "aze_"), app.mailed(NEXT, "aze_"));
    confirm(app, &new).expect(200);
    app.put_back("email_changes", &["expires_at"], 24 * 3600 + 1);
    confirm(app, &old).problem(401, "invalid_token");
    assert_eq!(email(app, &hanako), hanako.email);
}

fn the_present_address_is_no_change(app: &TestApp) {
    let hanako = app.member("hanako");
    ask(app, &hanako, "HANAKO@example.com").problem(422, "invalid_body");
    ask(app, &hanako, "no address").problem(422, "invalid_body");
}

fn an_address_is_asked_for_three_times_a_day_whosever_it_is(app: &TestApp) {
    let (hanako, taro, sora) = (app.member("hanako"), app.member("taro"), app.member("sora"));
    for address in [NEXT, &taro.email] {
        for _ in 0..3 {
            ask(app, &hanako, address).expect(202);
        }
        let refused = ask(app, &hanako, &address.to_uppercase());
        refused.problem(429, "rate_limited");
        let seconds: i64 = refused.header("retry-after").parse().unwrap();
        assert!((86_300..=86_401).contains(&seconds), "{seconds}");
    }
    assert_eq!(app.subjects(NEXT).len(), 3);
    // Nobody keeps it from others, and what was mailed last still counts.
    ask(app, &sora, NEXT).expect(202);
    app.put_back("tallies", &["last_at"], 24 * 3600);
    ask(app, &hanako, NEXT).expect(202);
    let (old, new) = (app.mailed(&hanako.email, "aze_"), app.mailed(NEXT, "aze_"));
    ask(app, &hanako, NEXT).expect(202);
    ask(app, &hanako, NEXT).expect(202);
    ask(app, &hanako, NEXT).problem(429, "rate_limited");
    confirm(app, &old).problem(401, "invalid_token");
    confirm(app, &new).problem(401, "invalid_token");
    for token in [app.mailed(&hanako.email, "aze_"), app.mailed(NEXT, "aze_")] {
        confirm(app, &token).expect(200);
    }
    assert_eq!(email(app, &hanako), NEXT);
}
