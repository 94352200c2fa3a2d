//! Changes that an editor offers.

use moltler_db::{Diagnostic, Edit, FileId, Fix};
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

/// The fixes of a file that are right without a look, as far as they change only this file; of those that overlap the first.
pub fn fix_all(db: &Database, package: &Package, file: FileId) -> Vec<Edit> {
    let mut chosen: Vec<Edit> = Vec::new();
    for (statement, _) in package.statements(file) {
        for mut diagnostic in statement_diagnostics(db, package, statement) {
            if diagnostic.range.file != file || !diagnostic.fixes.first().is_some_and(|fix| fix.is_automatic) {
                continue;
            }
            let fix = diagnostic.fixes.swap_remove(0);
            let touches = |edit: &Edit| {
                edit.range.file != file || chosen.iter().any(|other| overlap(other.range.range, edit.range.range))
            };
            if !fix.edits.iter().any(touches) {
                chosen.extend(fix.edits);
            }
        }
    }
    chosen.sort_by_key(|edit| edit.range);
    chosen
}

/// Whether two changes are at the same place.
fn overlap(one: TextRange, other: TextRange) -> bool {
    one == other || one.start() < other.end() && other.start() < one.end()
}
