//! Changes that an editor offers.

use moltler_db::{Diagnostic, FileId, Fix};
use moltler_hir::{Database, Package, statement_diagnostics};
use moltler_syntax::TextRange;

/// The fixes of the diagnostics that touch a range of a file, each with its diagnostic; the best of a diagnostic comes first.
pub fn quick_fixes(db: &Database, package: &Package, file: FileId, range: TextRange) -> Vec<(Diagnostic, Fix)> {
    let mut found = Vec::new();
    let statements: Vec<_> = package.statements_in(file, range).map(|(statement, _)| statement).collect();
    for statement in statements {
        for mut diagnostic in statement_diagnostics(db, package, statement) {
            let place = diagnostic.range.range;
            if diagnostic.range.file == file && place.start() <= range.end() && range.start() <= place.end() {
                for fix in std::mem::take(&mut diagnostic.fixes) {
                    found.push((diagnostic.clone(), fix));
                }
            }
        }
    }
    found
}
