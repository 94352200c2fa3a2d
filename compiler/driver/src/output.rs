//! Standard output and standard error, and how a command ends.

use std::io::Write;

use crate::package::PackageError;

/// Exit status of success.
pub const SUCCESS: u8 = 0;
/// Exit status of errors, a failed test, a failed program.
pub const FAILED: u8 = 1;
/// Exit status of wrong usage, and of files that cannot be read or written.
pub const USAGE: u8 = 2;

/// Why a command did not come to its end.
#[derive(Debug)]
pub enum Failure {
    /// Errors that were told already.
    Told,
    /// It went wrong; one or more sentences.
    Failed(String),
    /// The command was used wrongly, or a file cannot be read.
    Usage(String),
    /// Nobody reads standard output any more: no error.
    ClosedPipe,
}

impl Failure {
    /// Tells it on standard error and gives its exit status.
    pub fn tell(&self) -> u8 {
        match self {
            Failure::Told => FAILED,
            Failure::Failed(message) => {
                note(format_args!("error: {message}"));
                FAILED
            }
            Failure::Usage(message) => {
                note(format_args!("error: {message}"));
                USAGE
            }
            Failure::ClosedPipe => SUCCESS,
        }
    }
}

impl From<PackageError> for Failure {
    fn from(error: PackageError) -> Failure {
        Failure::Failed(error.to_string())
    }
}

/// A line, or several, for people.
pub fn note(text: impl std::fmt::Display) {
    // Where standard error cannot be written there is nobody left to tell.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A line, or several, of the result.
pub fn line(text: impl std::fmt::Display) -> Result<(), Failure> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure::ClosedPipe),
        Err(error) => Err(Failure::Failed(format!("standard output: {error}"))),
    }
}

/// `1 error`, `2 errors`
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
