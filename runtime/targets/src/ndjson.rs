//! A file of JSON lines. Of several lines with one key, the last one counts.
//!
//! Beside the file `items.ndjson` is the folder `items.ndjson.moltler` with the state, the history and the lock. The state says
//! how long the file is: what a killed run wrote behind that is cut off. So rows become durable first, then the state. A
//! new file is announced in the state before it takes the place of the old one, and an announced one is put there by the next
//! run where a killed one did not.

pub(crate) mod side;

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use serde_json::Value;

use crate::failpoint;
use crate::json::{self, Writer};
use crate::lease::Lease;
use crate::rows::columns;
use crate::sqlite::foreign_source;
use crate::{
    Completed, Failure, Missing, Opened, Pass, Rejected, Request, Result, Run, Status, Table, Target, TargetError,
};
use side::{Announced, Side, SideState};

/// A file of JSON lines.
pub(crate) struct Ndjson {
    path: PathBuf,
    open: Option<Open>,
}

struct Open {
    side: Side,
    state: SideState,
    table: Table,
    writer: Writer,
    pass: Pass,
    /// Where rows go: the file itself, or the one that will take its place.
    output: Option<BufWriter<File>>,
    /// Bytes in it.
    length: u64,
    /// Of the rows of [`Pass::Replace`], where some were there before.
    keys: Option<HashSet<u128>>,
    text: String,
    _lease: Lease,
}

impl Ndjson {
    pub(crate) fn new(path: &Path) -> Ndjson {
        Ndjson { path: path.to_owned(), open: None }
    }

    fn opened(&mut self) -> Result<(&Path, &mut Open)> {
        match &mut self.open {
            Some(open) => Ok((&self.path, open)),
            None => Err(TargetError::new(Failure::Unavailable, "the target is not open")),
        }
    }
}

/// Tells where an operation on a file failed.
fn at(path: &Path) -> impl Fn(std::io::Error) -> TargetError {
    move |error| TargetError::unavailable(&path.display().to_string(), error)
}

impl Target for Ndjson {
    fn open(&mut self, request: &Request) -> Result<Opened> {
        self.open = None;
        let side = Side::of(&self.path);
        let lease = Lease::take(&side.lock(), &request.table.name)?;
        let mut state = side.read_state()?;
        if let Some(announced) = state.next.take() {
            // A killed run had all rows, and perhaps no time to put them in place.
            if side.next().exists() {
                side.replace(&side.next(), &self.path)?;
            }
            state = SideState { length: announced.length, state: announced.state, ..state };
            side.write_state(&state)?;
        }
        if side.next().exists() {
            std::fs::remove_file(side.next()).map_err(at(&side.next()))?;
        }
        side.mark_interrupted()?;
        let mut opened = Opened::default();
        if !state.source.is_empty() && state.source != request.source {
            if !request.take_over {
                return Err(foreign_source(&request.table.name, &state.source, &request.source));
            }
            state.state = None;
        }
        let table = request.table.clone();
        self.check_columns(&table, &mut state, request.evolve, &mut opened.notes)?;
        let length = std::fs::metadata(&self.path).map_or(0, |file| file.len());
        if length < state.length {
            let message = format!(
                "{} is shorter than the last run left it: {length} instead of {} bytes",
                self.path.display(),
                state.length
            );
            if !request.take_over {
                return Err(TargetError::new(Failure::Schema, message).help("`moltlerc sync --reset` starts afresh"));
            }
            state.length = 0;
            state.state = None;
        }
        if length > state.length && !state.source.is_empty() {
            let file = OpenOptions::new().write(true).open(&self.path).map_err(at(&self.path))?;
            file.set_len(state.length).map_err(at(&self.path))?;
        } else if length > 0 && state.source.is_empty() && !request.take_over {
            let message = format!("{} is there and was not written by a sync", self.path.display());
            return Err(TargetError::new(Failure::Schema, message).help("remove it, or write into another file"));
        }
        state.source.clone_from(&request.source);
        side.write_state(&state)?;
        opened.state.clone_from(&state.state);
        opened.has_rows = state.length > 0;
        self.open = Some(Open {
            writer: Writer::new(&table),
            length: state.length,
            side,
            state,
            table,
            pass: Pass::Merge,
            output: None,
            keys: None,
            text: String::new(),
            _lease: lease,
        });
        Ok(opened)
    }

    fn begin(&mut self, pass: Pass, run: &Run) -> Result<()> {
        let (path, open) = self.opened()?;
        open.pass = pass;
        open.output = None;
        open.keys = None;
        open.side.put_run(run)?;
        let mut options = OpenOptions::new();
        let path = match pass {
            Pass::Replace => {
                open.length = 0;
                if open.state.length > 0 && !open.table.key.is_empty() {
                    open.keys = Some(HashSet::new());
                }
                options.create(true).write(true).truncate(true);
                open.side.next()
            }
            Pass::Merge | Pass::Append => {
                // What a failed run left behind.
                if path.exists() {
                    let file = OpenOptions::new().write(true).open(path).map_err(at(path))?;
                    file.set_len(open.state.length).map_err(at(path))?;
                }
                open.length = open.state.length;
                options.create(true).append(true);
                path.to_owned()
            }
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(at(folder))?;
        }
        open.output = Some(BufWriter::with_capacity(1 << 16, options.open(&path).map_err(at(&path))?));
        Ok(())
    }

