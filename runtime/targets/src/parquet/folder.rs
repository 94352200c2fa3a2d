//! The folders of a table: what readers see, and what stands beside it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::files::at;
use crate::rows::now;
use crate::{Column, Failure, Result, TargetError};

/// The manifest that readers find among the files.
const PUBLIC: &str = "_manifest.json";

/// `manifest.json`: what counts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Manifest {
    /// Whose rows they are.
    pub(super) source: String,
    /// The columns of all files.
    pub(super) columns: Vec<Column>,
    /// Those of the key.
    pub(super) key: Vec<String>,
    /// The state of the sync.
    pub(super) state: Option<String>,
    /// The generation that readers see; 0 before there is one.
    pub(super) generation: u64,
    /// How many buckets its rows are in; 0 before there are any, or without a key.
    pub(super) buckets: u32,
    /// Its files.
    pub(super) parts: Vec<Part>,
    /// Rows that are durable with the state and not in the files yet.
    pub(super) waiting: Vec<Delta>,
}

/// A file of a generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) name: String,
    /// The bucket that it is; with a key only.
    pub(super) bucket: Option<u32>,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// How many of the columns it has: all those that there were when it was written.
    pub(super) columns: usize,
}

/// A file of rows in the order in which they came, one row group for each slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Delta {
    pub(super) name: String,
    pub(super) rows: u64,
    /// The slot of each row group.
    pub(super) slots: Vec<u32>,
}

/// Where everything is.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    /// What readers are told: a link to the folder of a generation.
    path: PathBuf,
    /// What stands beside it.
    side: PathBuf,
}

impl Folder {
    pub(super) fn new(path: &Path) -> Folder {
        // Without a slash in the end, which a link must not have.
        let path: PathBuf = path.components().collect();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Folder { side: path.with_file_name(format!("{name}.moltler")), path }
    }

    fn manifest(&self) -> PathBuf {
        self.side.join("manifest.json")
    }

    pub(super) fn delta(&self, name: &str) -> PathBuf {
        self.side.join("waiting").join(name)
    }

    pub(super) fn generation(&self, number: u64) -> PathBuf {
        self.side.join("generations").join(format!("{number:08}"))
    }

