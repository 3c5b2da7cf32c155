//! Every operation, called by somebody who is not logged in or whose token is worthless. The list comes from the
//! specification, so that no new operation is forgotten.

use crate::harness::{TestApp, on_both_engines, operation::operations};

on_both_engines!(
    operations_that_are_not_open_refuse_strangers,
    operations_that_are_open_do_not_ask_who_it_is,
    operations_that_look_at_tokens_refuse_worthless_ones,
);

fn operations_that_are_not_open_refuse_strangers(app: &TestApp) {
    for operation in operations().iter().filter(|operation| !operation.open) {
        let answer = operation.call(app, None);
        assert_eq!(answer.status, 401, "{} {}: {}", operation.method, operation.path, answer.text);
        answer.problem(401, "unauthenticated");
    }
}

fn operations_that_are_open_do_not_ask_who_it_is(app: &TestApp) {
    for operation in operations().iter().filter(|operation| operation.open) {
        let answer = operation.call(app, None);
        let asked = answer.status == 401 && answer.text.contains("unauthenticated");
        assert!(!asked, "{} {}", operation.method, operation.path);
        assert!(answer.status < 500, "{} {}: {}", operation.method, operation.path, answer.text);
    }
}

fn operations_that_look_at_tokens_refuse_worthless_ones(app: &TestApp) {
    for operation in operations().iter().filter(|operation| operation.personal) {
        let answer = operation.call(app, Some("worthless"));
        assert_eq!(answer.status, 401, "{} {}: {}", operation.method, operation.path, answer.text);
        answer.problem(401, "invalid_token");
    }
}
