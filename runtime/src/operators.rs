//! The nodes of a physical plan: each gives batches of rows when asked for the next one.

use std::rc::Rc;

use moltler_abi::manifest::{self, OutputColumn, Query};

use crate::batch::OwnedBatch;
use crate::context::{ExecContext, internal_error};
use crate::error::RuntimeError;
use crate::value::{Document, Value};

mod limit;
mod pipeline;
mod scan;
mod sort;
mod values;

type Result<T> = std::result::Result<T, RuntimeError>;

/// A node under way. Nothing happens before the first batch is asked for.
pub trait Operator {
    /// The next rows; `None` behind the last.
    fn next(&mut self, context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>>;
    /// No more rows are wanted: sources stop. Called once at most.
    fn close(&mut self, context: &ExecContext) -> Result<()>;
}

/// The node and all below it.
pub fn build<'m>(plan: &'m manifest::Operator) -> Box<dyn Operator + 'm> {
    match plan {
        manifest::Operator::Scan(scan) => Box::new(scan::Scan::new(scan)),
        manifest::Operator::SingleRow => Box::new(values::SingleRow::default()),
        manifest::Operator::Elements(array) => Box::new(values::Elements::new(*array)),
        manifest::Operator::Nothing(_) => Box::new(values::Nothing),
        manifest::Operator::Pipeline { input, code, output } => {
            Box::new(pipeline::Pipeline::new(build(input), *code, output))
        }
        manifest::Operator::Sort { input, keys } => Box::new(sort::Sort::new(build(input), keys)),
        manifest::Operator::Limit { input, limit, offset } => {
            Box::new(limit::Limit::new(build(input), *limit, *offset))
        }
        manifest::Operator::Aggregate { .. }
        | manifest::Operator::Distinct(_)
        | manifest::Operator::HashJoin(_)
        | manifest::Operator::NestedLoop(_)
        | manifest::Operator::DependentJoin { .. }
        | manifest::Operator::Union(_)
        | manifest::Operator::Shared(_) => Box::new(values::NotSupported),
    }
}

/// Runs a plan and hands every batch to `each`, until that says to stop or all are done.
pub fn run(
    context: &ExecContext,
    plan: &manifest::Operator,
    mut each: impl FnMut(&Rc<OwnedBatch>) -> Result<()>,
) -> Result<()> {
    let mut operator = build(plan);
    let outcome = loop {
        match operator.next(context) {
            Ok(Some(batch)) => {
                if let Err(error) = each(&batch) {
                    break Err(error);
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    let closed = operator.close(context);
    outcome.and(closed)
}

fn query(context: &ExecContext, index: u32) -> Result<&Query> {
    context.manifest().queries.get(index as usize).ok_or_else(|| internal_error("unknown query"))
}

/// The rows of a query as an array of documents.
pub fn query_rows(context: &ExecContext, index: u32) -> Result<Value> {
    let query = query(context, index)?;
    let keys: Vec<Rc<str>> = query.columns.iter().map(|column| column.name.as_str().into()).collect();
    let mut rows = Vec::new();
    run(context, &query.plan, |batch| {
        rows.extend((0..batch.rows()).map(|row| Value::Document(Rc::new(document(batch, &keys, row)))));
        Ok(())
    })?;
    Ok(Value::Array(Rc::new(rows)))
}

fn document(batch: &OwnedBatch, keys: &[Rc<str>], row: usize) -> Document {
    keys.iter().enumerate().map(|(column, key)| (Rc::clone(key), batch.value(column, row))).collect()
}

/// What a subquery makes of its rows.
pub fn subquery(_context: &ExecContext, _index: u32, _arguments: &[Value], _needle: &Value) -> Result<Value> {
    Err(RuntimeError::new("not-supported", "subqueries are not supported yet"))
}

/// Runs a query and prints its rows.
pub fn query_print(context: &ExecContext, index: u32) -> Result<()> {
    let query = query(context, index)?;
    print(context, &query.columns, &query.plan)
}

/// Runs a plan and prints its rows under these columns.
pub fn print(context: &ExecContext, columns: &[OutputColumn], plan: &manifest::Operator) -> Result<()> {
    let mut printer = context.output().rows(context, columns);
    run(context, plan, |batch| printer.batch(batch))?;
    printer.finish()
}

#[cfg(test)]
mod tests;
