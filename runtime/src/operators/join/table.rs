//! The rows of the right side, found by key.

use crate::batch::{KeyTable, Place};

/// Rows with their keys; those with the same key in the order in which they came.
#[derive(Default)]
pub(super) struct Table {
    keys: KeyTable,
    /// The first and the last row of each key.
    chains: Vec<(u32, u32)>,
    rows: Vec<Entry>,
}

struct Entry {
    place: Place,
    next: Option<u32>,
}

impl Table {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn insert(&mut self, key: &[u8], place: Place) {
        let row = self.rows.len() as u32;
        self.rows.push(Entry { place, next: None });
        let (number, is_new) = self.keys.insert(key);
        if is_new {
            self.chains.push((row, row));
        } else {
            let (_, last) = &mut self.chains[number as usize];
            self.rows[*last as usize].next = Some(row);
            *last = row;
        }
    }

    /// The first row with this key, for [`Table::row`].
    pub(super) fn first(&self, key: &[u8]) -> Option<u32> {
        self.keys.find(key).map(|number| self.chains[number as usize].0)
    }

    /// Where this row is, and the next one with its key.
    pub(super) fn row(&self, row: u32) -> (Place, Option<u32>) {
        let entry = &self.rows[row as usize];
        (entry.place, entry.next)
    }
}
