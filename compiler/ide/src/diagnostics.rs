//! What is wrong with a file, kept up to date with its edits.

use moltler_db::{FileId, Statement};
use moltler_hir::{Change, Database, Package, check_all};
use rustc_hash::FxHashMap;

pub use moltler_hir::{Surroundings, diagnostic_surroundings, statement_diagnostics};

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
    /// What [`diagnostic_surroundings`] tells.
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
        // A statement that is gone, or is in another file now, is forgotten when its turn comes.
        self.unchecked.extend(&change.removed);
        let concerned = change.affected.iter().chain(&change.edited).copied();
        self.unchecked.extend(concerned.filter(|statement| package.file_of(*statement) == Some(file)));
    }

    /// How many checks are left to do.
    pub fn unchecked(&self) -> usize {
        self.unchecked.len()
    }

    /// Checks until not more than `left` statements are to be checked, and tells of each statement that was. When salsa cancels
    /// the work, what is done stays done.
    pub fn update(
        &mut self,
        db: &Database,
        package: &Package,
        file: FileId,
        left: usize,
        mut checked: impl FnMut(Statement),
    ) {
        if let Some(todo) = self.unchecked.get(left..) {
            check_all(db, todo);
        }
        while let Some(statement) = self.unchecked.last().copied().filter(|_| self.unchecked.len() > left) {
            let is_here = package.file_of(statement) == Some(file);
            match is_here.then(|| reach(&diagnostic_surroundings(db, package, statement))).flatten() {
                Some(reach) => self.found.insert(statement, reach),
                None => self.found.remove(&statement),
            };
            checked(statement);
            self.unchecked.pop();
        }
    }

    /// Whether a statement has diagnostics, and what they depend on. The diagnostics themselves are those of
    /// [`statement_diagnostics`].
    pub fn reach(&self, statement: Statement) -> Option<Reach> {
        self.found.get(&statement).copied()
    }
}

/// `None` without diagnostics.
fn reach(surroundings: &Surroundings) -> Option<Reach> {
    if surroundings.count == 0 {
        return None;
    }
    let is_wide = surroundings.suggests || !surroundings.places.is_empty();
    Some(if is_wide { Reach::Package } else { Reach::Own })
}
