//! A client generated from the specification plays the main job, as an integrator's would.

use crate::harness::{
    Engine,
    program::Program,
    tools::{folder, root, tool},
};

/// On one engine: the client is made of the specification alone, and the same job is played on both by the examples.
#[test]
fn the_generated_client_plays_the_main_job() {
    let folder = tempfile::tempdir().unwrap();
    let client = folder.path().join("client");
    let specification = folder.path().join("openapi.json");
    std::fs::write(&specification, api::openapi::document().unwrap().to_string()).unwrap();
    let (input, output) = (specification.to_str().unwrap(), client.to_str().unwrap());
    run("openapi-python-client", &["generate", "--fail-on-warning", "--path", input, "--output-path", output]);
    let program = Program::serve(Engine::Sqlite);
    let play = root().join("tools/play.py");
    let told = run("python", &[play.to_str().unwrap(), output, &program.url]);
    assert!(told.contains("8,000 yen earned"), "{told}");
}

/// Runs one of the tools, away from any proxy, and answers what it said.
fn run(name: &str, arguments: &[&str]) -> String {
    let path = std::env::join_paths([folder(), "/usr/bin".into(), "/bin".into()]).unwrap();
    let mut command = tool(name);
    command.args(arguments).env_clear().env("PATH", path).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = command.output().expect("the tools are installed by `make tools`");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{name}: {told}\n{}", String::from_utf8_lossy(&output.stderr));
    told
}
