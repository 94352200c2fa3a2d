//! LIMIT and OFFSET.

use std::rc::Rc;

use moltler_abi::manifest::FunctionId;

use super::{Operator, Result};
use crate::batch::OwnedBatch;
use crate::connector::query::row_count;
use crate::context::ExecContext;

/// Skips rows, then passes so many on.
pub(super) struct Limit<'m> {
    input: Box<dyn Operator + 'm>,
    limit: Option<FunctionId>,
    offset: Option<FunctionId>,
    /// Rows still to skip and to pass on; `None` before the first call.
    left: Option<(u64, Option<u64>)>,
}

impl<'m> Limit<'m> {
    pub(super) fn new(
        input: Box<dyn Operator + 'm>,
        limit: Option<FunctionId>,
        offset: Option<FunctionId>,
    ) -> Limit<'m> {
        Limit { input, limit, offset, left: None }
    }
}

/// How many rows to skip, and to pass on.
pub(super) fn bounds(
    context: &ExecContext,
    limit: Option<FunctionId>,
    offset: Option<FunctionId>,
) -> Result<(u64, Option<u64>)> {
    let count = |function: Option<FunctionId>, clause| match function {
        None => Ok(None),
        Some(function) => row_count(&context.evaluate(function)?, clause),
    };
    let pass = count(limit, "LIMIT")?.map(i64::unsigned_abs);
    Ok((count(offset, "OFFSET")?.unwrap_or(0).unsigned_abs(), pass))
}

impl Operator for Limit<'_> {
    fn next(&mut self, context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>> {
        let (mut skip, mut pass) = match self.left {
            Some(left) => left,
            None => bounds(context, self.limit, self.offset)?,
        };
        loop {
            self.left = Some((skip, pass));
            if pass == Some(0) {
                return Ok(None);
            }
            let Some(batch) = self.input.next(context)? else { return Ok(None) };
            let rows = batch.rows() as u64;
            let first = skip.min(rows);
            skip -= first;
            let taken = pass.map_or(rows - first, |pass| pass.min(rows - first));
            pass = pass.map(|pass| pass - taken);
            self.left = Some((skip, pass));
            if taken == rows {
                return Ok(Some(batch));
            }
            if taken > 0 {
                return Ok(Some(Rc::new(batch.slice(first as usize, taken as usize))));
            }
        }
    }

    fn close(&mut self, context: &ExecContext) -> Result<()> {
        self.input.close(context)
    }
}
