use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use moltler_db::FileId;
use moltler_hir::{Change, Database, Package, find_root};
use moltler_syntax::{Document, Position, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};
use salsa::Database as _;
use tokio::runtime::Handle;

use super::workspace::Workspace;
use super::{Job, Writer};
use crate::capabilities::Editor;
use crate::diagnostics::{self, Diagnostics};
use crate::from_proto::ContentChange;
use crate::snapshot::Snapshot;
use crate::system::{Overlay, SharedSystem};
use crate::tokens::Tokens;
use crate::transport::Outgoing;
use crate::{to_proto, uri};

/// The packages of all open documents.
pub(super) struct Packages {
    pub(super) editor: Editor,
    pub(super) system: Arc<SharedSystem>,
    outgoing: Outgoing,
    pub(super) workspace: Workspace,
    /// By root folder.
    pub(super) packages: FxHashMap<String, Loaded>,
    /// By URI, as the editor writes it.
    open: FxHashMap<String, OpenDocument>,
    /// The roots of packages about whose manifest something was told.
    told_manifests: FxHashSet<String>,
}

/// A package and what is computed from it. Names of different packages never meet: each has a data base of its own.
pub(crate) struct Loaded {
    // Invariant: as in `Snapshot`, `package` is before `db`.
    package: Arc<Package>,
    db: Database,
}

struct OpenDocument {
    version: i32,
    /// Its path, or for what is no file its URI.
    path: String,
    /// The root of its package.
    root: String,
    file: FileId,
    diagnostics: Arc<Mutex<Diagnostics>>,
    tokens: Arc<Mutex<Tokens>>,
    /// What the editor has not been told.
    untold: Untold,
}

/// Whether the diagnostics of a document are to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Untold {
    /// No.
    #[default]
    Nothing,
    /// If they are not the same as before: something changed elsewhere.
    Others,
    /// Yes: the text is another one, or what they say is.
    Text,
}

impl Loaded {
    pub(super) fn new(package: Package, db: Database) -> Loaded {
        Loaded { package: Arc::new(package), db }
    }

    /// The package and its data base, to be written. Reads that are under way are cancelled and waited for.
    fn write(&mut self) -> (&mut Package, &mut Database) {
        self.db.trigger_cancellation();
        let package = Arc::get_mut(&mut self.package)
            .expect("Invariant: all snapshots are gone when salsa has seen their data bases go");
        (package, &mut self.db)
    }
}

impl Packages {
    pub(super) fn new(system: Arc<SharedSystem>, outgoing: Outgoing) -> Packages {
        let (packages, open) = (FxHashMap::default(), FxHashMap::default());
        let (editor, workspace) = (Editor::default(), Workspace::default());
        Packages { editor, system, outgoing, workspace, packages, open, told_manifests: FxHashSet::default() }
    }

    pub(super) fn open(&mut self, uri: String, version: i32, text: String) {
        let path = uri::path(&uri).unwrap_or_else(|| uri.clone());
        let root = self.root_of(&path, uri != path);
        if !self.packages.contains_key(&root) {
            let is_shown = self.editor.progress && path != root;
            if is_shown {
                self.outgoing.begin_progress(&root, "Loading package");
            }
            let loaded = self.load(&root, &path, &text);
            if is_shown {
                self.outgoing.end_progress(&root, &format!("{} files", loaded.package.files().count()));
            }
            self.packages.insert(root.clone(), loaded);
            self.tell_manifest(&root);
        }
        let Some(loaded) = self.packages.get_mut(&root) else { return };
        let known = loaded.package.file(&path);
        let (package, db) = loaded.write();
        let (file, change) = match known {
            Some(file) => (file, Some(package.set_text(db, file, &text))),
            None => (package.open_file(db, &path, &text), None),
        };
        let diagnostics = Diagnostics::new(package, file);
        self.concern(&root, change.as_ref());
        let document = OpenDocument {
            version,
            path,
            root,
            file,
            diagnostics: Arc::new(Mutex::new(diagnostics)),
            tokens: Arc::default(),
            untold: Untold::Text,
        };
        self.open.insert(uri, document);
    }

    pub(super) fn change(&mut self, uri: &str, version: i32, changes: Vec<ContentChange>) {
        let Some(document) = self.open.get_mut(uri) else { return };
        document.version = version;
        document.untold = Untold::Text;
        let (file, root) = (document.file, document.root.clone());
        let Some(loaded) = self.packages.get_mut(&root) else { return };
        let (package, db) = loaded.write();
        let encoding = self.editor.encoding;
        let mut made = Vec::new();
        for change in changes {
            made.push(match change {
                ContentChange::Whole(text) => package.set_text(db, file, &text),
                ContentChange::Range { start, end, text } => {
                    let offset = |position: Position| {
                        package.document(file).map_or(0, |document| document.offset(position, encoding))
                    };
                    let (start, end) = (offset(start), offset(end));
                    package.edit(db, file, TextRange::new(start.min(end), start.max(end)), &text)
                }
            });
        }
        for change in &made {
            self.concern(&root, Some(change));
        }
    }

