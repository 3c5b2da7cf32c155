//! Tools that others wrote, as `make tools` installs them.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The folder of this repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Where the programs are.
pub fn folder() -> PathBuf {
    root().join(".tools/python/bin")
}

/// One of the programs, away from whatever the surroundings have of that name.
pub fn tool(name: &str) -> Command {
    Command::new(folder().join(name))
}
