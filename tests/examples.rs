//! The examples of the documentation, played as a reader plays them.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use domain::policy::Role;

use crate::harness::{TestApp, on_both_engines, people::PASSWORD};

/// The staff that the examples may ask for, as a new sandbox names them.
const STAFF: [(Role, &str); 4] =
    [(Role::Support, "support"), (Role::Support, "support2"), (Role::Finance, "finance"), (Role::Admin, "admin")];

/// What the examples share; it does nothing by itself.
const SHARED: &str = "lib.sh";

on_both_engines!(every_example_plays_to_its_end_and_all_share_a_sandbox);

fn every_example_plays_to_its_end_and_all_share_a_sandbox(app: &TestApp) {
    let environment = staff(app);
    for example in examples() {
        play(app, &example, &environment);
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_example = |path: &PathBuf| path.extension().is_some_and(|end| end == "sh") && !path.ends_with(SHARED);
    let mut examples: Vec<PathBuf> = files.filter(is_example).collect();
    examples.sort();
    examples
}

/// Creates the staff, and says how the environment names them.
fn staff(app: &TestApp) -> Vec<(String, String)> {
    let credentials = |(role, name): (Role, &str)| {
        let (person, prefix) = (app.staff(role, name), format!("AZUKARI_{}", name.to_uppercase()));
        [(format!("{prefix}_EMAIL"), person.email), (format!("{prefix}_PASSWORD"), PASSWORD.to_owned())]
    };
    STAFF.into_iter().flat_map(credentials).collect()
}

/// Runs a script to its end; if it fails, shows what it said.
fn play(app: &TestApp, example: &Path, environment: &[(String, String)]) {
    let mut command = Command::new(example);
    // Nothing else of the surroundings, least of all a proxy, may matter.
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).envs(environment.iter().cloned());
    let output = command.arg(format!("http://{}", app.address())).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    let played = output.status.success() && told.trim_end().ends_with("== Done.");
    assert!(played, "{} failed: {}\n{told}\n{complaint}", example.display(), output.status);
}
