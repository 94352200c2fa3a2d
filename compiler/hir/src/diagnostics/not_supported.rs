//! `not-supported`: text that the language has, or that SQL has, and that this version can't carry out.

use moltler_syntax::TextRange;

use super::LocalDiagnostic;

/// Names the thing: `JOIN`.
pub(crate) fn not_supported(what: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("not-supported", range, format!("{what} is not supported"))
}