    pub(super) fn read(&self) -> Result<Manifest> {
        let path = self.manifest();
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(at(&path)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Manifest::default()),
            Err(error) => Err(at(&path)(error)),
        }
    }

    /// Puts the manifest in the place of the one before, at once and for good.
    pub(super) fn write(&self, manifest: &Manifest) -> Result<()> {
        let path = self.manifest();
        std::fs::create_dir_all(&self.side).map_err(at(&self.side))?;
        let fresh = self.side.join("manifest.json.new");
        write_durably(&fresh, &serde_json::to_vec(manifest).expect("Invariant: a manifest is JSON"))?;
        std::fs::rename(&fresh, &path).map_err(at(&path))?;
        sync_folder(&self.side)
    }

    /// The folder is ours, or nothing is there.
    pub(super) fn check_ours(&self) -> Result<()> {
        let strange = |what: &str| {
            let message = format!("{} {what} and was not written by a sync", self.path.display());
            Err(TargetError::new(Failure::Schema, message).help("remove it, or write into another folder"))
        };
        if self.path.file_name().is_none() {
            let message = format!("{} has no name: it would be a link to a folder beside it", self.path.display());
            return Err(TargetError::new(Failure::Unavailable, message));
        }
        let Ok(found) = self.path.symlink_metadata() else { return Ok(()) };
        if found.is_symlink() {
            let to = std::fs::read_link(&self.path).map_err(at(&self.path))?;
            let ours = self.side.file_name().is_some_and(|side| to.starts_with(side));
            return if ours { Ok(()) } else { strange("is a link") };
        }
        if found.is_dir() && std::fs::read_dir(&self.path).map_err(at(&self.path))?.next().is_none() {
            return std::fs::remove_dir(&self.path).map_err(at(&self.path));
        }
        strange("is there")
    }

    /// A new folder for a generation, with nothing in it.
    pub(super) fn begin_generation(&self, number: u64) -> Result<PathBuf> {
        let path = self.generation(number);
        if path.exists() {
            std::fs::remove_dir_all(&path).map_err(at(&path))?;
        }
        std::fs::create_dir_all(&path).map_err(at(&path))?;
        Ok(path)
    }

    /// All files of a generation are there: says what they are.
    pub(super) fn end_generation(&self, manifest: &Manifest) -> Result<()> {
        let folder = self.generation(manifest.generation);
        let columns =
            manifest.columns.iter().map(|column| json!({"name": column.name, "type": column.column_type.name()}));
        let files = manifest
            .parts
            .iter()
            .map(|part| json!({"path": part.name, "bucket": part.bucket, "rows": part.rows, "bytes": part.bytes}));
        let text = json!({
            "format": "moltler-parquet-1",
            "generation": manifest.generation,
            "source": manifest.source,
            "written_at": now(),
            "rows": manifest.parts.iter().map(|part| part.rows).sum::<u64>(),
            "columns": columns.collect::<Vec<_>>(),
            "key": manifest.key,
            "buckets": manifest.buckets,
            "files": files.collect::<Vec<_>>(),
        });
        write_durably(&folder.join(PUBLIC), format!("{text:#}\n").as_bytes())?;
        sync_folder(&folder)?;
        sync_folder(&self.side.join("generations"))
    }

    /// Makes a generation the one that readers see: a link takes the place of the one before.
    pub(super) fn show(&self, generation: u64) -> Result<()> {
        if generation == 0 {
            return Ok(());
        }
        let side = self.side.file_name().unwrap_or_default();
        let to = Path::new(side).join("generations").join(format!("{generation:08}"));
        if std::fs::read_link(&self.path).is_ok_and(|shown| shown == to) {
            return Ok(());
        }
        let fresh = self.side.join("link.new");
        // What a killed run left.
        let _ = std::fs::remove_file(&fresh);
        link(&to, &fresh)?;
        std::fs::rename(&fresh, &self.path).map_err(at(&self.path))?;
        match self.path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => sync_folder(parent),
            None => Ok(()),
        }
    }

    /// Removes what no reader can want any more. The generation before the current one stays: somebody may be reading it.
    pub(super) fn clean(&self, manifest: &Manifest) -> Result<()> {
        let waits = |name: &str| manifest.waiting.iter().any(|delta| delta.name == name);
        each_name(&self.side.join("waiting"), |path, name| match waits(name) {
            true => Ok(()),
            false => std::fs::remove_file(path),
        })?;
        let last = manifest.generation;
        each_name(&self.side.join("generations"), |path, name| match name.parse::<u64>() {
            Ok(number) if number > last || number + 1 < last => std::fs::remove_dir_all(path),
            _ => Ok(()),
        })
    }

    pub(super) fn prepare(&self) -> Result<()> {
        let waiting = self.side.join("waiting");
        std::fs::create_dir_all(&waiting).map_err(at(&waiting))
    }
}

#[cfg(unix)]
fn link(to: &Path, at_path: &Path) -> Result<()> {
    std::os::unix::fs::symlink(to, at_path).map_err(at(at_path))
}

#[cfg(not(unix))]
fn link(_: &Path, at_path: &Path) -> Result<()> {
    let message = format!("{}: a target in Parquet needs symbolic links, as Unix has them", at_path.display());
    Err(TargetError::new(Failure::NotSupported, message))
}

fn each_name(folder: &Path, each: impl Fn(&Path, &str) -> std::io::Result<()>) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry.map_err(at(folder))?;
        each(&entry.path(), &entry.file_name().to_string_lossy()).map_err(at(&entry.path()))?;
    }
    Ok(())
}

fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    let mut file = std::fs::File::create(path).map_err(at(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(at(path))
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}
