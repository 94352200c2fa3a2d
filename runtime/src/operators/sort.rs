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

/// Rows and their order so far.
#[derive(Default)]
struct Sorted {
    batches: Vec<Rc<OwnedBatch>>,
    /// The order key of the first sort key, and the place. Places grow in the order in which rows came.
    rows: Vec<(u64, Place)>,
    /// No row behind this order key is wanted.
    bound: Option<u64>,
    given: usize,
}

impl Sorted {
    fn add(&mut self, keys: &[SortKey], batch: Rc<OwnedBatch>) {
        let order = match keys.first() {
            Some(key) => batch.order_keys(key.column as usize, key.descending, key.nulls_first),
            None => vec![0; batch.rows()],
        };
        let index = self.batches.len() as u32;
        let Some(bound) = self.bound else {
            self.rows.extend(order.into_iter().enumerate().map(|(row, key)| (key, (index, row as u32))));
            return self.batches.push(batch);
        };
        let wanted: Vec<(u64, u32)> =
            (0_u32..).zip(order).filter(|(_, key)| *key <= bound).map(|(row, key)| (key, row)).collect();
        if wanted.is_empty() {
            return;
        }
        // A few rows are copied, so that their batch is not kept for them.
        let is_copied = wanted.len() * 4 < batch.rows();
        let place =
            |(copied, (key, row)): (usize, &(u64, u32))| (*key, (index, if is_copied { copied as u32 } else { *row }));
        self.rows.extend(wanted.iter().enumerate().map(place));
        self.batches.push(if is_copied { copy(&batch, wanted.iter().map(|(_, row)| *row)) } else { batch });
    }

    fn sort(&mut self, keys: &[SortKey]) {
        let batches = &self.batches;
        self.rows.sort_unstable_by(|(left_key, left), (right_key, right)| {
            left_key.cmp(right_key).then_with(|| compare(keys, batches, *left, *right)).then_with(|| left.cmp(right))
        });
    }

    /// Keeps the first `count` rows, as copies, in their order: rows that come later stay behind equal ones that came before.
    fn cut(&mut self, keys: &[SortKey], count: usize) {
        self.sort(keys);
        self.rows.truncate(count);
        let types = self.batches.first().map(|batch| batch.types()).unwrap_or_default();
        let mut kept = BatchBuilder::new(&types);
        for (_, (batch, row)) in &self.rows {
            kept.push_row(&self.batches[*batch as usize], *row as usize);
        }
        self.bound = self.rows.last().map(|(key, _)| *key);
        self.batches = vec![Rc::new(kept.finish())];
        for (row, (_, place)) in self.rows.iter_mut().enumerate() {
            *place = (0, row as u32);
        }
    }
}

/// These rows, with nothing of their batch.
fn copy(batch: &OwnedBatch, rows: impl Iterator<Item = u32>) -> Rc<OwnedBatch> {
    let mut copied = BatchBuilder::new(&batch.types());
    for row in rows {
        copied.push_row(batch, row as usize);
    }
    Rc::new(copied.finish())
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
            sorted.add(self.keys, batch);
            if let Some(wanted) = wanted
                && sorted.rows.len() > 2 * wanted + BATCH_ROWS
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
        let end = (sorted.given + BATCH_ROWS).min(sorted.rows.len());
        let places: Vec<Place> = sorted.rows[sorted.given..end].iter().map(|(_, place)| *place).collect();
        let types = sorted.batches.first().map(|batch| batch.types()).unwrap_or_default();
        let batch = (!places.is_empty()).then(|| Rc::new(OwnedBatch::take(&types, &sorted.batches, &places)));
        sorted.given = end;
        self.sorted = Some(sorted);
        Ok(batch)
    }

    fn close(&mut self, context: &ExecContext) -> Result<()> {
        self.input.close(context)
    }
}
