//! Filter and projection in machine code.

use std::rc::Rc;

use moltler_abi::DataType;
use moltler_abi::manifest::FunctionId;

use super::{Operator, Result};
use crate::batch::{OutputBatch, OwnedBatch};
use crate::context::ExecContext;
use crate::exports;

/// Calls generated code for each batch.
pub(super) struct Pipeline<'m> {
    input: Box<dyn Operator + 'm>,
    code: FunctionId,
    output: &'m [DataType],
}

impl<'m> Pipeline<'m> {
    pub(super) fn new(input: Box<dyn Operator + 'm>, code: FunctionId, output: &'m [DataType]) -> Pipeline<'m> {
        Pipeline { input, code, output }
    }
}

impl Operator for Pipeline<'_> {
    fn next(&mut self, context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>> {
        let code = context.program().pipeline(self.code);
        while let Some(input) = self.input.next(context)? {
            let mut output = OutputBatch::new(self.output, input.rows());
            // What the batch computes lives as long as the batch, not as the statement: a long query needs little memory.
            let ((status, rows), arena) =
                context.with_own_arena(|| exports::run_pipeline(context, code, &input, &mut output));
            context.result_of(status)?;
            if rows > 0 {
                return Ok(Some(Rc::new(output.finish(rows, arena, input))));
            }
        }
        Ok(None)
    }

    fn close(&mut self, context: &ExecContext) -> Result<()> {
        self.input.close(context)
    }
}
