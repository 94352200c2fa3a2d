//! APPEND with INCREMENTAL ON: rows from the cursor on come again in the next run, and have no key by which they would be the same
//! rows. So the fingerprints of those that may come again are kept in the state.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::rc::Rc;

use moltler_abi::manifest::{Sync, SyncJob};

use super::cursor::Cursor;
use super::pass::Pass;
use crate::batch::OwnedBatch;

/// When so many fingerprints are in memory, those that are not needed any more are given up.
const MANY: usize = 50_000;

/// The fingerprints of a run.
pub(super) struct Appended {
    column: usize,
    columns: usize,
    /// Rows that runs before have added, and how often.
    before: HashMap<u128, u32>,
    /// Rows of this run with their values of the field.
    rows: Vec<(Option<Cursor>, u128)>,
    /// How many of `rows` there are when they are next looked through.
    limit: usize,
}

impl Appended {
    /// `None` where rows are told apart by keys, or all are added.
    pub(super) fn new(sync: &Sync, job: &SyncJob, columns: usize, pass: &Pass) -> Option<Appended> {
        let column = job.cursor.filter(|_| sync.append)? as usize;
        let mut before = HashMap::new();
        for fingerprint in pass.seen().iter().filter_map(|seen| u128::from_str_radix(seen, 16).ok()) {
            *before.entry(fingerprint).or_insert(0) += 1;
        }
        Some(Appended { column, columns, before, rows: Vec::new(), limit: MANY })
    }

    /// The rows that no run before has added.
    pub(super) fn without_seen(&mut self, batch: Rc<OwnedBatch>, pass: &mut Pass) -> Rc<OwnedBatch> {
        let mut fresh = Vec::with_capacity(batch.rows());
        for row in 0..batch.rows() {
            let fingerprint = self.fingerprint(&batch, row);
            self.rows.push((Cursor::at(&batch, self.column, row), fingerprint));
            match self.before.get_mut(&fingerprint) {
                Some(times @ 1..) => *times -= 1,
                _ => fresh.push(row as u32),
            }
        }
        if self.rows.len() >= self.limit {
            pass.checkpoint();
            self.forget(pass);
            self.limit = self.rows.len() + MANY;
        }
        if fresh.len() == batch.rows() { batch } else { Rc::new(batch.select(&fresh)) }
    }

    fn forget(&mut self, pass: &Pass) {
        if let Some(from) = pass.resumes_from() {
            self.rows.retain(|(cursor, _)| cursor.as_ref().is_none_or(|cursor| *cursor >= from));
        }
    }

    /// For the state: rows that the next run reads again.
    pub(super) fn seen(mut self, pass: &Pass) -> Vec<String> {
        self.forget(pass);
        self.rows.iter().map(|(_, fingerprint)| format!("{fingerprint:032x}")).collect()
    }

    /// 128 bits of all values of a row.
    fn fingerprint(&self, batch: &OwnedBatch, row: usize) -> u128 {
        let mut key = Vec::new();
        for column in 0..self.columns {
            batch.write_key(column, row, &mut key);
        }
        let hash = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            hasher.write_u8(salt);
            hasher.write(&key);
            u128::from(hasher.finish())
        };
        hash(0) << 64 | hash(1)
    }
}
