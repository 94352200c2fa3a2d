//! `moltlerc query`

use std::path::Path;

use crate::args::{QueryArguments, ResultOptions};
use crate::commands::run::run_file;
use crate::output::Failure;
use crate::session::Session;

/// Runs one statement as if it stood in a file of the package.
pub fn run(arguments: &QueryArguments) -> Result<u8, Failure> {
    let project = arguments.project.as_deref().unwrap_or(Path::new("."));
    let (mut session, _) = Session::load(project)?;
    let file = session.open("<query>", &complete(&arguments.text));
    let options = ResultOptions { format: arguments.format, max_calls: arguments.max_calls, trace: arguments.trace };
    run_file(session, file, options)
}

/// The text with the last `;` that files need. It stands on a line of its own, so that a comment does not swallow it.
pub(super) fn complete(text: &str) -> String {
    if text.trim_end().ends_with(';') { text.to_owned() } else { format!("{text}\n;") }
}