    pub(super) fn close(&mut self, uri: &str) {
        let Some(document) = self.open.remove(uri) else { return };
        // A publication that is under way must not come behind the empty one.
        if let Some(loaded) = self.packages.get_mut(&document.root) {
            loaded.write();
        }
        if !self.editor.pulls_diagnostics {
            self.outgoing.notify("textDocument/publishDiagnostics", to_proto::no_diagnostics(uri));
        }
        if !self.is_open(&document.root) && !self.workspace.keeps(&document.root) {
            // Nobody looks at this package any more.
            self.drop_package(&document.root);
            self.tell_manifest(&document.root);
            return;
        }
        self.read_again(&document.root, &document.path);
    }

    /// Whether a document of a package is open.
    pub(super) fn is_open(&self, root: &str) -> bool {
        self.open.values().any(|document| document.root == root)
    }

    /// Forgets a package of which no document is open.
    pub(super) fn drop_package(&mut self, root: &str) {
        if let Some(mut loaded) = self.packages.remove(root) {
            loaded.write();
        }
    }

    /// Files changed on the disk; what is open is not read from there.
    pub(super) fn files(&mut self, uris: &[String]) {
        self.workspace.changed(uris);
        let paths: Vec<String> = uris.iter().filter_map(|uri| uri::path(uri)).collect();
        if paths.iter().any(|path| path.ends_with("/moltler.toml")) {
            self.reload();
            return;
        }
        for path in paths.iter().filter(|path| path.ends_with(".molt")) {
            if self.open.values().any(|document| document.path == *path) {
                continue;
            }
            let root = self.root_of(path, true);
            if self.packages.contains_key(&root) {
                self.read_again(&root, path);
            } else {
                self.workspace.outdate();
            }
        }
        self.refresh();
    }

    /// The document and its package as they are.
    pub(super) fn snapshot(&self, uri: &str) -> Option<Snapshot> {
        let document = self.open.get(uri)?;
        let loaded = self.packages.get(&document.root)?;
        Some(Snapshot {
            package: loaded.package.clone(),
            diagnostics: document.diagnostics.clone(),
            tokens: document.tokens.clone(),
            uri: uri.to_owned(),
            opened: uri.to_owned(),
            file: document.file,
            version: document.version,
            encoding: self.editor.encoding,
            related_information: self.editor.related_information,
            pages: self.editor.pages.clone(),
            db: loaded.db.clone(),
        })
    }

    /// All packages as they are, in the order of their folders. None of these snapshots has a document.
    pub(super) fn snapshots(&self) -> Vec<Snapshot> {
        let mut roots: Vec<(&String, &Loaded)> = self.packages.iter().collect();
        roots.sort_unstable_by_key(|(root, _)| root.as_str());
        let nobody = FileId(u32::MAX);
        let one = |(_, loaded): (&String, &Loaded)| Snapshot {
            package: loaded.package.clone(),
            diagnostics: Arc::new(Mutex::new(Diagnostics::new(&loaded.package, nobody))),
            tokens: Arc::default(),
            uri: String::new(),
            opened: String::new(),
            file: nobody,
            version: 0,
            encoding: self.editor.encoding,
            related_information: self.editor.related_information,
            pages: self.editor.pages.clone(),
            db: loaded.db.clone(),
        };
        roots.into_iter().map(one).collect()
    }

    /// Whether the diagnostics of a document are going to be told anyway, so that a publication that was cancelled need not be
    /// started again.
    pub(super) fn is_untold(&mut self, uri: &str) -> bool {
        let Some(document) = self.open.get_mut(uri).filter(|document| document.untold != Untold::Nothing) else {
            return false;
        };
        // What was cancelled may have been about the text.
        document.untold = Untold::Text;
        true
    }

    /// Starts to tell the diagnostics of all documents whose own have not been told, unless the editor asks by itself.
    pub(super) fn publish(&mut self, writer: &Writer, runtime: &Handle) {
        let mut uris: Vec<(String, bool)> = Vec::new();
        for (uri, document) in &mut self.open {
            let untold = mem::take(&mut document.untold);
            if untold != Untold::Nothing && !self.editor.pulls_diagnostics {
                uris.push((uri.clone(), untold == Untold::Text));
            }
        }
        uris.sort();
        for (uri, changed) in uris {
            let outgoing = self.outgoing.clone();
            // Told while the snapshot lives: what the state says about a later text comes later.
            let job = Job::publication(uri.clone(), move |snapshot| {
                let send = |pieces| outgoing.notify_pieces("textDocument/publishDiagnostics", pieces);
                diagnostics::publish(snapshot, changed, send);
            });
            job.start(self.snapshot(&uri).into_iter().collect(), writer, runtime);
        }
    }