    fn write(&mut self, rows: &RecordBatch) -> Result<Vec<Rejected>> {
        let (path, open) = self.opened()?;
        let columns = columns(&open.table, rows)?;
        open.text.clear();
        let mut key = String::new();
        for row in 0..rows.num_rows() {
            open.writer.row(&columns, row, &mut open.text);
            open.text.push('\n');
            if let Some(keys) = &mut open.keys {
                key.clear();
                json::key(&columns, &open.table.key, row, &mut key);
                keys.insert(fingerprint(&key));
            }
        }
        open.length += open.text.len() as u64;
        failpoint::pass("ndjson: before rows");
        open.output.as_mut().expect("Invariant: a run began").write_all(open.text.as_bytes()).map_err(at(path))?;
        Ok(Vec::new())
    }

    fn reject(&mut self, run: &Run, rows: &[Rejected]) -> Result<()> {
        self.opened()?.1.side.put_rejected(run, rows)
    }

    fn commit(&mut self, state: &str) -> Result<()> {
        let (path, open) = self.opened()?;
        open.make_durable(path)?;
        failpoint::pass("ndjson: rows, no state");
        open.state.length = open.length;
        open.state.state = Some(state.to_owned());
        open.side.write_state(&open.state)?;
        failpoint::pass("ndjson: rows and state");
        Ok(())
    }

    fn complete(&mut self, state: &str, missing: Missing) -> Result<Completed> {
        if self.opened()?.1.pass != Pass::Replace {
            self.commit(state)?;
            return Ok(Completed::default());
        }
        let (path, open) = self.opened()?;
        let completed = open.carry_over(path, missing)?;
        open.make_durable(&open.side.next())?;
        open.output = None;
        open.state.next = Some(Announced { length: open.length, state: Some(state.to_owned()) });
        failpoint::pass("ndjson: a new file, not announced");
        open.side.write_state(&open.state)?;
        failpoint::pass("ndjson: a new file, announced");
        open.side.replace(&open.side.next(), path)?;
        failpoint::pass("ndjson: a new file in place");
        open.state.next = None;
        open.state.length = open.length;
        open.state.state = Some(state.to_owned());
        open.side.write_state(&open.state)?;
        Ok(completed)
    }

    fn end(&mut self, run: &Run) -> Result<()> {
        let (path, open) = self.opened()?;
        // Rows without a state are cut off by the next run; nobody shall read them until then.
        if let Some(output) = open.output.take() {
            drop(output.into_parts());
            if open.pass == Pass::Replace {
                std::fs::remove_file(open.side.next()).map_err(at(path))?;
            } else if open.length > open.state.length || path.exists() {
                let file = OpenOptions::new().write(true).open(path).map_err(at(path))?;
                file.set_len(open.state.length).map_err(at(path))?;
            }
        }
        open.side.put_run(run)
    }

    fn set_state(&mut self, state: Option<&str>) -> Result<()> {
        let (_, open) = self.opened()?;
        open.state.state = state.map(str::to_owned);
        open.side.write_state(&open.state)
    }
}

