//! `moltlerc run`

use std::rc::Rc;

use moltler_db::FileId;
use moltler_runtime::error::ErrorKind;
use moltler_runtime::program::RunOptions;

use crate::args::{ResultFormat, RunArguments};
use crate::compile::{self, Goal};
use crate::host::DriverHost;
use crate::output::{self, FAILED, Failure, SUCCESS};
use crate::session::Session;

/// Runs a program.
pub fn run(arguments: &RunArguments) -> Result<u8, Failure> {
    let (session, file) = Session::load_file(&arguments.file)?;
    run_file(session, file, arguments.format)
}

/// Runs the statements of a file.
pub fn run_file(session: Session, file: FileId, format: ResultFormat) -> Result<u8, Failure> {
    session.refuse_errors(file)?;
    let plan = compile::plan(&session, &Goal::Main(file));
    let program = compile::load(&plan)?;
    let host = DriverHost::new(session, plan.manifest);
    let options = RunOptions { format: format.into(), host: Some(Rc::new(host)), ..RunOptions::default() };
    match moltler_runtime::program::run(&program, options) {
        Ok(()) => Ok(SUCCESS),
        Err(error) if error.kind == ErrorKind::ClosedPipe => Err(Failure::ClosedPipe),
        Err(error) => {
            output::note(moltler_runtime::report::render_error(program.manifest(), &error));
            Ok(FAILED)
        }
    }
}
