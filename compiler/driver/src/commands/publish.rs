//! `moltlerc publish`

use crate::args::PublishArguments;
use crate::host::publish_statements;
use crate::output::{self, Failure, SUCCESS};

/// Carries out the PUBLISH statements of a file or folder; prints the paths of the files in the registries.
pub fn run(arguments: &PublishArguments) -> Result<u8, Failure> {
    let (host, files) = super::host(arguments.path.as_deref())?;
    let statements = publish_statements(host.session(), &files);
    if statements.is_empty() {
        return Err(Failure::Failed("there is no PUBLISH statement here".to_owned()));
    }
    for (type_name, registry) in statements {
        output::line(host.publish_package(&type_name, &registry)?.display())?;
    }
    Ok(SUCCESS)
}
