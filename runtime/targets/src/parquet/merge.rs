//! A new generation from the one before and the rows that have come.
//!
//! A row is in the bucket that its key says, so that rows of one key are never in two files. Bucket by bucket: the keys of the new
//! rows are read and the last one of each key is found, then the old file is copied without the rows that are replaced, then the
//! new ones come behind. What is in memory is the keys of one bucket, as 16 bytes each, and their versions.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::files::{Input, Output, at};
use super::folder::{Delta, Folder, Manifest, Part};
use crate::json::write_cell;
use crate::rows::{Cell, Values};
use crate::{Column, Completed, Missing, Result};

/// Keys are sorted into so many slots; a bucket is some of them.
pub(super) const SLOTS: u32 = 64;
/// So many rows are worth a bucket of their own; fewer in tests, which would take long with more.
const BUCKET_ROWS: u64 = if cfg!(test) { 1_000 } else { 100_000 };
/// A file of rows without a key is added to until it has so many.
const PART_ROWS: u64 = 500_000;

/// 128 bits of a key, the same for ever: they say in which file its row is.
pub(super) fn fingerprint(key: &[Option<Values<'_>>], row: usize, text: &mut String) -> u128 {
    text.clear();
    for (position, column) in key.iter().enumerate() {
        text.push(if position == 0 { '[' } else { ',' });
        match column.and_then(|column| column.get(row)) {
            Some(cell) => write_cell(cell, text),
            None => text.push_str("null"),
        }
    }
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte))
}

/// The slot of a key.
pub(super) fn slot(fingerprint: u128) -> u32 {
    (fingerprint % u128::from(SLOTS)) as u32
}

/// A value that tells which of two rows is newer.
#[derive(Clone, Debug, PartialEq)]
enum Version {
    Integer(i64),
    Number(f64),
    Text(String),
}

impl Version {
    fn of(cell: Cell<'_>) -> Version {
        match cell {
            Cell::Integer(value) | Cell::Timestamp(value) => Version::Integer(value),
            Cell::Date(days) => Version::Integer(i64::from(days)),
            Cell::Boolean(boolean) => Version::Integer(i64::from(boolean)),
            Cell::Number(number) => Version::Number(number),
            Cell::Text(text) | Cell::Json(text) => Version::Text(text.to_owned()),
        }
    }

    /// Whether one is older than another one. One that is not there is neither.
    fn is_older(one: Option<&Version>, other: Option<&Version>) -> bool {
        let ordering = match (one, other) {
            (Some(Version::Integer(one)), Some(Version::Integer(other))) => Some(one.cmp(other)),
            (Some(Version::Number(one)), Some(Version::Number(other))) => one.partial_cmp(other),
            (Some(Version::Text(one)), Some(Version::Text(other))) => Some(one.cmp(other)),
            _ => None,
        };
        ordering == Some(Ordering::Less)
    }
}

/// The row that counts of those with one key.
struct Winner {
    delta: usize,
    row: u64,
    version: Option<Version>,
}

/// How the new rows and the old ones go together.
pub(super) struct Merge<'m> {
    pub(super) folder: &'m Folder,
    /// What is there.
    pub(super) old: &'m Manifest,
    /// The rows that have come.
    pub(super) deltas: &'m [Delta],
    /// The name of the column that tells which row is newer.
    pub(super) version: Option<&'m Column>,
    /// The new rows are all there are.
    pub(super) replaces: bool,
    /// What becomes of the others then.
    pub(super) missing: Missing,
    /// The number of the new generation.
    pub(super) generation: u64,
}

/// What became of a bucket.
#[derive(Default)]
struct Done {
    part: Option<Part>,
    before: u64,
    missing: u64,
}

