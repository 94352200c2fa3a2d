//! What tests and the demo share: the built programs, scratch folders, the sample API.
//!
//! - [`programs`]: the workspace's executables, built once.
//! - [`Command`](command::Command): one of them, started in a folder with an empty PATH and nothing of the user's environment.
//! - [`SampleApi`](sample_api::SampleApi): an HTTP API on loopback.
//! - [`simulators`]: servers on loopback that answer in the shapes of public APIs.
//! - [`page`]: the published page, and programs made of its blocks.
//! - [`markdown`]: sections and fences of a Markdown page, for the cases.

pub mod command;
pub mod markdown;
pub mod page;
pub mod programs;
pub mod sample_api;
pub mod server;
pub mod simulators;

use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("Invariant: the tests are a folder of the workspace").to_owned()
}

/// A file below `tests/`.
pub fn test_file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A new empty folder, gone with its value.
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().expect("the folder for temporary files can be written")
}
