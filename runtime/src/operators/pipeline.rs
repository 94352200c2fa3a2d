//! Filter and projection in machine code.

use std::rc::Rc;

use moltler_abi::manifest;

use super::{Operator, Result};
use crate::batch::OwnedBatch;
use crate::context::ExecContext;
use crate::exports;

/// Calls generated code for each batch.
pub(super) struct Pipeline<'m> {
    input: Box<dyn Operator + 'm>,
    pipeline: &'m manifest::Pipeline,
}

impl<'m> Pipeline<'m> {
    pub(super) fn new(input: Box<dyn Operator + 'm>, pipeline: &'m manifest::Pipeline) -> Pipeline<'m> {
        Pipeline { input, pipeline }
    }
}

impl Operator for Pipeline<'_> {
    fn next(&mut self, context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>> {
        while let Some(input) = self.input.next(context)? {
            if let Some(output) = exports::run_pipeline(context, self.pipeline, &input)? {
                return Ok(Some(Rc::new(output)));
            }
        }
        Ok(None)
    }

    fn close(&mut self, context: &ExecContext) -> Result<()> {
        self.input.close(context)
    }
}
