//! Usernames.

use serde_json::{Value, json};

use crate::harness::{Person, Response, TestApp, on_both_engines, people};

on_both_engines!(
    a_username_of_the_registration_is_given_when_the_address_is_confirmed,
    a_username_tells_nothing_of_addresses,
    of_two_who_wish_for_a_name_the_first_to_confirm_gets_it,
    a_member_without_a_username_chooses_one_once,
    names_that_look_alike_are_one_name,
    reserved_and_malformed_names_are_refused,
    the_name_of_who_left_is_nobodys_again_and_only_its_keyed_hash_is_kept,
);

fn register(app: &TestApp, email: &str, username: &str) -> Response {
    let mut form = people::registration(email);
    form["username"] = json!(username);
    app.post("/v1/accounts").json(&form)
}

fn confirm(app: &TestApp, email: &str) -> Value {
    app.post("/v1/accounts/confirm-email").json(&json!({"token": app.mailed_token(email)})).expect(200)
}

fn choose(app: &TestApp, person: &Person, username: &str) -> Response {
    app.request("PUT", "/v1/me/username").by(person).json(&json!({"username": username}))
}

fn a_username_of_the_registration_is_given_when_the_address_is_confirmed(app: &TestApp) {
    register(app, "hanako@example.com", "Hanako.Yamada").expect(202);
    assert_eq!(confirm(app, "hanako@example.com")["username"], "hanako.yamada");
    let hanako = app.log_in("hanako@example.com");
    assert_eq!(app.read(&hanako, "/v1/me")["username"], "hanako.yamada");
    register(app, "other@example.com", "HANAKO.YAMADA").problem(409, "username_taken");
}

fn a_username_tells_nothing_of_addresses(app: &TestApp) {
    app.member("hanako");
    // A registration with a known address does nothing, and one with an unknown address must not differ: neither keeps
    // the name from others.
    for email in ["hanako@example.com", "nobody@example.com"] {
        register(app, email, "moonlight").expect(202);
    }
    register(app, "third@example.com", "moonlight").expect(202);
}

fn of_two_who_wish_for_a_name_the_first_to_confirm_gets_it(app: &TestApp) {
    register(app, "hanako@example.com", "moonlight").expect(202);
    register(app, "taro@example.com", "moonlight").expect(202);
    assert_eq!(confirm(app, "taro@example.com")["username"], "moonlight");
    assert_eq!(confirm(app, "hanako@example.com")["username"], Value::Null);
    let hanako = app.log_in("hanako@example.com");
    choose(app, &hanako, "moonlight").problem(409, "username_taken");
    choose(app, &hanako, "sunlight").expect(200);
}

fn a_member_without_a_username_chooses_one_once(app: &TestApp) {
    let hanako = app.member("hanako");
    assert_eq!(app.read(&hanako, "/v1/me")["username"], Value::Null);
    assert_eq!(choose(app, &hanako, "花子").problem(422, "invalid_body")["errors"][0]["pointer"], "/username");
    assert_eq!(choose(app, &hanako, "花子7").expect(200)["username"], "花子7");
    assert_eq!(choose(app, &hanako, "花子７").expect(200)["username"], "花子7", "the same again changes nothing");
    choose(app, &hanako, "another").problem(409, "username_set");
    let kinds = app.read(&hanako, "/v1/events")["items"].to_string();
    assert_eq!(kinds.matches("member.username_chosen").count(), 1, "{kinds}");
}

fn names_that_look_alike_are_one_name(app: &TestApp) {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    choose(app, &hanako, "scope1").expect(200);
    for twin in ["SCOPE1", "scopel", "sc0pe1", "ѕсоре1", "ｓｃｏｐｅ１"] {
        choose(app, &taro, twin).problem(409, "username_taken");
        register(app, "third@example.com", twin).problem(409, "username_taken");
    }
    choose(app, &taro, "scope2").expect(200);
}

fn reserved_and_malformed_names_are_refused(app: &TestApp) {
    let hanako = app.member("hanako");
    for name in ["admin", "Azukari_Support", "s.u.p.p.o.r.t", "ab", "two words", "раypal", "x".repeat(31).as_str()] {
        let problem = choose(app, &hanako, name).problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], "/username", "{name}");
    }
}

fn the_name_of_who_left_is_nobodys_again_and_only_its_keyed_hash_is_kept(app: &TestApp) {
    let (hanako, taro) = (app.member("hanako"), app.member("taro"));
    choose(app, &hanako, "moonlight").expect(200);
    app.leave(&hanako).expect(200);
    choose(app, &taro, "MOONLIGHT").problem(409, "username_taken");
    register(app, "third@example.com", "m00nlight").problem(409, "username_taken");
    let kept = app.database.texts("SELECT username AS text FROM members WHERE username IS NOT NULL");
    assert_eq!(kept, Vec::<String>::new());
    let skeletons =
        app.database.texts("SELECT username_skeleton AS text FROM members WHERE username_skeleton IS NOT NULL");
    assert_eq!(skeletons, Vec::<String>::new());
}
