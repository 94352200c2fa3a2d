//! Plans as text, for people and tests.

mod expr;
mod program;

pub use program::program;

use std::fmt::Write;

use moltler_abi::aggregates::AggregateFunction;

use crate::expr::Expr;
use crate::logical::{Condition, LogicalPlan, Scan};
use crate::physical::PhysicalPlan;

/// A logical plan, one operation a line.
pub fn logical(plan: &LogicalPlan) -> String {
    let mut text = String::new();
    write_logical(plan, 0, &mut text);
    text
}

/// A physical plan, one operator a line.
pub fn physical(plan: &PhysicalPlan) -> String {
    let mut text = String::new();
    write_physical(plan, 0, &mut text);
    text
}

/// An expression; `names` are those of the columns that it reads.
pub fn expression(expr: &Expr, names: &[String]) -> String {
    expr::write(expr, names)
}

fn line(text: &mut String, depth: usize, content: &str) {
    let _ = writeln!(text, "{:indent$}{content}", "", indent = depth * 2);
}

fn write_logical(plan: &LogicalPlan, depth: usize, text: &mut String) {
    match plan {
        LogicalPlan::Scan(scan) => line(text, depth, &scan_line(scan)),
        LogicalPlan::Elements { array, name } => {
            line(text, depth, &format!("Elements {} AS {name}", expression(array, &[])));
        }
        LogicalPlan::SingleRow => line(text, depth, "SingleRow"),
        LogicalPlan::Nothing(_) => line(text, depth, "Nothing"),
        LogicalPlan::Filter { input, predicate } => {
            line(text, depth, &format!("Filter {}", expression(predicate, &names(input))));
            write_logical(input, depth + 1, text);
        }
        LogicalPlan::Project { input, outputs } => {
            let columns = names(input);
            let outputs = outputs.iter().map(|(name, value)| format!("{} AS {name}", expression(value, &columns)));
            line(text, depth, &format!("Project {}", outputs.collect::<Vec<_>>().join(", ")));
            write_logical(input, depth + 1, text);
        }
        LogicalPlan::Sort { input, keys } => {
            let columns = names(input);
            let keys = keys.iter().map(|key| {
                let value = expression(&key.value, &columns);
                sort_key(&value, key.descending, key.nulls_first)
            });
            line(text, depth, &format!("Sort {}", keys.collect::<Vec<_>>().join(", ")));
            write_logical(input, depth + 1, text);
        }
        LogicalPlan::Limit { input, limit, offset } => {
            line(text, depth, &limit_line(limit.as_ref(), offset.as_ref()));
            write_logical(input, depth + 1, text);
        }
    }
}

fn write_physical(plan: &PhysicalPlan, depth: usize, text: &mut String) {
    match plan {
        PhysicalPlan::ConnectorScan(scan) => line(text, depth, &format!("Connector{}", scan_line(scan))),
        PhysicalPlan::Elements(array) => line(text, depth, &format!("Elements {}", expression(array, &[]))),
        PhysicalPlan::SingleRow => line(text, depth, "SingleRow"),
        PhysicalPlan::Nothing(_) => line(text, depth, "Nothing"),
        PhysicalPlan::Pipeline { input, pipeline } => {
            let columns = physical_names(input);
            let outputs = pipeline.outputs.iter().map(|value| expression(value, &columns));
            let filter = match &pipeline.filter {
                Some(filter) => format!(" where {}", expression(filter, &columns)),
                None => String::new(),
            };
            line(text, depth, &format!("Pipeline [{}]{filter}", outputs.collect::<Vec<_>>().join(", ")));
            write_physical(input, depth + 1, text);
        }
        PhysicalPlan::Sort { input, keys } => {
            let keys = keys.iter().map(|key| sort_key(&format!("#{}", key.column), key.descending, key.nulls_first));
            line(text, depth, &format!("Sort {}", keys.collect::<Vec<_>>().join(", ")));
            write_physical(input, depth + 1, text);
        }
        PhysicalPlan::Limit { input, limit, offset } => {
            line(text, depth, &limit_line(limit.as_ref(), offset.as_ref()));
            write_physical(input, depth + 1, text);
        }
    }
}

fn scan_line(scan: &Scan) -> String {
    let field = |index: u32| scan.fields[index as usize].name.as_str();
    let columns: Vec<&str> = scan.columns.iter().map(|index| field(*index)).collect();
    let mut line = format!("Scan {}.{} [{}]", scan.instance, scan.entity_name, columns.join(", "));
    if !scan.filters.is_empty() {
        let filters =
            scan.filters.iter().map(|(index, value)| format!("{}: {}", field(*index), expression(value, &[])));
        let _ = write!(line, " filters {{{}}}", filters.collect::<Vec<_>>().join(", "));
    }
    if !scan.conditions.is_empty() {
        let conditions = scan.conditions.iter().map(|Condition { field: index, operator, value }| match value {
            Some(value) => format!("{} {operator} {}", field(*index), expression(value, &[])),
            None => format!("{} {operator}", field(*index)),
        });
        let _ = write!(line, " where [{}]", conditions.collect::<Vec<_>>().join(", "));
    }
    if !scan.order_by.is_empty() {
        let _ = write!(line, " order by {}", order_by(&scan.order_by, field));
    }
    if let Some(limit) = &scan.limit {
        let _ = write!(line, " limit {}", expression(limit, &[]));
    }
    line
}

/// `created_at DESC, id`
fn order_by<'n>(keys: &[(u32, bool)], field: impl Fn(u32) -> &'n str) -> String {
    let keys = keys.iter().map(|(index, descending)| sort_key(field(*index), *descending, false));
    keys.collect::<Vec<_>>().join(", ")
}

fn sort_key(value: &str, descending: bool, nulls_first: bool) -> String {
    let direction = if descending { " DESC" } else { "" };
    let nulls = if nulls_first { " NULLS FIRST" } else { "" };
    format!("{value}{direction}{nulls}")
}

/// `SUM(DISTINCT x)`
fn aggregate_call(function: AggregateFunction, distinct: &str, arguments: &[String]) -> String {
    let name = match function {
        AggregateFunction::CountRows => return "COUNT(*)".to_owned(),
        AggregateFunction::Count => "COUNT",
        AggregateFunction::Sum => "SUM",
        AggregateFunction::Avg => "AVG",
        AggregateFunction::Min => "MIN",
        AggregateFunction::Max => "MAX",
        AggregateFunction::ArrayAgg => "ARRAY_AGG",
        AggregateFunction::StringAgg => "STRING_AGG",
        AggregateFunction::BoolAnd => "BOOL_AND",
        AggregateFunction::BoolOr => "BOOL_OR",
    };
    format!("{name}({distinct}{})", arguments.join(", "))
}

fn limit_line(limit: Option<&Expr>, offset: Option<&Expr>) -> String {
    let limit = limit.map_or("Limit all".to_owned(), |limit| format!("Limit {}", expression(limit, &[])));
    match offset {
        Some(offset) => format!("{limit} offset {}", expression(offset, &[])),
        None => limit,
    }
}

fn names(plan: &LogicalPlan) -> Vec<String> {
    plan.schema().into_iter().map(|column| column.name).collect()
}

/// Columns have names where a scan gives them, numbers above.
fn physical_names(plan: &PhysicalPlan) -> Vec<String> {
    match plan {
        PhysicalPlan::ConnectorScan(scan) => scan.schema().into_iter().map(|column| column.name).collect(),
        other => (0..other.columns().len()).map(|index| format!("#{index}")).collect(),
    }
}
