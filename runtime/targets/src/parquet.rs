//! A table as a folder of Parquet files, as Trino, Spark, DuckDB and pandas read them.
//!
//! `parquet:out/items` is
//!
//! ```text
//! out/items                       a link to the generation that counts: what readers are told
//! out/items.moltler/
//!   generations/00000012/         the files of a generation, never changed after it is shown
//!     part-00000-of-00004.parquet …
//!     _manifest.json              what is in it: columns, key, and each file with its rows and bytes
//!   waiting/000007.parquet        rows that are durable and not shown yet
//!   manifest.json                 what counts, with the state of the sync; replaced at once
//!   moltler_runs.ndjson           the history; moltler_rejected.ndjson: rows that were refused
//! ```
//!
//! **What readers see.** `read_parquet('out/items/*.parquet')`, `spark.read.parquet("out/items")` and the like list one generation: whole
//! files, each key once. A new generation takes the place of the old one by one rename of a link. Who has listed the
//! folder and opens the files while that happens may get some files of the new generation and some of the old one: each row is still
//! there once, for the file that a key is in has the same name in both; rows may then be of two times. (When a table has grown so much
//! that it gets more files, such a reader finds its file gone instead.) Who wants all files to be of one time resolves the link
//! first: a generation stays until the second one after it. A reader that looks for files below `out`, and so finds the generations too,
//! reads rows twice. Copies to an object store are made of the resolved folder.
//!
//! **How it is written.** Rows are sorted by a digest of their key into buckets, one file each, about one for 100,000 rows and 64 at
//! most. A commit writes the rows that came into a file of `waiting` and says so in the manifest, with the state. When a run
//! completes (or fails, or the next one finds them), what waits is merged into a new generation: files whose bucket did not change
//! are the same files by another name, the others are written anew, row by row. In memory are the keys of one bucket. Rows of
//! a table without a key come behind the others. Times are microseconds in UTC; documents are texts of the logical type JSON; all columns
//! may be NULL; pages are compressed with Snappy and have statistics.

mod files;
mod folder;
mod merge;

use std::path::Path;

use arrow_array::RecordBatch;

use crate::failpoint;
use crate::lease::Lease;
use crate::ndjson::side::Side;
use crate::rows::{Values, columns};
use crate::sqlite::{changed_key, changed_type, foreign_source, frozen};
use crate::{
    Completed, Failure, Missing, Opened, Pass, Rejected, Request, Result, Run, Status, Table, Target, TargetError,
};
use files::Output;
use folder::{Delta, Folder, Manifest};
use merge::{Merge, SLOTS, fingerprint, slot};

/// So many rows are kept in memory before they become a file.
const ROWS: usize = 65_536;
/// When so many files wait in a long run, they are merged.
const WAITING: usize = 128;

/// A folder of Parquet files.
pub(crate) struct Parquet {
    folder: Folder,
    side: Side,
    open: Option<Open>,
}

struct Open {
    folder: Folder,
    side: Side,
    manifest: Manifest,
    table: Table,
    pass: Pass,
    pending: Vec<RecordBatch>,
    pending_rows: usize,
    /// Of a pass that shows its rows in the end: the files so far.
    staged: Vec<Delta>,
    /// The number of the last file of `waiting`.
    last_delta: u64,
    _lease: Lease,
}

impl Parquet {
    pub(crate) fn new(path: &Path) -> Parquet {
        Parquet { folder: Folder::new(path), side: Side::of(path), open: None }
    }

    fn opened(&mut self) -> Result<&mut Open> {
        self.open.as_mut().ok_or_else(|| TargetError::new(Failure::Unavailable, "the target is not open"))
    }
}

