//! `moltlerc fmt`

use std::io::{Read, Write};
use std::path::Path;

use moltler_ide::format::format;

use crate::args::FmtArguments;
use crate::files::{Mode, replace};
use crate::output::{self, FAILED, Failure, SUCCESS, count};
use crate::session::{select, shown};

/// Writes files in their one layout. Statements with syntax errors stay as they are, which is no failure: `check` tells them.
pub fn run(arguments: &FmtArguments) -> Result<u8, Failure> {
    if arguments.stdin {
        return standard_input(arguments.check);
    }
    let (mut changed, mut files) = (0, 0);
    for selection in select(&arguments.paths)? {
        for file in &selection.files {
            files += 1;
            let path = Path::new(selection.session.package.path(*file));
            let text = selection.session.package.text(*file);
            let formatted = format(&text);
            if formatted == text {
                continue;
            }
            changed += 1;
            if arguments.check {
                output::line(shown(path))?;
                continue;
            }
            replace(path, formatted.as_bytes(), Mode::Data)
                .map_err(|error| Failure::Usage(format!("{}: {error}", shown(path))))?;
        }
    }
    let verb = if arguments.check { "would change" } else { "changed" };
    output::note(format_args!("{changed} of {} {verb}", count(files, "file")));
    Ok(if arguments.check && changed > 0 { FAILED } else { SUCCESS })
}

fn standard_input(check: bool) -> Result<u8, Failure> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| Failure::Usage(format!("standard input: {error}")))?;
    let formatted = format(&text);
    if check {
        return Ok(if formatted == text { SUCCESS } else { FAILED });
    }
    match std::io::stdout().lock().write_all(formatted.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("standard output: {error}")))
        }
        _ => Ok(SUCCESS),
    }
}
