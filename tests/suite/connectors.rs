//! The connectors of `tests/connectors/`, against simulators of their APIs: as packages, in programs, as executables.

mod across;
mod authentication;
mod github;
mod salesforce;
mod slack;
mod stripe;

use std::path::{Path, PathBuf};

use moltler_tests::command::{Command, Outcome};
use moltler_tests::{scratch, test_file};
use serde_json::Value;

/// What an instance says to ask a simulator faster than its API would like.
const FAST: &str = "OPTIONS {\"rate_limit\": 1000, \"rate_limit_burst\": 1000}";

/// A package with connectors and a program, and what the program finds in its environment.
struct Workshop {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Workshop {
    /// With the definitions of these connectors.
    fn with(connectors: &[&str]) -> Workshop {
        let folder = scratch();
        std::fs::write(folder.path().join("moltler.toml"), "").expect("the scratch folder can be written");
        for connector in connectors {
            for source in sources(connector) {
                let name = source.file_name().and_then(|name| name.to_str()).expect("our own names");
                if name != "tests.molt" {
                    let copy = folder.path().join(format!("{connector}-{name}"));
                    std::fs::copy(&source, copy).expect("the scratch folder can be written");
                }
            }
        }
        Workshop { folder, environment: Vec::new() }
    }

    fn env(mut self, name: &str, value: impl Into<String>) -> Workshop {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, program: &str) {
        std::fs::write(self.path().join("program.molt"), program).expect("the scratch folder can be written");
    }

    fn start(&self, command: Command) -> Outcome {
        self.environment.iter().fold(command, |command, (name, value)| command.env(name, value)).run()
    }

    /// What `moltlerc run` does with this program.
    fn run(&self, program: &str) -> Outcome {
        self.write(program);
        self.start(Command::moltlerc(self.path()).args(["run", "program.molt", "--format", "json"]))
    }

    /// The results of this program, which runs to its end.
    #[track_caller]
    fn results(&self, program: &str) -> Vec<Value> {
        let outcome = self.run(program).expect_status(0);
        let lines = outcome.stdout.lines();
        lines.map(|line| serde_json::from_str(line).expect("each line is a result as JSON")).collect()
    }

    /// What is said about this program, which fails.
    #[track_caller]
    fn failure(&self, program: &str) -> String {
        let outcome = self.run(program).expect_status(1);
        assert_eq!(outcome.stdout, "", "a failed SELECT prints nothing");
        outcome.stderr
    }

    /// An executable of this program gives what `run` gives; the executable runs first.
    #[track_caller]
    fn executable_agrees(&self, program: &str) {
        self.write(program);
        let built = self.path().join("program");
        let build = Command::moltlerc(self.path()).args(["build", "program.molt", "-o"]).arg(&built);
        self.start(build).expect_status(0);
        let elsewhere = scratch();
        let executed = self.start(Command::new(&built, elsewhere.path()).args(["--format", "json"])).expect_status(0);
        assert_eq!(executed.stdout, self.run(program).expect_status(0).stdout);
        assert!(!executed.stdout.is_empty());
    }

    /// What `moltlerc explain` tells about a query, without the name of its entry point.
    fn explain(&self, query: &str) -> String {
        let told = self.start(Command::moltlerc(self.path()).arg("explain").arg(query)).expect_status(0).stdout;
        told.lines().skip(1).map(|line| format!("{line}\n")).collect()
    }
}

/// The `.molt` files of a connector.
fn sources(connector: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(test_file(&format!("connectors/{connector}"))).expect("the connector is there");
    let mut sources: Vec<PathBuf> = entries.map(|entry| entry.expect("the connector can be read").path()).collect();
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "molt"));
    sources.sort();
    sources
}

/// `check` finds nothing in the connector's package, and all its tests pass; the one that wants a real API gets a simulator by
/// these variables.
#[track_caller]
fn package_is_sound(connector: &str, environment: &[(&str, &str)]) {
    let folder = test_file(&format!("connectors/{connector}"));
    let checked = Command::moltlerc(&folder).args(["check", "--deny-warnings"]).run().expect_status(0);
    assert_eq!(checked.stdout, "");
    let state = scratch();
    let test = Command::moltlerc(&folder).arg("test").env("MOLTLER_STATE_DIR", state.path());
    let tested = environment.iter().fold(test, |test, (name, value)| test.env(name, value)).run().expect_status(0);
    assert!(tested.last_line().ends_with(" passed, 0 failed, 0 skipped"), "{}", tested.stdout);
}
