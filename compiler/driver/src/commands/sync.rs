//! `moltlerc sync`

use std::path::PathBuf;

use moltler_db::FileId;
use moltler_runtime::program::RunOptions;
use moltler_runtime::sync::{Action, SyncOptions};

use crate::args::SyncArguments;
use crate::compile::{self, Goal};
use crate::output::{self, FAILED, Failure, SUCCESS};
use crate::session::{Session, select};

/// Carries out the SYNCs of a file, or of all files of the package that have some.
pub fn run(arguments: &SyncArguments) -> Result<u8, Failure> {
    if arguments.daemon {
        return Err(Failure::Failed("`--daemon` is not supported yet".to_owned()));
    }
    let paths: Vec<PathBuf> = arguments.path.iter().cloned().collect();
    let mut status = SUCCESS;
    let mut found = false;
    for selection in select(&paths)? {
        for file in &selection.files {
            if let Some(done) = sync_file(&selection.session, *file, arguments)? {
                found = true;
                status = status.max(done);
            }
        }
    }
    if !found {
        return Err(Failure::Failed("there is no SYNC CONNECTOR".to_owned()));
    }
    Ok(status)
}

/// `None` where the file has no SYNC.
fn sync_file(session: &Session, file: FileId, arguments: &SyncArguments) -> Result<Option<u8>, Failure> {
    if !session.package.program(&session.db, file).iter().any(crate::statements::is_sync) {
        return Ok(None);
    }
    let plan = compile::plan(session, &Goal::Main(file));
    session.refuse_reached(file, &plan)?;
    let parameters = moltler_runtime::parameters::parse(&plan.manifest, &arguments.rest).map_err(Failure::Usage)?;
    let program = compile::load(&plan)?;
    let action = match (&arguments.rewind_to, arguments.reset) {
        (Some(value), _) => Action::RewindTo(value.clone()),
        (None, true) => Action::Reset,
        (None, false) => Action::Run,
    };
    let sync = SyncOptions {
        destination: session.project.default_destination(),
        action,
        allow_deletes: arguments.allow_deletes,
        only: None,
    };
    let options = RunOptions { max_calls: arguments.max_calls, parameters, sync, ..RunOptions::default() };
    match moltler_runtime::program::sync(&program, options) {
        Ok(()) => Ok(Some(SUCCESS)),
        Err(error) => {
            output::note(moltler_runtime::report::render_error(program.manifest(), &error).trim_end());
            Ok(Some(FAILED))
        }
    }
}
