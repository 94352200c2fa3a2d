//! GROUP BY and aggregates, by hashing.

use std::rc::Rc;

use moltler_abi::DataType;
use moltler_abi::manifest;

use super::{Operator, Result};
use crate::batch::{BATCH_ROWS, BatchBuilder, KeyTable, OwnedBatch};
use crate::context::ExecContext;

mod accumulator;

use accumulator::Accumulator;

/// Reads all rows, keeps only groups; gives them in the order in which they came.
pub(super) struct Aggregate<'m> {
    input: Box<dyn Operator + 'm>,
    keys: usize,
    aggregates: &'m [manifest::Aggregate],
    output: &'m [DataType],
    groups: Option<Groups>,
    given: usize,
}

/// The groups of all rows.
struct Groups {
    count: usize,
    /// Their keys, in columns.
    keys: OwnedBatch,
    accumulators: Vec<Accumulator>,
}

impl<'m> Aggregate<'m> {
    pub(super) fn new(
        input: Box<dyn Operator + 'm>,
        keys: u32,
        aggregates: &'m [manifest::Aggregate],
        output: &'m [DataType],
    ) -> Aggregate<'m> {
        Aggregate { input, keys: keys as usize, aggregates, output, groups: None, given: 0 }
    }

    fn read(&mut self, context: &ExecContext) -> Result<Groups> {
        let mut known = KeyTable::default();
        let mut keys = BatchBuilder::new(&self.output[..self.keys]);
        let mut accumulators: Vec<Accumulator> = self.aggregates.iter().map(Accumulator::new).collect();
        let (mut groups, mut key) = (Vec::new(), Vec::new());
        let mut count = usize::from(self.keys == 0);
        while let Some(batch) = self.input.next(context)? {
            groups.clear();
            if self.keys == 0 {
                groups.resize(batch.rows(), 0);
            } else {
                for row in 0..batch.rows() {
                    key.clear();
                    for column in 0..self.keys {
                        batch.write_key(column, row, &mut key);
                    }
                    let (group, is_new) = known.insert(&key);
                    if is_new {
                        for column in 0..self.keys {
                            keys.push_from(column, &batch, column, row);
                        }
                        keys.finish_row();
                    }
                    groups.push(group);
                }
                count = known.len();
            }
            for accumulator in &mut accumulators {
                accumulator.add(&batch, &groups, count)?;
            }
        }
        for accumulator in &mut accumulators {
            accumulator.resize(count);
        }
        let keys = if self.keys == 0 { OwnedBatch::without_columns(count) } else { keys.finish() };
        Ok(Groups { count, keys, accumulators })
    }
}

impl Operator for Aggregate<'_> {
    fn next(&mut self, context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>> {
        if self.groups.is_none() {
            self.groups = Some(self.read(context)?);
        }
        let value_types = &self.output[self.keys..];
        let Some(groups) = &mut self.groups else { return Ok(None) };
        let end = (self.given + BATCH_ROWS).min(groups.count);
        if self.given == end {
            return Ok(None);
        }
        let keys = groups.keys.slice(self.given, end - self.given);
        let mut values = BatchBuilder::new(value_types);
        for group in self.given..end {
            for (column, accumulator) in groups.accumulators.iter_mut().enumerate() {
                values.push(column, accumulator.finish(group)?);
            }
            values.finish_row();
        }
        self.given = end;
        Ok(Some(Rc::new(OwnedBatch::beside(keys, values.finish()))))
    }

    fn close(&mut self, context: &ExecContext) -> Result<()> {
        self.input.close(context)
    }
}
