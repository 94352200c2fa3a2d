//! The nodes of a physical plan: each gives batches of rows when asked for the next one.

use std::rc::Rc;

use moltler_abi::manifest::{self, OutputColumn, Query};

use crate::batch::OwnedBatch;
use crate::context::{ExecContext, internal_error};
use crate::error::RuntimeError;
use crate::trace::Traced;
use crate::value::{Document, Value};

mod aggregate;
mod distinct;
mod join;
mod limit;
mod pipeline;
mod scan;
mod shared;
mod sort;
mod subquery;
mod under_way;
mod values;

pub(crate) use scan::source as scan_source;
pub use subquery::subquery;
pub use under_way::{MAX_CALLS, ObservedCall, UnderWay};

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
    Box::new(Traced::new(plan, build_node(plan)))
}

fn build_node<'m>(plan: &'m manifest::Operator) -> Box<dyn Operator + 'm> {
    match plan {
        manifest::Operator::Scan(scan) => Box::new(scan::Scan::new(scan)),
        manifest::Operator::SingleRow => Box::new(values::SingleRow::default()),
        manifest::Operator::Elements(array) => Box::new(values::Elements::new(*array)),
        manifest::Operator::Nothing(_) => Box::new(values::Nothing),
        manifest::Operator::Pipeline { input, pipeline } => Box::new(pipeline::Pipeline::new(build(input), pipeline)),
        manifest::Operator::Sort { input, keys } => Box::new(sort::Sort::new(build(input), keys)),
        manifest::Operator::Limit { input, limit, offset } => {
            let input: Box<dyn Operator + 'm> = match &**input {
                manifest::Operator::Sort { input, keys } => {
                    Box::new(sort::Sort::first(build(input), keys, *limit, *offset))
                }
                input => build(input),
            };
            Box::new(limit::Limit::new(input, *limit, *offset))
        }
        manifest::Operator::Aggregate { input, keys, aggregates, output } => {
            Box::new(aggregate::Aggregate::new(build(input), *keys, aggregates, output))
        }
        manifest::Operator::Distinct(input) => Box::new(distinct::Distinct::new(build(input))),
        manifest::Operator::HashJoin(join) | manifest::Operator::NestedLoop(join) => Box::new(join::Join::new(join)),
        manifest::Operator::DependentJoin { join, bindings } => Box::new(join::Join::dependent(join, bindings)),
        manifest::Operator::Union(inputs) => Box::new(distinct::Union::new(inputs.iter().map(build).collect())),
        manifest::Operator::Shared(index) => Box::new(shared::Shared::new(*index)),
    }
}

/// A scan, possibly under pipelines, with these values for fields of its entity as further filters.
fn build_bound<'m>(plan: &'m manifest::Operator, values: Vec<(u32, Value)>) -> Result<Box<dyn Operator + 'm>> {
    let node: Box<dyn Operator + 'm> = match plan {
        manifest::Operator::Scan(scan) => Box::new(scan::Scan::bound(scan, values)),
        manifest::Operator::Pipeline { input, pipeline } => {
            Box::new(pipeline::Pipeline::new(build_bound(input, values)?, pipeline))
        }
        _ => return Err(internal_error("values are bound by what is no scan")),
    };
    Ok(Box::new(Traced::new(plan, node)))
}

/// Runs a plan and hands every batch to `each`, until that fails or all are done.
pub fn run(
    context: &ExecContext,
    plan: &manifest::Operator,
    mut each: impl FnMut(&Rc<OwnedBatch>) -> Result<()>,
) -> Result<()> {
    run_while(context, plan, |batch| each(batch).map(|()| true))
}

/// Runs a plan over rows that are there already: [`manifest::Operator::Shared`] with number `i` gives the batches of the `i`-th
/// table.
pub fn run_over(
    context: &ExecContext,
    tables: Vec<Rc<Vec<Rc<OwnedBatch>>>>,
    plan: &manifest::Operator,
    mut each: impl FnMut(&Rc<OwnedBatch>) -> Result<()>,
) -> Result<()> {
    let _entered = context.queries().enter();
    for (index, table) in tables.iter().enumerate() {
        context.queries().keep_shared(index as u32, table);
    }
    finish(context, build(plan).as_mut(), |batch| each(batch).map(|()| true))
}

/// Runs a plan and hands every batch to `each`, until that says `false` or fails, or all are done.
pub fn run_while(
    context: &ExecContext,
    plan: &manifest::Operator,
    each: impl FnMut(&Rc<OwnedBatch>) -> Result<bool>,
) -> Result<()> {
    let _entered = context.queries().enter();
    finish(context, build(plan).as_mut(), each)
}

/// All rows of an operator.
fn drain(context: &ExecContext, operator: &mut dyn Operator) -> Result<Vec<Rc<OwnedBatch>>> {
    let mut batches = Vec::new();
    finish(context, operator, |batch| {
        batches.push(Rc::clone(batch));
        Ok(true)
    })?;
    Ok(batches)
}

fn finish(
    context: &ExecContext,
    operator: &mut dyn Operator,
    mut each: impl FnMut(&Rc<OwnedBatch>) -> Result<bool>,
) -> Result<()> {
    let outcome = loop {
        match operator.next(context).and_then(|batch| batch.map(|batch| each(&batch)).transpose()) {
            Ok(Some(true)) => {}
            Ok(Some(false) | None) => break Ok(()),
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
