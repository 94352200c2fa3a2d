//! Writing files so that nobody ever sees half of one.

use std::io::Write;
use std::path::{Path, PathBuf};

/// What kind of file it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Data.
    Data,
    /// A program that everyone may run.
    Executable,
}

/// Writes a file beside `path` and renames it; what was there before is replaced, a program that runs from it keeps its own.
pub fn replace(path: &Path, bytes: &[u8], mode: Mode) -> std::io::Result<()> {
    let temporary = temporary_beside(path)?;
    let written = write_new(&temporary, bytes, mode).and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// Writes a file that was not there before, and all of it: `AlreadyExists` where one is, even one that appeared just now.
pub fn create(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = temporary_beside(path)?;
    // A hard link fails where the name is taken; a rename would replace.
    let written = write_new(&temporary, bytes, Mode::Data).and_then(|()| std::fs::hard_link(&temporary, path));
    let _ = std::fs::remove_file(&temporary);
    written
}

fn temporary_beside(path: &Path) -> std::io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| std::io::Error::other("not the name of a file"))?;
    Ok(path.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id())))
}

fn write_new(path: &Path, bytes: &[u8], mode: Mode) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if mode == Mode::Executable { 0o777 } else { 0o666 }); // less the user's mask
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    // An executable is quickly built again; what is published must outlive a power cut.
    if mode == Mode::Data { file.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("a");
        replace(&path, b"one", Mode::Data).expect("it is new");
        replace(&path, b"two", Mode::Executable).expect("it may be replaced");
        assert_eq!(std::fs::read(&path).expect("our own file"), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).expect("our own folder").count(), 1);
    }

    #[test]
    fn a_file_that_is_there_is_not_created_again() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("a");
        create(&path, b"one").expect("it is new");
        let error = create(&path, b"two").expect_err("it is there");
        assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).expect("our own file"), b"one");
        assert_eq!(std::fs::read_dir(folder.path()).expect("our own folder").count(), 1);
    }
}
