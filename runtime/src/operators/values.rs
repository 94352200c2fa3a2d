//! Sources that need no connector.

use std::rc::Rc;

use moltler_abi::DataType;
use moltler_abi::manifest::FunctionId;

use super::{Operator, Result};
use crate::batch::{BatchBuilder, OwnedBatch};
use crate::context::ExecContext;
use crate::error::RuntimeError;
use crate::evaluate::with_article;
use crate::value::Value;

/// One row without columns: SELECT without FROM.
#[derive(Debug, Default)]
pub(super) struct SingleRow {
    done: bool,
}

impl Operator for SingleRow {
    fn next(&mut self, _context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>> {
        let first = !std::mem::replace(&mut self.done, true);
        Ok(first.then(|| Rc::new(OwnedBatch::without_columns(1))))
    }

    fn close(&mut self, _context: &ExecContext) -> Result<()> {
        Ok(())
    }
}

/// A row for each element of an array; no row for NULL.
#[derive(Debug)]
pub(super) struct Elements {
    array: FunctionId,
    done: bool,
}

impl Elements {
    pub(super) fn new(array: FunctionId) -> Elements {
        Elements { array, done: false }
    }
}

impl Operator for Elements {
    fn next(&mut self, context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>> {
        if std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        let items = match context.evaluate(self.array)? {
            Value::Null => return Ok(None),
            Value::Array(items) => items,
            other => {
                let found = with_article(crate::datum::type_of(&other));
                return Err(RuntimeError::new("TypeError", format!("FROM reads rows from an array, not from {found}")));
            }
        };
        let mut rows = BatchBuilder::new(&[DataType::Dynamic]);
        for item in items.iter() {
            rows.push(0, item.clone());
            rows.finish_row();
        }
        Ok(Some(Rc::new(rows.finish())))
    }

    fn close(&mut self, _context: &ExecContext) -> Result<()> {
        Ok(())
    }
}

/// No row.
#[derive(Debug)]
pub(super) struct Nothing;

impl Operator for Nothing {
    fn next(&mut self, _context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>> {
        Ok(None)
    }

    fn close(&mut self, _context: &ExecContext) -> Result<()> {
        Ok(())
    }
}
