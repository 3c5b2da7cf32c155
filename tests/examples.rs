//! The examples of the documentation, played as a reader plays them.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::harness::{Engine, on_each_engine, program::Program, tools::root};

/// What the examples share; it does nothing by itself.
const SHARED: &str = "lib.sh";

on_each_engine!(every_example_plays_to_its_end_against_one_served_sandbox);

fn every_example_plays_to_its_end_against_one_served_sandbox(engine: Engine) {
    let program = Program::serve(engine);
    for example in examples() {
        play(&program, &example);
    }
}

#[test]
fn every_example_can_be_run_as_it_is_and_says_how() {
    let examples = examples();
    assert!(!examples.is_empty());
    for example in examples {
        let text = std::fs::read_to_string(&example).unwrap();
        let executable = std::fs::metadata(&example).unwrap().permissions().mode() & 0o111 == 0o111;
        assert!(executable, "{} is not executable", example.display());
        let name = example.file_name().unwrap().to_string_lossy().into_owned();
        let usage = text.lines().any(|line| line.starts_with("# usage: ") && line.contains(&name));
        assert!(usage, "{} does not say how to run it", example.display());
    }
}

/// Every script of the folder in the order of their names, so that none is written and never run.
fn examples() -> Vec<PathBuf> {
    let files = std::fs::read_dir(root().join("examples")).unwrap().map(|entry| entry.unwrap().path());
    let is_example = |path: &PathBuf| path.extension().is_some_and(|end| end == "sh") && !path.ends_with(SHARED);
    let mut examples: Vec<PathBuf> = files.filter(is_example).collect();
    examples.sort();
    examples
}

/// Runs a script to its end; if it fails, shows what it said.
fn play(program: &Program, example: &Path) {
    let mut command = Command::new(example);
    // Nothing else of the surroundings, least of all a proxy, may matter.
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).envs(program.staff.iter().cloned());
    let output = command.arg(&program.url).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    let played = output.status.success() && told.trim_end().ends_with("== Done.");
    assert!(played, "{} failed: {}\n{told}\n{complaint}", example.display(), output.status);
}
