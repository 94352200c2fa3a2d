//! One file for each command: from its arguments to an exit status.

use std::path::Path;

use moltler_db::FileId;

use crate::compile::{self, Goal};
use crate::host::DriverHost;
use crate::output::Failure;
use crate::session::{Selection, select};

pub mod build;
pub mod check;
pub mod explain;
pub mod fmt;
pub mod new;
pub mod package;
pub mod publish;
pub mod query;
pub mod run;
pub mod secrets;
pub mod sync;
pub mod test;

/// The package of a file or folder, ready to be packaged and published, with the files that were meant.
fn host(path: Option<&Path>) -> Result<(DriverHost, Vec<FileId>), Failure> {
    let paths: Vec<_> = path.map(Path::to_owned).into_iter().collect();
    let mut selections = select(&paths)?;
    let Some(Selection { session, files }) = selections.pop() else {
        return Err(Failure::Usage("no `.molt` file here".to_owned()));
    };
    for file in &files {
        session.refuse_errors(*file)?;
    }
    let manifest = compile::plan(&session, &Goal::Tests(Vec::new())).manifest;
    Ok((DriverHost::new(session, manifest), files))
}