impl Merge<'_> {
    /// Writes the files of the generation: how many buckets they are, the files, and what became of rows that are missing.
    pub(super) fn write(&self) -> Result<(u32, Vec<Part>, Completed)> {
        let folder = self.folder.begin_generation(self.generation)?;
        let (buckets, mut parts, completed) =
            if self.old.key.is_empty() { self.append(&folder)? } else { self.by_key(&folder)? };
        if parts.is_empty() {
            // A folder without files is an error for most readers; a table without rows is none.
            let name = "part-00000.parquet".to_owned();
            let (rows, bytes) = Output::create(&folder.join(&name), &self.old.columns)?.finish()?;
            let bucket = (!self.old.key.is_empty()).then_some(0);
            parts.push(Part { name, bucket, rows, bytes, columns: self.old.columns.len() });
        }
        Ok((buckets.max(u32::from(!self.old.key.is_empty())), parts, completed))
    }

    fn old_path(&self, part: &Part) -> std::path::PathBuf {
        self.folder.generation(self.old.generation).join(&part.name)
    }

    /// The same file in the new generation.
    fn keep(&self, folder: &Path, part: &Part) -> Result<Part> {
        let path = folder.join(&part.name);
        std::fs::hard_link(self.old_path(part), &path).map_err(at(&path))?;
        Ok(part.clone())
    }

    /// Rows without a key come behind the others.
    fn append(&self, folder: &Path) -> Result<(u32, Vec<Part>, Completed)> {
        let columns = &self.old.columns;
        let mut parts = Vec::new();
        let old = if self.replaces { [].as_slice() } else { &self.old.parts };
        let new_rows: u64 = self.deltas.iter().map(|delta| delta.rows).sum();
        let mut open: Option<(String, Output)> = None;
        for (index, part) in old.iter().enumerate() {
            let is_last = index + 1 == old.len();
            let grows = is_last && new_rows > 0 && part.rows < PART_ROWS;
            if !grows && part.columns == columns.len() {
                parts.push(self.keep(folder, part)?);
                continue;
            }
            let mut output = Output::create(&folder.join(&part.name), columns)?;
            Input::open(&self.old_path(part), columns, None)?.each(|_, values, row| output.push(values, row))?;
            if grows {
                open = Some((part.name.clone(), output));
            } else {
                parts.push(finished(part.name.clone(), None, output, columns)?);
            }
        }
        if new_rows > 0 {
            let (name, mut output) = match open {
                Some(open) => open,
                None => {
                    let name = format!("part-{:05}.parquet", parts.len());
                    let output = Output::create(&folder.join(&name), columns)?;
                    (name, output)
                }
            };
            for delta in self.deltas {
                Input::open(&self.folder.delta(&delta.name), columns, None)?
                    .each(|_, values, row| output.push(values, row))?;
            }
            parts.push(finished(name, None, output, columns)?);
        }
        Ok((0, parts, Completed::default()))
    }

    fn by_key(&self, folder: &Path) -> Result<(u32, Vec<Part>, Completed)> {
        let rows: u64 = self.deltas.iter().map(|delta| delta.rows).sum::<u64>()
            + if self.replaces { 0 } else { self.old.parts.iter().map(|part| part.rows).sum() };
        let wanted = rows.div_ceil(BUCKET_ROWS).clamp(1, u64::from(SLOTS)).next_power_of_two() as u32;
        // A table that shrinks keeps its buckets: names of files stay as readers know them.
        let buckets = wanted.max(self.old.buckets);
        let (mut completed, mut done) = (Completed::default(), Vec::new());
        for bucket in 0..buckets {
            let bucket = self.bucket(folder, bucket, buckets, self.missing == Missing::Keep)?;
            completed.before += bucket.before;
            completed.missing += bucket.missing;
            done.push(bucket);
        }
        if !self.replaces {
            completed = Completed::default();
        } else if self.missing == Missing::Keep {
            completed.missing = 0;
        } else if self.missing.allows(completed.missing, completed.before) {
            completed.deleted = completed.missing;
        } else {
            // Too many: they stay.
            for (bucket, done) in done.iter_mut().enumerate().filter(|(_, done)| done.missing > 0) {
                *done = self.bucket(folder, bucket as u32, buckets, true)?;
            }
        }
        Ok((buckets, done.into_iter().filter_map(|done| done.part).collect(), completed))
    }

    fn bucket(&self, folder: &Path, bucket: u32, buckets: u32, keeps_missing: bool) -> Result<Done> {
        let columns = &self.old.columns;
        let groups: Vec<Vec<usize>> = self
            .deltas
            .iter()
            .map(|delta| {
                let groups = delta.slots.iter().enumerate().filter(|(_, slot)| **slot % buckets == bucket);
                groups.map(|(group, _)| group).collect()
            })
            .collect();
        let is_touched = groups.iter().any(|groups| !groups.is_empty());
        let old = match self.old.buckets {
            0 => None,
            before => self.old.parts.iter().find(|part| part.bucket == Some(bucket % before)),
        };
        let Some(old) = old else {
            return match is_touched {
                true => self.rewrite(folder, bucket, buckets, None, &groups, keeps_missing),
                false => Ok(Done::default()),
            };
        };
        if !is_touched && !self.replaces && buckets == self.old.buckets && old.columns == columns.len() {
            return Ok(Done { part: Some(self.keep(folder, old)?), before: old.rows, missing: 0 });
        }
        self.rewrite(folder, bucket, buckets, Some(old), &groups, keeps_missing)
    }

    fn rewrite(
        &self,
        folder: &Path,
        bucket: u32,
        buckets: u32,
        old: Option<&Part>,
        groups: &[Vec<usize>],
        keeps_missing: bool,
    ) -> Result<Done> {
        let columns = &self.old.columns;
        let mut wanted: Vec<Column> = self
            .old
            .key
            .iter()
            .filter_map(|name| columns.iter().find(|column| column.name == *name).cloned())
            .collect();
        let keys = wanted.len();
        wanted.extend(self.version.cloned());
        let mut text = String::new();
        let version_of = |values: &[Option<Values<'_>>], row: usize| {
            values.get(keys).copied().flatten().and_then(|values| values.get(row)).map(Version::of)
        };

        // The row of each key that counts among the new ones.
        let mut winners: HashMap<u128, Winner> = HashMap::new();
        for (delta, groups) in groups.iter().enumerate().filter(|(_, groups)| !groups.is_empty()) {
            let path = self.folder.delta(&self.deltas[delta].name);
            Input::open(&path, &wanted, Some(groups.clone()))?.each(|number, values, row| {
                let version = version_of(values, row);
                let winner = Winner { delta, row: number, version };
                match winners.entry(fingerprint(&values[..keys], row, &mut text)) {
                    Entry::Vacant(entry) => drop(entry.insert(winner)),
                    Entry::Occupied(mut entry) => {
                        if !Version::is_older(winner.version.as_ref(), entry.get().version.as_ref()) {
                            entry.insert(winner);
                        }
                    }
                }
                Ok(())
            })?;
        }

        // Which of the old rows stay.
        let mut done = Done::default();
        let name = format!(
            "part-{bucket:05}{}.parquet",
            if buckets > 1 { format!("-of-{buckets:05}") } else { String::new() }
        );
        let mut output = Output::create(&folder.join(&name), columns)?;
        if let Some(old) = old {
            let mut stays = Vec::with_capacity(old.rows as usize);
            let path = self.old_path(old);
            Input::open(&path, &wanted, None)?.each(|_, values, row| {
                let key = fingerprint(&values[..keys], row, &mut text);
                if slot(key) % buckets != bucket {
                    stays.push(false);
                    return Ok(());
                }
                done.before += 1;
                stays.push(match winners.get(&key) {
                    None => {
                        done.missing += 1;
                        !self.replaces || keeps_missing
                    }
                    Some(winner)
                        if !self.replaces
                            && Version::is_older(winner.version.as_ref(), version_of(values, row).as_ref()) =>
                    {
                        winners.remove(&key);
                        true
                    }
                    Some(_) => false,
                });
                Ok(())
            })?;
            if stays.contains(&true) {
                Input::open(&path, columns, None)?.each(|number, values, row| match stays[number as usize] {
                    true => output.push(values, row),
                    false => Ok(()),
                })?;
            }
        }

        // The new rows, in the order in which they came.
        let mut rows: Vec<Vec<u64>> = vec![Vec::new(); groups.len()];
        for winner in winners.values() {
            rows[winner.delta].push(winner.row);
        }
        drop(winners);
        for (delta, mut rows) in rows.into_iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
            rows.sort_unstable();
            let mut rows = rows.into_iter().peekable();
            let path = self.folder.delta(&self.deltas[delta].name);
            Input::open(&path, columns, Some(groups[delta].clone()))?.each(|number, values, row| {
                match rows.next_if_eq(&number) {
                    Some(_) => output.push(values, row),
                    None => Ok(()),
                }
            })?;
        }
        done.part = Some(finished(name, Some(bucket), output, columns)?);
        Ok(done)
    }
}

fn finished(name: String, bucket: Option<u32>, output: Output, columns: &[Column]) -> Result<Part> {
    let (rows, bytes) = output.finish()?;
    Ok(Part { name, bucket, rows, bytes, columns: columns.len() })
}
