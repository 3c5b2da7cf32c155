//! Long histories of steps that nobody thought of, for models to follow.

use std::fmt::Debug;

use proptest::{
    collection::vec,
    strategy::Strategy,
    test_runner::{Config, TestRunner},
};

use super::{Engine, Response, TestApp};

/// Lives so many histories of 40 steps, each in a marketplace of its own, and tells the shortest that went wrong.
pub fn live<S: Debug>(
    engine: Engine,
    histories: u32,
    step: impl Strategy<Value = S>,
    history: impl Fn(&TestApp, Vec<S>),
) {
    let config = Config { cases: histories, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&vec(step, 40), |steps| {
        history(&TestApp::spawn(engine), steps);
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
}

/// What was tried, if it could be, was done or refused in one of these ways.
pub fn answered(step: &impl Debug, answer: Option<Response>, ways: &[u16]) {
    if let Some(answer) = answer {
        assert!(ways.contains(&answer.status), "{step:?}: {}", answer.text);
    }
}
