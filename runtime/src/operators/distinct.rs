//! DISTINCT, and UNION: one after the other.

use std::rc::Rc;

use super::{Operator, Result};
use crate::batch::{KeyTable, OwnedBatch};
use crate::context::ExecContext;

/// Passes on the first of equal rows, as they come.
pub(super) struct Distinct<'m> {
    input: Box<dyn Operator + 'm>,
    known: KeyTable,
}

impl<'m> Distinct<'m> {
    pub(super) fn new(input: Box<dyn Operator + 'm>) -> Distinct<'m> {
        Distinct { input, known: KeyTable::default() }
    }
}

impl Operator for Distinct<'_> {
    fn next(&mut self, context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>> {
        let mut key = Vec::new();
        while let Some(batch) = self.input.next(context)? {
            let types = batch.types();
            let mut places: Vec<u32> = Vec::new();
            for row in 0..batch.rows() {
                key.clear();
                for column in 0..types.len() {
                    batch.write_key(column, row, &mut key);
                }
                if self.known.insert(&key).1 {
                    places.push(row as u32);
                }
            }
            if places.len() == batch.rows() {
                return Ok(Some(batch));
            }
            if !places.is_empty() {
                return Ok(Some(Rc::new(batch.select(&places))));
            }
        }
        Ok(None)
    }

    fn close(&mut self, context: &ExecContext) -> Result<()> {
        self.input.close(context)
    }
}

/// The rows of one input after those of the other. An input is started when its first row is asked for.
pub(super) struct Union<'m> {
    inputs: Vec<Box<dyn Operator + 'm>>,
    current: usize,
}

impl<'m> Union<'m> {
    pub(super) fn new(inputs: Vec<Box<dyn Operator + 'm>>) -> Union<'m> {
        Union { inputs, current: 0 }
    }
}

impl Operator for Union<'_> {
    fn next(&mut self, context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>> {
        while let Some(input) = self.inputs.get_mut(self.current) {
            if let Some(batch) = input.next(context)? {
                return Ok(Some(batch));
            }
            self.current += 1;
        }
        Ok(None)
    }

    fn close(&mut self, context: &ExecContext) -> Result<()> {
        // Each is closed, whatever becomes of the others; the first error is told.
        let mut outcome = Ok(());
        for input in &mut self.inputs {
            outcome = outcome.and(input.close(context));
        }
        outcome
    }
}
