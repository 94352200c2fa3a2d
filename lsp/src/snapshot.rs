use std::sync::{Arc, Mutex, PoisonError};

use moltler_db::{Diagnostic, FileId};
use moltler_hir::{Database, Package};
use moltler_ide::diagnostics::FileDiagnostics;
use moltler_syntax::{Document, Encoding};

/// An open document and its package as they were when a read was started. It can only be read; the state waits for its
/// end before it changes anything.
pub(crate) struct Snapshot {
    // Invariant: `package` is before `db`, so that when salsa has seen all data bases go, all packages are gone too.
    /// Files, statements, names.
    pub(crate) package: Arc<Package>,
    /// The diagnostics of the document, shared with the state.
    pub(crate) diagnostics: Arc<Mutex<FileDiagnostics>>,
    /// The document's URI, as the editor writes it.
    pub(crate) uri: String,
    /// The document in the package.
    pub(crate) file: FileId,
    /// Its version.
    pub(crate) version: i32,
    /// What columns count.
    pub(crate) encoding: Encoding,
    /// Whether the editor shows other places of a diagnostic.
    pub(crate) related_information: bool,
    /// Results of queries.
    pub(crate) db: Database,
}

impl Snapshot {
    /// The text of the document by statements.
    pub(crate) fn document(&self) -> Option<&Document> {
        self.package.document(self.file)
    }

    /// All diagnostics of the document.
    pub(crate) fn collect_diagnostics(&self) -> Vec<Diagnostic> {
        // A panic inside leaves it as it was: what is not checked stays marked so.
        let mut diagnostics = self.diagnostics.lock().unwrap_or_else(PoisonError::into_inner);
        diagnostics.collect(&self.db, &self.package, self.file)
    }
}
