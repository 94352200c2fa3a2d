//! The folder beside a file of JSON lines: state, history, lock.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::at;
use crate::rows::now;
use crate::{Column, Rejected, Result, Run, TargetError};

/// What `state.json` says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct SideState {
    /// Whose rows the file has.
    pub(super) source: String,
    /// Its columns.
    pub(super) columns: Vec<Column>,
    /// Those of the key.
    pub(super) key: Vec<String>,
    /// How many of its bytes count.
    pub(super) length: u64,
    /// The state of the sync.
    pub(super) state: Option<String>,
    /// A file that takes its place.
    pub(super) next: Option<Announced>,
}

/// A file that is complete and takes the place of the old one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Announced {
    /// Its length.
    pub(super) length: u64,
    /// The state that goes with it.
    pub(super) state: Option<String>,
}

/// The folder.
#[derive(Clone)]
pub(crate) struct Side {
    folder: PathBuf,
}

impl Side {
    pub(crate) fn of(path: &Path) -> Side {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Side { folder: path.with_file_name(format!("{name}.moltler")) }
    }

    pub(super) fn exists(&self) -> bool {
        self.folder.exists()
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    /// The file that is being written to take the place of the old one.
    pub(super) fn next(&self) -> PathBuf {
        self.folder.join("next.ndjson")
    }

    fn state(&self) -> PathBuf {
        self.folder.join("state.json")
    }

    fn history(&self) -> PathBuf {
        self.folder.join("moltler_runs.ndjson")
    }

    pub(super) fn read_state(&self) -> Result<SideState> {
        let path = self.state();
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| TargetError::unavailable(&path.display().to_string(), error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(SideState::default()),
            Err(error) => Err(at(&path)(error)),
        }
    }

    /// Replaces the state; the old one is there until the new one is.
    pub(super) fn write_state(&self, state: &SideState) -> Result<()> {
        std::fs::create_dir_all(&self.folder).map_err(at(&self.folder))?;
        let fresh = self.folder.join("state.json.new");
        let text = serde_json::to_vec(state).expect("Invariant: a state is JSON");
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&fresh)?;
            file.write_all(&text)?;
            file.sync_all()
        };
        write().map_err(at(&fresh))?;
        self.replace(&fresh, &self.state())
    }

    /// Puts a file in the place of another one, at once and for good.
    pub(super) fn replace(&self, fresh: &Path, old: &Path) -> Result<()> {
        std::fs::rename(fresh, old).map_err(at(old))?;
        // The name is durable when its folder is.
        if let Some(folder) = old.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))?;
        }
        Ok(())
    }

    fn append(&self, path: &Path, lines: &str) -> Result<()> {
        std::fs::create_dir_all(&self.folder).map_err(at(&self.folder))?;
        // A line that a killed run did not finish ends here.
        let unfinished = std::fs::read(path).is_ok_and(|bytes| bytes.last().is_some_and(|last| *last != b'\n'));
        let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(at(path))?;
        let lines = if unfinished { format!("\n{lines}") } else { lines.to_owned() };
        file.write_all(lines.as_bytes()).map_err(at(path))
    }

    /// The last line of a run counts.
    pub(crate) fn put_run(&self, run: &Run) -> Result<()> {
        self.append(&self.history(), &format!("{}\n", serde_json::to_string(run).expect("Invariant: a run is JSON")))
    }

    pub(crate) fn put_rejected(&self, run: &Run, rows: &[Rejected]) -> Result<()> {
        let mut lines = String::new();
        for rejected in rows {
            let line = serde_json::json!({
                "run_id": run.id, "table_name": run.table_name, "row": rejected.row, "reason": rejected.reason, "at": now(),
            });
            lines.push_str(&format!("{line}\n"));
        }
        self.append(&self.folder.join("moltler_rejected.ndjson"), &lines)
    }

    /// The runs, the latest first.
    pub(crate) fn runs(&self) -> Result<Vec<Run>> {
        let path = self.history();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(at(&path)(error)),
        };
        let mut runs: Vec<Run> = Vec::new();
        for run in text.lines().filter_map(|line| serde_json::from_str::<Run>(line).ok()) {
            match runs.iter_mut().find(|known| known.id == run.id) {
                Some(known) => *known = run,
                None => runs.push(run),
            }
        }
        runs.sort_by(|one, other| other.id.cmp(&one.id));
        runs.truncate(20);
        Ok(runs)
    }

    /// Runs that seem to be running were killed: the lock is ours.
    pub(crate) fn mark_interrupted(&self) -> Result<()> {
        for mut run in self.runs()? {
            if run.status == "running" {
                run.status = "interrupted".to_owned();
                run.ended_at = Some(now());
                self.put_run(&run)?;
            }
        }
        Ok(())
    }
}
