//! What is wrong with a file, kept up to date with its edits.

use moltler_db::{FileId, Statement};
use moltler_hir::diagnostics::{LocalDiagnostic, Place};
use moltler_hir::{Change, Database, Package, check_statement};
use rustc_hash::FxHashMap;

pub use moltler_hir::statement_diagnostics;

/// Which statements of an open file have diagnostics. The cost after an edit is that of the statements which it concerns; the
/// rest of the file is not looked at.
#[derive(Clone, Debug, Default)]
pub struct FileDiagnostics {
    /// Statements that are to be checked, some perhaps twice or gone.
    unchecked: Vec<Statement>,
    /// Statements that have diagnostics.
    found: FxHashMap<Statement, Reach>,
}

/// What the diagnostics of a statement, besides its place, depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nothing: they stay as they are until the statement is checked again.
    Own,
    /// Places of other statements, or the names of the package.
    Package,
}

impl FileDiagnostics {
    /// All statements of a file are to be checked.
    pub fn new(package: &Package, file: FileId) -> FileDiagnostics {
        let mut unchecked: Vec<Statement> = package.statements(file).map(|(statement, _)| statement).collect();
        // The last one is checked first.
        unchecked.reverse();
        FileDiagnostics { unchecked, found: FxHashMap::default() }
    }

    /// What an edit concerns is to be checked again. `change` may be that of another file.
    pub fn change(&mut self, package: &Package, file: FileId, change: &Change) {
        let concerned = change.edited.iter().chain(&change.affected).copied();
        self.unchecked.extend(concerned.filter(|statement| is_in(package, file, *statement)));
    }

    /// Checks what is to be checked, and tells of each statement that was. When salsa cancels the work, what is done stays
    /// done.
    pub fn update(&mut self, db: &Database, package: &Package, file: FileId, mut checked: impl FnMut(Statement)) {
        while let Some(statement) = self.unchecked.last().copied() {
            let found = if is_in(package, file, statement) { check_statement(db, statement) } else { &[] as &[_] };
            match reach(found) {
                Some(reach) => self.found.insert(statement, reach),
                None => self.found.remove(&statement),
            };
            checked(statement);
            self.unchecked.pop();
        }
    }

    /// The statements that have diagnostics, in the order of their places, with the offsets of their texts. The diagnostics
    /// themselves are those of [`statement_diagnostics`].
    pub fn statements(&mut self, package: &Package, file: FileId) -> Vec<(Statement, u32, Reach)> {
        let mut placed = Vec::with_capacity(self.found.len());
        self.found.retain(|statement, reach| match package.place(*statement) {
            Some((home, offset)) if home == file => {
                placed.push((*statement, offset, *reach));
                true
            }
            _ => false,
        });
        placed.sort_unstable_by_key(|(_, offset, _)| *offset);
        placed
    }
}

/// `None` without diagnostics.
fn reach(found: &[LocalDiagnostic]) -> Option<Reach> {
    if found.is_empty() {
        return None;
    }
    let is_wide = found.iter().any(|one| {
        one.suggest.is_some() || one.labels.iter().any(|label| matches!(label.place, Place::Declaration(..)))
    });
    Some(if is_wide { Reach::Package } else { Reach::Own })
}

fn is_in(package: &Package, file: FileId, statement: Statement) -> bool {
    package.place(statement).is_some_and(|(home, _)| home == file)
}
