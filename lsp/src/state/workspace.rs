//! The folders that the editor shows. Their packages are read when something is searched in all of them, on a thread of their
//! own: each has a data base of its own, so that nothing else waits.

use std::collections::BTreeSet;
use std::mem;
use std::sync::Arc;

use moltler_hir::{Database, Package, find_root};
use rustc_hash::FxHashSet;

use super::packages::{Loaded, Packages};
use super::{Job, Task, Writer};
use crate::system::SharedSystem;
use crate::uri;

/// More folders than these are not looked into: somebody opened the whole disk.
const MAX_FOLDERS: usize = 20_000;

/// What is known of the workspace.
#[derive(Default)]
pub(super) struct Workspace {
    /// Paths of its folders.
    folders: Vec<String>,
    progress: Progress,
}

/// How far the packages of the folders are read.
#[derive(Default)]
enum Progress {
    /// Some are not.
    #[default]
    Outdated,
    /// A thread reads them.
    Reading {
        /// What waits for the end.
        waiting: Vec<Job>,
        /// Files that changed meanwhile.
        changed: Vec<String>,
        /// Whether they are to be read once more.
        again: bool,
    },
    /// All are.
    Read,
}

/// Packages with their root folders.
pub(crate) struct Found(Vec<(String, Loaded)>);

impl Workspace {
    /// Whether a package stays when its last document is closed: it was read for searches.
    pub(super) fn keeps(&self, root: &str) -> bool {
        !matches!(self.progress, Progress::Outdated) && self.has(root)
    }

    fn has(&self, root: &str) -> bool {
        self.folders.iter().any(|folder| {
            root.strip_prefix(folder.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                || folder.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'))
        })
    }

    /// There may be packages that are not read.
    pub(super) fn outdate(&mut self) {
        match &mut self.progress {
            Progress::Reading { again, .. } => *again = true,
            progress => *progress = Progress::Outdated,
        }
    }

    /// Notes files that changed while packages are read.
    pub(super) fn changed(&mut self, uris: &[String]) {
        if let Progress::Reading { changed, .. } = &mut self.progress {
            changed.extend_from_slice(uris);
        }
    }
}

impl Packages {
    /// Folders were opened and closed.
    pub(super) fn folders(&mut self, opened: &[String], closed: &[String]) {
        let paths = |uris: &[String]| -> Vec<String> {
            let paths = uris.iter().filter_map(|uri| uri::path(uri));
            paths.map(|path| path.trim_end_matches('/').to_owned()).collect()
        };
        let (opened, closed) = (paths(opened), paths(closed));
        self.workspace.folders.retain(|folder| !closed.contains(folder) && !opened.contains(folder));
        self.workspace.folders.extend(opened);
        self.workspace.outdate();
        let left: Vec<String> =
            self.packages.keys().filter(|root| !self.is_open(root) && !self.workspace.has(root)).cloned().collect();
        for root in left {
            self.drop_package(&root);
        }
    }

    /// Gives the job back when all packages of the workspace are read; else keeps it until they are.
    pub(super) fn when_loaded(&mut self, job: Job, writer: &Writer) -> Option<Job> {
        match &mut self.workspace.progress {
            Progress::Read => return Some(job),
            Progress::Reading { waiting, .. } => {
                waiting.push(job);
                return None;
            }
            Progress::Outdated => {}
        }
        let (system, folders) = (self.system.clone(), self.workspace.folders.clone());
        let known: FxHashSet<String> = self.packages.keys().cloned().collect();
        let writer = writer.clone();
        let read = move || writer.send(Task::Loaded(read(&system, &folders, &known)));
        match std::thread::Builder::new().name("workspace".to_owned()).stack_size(super::STACK).spawn(read) {
            Ok(_) => {
                self.workspace.progress = Progress::Reading { waiting: vec![job], changed: Vec::new(), again: false };
                None
            }
            // Without a thread it is answered from what is there.
            Err(_) => Some(job),
        }
    }

    /// Takes packages that were read; gives the jobs that waited for them.
    pub(super) fn loaded(&mut self, found: Found) -> Vec<Job> {
        let Progress::Reading { waiting, changed, again } = mem::replace(&mut self.workspace.progress, Progress::Read)
        else {
            return Vec::new();
        };
        for (root, loaded) in found.0 {
            // A document of it may have been opened meanwhile.
            if self.workspace.has(&root) {
                self.packages.entry(root).or_insert(loaded);
            }
        }
        if again {
            self.workspace.outdate();
        }
        if !changed.is_empty() {
            self.files(&changed);
        }
        waiting
    }
}

/// Reads the packages in folders, but those that are known.
fn read(system: &Arc<SharedSystem>, folders: &[String], known: &FxHashSet<String>) -> Found {
    let mut roots = BTreeSet::new();
    let mut todo: Vec<String> = folders.to_vec();
    let mut count = 0;
    while let Some(folder) = todo.pop() {
        count += 1;
        let Ok(names) = system.list(&folder) else { continue };
        if count > MAX_FOLDERS {
            break;
        }
        for name in names {
            match name.strip_suffix('/') {
                Some(inner) if !inner.starts_with('.') => todo.push(format!("{folder}/{inner}")),
                None if name.ends_with(".molt") => {
                    roots.insert(find_root(&**system, &folder).0);
                }
                _ => {}
            }
        }
    }
    let load = |root: String| {
        let mut db = Database::default();
        let (package, _) = Package::load_readable(&mut db, &**system, &root);
        (root, Loaded::new(package, db))
    };
    Found(roots.into_iter().filter(|root| !known.contains(root)).map(load).collect())
}