impl Ndjson {
    /// The columns are those of the state, or more. A file without rows may get any others.
    fn check_columns(&self, table: &Table, state: &mut SideState, evolve: bool, notes: &mut Vec<String>) -> Result<()> {
        use crate::sqlite::{changed_key, changed_type, frozen};
        let key: Vec<String> = table.key.iter().map(|column| table.columns[*column].name.clone()).collect();
        if state.columns.is_empty() || state.length == 0 {
            state.columns.clone_from(&table.columns);
            state.key = key;
            return Ok(());
        }
        let file = self.path.display().to_string();
        if state.key != key {
            return Err(changed_key(&file, &state.key.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        for column in &table.columns {
            match state.columns.iter().find(|known| known.name == column.name) {
                Some(known) if known.column_type == column.column_type => {}
                Some(known) => {
                    let (has, wants) = (known.column_type.name(), column.column_type.name());
                    return Err(changed_type(&file, &column.name, has, wants));
                }
                None if !evolve => return Err(frozen(&file, &column.name)),
                None => {
                    notes.push(format!("`{file}` has a new column `{}`", column.name));
                    state.columns.push(column.clone());
                }
            }
        }
        Ok(())
    }
}

impl Open {
    fn make_durable(&mut self, path: &Path) -> Result<()> {
        if let Some(output) = &mut self.output {
            output.flush().and_then(|()| output.get_ref().sync_data()).map_err(at(path))?;
        }
        Ok(())
    }

    /// What becomes of rows that are in the old file and not in the new one.
    fn carry_over(&mut self, path: &Path, missing: Missing) -> Result<Completed> {
        let mut completed = Completed::default();
        let Some(keys) = self.keys.take() else { return Ok(completed) };
        let mut before = HashSet::new();
        let mut absent = HashSet::new();
        each_line(path, &self.table, |key, _| {
            before.insert(key);
            if !keys.contains(&key) {
                absent.insert(key);
            }
            Ok(())
        })?;
        completed.before = before.len() as u64;
        completed.missing = if missing == Missing::Keep { 0 } else { absent.len() as u64 };
        if absent.is_empty() {
            return Ok(completed);
        }
        if missing.allows(completed.missing, completed.before) {
            completed.deleted = completed.missing;
            return Ok(completed);
        }
        let output = self.output.as_mut().expect("Invariant: a run began");
        let length = &mut self.length;
        each_line(path, &self.table, |key, line| {
            if absent.contains(&key) {
                *length += line.len() as u64 + 1;
                output.write_all(line.as_bytes()).and_then(|()| output.write_all(b"\n")).map_err(at(path))?;
            }
            Ok(())
        })?;
        Ok(completed)
    }
}

/// Each line of a file with the fingerprint of its key.
fn each_line(path: &Path, table: &Table, mut each: impl FnMut(u128, &str) -> Result<()>) -> Result<()> {
    let file = File::open(path).map_err(at(path))?;
    let mut key = String::new();
    for line in BufReader::with_capacity(1 << 16, file).lines() {
        let line = line.map_err(at(path))?;
        let row: Value = serde_json::from_str(&line)
            .map_err(|error| TargetError::unavailable(&format!("{}: a line is no JSON", path.display()), error))?;
        key.clear();
        for (position, column) in table.key.iter().enumerate() {
            key.push(if position == 0 { '[' } else { ',' });
            key.push_str(&row.get(&table.columns[*column].name).unwrap_or(&Value::Null).to_string());
        }
        key.push(']');
        each(fingerprint(&key), &line)?;
    }
    Ok(())
}

/// 128 bits that are the same for the same key, and differ for others but for an accident that nobody lives to see.
fn fingerprint(key: &str) -> u128 {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hasher};
    let hash = |salt: u8| {
        let mut hasher = BuildHasherDefault::<DefaultHasher>::default().build_hasher();
        hasher.write_u8(salt);
        hasher.write(key.as_bytes());
        u128::from(hasher.finish())
    };
    hash(0) << 64 | hash(1)
}

/// What is known of a file; nothing where it is not there.
pub(crate) fn status(path: &Path) -> Result<Status> {
    let side = Side::of(path);
    if !side.exists() {
        return Ok(Status::default());
    }
    let state = side.read_state()?;
    let source = (!state.source.is_empty()).then_some(state.source);
    let last = match state.next {
        Some(announced) => announced.state,
        None => state.state,
    };
    Ok(Status { source, state: last, runs: side.runs()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{self, Value as Seen};
    use std::collections::BTreeMap;

    /// The last line of each key.
    fn rows(path: &Path) -> Vec<Vec<Seen>> {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let mut rows: BTreeMap<String, Vec<Seen>> = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            let row: serde_json::Map<String, Value> = serde_json::from_str(line).expect("a whole line");
            let id = row["id"].to_string();
            let values = row.values().map(|value| match value {
                Value::Null => Seen::Null,
                Value::Number(number) => Seen::Number(number.as_f64().expect("a double")),
                Value::String(text) => Seen::Text(text.clone()),
                other => Seen::Text(other.to_string()),
            });
            let key = if path.to_string_lossy().contains("log") { format!("{id} {number:09}") } else { id };
            rows.insert(key, values.collect());
        }
        rows.into_values().collect()
    }

    #[test]
    fn it_is_a_target() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = |table: &str| folder.path().join(format!("deep/{table}.ndjson"));
        for table in ["items", "log"] {
            conformance::check_table(
                &conformance::Place {
                    connect: &|| Box::new(Ndjson::new(&path(table))),
                    rows: &|table| rows(&path(table)),
                    status: &|table| status(&path(table)).expect("a status"),
                    transactional: false,
                },
                table,
            );
        }
    }

    #[test]
    fn lines_are_as_others_write_them() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("samples.ndjson");
        conformance::write_samples(&mut Ndjson::new(&path));
        assert_eq!(
            std::fs::read_to_string(&path).expect("a file"),
            "{\"id\":\"a\",\"text\":\"t\\n\",\"number\":1,\"flag\":true,\"at\":\"2024-01-31T12:00:00.000005Z\",\
             \"day\":\"2024-01-31\",\"json\":123}\n"
        );
    }

    #[test]
    fn a_file_of_somebody_else_is_left_alone() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("items.ndjson");
        std::fs::write(&path, "important\n").expect("a scratch file");
        let error = Ndjson::new(&path).open(&conformance::request("items")).expect_err("not ours");
        assert!(error.message.ends_with("is there and was not written by a sync"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "important\n");
    }
}
