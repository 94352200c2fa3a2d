//! The command line, `moltlerc`: where the compiler meets files, the runtime and the terminal.
//!
//! - [`args`]: what can be asked for. [`commands`]: one file for each command, a function from arguments to an exit status.
//! - [`session`]: a package, loaded and checked; [`system`] reaches its files, [`project`] reads `moltler.toml`.
//! - [`compile`]: from a session to plans, machine code and bytecode. [`host`]: what PACKAGE and PUBLISH do in a run.
//! - [`report`]: a diagnostic as text for a terminal or as a line of JSON; [`test_report`]: outcomes of tests.
//! - [`executable`]: an image and the runtime as one file. [`package`]: a connector as one file, and where it is published.
//!
//! Results go to standard output, everything else to standard error. Exit status: 0 success; 1 errors, a failed test, a
//! failed program; 2 wrong usage. Start reading at [`main`].

pub mod args;
pub mod commands;
pub mod compile;
pub mod coverage;
pub mod executable;
pub mod files;
pub mod host;
pub mod output;
pub mod package;
pub mod project;
pub mod report;
pub mod session;
pub mod statements;
pub mod system;
pub mod test_report;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use output::Failure;

/// Deeply nested text is refused by the parser long before this is used up.
const STACK: usize = 64 << 20;

/// Reads the process's arguments and does what they ask for.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    std::panic::set_hook(Box::new(|panic| {
        output::note(format_args!("internal error: {panic}\nThis is a fault of moltlerc, please report it."));
    }));
    let work = std::thread::Builder::new().stack_size(STACK).spawn(move || match run(&arguments.command) {
        Ok(status) => status,
        Err(failure) => failure.tell(),
    });
    // The hook has told about a panic already.
    let status = work.map(|thread| thread.join().unwrap_or(output::FAILED)).unwrap_or(output::FAILED);
    ExitCode::from(status)
}

fn run(command: &Command) -> Result<u8, Failure> {
    match command {
        Command::Check(arguments) => commands::check::run(arguments),
        Command::Run(arguments) => commands::run::run(arguments),
        Command::Query(arguments) => commands::query::run(arguments),
        Command::Explain(arguments) => commands::explain::run(arguments),
        Command::Build(arguments) => commands::build::run(arguments),
        Command::Sync(arguments) => commands::sync::run(arguments),
        Command::Test(arguments) => commands::test::run(arguments),
        Command::Fmt(arguments) => commands::fmt::run(arguments),
        Command::New(arguments) => commands::new::run(arguments),
        Command::Package(arguments) => commands::package::run(arguments),
        Command::Publish(arguments) => commands::publish::run(arguments),
        Command::Secrets(arguments) => commands::secrets::run(arguments),
    }
}