impl Target for Parquet {
    fn open(&mut self, request: &Request) -> Result<Opened> {
        self.open = None;
        let (folder, side) = (self.folder.clone(), self.side.clone());
        folder.check_ours()?;
        let table = request.table.clone();
        let lease = Lease::take(&side.lock(), &table.name)?;
        let mut manifest = folder.read()?;
        folder.prepare()?;
        folder.show(manifest.generation)?;
        folder.clean(&manifest)?;
        side.mark_interrupted()?;
        let mut opened = Opened::default();
        if !manifest.source.is_empty() && manifest.source != request.source {
            if !request.take_over {
                return Err(foreign_source(&table.name, &manifest.source, &request.source));
            }
            manifest.state = None;
        }
        check_columns(&table, &mut manifest, request.evolve, &mut opened.notes)?;
        manifest.source.clone_from(&request.source);
        folder.write(&manifest)?;
        let last_delta = manifest.waiting.iter().filter_map(|delta| delta.name.split('.').next()?.parse().ok()).max();
        let mut open = Open {
            folder,
            side,
            manifest,
            table,
            pass: Pass::Merge,
            pending: Vec::new(),
            pending_rows: 0,
            staged: Vec::new(),
            last_delta: last_delta.unwrap_or(0),
            _lease: lease,
        };
        // What a killed run had committed.
        open.show_waiting()?;
        opened.state.clone_from(&open.manifest.state);
        opened.has_rows = open.manifest.parts.iter().any(|part| part.rows > 0);
        self.open = Some(open);
        Ok(opened)
    }

    fn begin(&mut self, pass: Pass, run: &Run) -> Result<()> {
        let open = self.opened()?;
        open.show_waiting()?;
        open.forget();
        open.folder.clean(&open.manifest)?;
        open.pass = pass;
        open.side.put_run(run)
    }

    fn write(&mut self, rows: &RecordBatch) -> Result<Vec<Rejected>> {
        let open = self.opened()?;
        columns(&open.table, rows)?;
        open.pending.push(rows.clone());
        open.pending_rows += rows.num_rows();
        // Of a pass that commits, a file is made at the commit; only a long time without one needs memory.
        if open.pending_rows >= ROWS {
            let delta = open.write_delta()?;
            open.staged.push(delta);
        }
        Ok(Vec::new())
    }

    fn reject(&mut self, run: &Run, rows: &[Rejected]) -> Result<()> {
        self.opened()?.side.put_rejected(run, rows)
    }

    fn commit(&mut self, state: &str) -> Result<()> {
        let open = self.opened()?;
        if open.pending_rows > 0 {
            let delta = open.write_delta()?;
            open.staged.push(delta);
        }
        failpoint::pass("parquet: rows, no state");
        open.manifest.waiting.append(&mut open.staged);
        open.manifest.state = Some(state.to_owned());
        open.folder.write(&open.manifest)?;
        failpoint::pass("parquet: rows and state");
        if open.manifest.waiting.len() >= WAITING { open.show_waiting() } else { Ok(()) }
    }

    fn complete(&mut self, state: &str, missing: Missing) -> Result<Completed> {
        if self.opened()?.pass == Pass::Merge {
            self.commit(state)?;
            self.opened()?.show_waiting()?;
            return Ok(Completed::default());
        }
        let open = self.opened()?;
        if open.pending_rows > 0 {
            let delta = open.write_delta()?;
            open.staged.push(delta);
        }
        let deltas = std::mem::take(&mut open.staged);
        let replaces = open.pass == Pass::Replace;
        open.merge(&deltas, replaces, missing, Some(state))
    }

    fn end(&mut self, run: &Run) -> Result<()> {
        let open = self.opened()?;
        open.forget();
        // What was committed before an error is seen too.
        open.show_waiting()?;
        open.folder.clean(&open.manifest)?;
        open.side.put_run(run)
    }

    fn set_state(&mut self, state: Option<&str>) -> Result<()> {
        let open = self.opened()?;
        open.manifest.state = state.map(str::to_owned);
        open.folder.write(&open.manifest)
    }
}

