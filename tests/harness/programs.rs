//! The workspace's executables. They are brought up to date by cargo once in each process that asks.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Where the executables are.
#[derive(Clone, Debug)]
pub struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// The command line.
    pub fn moltlerc(&self) -> PathBuf {
        self.path("moltlerc")
    }

    /// The language server.
    pub fn moltler_lsp(&self) -> PathBuf {
        self.path("moltler-lsp")
    }

    /// The runtime as an executable.
    pub fn moltler_rt(&self) -> PathBuf {
        self.path("moltler-rt")
    }

    /// The executable of this name.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }
}

/// The executables, built when they are missing or out of date, in the profile of the calling program.
///
/// `cargo test` and `cargo run --bin` build what they need themselves and no more; the rest is asked for here.
pub fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS.get_or_init(|| build().unwrap_or_else(|error| panic!("cannot build the programs: {error}")))
}

fn build() -> Result<Programs, String> {
    let mut cargo = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    cargo.current_dir(crate::workspace()).args(["build", "--bins", "--message-format=json-render-diagnostics"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    // Cargo tells the programs it starts about their package. Build scripts read the same variables, and would run again.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let of_a_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
            .iter()
            .any(|prefix| text.starts_with(prefix));
        if of_a_package || matches!(&*text, "CARGO" | "CARGO_PRIMARY_PACKAGE" | "CARGO_TARGET_TMPDIR" | "OUT_DIR") {
            cargo.env_remove(&name);
        }
    }
    let output = cargo.stderr(Stdio::inherit()).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("cargo ended with {}", output.status));
    }
    let executables = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .collect::<Vec<_>>();
    let named = |path: &&PathBuf| path.file_stem().is_some_and(|name| name == "moltlerc");
    let moltlerc = executables.iter().find(named).ok_or("cargo built no moltlerc")?;
    Ok(Programs { folder: moltlerc.parent().unwrap_or(Path::new(".")).to_owned() })
}
