//! PE executables (Windows): recognised, not written yet.

use super::ExecutableError;

/// Whether these are the first bytes of a PE file.
pub fn recognises(executable: &[u8]) -> bool {
    executable.starts_with(b"MZ")
}

/// Refuses.
pub fn refuse() -> ExecutableError {
    ExecutableError::NotSupported("executables for Windows (PE)".to_owned())
}