/// The columns are those of the manifest, or more. A folder without rows may get any others.
fn check_columns(table: &Table, manifest: &mut Manifest, evolve: bool, notes: &mut Vec<String>) -> Result<()> {
    let key: Vec<String> = table.key.iter().map(|column| table.columns[*column].name.clone()).collect();
    let is_empty = manifest.waiting.is_empty() && manifest.parts.iter().all(|part| part.rows == 0);
    if is_empty {
        manifest.columns.clone_from(&table.columns);
        manifest.key = key;
        manifest.parts.clear();
        manifest.buckets = 0;
        return Ok(());
    }
    if manifest.key != key {
        return Err(changed_key(&table.name, &manifest.key.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    for column in &table.columns {
        match manifest.columns.iter().find(|known| known.name == column.name) {
            Some(known) if known.column_type == column.column_type => {}
            Some(known) => {
                let (has, wants) = (known.column_type.name(), column.column_type.name());
                return Err(changed_type(&table.name, &column.name, has, wants));
            }
            None if !evolve => return Err(frozen(&table.name, &column.name)),
            None => {
                notes.push(format!("`{}` has a new column `{}`", table.name, column.name));
                manifest.columns.push(column.clone());
            }
        }
    }
    Ok(())
}

impl Open {
    /// Gives up rows that were not committed. Their files are removed when the folder is cleaned.
    fn forget(&mut self) {
        self.pending.clear();
        self.pending_rows = 0;
        self.staged.clear();
    }

    /// Makes a file of the rows in memory.
    fn write_delta(&mut self) -> Result<Delta> {
        self.last_delta += 1;
        let name = format!("{:06}.parquet", self.last_delta);
        let batches = std::mem::take(&mut self.pending);
        let rows = std::mem::take(&mut self.pending_rows) as u64;
        let columns: Vec<Vec<Values<'_>>> =
            batches.iter().map(|batch| columns(&self.table, batch)).collect::<Result<_>>()?;
        // The columns of the files, as far as the rows have them.
        let places: Vec<Option<usize>> = self
            .manifest
            .columns
            .iter()
            .map(|column| self.table.columns.iter().position(|known| known.name == column.name))
            .collect();
        let mut slots: Vec<Vec<(usize, usize)>> = vec![Vec::new(); SLOTS as usize];
        let mut text = String::new();
        for (batch, columns) in columns.iter().enumerate() {
            let key: Vec<Option<Values<'_>>> = self.table.key.iter().map(|column| Some(columns[*column])).collect();
            for row in 0..batches[batch].num_rows() {
                let slot = if key.is_empty() { 0 } else { slot(fingerprint(&key, row, &mut text)) };
                slots[slot as usize].push((batch, row));
            }
        }
        let aligned: Vec<Vec<Option<Values<'_>>>> = columns
            .iter()
            .map(|columns| places.iter().map(|place| place.map(|place| columns[place])).collect())
            .collect();
        let path = self.folder.delta(&name);
        let mut output = Output::create(&path, &self.manifest.columns)?;
        let mut groups = Vec::new();
        for (slot, rows) in slots.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
            for (batch, row) in rows {
                output.push(&aligned[*batch], *row)?;
            }
            output.end_group()?;
            groups.push(slot as u32);
        }
        failpoint::pass("parquet: rows");
        output.finish()?;
        if let Some(folder) = path.parent() {
            folder::sync_folder(folder)?;
        }
        Ok(Delta { name, rows, slots: groups })
    }

    /// What waits is merged into the table. Files without a column that the table has by now are written anew.
    fn show_waiting(&mut self) -> Result<()> {
        let columns = self.manifest.columns.len();
        if self.manifest.waiting.is_empty() && self.manifest.parts.iter().all(|part| part.columns == columns) {
            return Ok(());
        }
        let deltas = self.manifest.waiting.clone();
        self.merge(&deltas, false, Missing::Keep, None).map(drop)
    }

    /// A new generation with these rows, and with this state.
    fn merge(&mut self, deltas: &[Delta], replaces: bool, missing: Missing, state: Option<&str>) -> Result<Completed> {
        let version = self.table.version.map(|version| &self.table.columns[version]);
        let generation = self.manifest.generation + 1;
        let merge = Merge {
            folder: &self.folder,
            old: &self.manifest,
            deltas,
            version: version.filter(|version| self.manifest.columns.contains(version)),
            replaces,
            missing,
            generation,
        };
        let (buckets, parts, completed) = merge.write()?;
        failpoint::pass("parquet: new files");
        let mut manifest = Manifest { generation, buckets, parts, waiting: Vec::new(), ..self.manifest.clone() };
        if let Some(state) = state {
            manifest.state = Some(state.to_owned());
        }
        self.folder.end_generation(&manifest)?;
        failpoint::pass("parquet: a generation, not in the manifest");
        self.folder.write(&manifest)?;
        self.manifest = manifest;
        failpoint::pass("parquet: a generation, not shown");
        self.folder.show(generation)?;
        failpoint::pass("parquet: shown");
        self.folder.clean(&self.manifest)?;
        Ok(completed)
    }
}

/// What is known of a folder; nothing where it is not there.
pub(crate) fn status(path: &Path) -> Result<Status> {
    let manifest = Folder::new(path).read()?;
    let source = (!manifest.source.is_empty()).then_some(manifest.source);
    Ok(Status { source, state: manifest.state, runs: Side::of(path).runs()? })
}

#[cfg(test)]
mod tests;
