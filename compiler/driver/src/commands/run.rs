//! `moltlerc run`

use std::rc::Rc;

use moltler_db::FileId;
use moltler_runtime::program::RunOptions;
use moltler_runtime::sync::SyncOptions;

use crate::args::{ResultOptions, RunArguments};
use crate::compile::{self, Goal};
use crate::host::DriverHost;
use crate::output::{self, FAILED, Failure, SUCCESS};
use crate::session::Session;

/// Runs a program.
pub fn run(arguments: &RunArguments) -> Result<u8, Failure> {
    let (options, parameters) = arguments.options_and_parameters().map_err(Failure::Usage)?;
    let (session, file) = Session::load_file(&arguments.file)?;
    let goal = if arguments.unoptimized { Goal::Unoptimized(file) } else { Goal::Main(file) };
    run_goal(session, file, &goal, options, &parameters)
}

/// Runs the statements of a file.
pub fn run_file(session: Session, file: FileId, options: ResultOptions) -> Result<u8, Failure> {
    run_goal(session, file, &Goal::Main(file), options, &[])
}

fn run_goal(
    session: Session,
    file: FileId,
    goal: &Goal,
    options: ResultOptions,
    parameters: &[String],
) -> Result<u8, Failure> {
    let plan = compile::plan(&session, goal);
    session.refuse_reached(file, &plan)?;
    let parameters = moltler_runtime::parameters::parse(&plan.manifest, parameters).map_err(Failure::Usage)?;
    let program = compile::load(&plan)?;
    let sync = SyncOptions { destination: session.project.default_destination(), ..SyncOptions::default() };
    let host = DriverHost::new(session, plan.manifest);
    let options = RunOptions {
        sync,
        format: options.format.into(),
        max_calls: options.max_calls,
        trace: options.trace,
        parameters,
        host: Some(Rc::new(host)),
        ..RunOptions::default()
    };
    match moltler_runtime::program::run(&program, options) {
        Ok(()) => Ok(SUCCESS),
        Err(error) => {
            output::note(moltler_runtime::report::render_error(program.manifest(), &error).trim_end());
            Ok(FAILED)
        }
    }
}
