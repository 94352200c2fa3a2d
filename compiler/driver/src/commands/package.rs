//! `moltlerc package`

use crate::args::PackageArguments;
use crate::host::package_statements;
use crate::output::{self, Failure, SUCCESS};
use crate::session::shown;

/// Carries out the PACKAGE statements of a file or folder; prints the paths of the files it wrote.
pub fn run(arguments: &PackageArguments) -> Result<u8, Failure> {
    let (host, files) = super::host(arguments.path.as_deref())?;
    let statements = package_statements(host.session(), &files);
    if statements.is_empty() {
        return Err(Failure::Failed("there is no PACKAGE statement here".to_owned()));
    }
    for statement in statements {
        output::line(shown(&host.write_package(&statement)?))?;
    }
    Ok(SUCCESS)
}
