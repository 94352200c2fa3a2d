//! Runtime + image → executable.
//!
//! An executable is a copy of the runtime with the program's image in one more section. The runtime is the slim `moltler-rt`
//! where it lies beside this tool, else this tool itself, which holds the same runtime.

use std::path::{Path, PathBuf};

use moltler_abi::image;

use crate::files;

pub mod elf;
pub mod macho;
pub mod pe;

/// Why an executable cannot be made.
#[derive(Debug)]
pub enum ExecutableError {
    /// The runtime is no executable of a known format.
    UnknownFormat,
    /// Its format is known and not supported yet.
    NotSupported(String),
    /// The runtime's file is not as it should be.
    Malformed(String),
    /// A file cannot be read or written.
    File(PathBuf, std::io::Error),
}

impl std::fmt::Display for ExecutableError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ExecutableError::UnknownFormat => formatter.write_str("the runtime is not an executable of a known format"),
            ExecutableError::NotSupported(what) => write!(formatter, "{what} are not supported yet"),
            ExecutableError::Malformed(why) => write!(formatter, "the runtime cannot hold a program: {why}"),
            ExecutableError::File(path, error) => write!(formatter, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for ExecutableError {}

/// The runtime to copy: `moltler-rt` beside this tool, else this tool.
pub fn runtime_path() -> Result<PathBuf, ExecutableError> {
    let tool = std::env::current_exe().map_err(|error| ExecutableError::File(PathBuf::from("moltlerc"), error))?;
    let slim = tool.with_file_name(format!("moltler-rt{}", std::env::consts::EXE_SUFFIX));
    Ok(if slim.is_file() { slim } else { tool })
}

/// The executable that runs this image, as bytes.
pub fn assemble(runtime: &[u8], image: &[u8]) -> Result<Vec<u8>, ExecutableError> {
    if macho::recognises(runtime) {
        return Err(macho::refuse());
    }
    if pe::recognises(runtime) {
        return Err(pe::refuse());
    }
    elf::add_section(runtime, image::SECTION_NAME, image, image::PAGE)
}

/// Writes the executable that runs this image to `path`: all of it or nothing.
pub fn write(path: &Path, image: &[u8]) -> Result<(), ExecutableError> {
    let runtime_path = runtime_path()?;
    let runtime = std::fs::read(&runtime_path).map_err(|error| ExecutableError::File(runtime_path, error))?;
    let executable = assemble(&runtime, image)?;
    files::replace(path, &executable, files::Mode::Executable)
        .map_err(|error| ExecutableError::File(path.to_owned(), error))
}