    /// Cancels all reads and waits for their end.
    pub(super) fn cancel(&mut self) {
        for loaded in self.packages.values_mut() {
            loaded.write();
        }
    }

    fn overlay<'a>(&'a self, open: &'a FxHashMap<String, String>) -> Overlay<'a> {
        Overlay { below: &*self.system, open }
    }

    /// The root of a document's package. What is no file on a disk is a package of its own.
    fn root_of(&self, path: &str, is_file: bool) -> String {
        if !is_file {
            return path.to_owned();
        }
        // The file may not be on the disk yet: its folder decides.
        let open = FxHashMap::from_iter([(path.to_owned(), String::new())]);
        find_root(&self.overlay(&open), path).0
    }

    fn load(&self, root: &str, path: &str, text: &str) -> Loaded {
        let mut db = Database::default();
        let mut texts: FxHashMap<String, String> = FxHashMap::default();
        texts.insert(path.to_owned(), text.to_owned());
        let package = if path == root {
            Package::new(root)
        } else {
            Package::load_readable(&mut db, &self.overlay(&texts), path).0
        };
        Loaded::new(package, db)
    }

    /// Brings a file that is not open in line with the disk.
    fn read_again(&mut self, root: &str, path: &str) {
        let text = self.system.read(path);
        let Some(loaded) = self.packages.get_mut(root) else { return };
        let known = loaded.package.file(path);
        let (package, db) = loaded.write();
        let change = match (known, text) {
            (Some(file), Ok(text)) => Some(package.set_text(db, file, &text)),
            (Some(file), Err(_)) => Some(package.close_file(db, file)),
            (None, Ok(text)) => {
                package.open_file(db, path, &text);
                None
            }
            (None, Err(_)) => return,
        };
        self.concern(root, change.as_ref());
    }

    /// Notes in the open documents of a package what a change concerns; without one, everything.
    fn concern(&mut self, root: &str, change: Option<&Change>) {
        let Some(loaded) = self.packages.get(root) else { return };
        let package = &loaded.package;
        for document in self.open.values_mut().filter(|document| document.root == root) {
            let mut diagnostics = document.diagnostics.lock().unwrap_or_else(PoisonError::into_inner);
            match change {
                Some(change) if change.files.contains(&document.file) => {
                    diagnostics.change(package, document.file, change);
                    document.untold = document.untold.max(Untold::Others);
                }
                Some(_) if diagnostics.is_wide() => document.untold = document.untold.max(Untold::Others),
                Some(_) => {}
                None => {
                    *diagnostics = Diagnostics::new(package, document.file);
                    document.untold = Untold::Text;
                }
            }
        }
    }

    /// Loads everything anew: the borders of packages moved.
    fn reload(&mut self) {
        let documents: Vec<(String, i32, String)> = self
            .open
            .iter()
            .filter_map(|(uri, document)| {
                let text = self.packages.get(&document.root)?.package.text(document.file);
                Some((uri.clone(), document.version, text))
            })
            .collect();
        self.cancel();
        self.open.clear();
        self.packages.clear();
        self.workspace.outdate();
        for (uri, version, text) in documents {
            self.open(uri, version, text);
        }
        self.refresh();
    }

    /// Tells what is wrong with the levels of diagnostics in a package's manifest, which is no document of ours: the editor does not
    /// ask for it.
    fn tell_manifest(&mut self, root: &str) {
        let problems = self.packages.get(root).map_or(&[] as &[_], |loaded| loaded.package.lints().problems());
        if problems.is_empty() && !self.told_manifests.contains(root) {
            return;
        }
        let path = format!("{}/moltler.toml", root.trim_end_matches('/'));
        let document = Document::new(&self.system.read(&path).unwrap_or_default());
        let told = to_proto::manifest_diagnostics(&uri::from_path(&path), &document, problems, self.editor.encoding);
        self.outgoing.notify("textDocument/publishDiagnostics", told);
        match problems.is_empty() {
            true => self.told_manifests.remove(root),
            false => self.told_manifests.insert(root.to_owned()),
        };
    }

    /// Asks the editor to ask for diagnostics again.
    fn refresh(&self) {
        if self.editor.pulls_diagnostics && self.editor.refreshes_diagnostics {
            self.outgoing.request("moltler/refresh", "workspace/diagnostic/refresh", serde_json::Value::Null);
        }
    }
}
