//! Plans as text, for people and tests.

mod decisions;
mod expr;
mod program;

pub use decisions::{Told, decisions};
pub use program::program;

use std::fmt::Write;

use moltler_abi::aggregates::AggregateFunction;
use moltler_abi::manifest::{self, Binding, JoinKind};

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
        LogicalPlan::Aggregate { input, keys, aggregates } => {
            let columns = names(input);
            let keys: Vec<String> = keys.iter().map(|(_, key)| expression(key, &columns)).collect();
            let aggregates: Vec<String> = aggregates
                .iter()
                .map(|(_, aggregate)| {
                    let arguments = aggregate.argument.iter().chain(&aggregate.separator);
                    let arguments: Vec<String> = arguments.map(|argument| expression(argument, &columns)).collect();
                    aggregate_call(aggregate.function, aggregate.distinct, &arguments)
                })
                .collect();
            line(text, depth, &aggregate_line(&keys, &aggregates));
            write_logical(input, depth + 1, text);
        }
        LogicalPlan::Distinct(input) => {
            line(text, depth, "Distinct");
            write_logical(input, depth + 1, text);
        }
        LogicalPlan::Join { left, right, kind, on } => {
            let on = on.as_ref().map_or(String::new(), |on| format!(" {}", expression(on, &names(plan))));
            line(text, depth, &format!("Join {kind:?}{on}"));
            write_logical(left, depth + 1, text);
            write_logical(right, depth + 1, text);
        }
        LogicalPlan::Union(inputs) => {
            line(text, depth, "Union");
            for input in inputs {
                write_logical(input, depth + 1, text);
            }
        }
        LogicalPlan::Shared { index, .. } => line(text, depth, &format!("Shared {index}")),
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
        PhysicalPlan::Aggregate { input, keys, aggregates } => {
            line(text, depth, &physical_aggregate_line(*keys, aggregates));
            write_physical(input, depth + 1, text);
        }
        PhysicalPlan::Distinct(input) => {
            line(text, depth, "Distinct");
            write_physical(input, depth + 1, text);
        }
        PhysicalPlan::Join(join) => {
            let condition = join.condition.as_ref().map(|condition| &condition.outputs[0]);
            let width = join.left.columns().len();
            line(text, depth, &join_line("Join", join.kind, &join.keys, width, condition, &join.bindings));
            write_physical(&join.left, depth + 1, text);
            write_physical(&join.right, depth + 1, text);
        }
        PhysicalPlan::Union(inputs) => {
            line(text, depth, "Union");
            for input in inputs {
                write_physical(input, depth + 1, text);
            }
        }
        PhysicalPlan::Shared { index, .. } => line(text, depth, &format!("Shared {index}")),
    }
}

/// Keys and arguments are numbered columns of the input.
fn physical_aggregate_line(keys: u32, aggregates: &[manifest::Aggregate]) -> String {
    let keys: Vec<String> = (0..keys).map(|column| format!("#{column}")).collect();
    let aggregates: Vec<String> = aggregates
        .iter()
        .map(|aggregate| {
            let arguments = aggregate.argument.iter().chain(&aggregate.separator);
            let arguments: Vec<String> = arguments.map(|column| format!("#{column}")).collect();
            aggregate_call(aggregate.function, aggregate.distinct, &arguments)
        })
        .collect();
    aggregate_line(&keys, &aggregates)
}

/// `Aggregate name; COUNT(*)`
fn aggregate_line(keys: &[String], aggregates: &[String]) -> String {
    let keys = if keys.is_empty() { String::new() } else { format!(" {}", keys.join(", ")) };
    let aggregates = if aggregates.is_empty() { String::new() } else { format!("; {}", aggregates.join(", ")) };
    format!("Aggregate{keys}{aggregates}")
}

/// `Join Inner on #0 = #2 if #1 < #3 bind field 0 = #1`
fn join_line(
    name: &str,
    kind: JoinKind,
    keys: &[(u32, u32)],
    left_width: usize,
    condition: Option<&Expr>,
    bindings: &[Binding],
) -> String {
    let mut content = format!("{name} {kind:?}");
    let keys: Vec<String> =
        keys.iter().map(|(left, right)| format!("#{left} = #{}", *right as usize + left_width)).collect();
    if !keys.is_empty() {
        let _ = write!(content, " on {}", keys.join(", "));
    }
    if let Some(condition) = condition {
        let _ = write!(content, " if {}", expression(condition, &[]));
    }
    let bindings: Vec<String> =
        bindings.iter().map(|binding| format!("field {} = #{}", binding.field, binding.column)).collect();
    if !bindings.is_empty() {
        let _ = write!(content, " bind {}", bindings.join(", "));
    }
    content
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
    for (index, values) in &scan.each {
        let _ = write!(line, " each {}: {}", field(*index), expression(values, &[]));
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
fn aggregate_call(function: AggregateFunction, distinct: bool, arguments: &[String]) -> String {
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
    let distinct = if distinct { "DISTINCT " } else { "" };
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
