//! `moltlerc check`

mod fix;

use moltler_db::Severity;

use crate::args::{CheckArguments, CheckFormat};
use crate::output::{self, FAILED, Failure, SUCCESS, count};
use crate::report;
use crate::report::formats::{Sarif, to_github};
use crate::session::select;

/// Reports everything that is wrong, after mending what can be mended where that is asked for.
pub fn run(arguments: &CheckArguments) -> Result<u8, Failure> {
    let renderer = report::renderer();
    let mut sarif = Sarif::default();
    let (mut errors, mut warnings, mut files) = (0, 0, 0);
    for mut selection in select(&arguments.paths)? {
        if arguments.pedantic {
            selection.session.make_pedantic();
        }
        if arguments.fix {
            fix::fix(&mut selection)?.tell();
        }
        files += selection.files.len();
        let session = &selection.session;
        for diagnostic in session.manifest_diagnostics().into_iter().chain(session.diagnostics(&selection.files)) {
            match diagnostic.severity {
                Severity::Error => errors += 1,
                Severity::Warning | Severity::Hint => warnings += 1,
            }
            match arguments.format {
                CheckFormat::Human => {
                    output::note(format_args!("{}\n", report::render(&renderer, session, &diagnostic)));
                }
                CheckFormat::Json => output::line(report::to_json(session, &diagnostic))?,
                CheckFormat::Sarif => sarif.add(session, &diagnostic),
                CheckFormat::Github => output::line(to_github(session, &diagnostic))?,
            }
        }
    }
    match arguments.format {
        CheckFormat::Human => {
            let (errors, warnings) = (count(errors, "error"), count(warnings, "warning"));
            output::note(format_args!("{errors}, {warnings} in {}", count(files, "file")));
        }
        CheckFormat::Sarif => output::line(sarif.finish())?,
        CheckFormat::Json | CheckFormat::Github => {}
    }
    let failed = errors > 0 || arguments.deny_warnings && warnings > 0;
    Ok(if failed { FAILED } else { SUCCESS })
}
