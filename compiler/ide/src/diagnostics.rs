//! What is wrong with a file, kept up to date with its edits.

use moltler_db::{Diagnostic, FileId, Statement};
use moltler_hir::{Change, Database, Package, statement_diagnostics};
use rustc_hash::FxHashSet;

/// The diagnostics of an open file. The cost after an edit is that of the statements which it concerns, and of those that have
/// diagnostics; the rest of the file is not looked at.
#[derive(Clone, Debug, Default)]
pub struct FileDiagnostics {
    /// Statements that are to be checked, some perhaps twice or gone.
    unchecked: Vec<Statement>,
    /// Statements that have diagnostics.
    found: FxHashSet<Statement>,
}

impl FileDiagnostics {
    /// All statements of a file are to be checked.
    pub fn new(package: &Package, file: FileId) -> FileDiagnostics {
        let mut unchecked: Vec<Statement> = package.statements(file).map(|(statement, _)| statement).collect();
        // The last one is checked first.
        unchecked.reverse();
        FileDiagnostics { unchecked, found: FxHashSet::default() }
    }

    /// What an edit concerns is to be checked again. `change` may be that of another file.
    pub fn change(&mut self, package: &Package, file: FileId, change: &Change) {
        let concerned = change.edited.iter().chain(&change.affected).copied();
        self.unchecked.extend(concerned.filter(|statement| is_in(package, file, *statement)));
    }

    /// All diagnostics of the file, in the order of their places. When salsa cancels the work, what is done stays done.
    pub fn collect(&mut self, db: &Database, package: &Package, file: FileId) -> Vec<Diagnostic> {
        while let Some(statement) = self.unchecked.last().copied() {
            if is_in(package, file, statement) && !statement_diagnostics(db, package, statement).is_empty() {
                self.found.insert(statement);
            } else {
                self.found.remove(&statement);
            }
            self.unchecked.pop();
        }
        self.found.retain(|statement| is_in(package, file, *statement));
        let mut found: Vec<(u32, Statement)> =
            self.found.iter().filter_map(|statement| Some((package.place(*statement)?.1, *statement))).collect();
        found.sort_unstable_by_key(|(offset, _)| *offset);
        found.into_iter().flat_map(|(_, statement)| statement_diagnostics(db, package, statement)).collect()
    }
}

fn is_in(package: &Package, file: FileId, statement: Statement) -> bool {
    package.place(statement).is_some_and(|(home, _)| home == file)
}
