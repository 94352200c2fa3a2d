//! A WITH that is read more than once.

use std::rc::Rc;

use super::{Operator, Result, build, drain};
use crate::batch::OwnedBatch;
use crate::context::{ExecContext, internal_error};

/// Rows that are computed once in a query, by whoever asks first.
pub(super) struct Shared {
    index: u32,
    batches: Option<Rc<Vec<Rc<OwnedBatch>>>>,
    given: usize,
}

impl Shared {
    pub(super) fn new(index: u32) -> Shared {
        Shared { index, batches: None, given: 0 }
    }

    fn batches(&self, context: &ExecContext) -> Result<Rc<Vec<Rc<OwnedBatch>>>> {
        if let Some(batches) = context.queries().shared(self.index) {
            return Ok(batches);
        }
        let plan = context.manifest().shared.get(self.index as usize);
        let plan = plan.ok_or_else(|| internal_error("unknown shared query"))?;
        let batches = Rc::new(drain(context, build(plan).as_mut())?);
        context.queries().keep_shared(self.index, &batches);
        Ok(batches)
    }
}

impl Operator for Shared {
    fn next(&mut self, context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>> {
        let batches = match &self.batches {
            Some(batches) => Rc::clone(batches),
            None => self.batches(context)?,
        };
        let batch = batches.get(self.given).cloned();
        self.given += 1;
        self.batches = Some(batches);
        Ok(batch)
    }

    fn close(&mut self, _context: &ExecContext) -> Result<()> {
        Ok(())
    }
}
