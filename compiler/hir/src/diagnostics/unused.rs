//! `unused-variable`: something is declared and never read.

use moltler_syntax::TextRange;

use super::LocalDiagnostic;

/// A variable of a test or block that nothing reads.
pub(crate) fn unused_variable(name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning("unused-variable", range, format!("the variable `{name}` is never used"))
        .help(format!("remove it, or call it `_{name}`"))
        .unused()
}
