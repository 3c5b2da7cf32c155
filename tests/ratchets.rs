//! Tests about the tests: what must be covered. Each reads the tests as text, without their comments, and says why there is
//! no better way.

use std::path::{Path, PathBuf};

use api::problem::Code;

/// A code is a promise to the programs of others, and one that no test has seen may be answered with another status, or not
/// at all. The compiler knows only that the server could answer it; which answers the tests have seen, only their text tells,
/// because each runs in a process of its own.
#[test]
fn every_error_code_is_produced_by_a_test() {
    let sources = sources(Path::new(env!("CARGO_MANIFEST_DIR")));
    let produced = |code: &Code| sources.contains(&format!("problem({}, \"{}\")", code.status(), code.as_str()));
    let missing: Vec<&str> = Code::ALL.iter().filter(|code| !produced(code)).map(|code| code.as_str()).collect();
    assert!(missing.is_empty(), "no test produces {missing:?}");
}

/// The text of every test: this crate's Rust, since only it calls the API.
fn sources(folder: &Path) -> String {
    let paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let read = |path: &PathBuf| match path.extension() {
        _ if path.is_dir() => sources(path),
        Some(kind) if kind == "rs" => without_comments(&std::fs::read_to_string(path).unwrap()),
        Some(_) | None => String::new(),
    };
    paths.iter().map(read).collect()
}

/// Comments begin a line or follow a space, unlike the slashes of an address.
fn without_comments(source: &str) -> String {
    let code = source.lines().filter(|line| !line.starts_with("//")).filter_map(|line| line.split(" //").next());
    code.collect::<Vec<_>>().join("\n")
}
