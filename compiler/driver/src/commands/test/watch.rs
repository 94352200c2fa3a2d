//! Running again when files change.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use moltler_hir::find_root;

use crate::output::{self, Failure};
use crate::session::absolute;
use crate::system::DiskSystem;

/// How often files are looked at.
const PAUSE: Duration = Duration::from_millis(200);
/// Folders deeper than this are not looked at.
const MAX_DEPTH: usize = 64;

/// Path, length and time of change of each file.
type Files = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// Calls `work` now, and again whenever a `.molt` file, a manifest or a recording in the packages of the paths has changed. Ends when
/// nobody reads standard output any more.
pub(super) fn run(paths: &[PathBuf], work: impl Fn() -> Result<u8, Failure>) -> Result<u8, Failure> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut roots = Vec::new();
    for path in paths {
        let absolute = absolute(path)?;
        let name = absolute.to_string_lossy();
        let (root, with_folders) = find_root(&DiskSystem, &name);
        if !roots.contains(&(root.clone(), with_folders)) {
            roots.push((root, with_folders));
        }
    }
    loop {
        let before = files(&roots);
        match work() {
            Ok(_) => {}
            Err(failure @ Failure::ClosedPipe) => return Err(failure),
            // What is wrong now may be right after the next change.
            Err(failure) => {
                failure.tell();
            }
        }
        output::note("waiting for changes");
        while files(&roots) == before {
            std::thread::sleep(PAUSE);
        }
    }
}

fn files(roots: &[(String, bool)]) -> Files {
    let mut found = Vec::new();
    for (root, with_folders) in roots {
        collect(Path::new(root), *with_folders, 0, &mut found);
    }
    found.sort();
    found
}

/// What cannot be read is as good as not there.
fn collect(folder: &Path, with_folders: bool, depth: usize, found: &mut Files) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_source = name.ends_with(".molt") || name.ends_with(".recordings.json") || name == "moltler.toml";
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if with_folders && depth < MAX_DEPTH && !name.starts_with('.') {
                collect(&path, true, depth + 1, found);
            }
        } else if let Some(metadata) = std::fs::metadata(&path).ok().filter(|_| is_source) {
            found.push((path, metadata.len(), metadata.modified().ok()));
        }
    }
}
