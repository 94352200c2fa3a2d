use std::sync::{Arc, Mutex};

use moltler_db::FileId;
use moltler_hir::{Database, Package};
use moltler_syntax::{Document, Encoding};

use crate::diagnostics::Diagnostics;
use crate::tokens::Tokens;
use crate::uri;

/// An open document and its package as they were when a read was started. It can only be read; the state waits for its
/// end before it changes anything.
pub(crate) struct Snapshot {
    // Invariant: `package` is before `db`, so that when salsa has seen all data bases go, all packages are gone too.
    /// Files, statements, names.
    pub(crate) package: Arc<Package>,
    /// The diagnostics of the document, shared with the state.
    pub(crate) diagnostics: Arc<Mutex<Diagnostics>>,
    /// The semantic tokens of the document, shared with the state.
    pub(crate) tokens: Arc<Mutex<Tokens>>,
    /// The document's URI, as the editor writes it.
    pub(crate) uri: String,
    /// The document that was asked about; another one than `uri` behind [`Snapshot::other`].
    pub(crate) opened: String,
    /// The document in the package.
    pub(crate) file: FileId,
    /// Its version.
    pub(crate) version: i32,
    /// What columns count.
    pub(crate) encoding: Encoding,
    /// Whether the editor shows other places of a diagnostic.
    pub(crate) related_information: bool,
    /// The start of the addresses of pages about diagnostics.
    pub(crate) pages: Option<Arc<str>>,
    /// Results of queries.
    pub(crate) db: Database,
}

impl Snapshot {
    /// Another document of the same package, open or not; `None` where there is none at this URI.
    pub(crate) fn other(&self, uri: &str) -> Option<Snapshot> {
        let file = if uri == self.uri { self.file } else { self.package.file(&uri::path(uri)?)? };
        Some(Snapshot {
            package: self.package.clone(),
            diagnostics: self.diagnostics.clone(),
            tokens: self.tokens.clone(),
            uri: uri.to_owned(),
            opened: self.opened.clone(),
            file,
            version: self.version,
            encoding: self.encoding,
            related_information: self.related_information,
            pages: self.pages.clone(),
            db: self.db.clone(),
        })
    }

    /// The text of the document by statements.
    pub(crate) fn document(&self) -> Option<&Document> {
        self.package.document(self.file)
    }
}
