//! `moltlerc explain`

use std::path::Path;

use crate::args::ExplainArguments;
use crate::commands::query::complete;
use crate::compile::{self, Goal};
use crate::output::{self, Failure, SUCCESS};
use crate::session::Session;

/// Tells the decisions about each query of the statement, without running it.
pub fn run(arguments: &ExplainArguments) -> Result<u8, Failure> {
    let project = arguments.project.as_deref().unwrap_or(Path::new("."));
    let (mut session, _) = Session::load(project)?;
    let file = session.open("<query>", &complete(&arguments.text));
    let program = compile::plan(&session, &Goal::Main(file));
    session.refuse_reached(file, &program)?;
    if program.decisions.is_empty() {
        return Err(Failure::Failed("there is no SELECT to explain".to_owned()));
    }
    for (name, sentences) in &program.decisions {
        output::line(name)?;
        for sentence in sentences {
            output::line(format_args!("  {sentence}"))?;
        }
    }
    Ok(SUCCESS)
}
