//! `moltlerc sync`

use std::path::PathBuf;

use moltler_db::FileId;
use moltler_runtime::output::Output;
use moltler_runtime::program::RunOptions;
use moltler_runtime::sync::{Action, SyncOptions, daemon};

use crate::args::SyncArguments;
use crate::compile::{self, Goal};
use crate::output::{self, FAILED, Failure, SUCCESS};
use crate::session::{Session, select};
use crate::statements::is_sync;

/// Carries out the SYNCs of a file, or of all files of the package that have some.
pub fn run(arguments: &SyncArguments) -> Result<u8, Failure> {
    let paths: Vec<PathBuf> = arguments.path.iter().cloned().collect();
    let mut status = SUCCESS;
    let mut found = false;
    for selection in select(&paths)? {
        let has_sync =
            |file: &&FileId| selection.session.package.program(&selection.session.db, **file).iter().any(is_sync);
        let files: Vec<&FileId> = selection.files.iter().filter(has_sync).collect();
        if arguments.daemon && files.len() > 1 {
            return Err(Failure::Usage("several files have a SYNC; `--daemon` needs one: name it".to_owned()));
        }
        for file in files {
            found = true;
            status = status.max(sync_file(&selection.session, *file, arguments)?);
        }
    }
    if !found {
        return Err(Failure::Failed("there is no SYNC CONNECTOR".to_owned()));
    }
    Ok(status)
}

fn sync_file(session: &Session, file: FileId, arguments: &SyncArguments) -> Result<u8, Failure> {
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
    let outcome = if arguments.daemon {
        daemon(&program, &options, &Output::standard(options.format))
    } else {
        moltler_runtime::program::sync(&program, options)
    };
    match outcome {
        Ok(()) => Ok(SUCCESS),
        Err(error) => {
            output::note(moltler_runtime::report::render_error(program.manifest(), &error).trim_end());
            Ok(FAILED)
        }
    }
}
