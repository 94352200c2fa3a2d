//! `moltlerc check`

use moltler_db::Severity;

use crate::args::{CheckArguments, CheckFormat};
use crate::output::{self, FAILED, Failure, SUCCESS, count};
use crate::report;
use crate::session::select;

/// Reports everything that is wrong.
pub fn run(arguments: &CheckArguments) -> Result<u8, Failure> {
    let renderer = report::renderer();
    let (mut errors, mut warnings, mut files) = (0, 0, 0);
    for selection in select(&arguments.paths)? {
        files += selection.files.len();
        for diagnostic in selection.session.diagnostics(&selection.files) {
            match diagnostic.severity {
                Severity::Error => errors += 1,
                Severity::Warning | Severity::Hint => warnings += 1,
            }
            match arguments.format {
                CheckFormat::Human => {
                    output::note(format_args!("{}\n", report::render(&renderer, &selection.session, &diagnostic)));
                }
                CheckFormat::Json => output::line(report::to_json(&selection.session, &diagnostic))?,
            }
        }
    }
    if arguments.format == CheckFormat::Human {
        let (errors, warnings) = (count(errors, "error"), count(warnings, "warning"));
        output::note(format_args!("{errors}, {warnings} in {}", count(files, "file")));
    }
    let failed = errors > 0 || arguments.deny_warnings && warnings > 0;
    Ok(if failed { FAILED } else { SUCCESS })
}
