//! Recordings of tests on the disk: `shop.recordings.json` beside `shop.molt`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use moltler_abi::manifest::{Manifest, Test};
use moltler_runtime::recording::Recording;
use serde::{Deserialize, Serialize};

use crate::output::{self, Failure};

/// The format that this version reads and writes.
const VERSION: u32 = 1;

/// The recordings of one source file.
#[derive(Debug, Default, Deserialize, Serialize)]
struct RecordingFile {
    version: u32,
    /// By `type: name` of the test.
    tests: BTreeMap<String, Recording>,
}

/// What the recording of a test is found by.
fn key(test: &Test) -> String {
    format!("{}: {}", test.type_name, test.name)
}

/// The file with the recordings of a source file.
fn path_of(root: &Path, source: &str) -> PathBuf {
    root.join(source).with_extension("recordings.json")
}

/// The recordings of those tests that have one, by their indices. MOCK_API goes before a recording.
pub(super) fn load(root: &Path, manifest: &Manifest, tests: &[usize]) -> Result<BTreeMap<usize, Recording>, Failure> {
    let mut files: BTreeMap<u32, RecordingFile> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for index in tests {
        let test = &manifest.tests[*index];
        if test.mock_api.is_some() {
            continue;
        }
        let file = match files.entry(test.span.file) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(read(&path_of(root, &manifest.files[test.span.file as usize].path))?)
            }
        };
        if let Some(recording) = file.tests.get(&key(test)) {
            found.insert(*index, recording.clone());
        }
    }
    Ok(found)
}

/// Keeps new recordings. Those of other tests stay, those of tests that are gone go. Tells where they are.
pub(super) fn save(root: &Path, manifest: &Manifest, recorded: BTreeMap<usize, Recording>) -> Result<(), Failure> {
    let mut by_file: BTreeMap<u32, Vec<(String, Recording)>> = BTreeMap::new();
    for (index, recording) in recorded {
        let test = &manifest.tests[index];
        by_file.entry(test.span.file).or_default().push((key(test), recording));
    }
    for (file, recorded) in by_file {
        let path = path_of(root, &manifest.files[file as usize].path);
        let mut kept = read(&path)?;
        let known: Vec<String> = manifest.tests.iter().filter(|test| test.span.file == file).map(key).collect();
        kept.tests.retain(|name, _| known.contains(name));
        let exchanges = recorded.iter().map(|(_, recording)| recording.exchanges.len()).sum();
        let told = format!(
            "recorded {} of {} in {}",
            output::count(exchanges, "exchange"),
            output::count(recorded.len(), "test"),
            path.display()
        );
        kept.tests.extend(recorded);
        write(&path, &kept)?;
        output::note(told);
    }
    Ok(())
}

fn read(path: &Path) -> Result<RecordingFile, Failure> {
    let wrong =
        |reason: String| Failure::Failed(format!("{}: {reason}; delete the file and record again", path.display()));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(RecordingFile { version: VERSION, tests: BTreeMap::new() });
        }
        Err(error) => return Err(Failure::Usage(format!("{}: {error}", path.display()))),
    };
    let file: RecordingFile =
        serde_json::from_str(&text).map_err(|error| wrong(format!("it is no file of recordings: {error}")))?;
    if file.version != VERSION {
        return Err(wrong(format!("it has version {}, this moltlerc knows version {VERSION}", file.version)));
    }
    Ok(file)
}

/// The new file takes the place of the old one at once.
fn write(path: &Path, file: &RecordingFile) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Failed(format!("{}: {error}", path.display()));
    let mut text = serde_json::to_string_pretty(file).map_err(|error| failed(error.into()))?;
    text.push('\n');
    let temporary = path.with_extension(format!("json.{}", std::process::id()));
    std::fs::write(&temporary, text).map_err(failed)?;
    std::fs::rename(&temporary, path).map_err(|error| {
        // What could not be moved is of no use.
        let _ = std::fs::remove_file(&temporary);
        failed(error)
    })
}
