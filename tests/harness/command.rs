//! A program, started in a folder of its own with nothing of the user's environment.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

/// What a program did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit status; `None` when a signal ended it.
    pub status: Option<i32>,
}

impl Outcome {
    fn of(output: Output) -> Outcome {
        Outcome {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            status: output.status.code(),
        }
    }

    /// Standard output of a program that ended with this status; otherwise the test fails and shows everything.
    #[track_caller]
    pub fn expect_status(self, status: i32) -> Outcome {
        assert!(
            self.status == Some(status),
            "expected exit status {status}, got {:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.status,
            self.stdout,
            self.stderr
        );
        self
    }

    /// The last line of standard output.
    pub fn last_line(&self) -> &str {
        self.stdout.lines().last().unwrap_or_default()
    }
}

/// A program to start. PATH is empty; HOME and all state folders are inside the folder it runs in.
#[derive(Debug)]
pub struct Command {
    command: std::process::Command,
    input: Option<String>,
}

impl Command {
    /// The program, to run in this folder.
    pub fn new(program: impl AsRef<OsStr>, folder: &Path) -> Command {
        let mut command = std::process::Command::new(program);
        command.env_clear().current_dir(folder).env("PATH", "").env("HOME", folder).env("NO_COLOR", "1");
        command.env("RUST_BACKTRACE", "1");
        Command { command, input: None }
    }

    /// `moltlerc`, to run in this folder.
    pub fn moltlerc(folder: &Path) -> Command {
        Command::new(crate::programs::programs().moltlerc(), folder)
    }

    /// With an argument more.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Command {
        self.command.arg(argument);
        self
    }

    /// With arguments more.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Command {
        self.command.args(arguments);
        self
    }

    /// With a variable of the environment more.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Command {
        self.command.env(name, value);
        self
    }

    /// With this text on standard input; without, it is closed.
    #[must_use]
    pub fn input(mut self, text: impl Into<String>) -> Command {
        self.input = Some(text.into());
        self
    }

    /// Runs it, and kills it when it has not ended after this time.
    #[track_caller]
    pub fn kill_after(mut self, time: std::time::Duration) -> Outcome {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("cannot start {:?}: {error}", self.command));
        std::thread::sleep(time);
        // One that has ended cannot be killed.
        let _ = child.kill();
        let output = child.wait_with_output();
        Outcome::of(output.unwrap_or_else(|error| panic!("{:?} cannot be waited for: {error}", self.command)))
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(mut self) -> Outcome {
        let shown = format!("{:?}", self.command);
        self.command.stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() });
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("cannot start {shown}: {error}"));
        if let (Some(text), Some(mut stdin)) = (self.input, child.stdin.take()) {
            // A program may end without having read everything.
            std::thread::spawn(move || stdin.write_all(text.as_bytes()));
        }
        let output = child.wait_with_output();
        Outcome::of(output.unwrap_or_else(|error| panic!("{shown} cannot be waited for: {error}")))
    }
}
