//! Tests about the tests: what must be covered, with lists of exceptions that may only shrink.

use std::path::{Path, PathBuf};

use api::problem::Code;

/// Codes that no test produces yet. A code that a test produces must leave this list.
const NOT_PRODUCED_YET: [&str; 1] = ["lost_race"];

#[test]
fn every_error_code_is_produced_by_a_test() {
    let sources = sources(Path::new(env!("CARGO_MANIFEST_DIR")));
    let produced = |code: &Code| sources.contains(&format!("problem({}, \"{}\")", code.status(), code.as_str()));
    let missing: Vec<&str> = Code::ALL.iter().filter(|code| !produced(code)).map(|code| code.as_str()).collect();
    assert_eq!(missing, NOT_PRODUCED_YET);
}

/// The text of every test.
fn sources(folder: &Path) -> String {
    let paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let read = |path: &PathBuf| if path.is_dir() { sources(path) } else { std::fs::read_to_string(path).unwrap() };
    paths.iter().map(read).collect()
}
