//! ORDER BY.

use std::cmp::Ordering;
use std::rc::Rc;

use moltler_abi::manifest::{FunctionId, SortKey};

use super::limit::bounds;
use super::{Operator, Result};
use crate::batch::{BATCH_ROWS, BatchBuilder, OwnedBatch, Place};
use crate::context::ExecContext;

/// With fewer rows wanted than this, no more are kept while reading.
const FEW: u64 = 16 * 1024;

/// Reads all rows, then gives them in order: stable, text by code point, documents as JSON.
pub(super) struct Sort<'m> {
    input: Box<dyn Operator + 'm>,
    keys: &'m [SortKey],
    /// LIMIT and OFFSET, where only the first rows are wanted.
    wanted: Option<(Option<FunctionId>, Option<FunctionId>)>,
    sorted: Option<Sorted>,
}

#[derive(Default)]
struct Sorted {
    batches: Vec<Rc<OwnedBatch>>,
    places: Vec<Place>,
    given: usize,
}

impl Sorted {
    fn add(&mut self, batch: Rc<OwnedBatch>) {
        let index = self.batches.len() as u32;
        self.places.extend((0..batch.rows()).map(|row| (index, row as u32)));
        self.batches.push(batch);
    }

    fn sort(&mut self, keys: &[SortKey]) {
        self.places.sort_by(|left, right| compare(keys, &self.batches, *left, *right));
    }

    /// Keeps the first `count` rows, as copies, in their order: rows that come later stay behind equal ones that came before.
    fn cut(&mut self, keys: &[SortKey], count: usize) {
        self.sort(keys);
        self.places.truncate(count);
        let types = self.batches.first().map(|batch| batch.types()).unwrap_or_default();
        let mut kept = BatchBuilder::new(&types);
        for (batch, row) in &self.places {
            kept.push_row(&self.batches[*batch as usize], *row as usize);
        }
        *self = Sorted::default();
        self.add(Rc::new(kept.finish()));
    }
}

impl<'m> Sort<'m> {
    pub(super) fn new(input: Box<dyn Operator + 'm>, keys: &'m [SortKey]) -> Sort<'m> {
        Sort { input, keys, wanted: None, sorted: None }
    }

    /// A sort of which a LIMIT and OFFSET take the first rows.
    pub(super) fn first(
        input: Box<dyn Operator + 'm>,
        keys: &'m [SortKey],
        limit: Option<FunctionId>,
        offset: Option<FunctionId>,
    ) -> Sort<'m> {
        Sort { input, keys, wanted: Some((limit, offset)), sorted: None }
    }

    fn sort(&mut self, context: &ExecContext) -> Result<Sorted> {
        let wanted = match self.wanted {
            None => None,
            Some((limit, offset)) => {
                let (skip, pass) = bounds(context, limit, offset)?;
                pass.map(|pass| skip.saturating_add(pass)).filter(|wanted| *wanted <= FEW).map(|wanted| wanted as usize)
            }
        };
        let mut sorted = Sorted::default();
        while let Some(batch) = self.input.next(context)? {
            sorted.add(batch);
            if let Some(wanted) = wanted
                && sorted.places.len() > 2 * wanted + BATCH_ROWS
            {
                sorted.cut(self.keys, wanted);
            }
        }
        sorted.sort(self.keys);
        Ok(sorted)
    }
}

fn compare(keys: &[SortKey], batches: &[Rc<OwnedBatch>], left: Place, right: Place) -> Ordering {
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
        let types = sorted.batches.first().map(|batch| batch.types()).unwrap_or_default();
        let batch = (!places.is_empty()).then(|| Rc::new(OwnedBatch::take(&types, &sorted.batches, places)));
        sorted.given = end;
        self.sorted = Some(sorted);
        Ok(batch)
    }

    fn close(&mut self, context: &ExecContext) -> Result<()> {
        self.input.close(context)
    }
}
