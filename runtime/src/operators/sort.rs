//! ORDER BY.

use std::cmp::Ordering;
use std::rc::Rc;

use moltler_abi::manifest::SortKey;

use super::{Operator, Result};
use crate::batch::{BATCH_ROWS, OwnedBatch};
use crate::context::ExecContext;

/// Reads all rows, then gives them in order: stable, text by code point, documents as JSON.
pub(super) struct Sort<'m> {
    input: Box<dyn Operator + 'm>,
    keys: &'m [SortKey],
    sorted: Option<Sorted>,
}

struct Sorted {
    batches: Vec<Rc<OwnedBatch>>,
    places: Vec<(u32, u32)>,
    given: usize,
}

impl<'m> Sort<'m> {
    pub(super) fn new(input: Box<dyn Operator + 'm>, keys: &'m [SortKey]) -> Sort<'m> {
        Sort { input, keys, sorted: None }
    }

    fn sort(&mut self, context: &ExecContext) -> Result<Sorted> {
        let mut batches = Vec::new();
        while let Some(batch) = self.input.next(context)? {
            batches.push(batch);
        }
        let mut places: Vec<(u32, u32)> = batches
            .iter()
            .enumerate()
            .flat_map(|(index, batch)| (0..batch.rows()).map(move |row| (index as u32, row as u32)))
            .collect();
        places.sort_by(|left, right| compare(self.keys, &batches, *left, *right));
        Ok(Sorted { batches, places, given: 0 })
    }
}

fn compare(keys: &[SortKey], batches: &[Rc<OwnedBatch>], left: (u32, u32), right: (u32, u32)) -> Ordering {
    let (left_batch, left_row) = (&batches[left.0 as usize], left.1 as usize);
    let (right_batch, right_row) = (&batches[right.0 as usize], right.1 as usize);
    for key in keys {
        let column = key.column as usize;
        let nulls = (left_batch.is_null(column, left_row), right_batch.is_null(column, right_row));
        let ordering = match nulls {
            (true, true) => Ordering::Equal,
            (true, false) if key.nulls_first => Ordering::Less,
            (true, false) => Ordering::Greater,
            (false, true) if key.nulls_first => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                let ordering = left_batch.compare(left_row, right_batch, right_row, column);
                if key.descending { ordering.reverse() } else { ordering }
            }
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}

impl Operator for Sort<'_> {
    fn next(&mut self, context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>> {
        let mut sorted = match self.sorted.take() {
            Some(sorted) => sorted,
            None => self.sort(context)?,
        };
        let end = (sorted.given + BATCH_ROWS).min(sorted.places.len());
        let places = &sorted.places[sorted.given..end];
        let batch = (!places.is_empty()).then(|| Rc::new(OwnedBatch::gather(&sorted.batches, places)));
        sorted.given = end;
        self.sorted = Some(sorted);
        Ok(batch)
    }

    fn close(&mut self, context: &ExecContext) -> Result<()> {
        self.input.close(context)
    }
}
