//! The diagnostics of an open document in the protocol's form, kept from one change to the next.
//!
//! A file of 50,000 lines may have a thousand of them, and an editor gets all of them after each letter. So they are kept as
//! JSON, statement by statement, and only those are made again that changed or moved.

use std::hash::{Hash, Hasher};
use std::sync::PoisonError;

use moltler_db::{FileId, Statement};
use moltler_hir::{Change, Package};
use moltler_ide::diagnostics::{FileDiagnostics, Reach, statement_diagnostics};
use moltler_syntax::Position;
use rustc_hash::{FxHashMap, FxHasher};

use crate::snapshot::Snapshot;
use crate::to_proto;

/// What is known of an open document's diagnostics.
#[derive(Default)]
pub(crate) struct Diagnostics {
    file: FileDiagnostics,
    rendered: FxHashMap<Statement, Rendered>,
}

/// The diagnostics of a statement.
struct Rendered {
    /// Where the statement's text starts.
    start: Position,
    /// JSON objects with commas between them.
    text: String,
}

impl Diagnostics {
    /// Nothing is known of the document yet.
    pub(crate) fn new(package: &Package, file: FileId) -> Diagnostics {
        Diagnostics { file: FileDiagnostics::new(package, file), rendered: FxHashMap::default() }
    }

    /// Notes what a change concerns.
    pub(crate) fn change(&mut self, package: &Package, file: FileId, change: &Change) {
        self.file.change(package, file, change);
    }

    /// All of them: a JSON array.
    fn render(&mut self, snapshot: &Snapshot) -> String {
        let rendered = &mut self.rendered;
        self.file.update(&snapshot.db, &snapshot.package, snapshot.file, |statement| drop(rendered.remove(&statement)));
        let statements = self.file.statements(&snapshot.package, snapshot.file);
        if rendered.len() > statements.len() {
            rendered.retain(|statement, _| snapshot.package.place(*statement).is_some());
        }
        let mut array = String::from("[");
        for (statement, offset, reach) in statements {
            let Some(document) = snapshot.document() else { continue };
            let start = document.position(offset, snapshot.encoding);
            let is_valid = reach == Reach::Own && rendered.get(&statement).is_some_and(|known| known.start == start);
            if !is_valid {
                let found = statement_diagnostics(&snapshot.db, &snapshot.package, statement);
                let objects: Vec<String> = found
                    .iter()
                    .filter_map(|one| serde_json::to_string(&to_proto::diagnostic(snapshot, one)?).ok())
                    .collect();
                rendered.insert(statement, Rendered { start, text: objects.join(",") });
            }
            let Some(known) = rendered.get(&statement).filter(|known| !known.text.is_empty()) else { continue };
            if array.len() > 1 {
                array.push(',');
            }
            array.push_str(&known.text);
        }
        array.push(']');
        array
    }
}

fn render(snapshot: &Snapshot) -> String {
    // A panic inside leaves it as it was: what is not checked stays marked so.
    snapshot.diagnostics.lock().unwrap_or_else(PoisonError::into_inner).render(snapshot)
}

/// The parameters of `textDocument/publishDiagnostics`.
pub(crate) fn publication(snapshot: &Snapshot) -> String {
    let uri = serde_json::Value::from(snapshot.uri.as_str());
    format!("{{\"uri\":{uri},\"version\":{},\"diagnostics\":{}}}", snapshot.version, render(snapshot))
}

/// The result of `textDocument/diagnostic`: nothing new when it is what the editor has.
pub(crate) fn report(snapshot: &Snapshot, previous: Option<&str>) -> String {
    let items = render(snapshot);
    let mut hasher = FxHasher::default();
    items.hash(&mut hasher);
    let id = format!("{:016x}", hasher.finish());
    if previous == Some(id.as_str()) {
        return format!("{{\"kind\":\"unchanged\",\"resultId\":\"{id}\"}}");
    }
    format!("{{\"kind\":\"full\",\"resultId\":\"{id}\",\"items\":{items}}}")
}

/// The result for what is not open.
pub(crate) const NO_REPORT: &str = "{\"kind\":\"full\",\"items\":[]}";
