//! Mach-O executables (macOS): recognised, not written yet.

use super::ExecutableError;

/// Whether these are the first bytes of a Mach-O file, of one processor or of several.
pub fn recognises(executable: &[u8]) -> bool {
    const MAGICS: [[u8; 4]; 3] = [[0xcf, 0xfa, 0xed, 0xfe], [0xce, 0xfa, 0xed, 0xfe], [0xca, 0xfe, 0xba, 0xbe]];
    MAGICS.iter().any(|magic| executable.starts_with(magic))
}

/// Refuses: the code would have to lie in a segment that is signed anew.
pub fn refuse() -> ExecutableError {
    ExecutableError::NotSupported("executables for macOS (Mach-O)".to_owned())
}
