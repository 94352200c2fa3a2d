//! One run at a time, for targets that are files: a lock that the system takes back when its process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::{Failure, Result, TargetError};

/// Held as long as this lives. The file stays, empty: who removed it could take away the lock of a third one.
#[derive(Debug)]
pub(crate) struct Lease {
    _file: File,
}

impl Lease {
    /// Takes the lock; an error where another process, or another target of this one, has it.
    pub(crate) fn take(path: &Path, table: &str) -> Result<Lease> {
        let unavailable = |error| TargetError::unavailable(&path.display().to_string(), error);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(unavailable)?;
        }
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(unavailable)?;
        match file.try_lock() {
            Ok(()) => Ok(Lease { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(TargetError::new(Failure::Leased, format!("another run writes to `{table}` right now"))
                    .help("wait for it to end; a run that was killed holds nothing"))
            }
            Err(TryLockError::Error(error)) => Err(unavailable(error)),
        }
    }
}
