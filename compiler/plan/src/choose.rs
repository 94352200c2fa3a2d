//! The choice of physical operators: a projection and the filter below it become one loop.

pub(crate) mod join;

use moltler_abi::manifest::{self, SortKey};

use crate::expr::{Expr, ExprKind};
use crate::logical::{Aggregate, LogicalPlan};
use crate::physical::{PhysicalPlan, Pipeline};
use crate::schema::stored;

/// Chooses operators for a plan whose sort keys are columns.
pub fn choose(plan: LogicalPlan) -> PhysicalPlan {
    match plan {
        LogicalPlan::Scan(scan) => PhysicalPlan::ConnectorScan(scan),
        LogicalPlan::Elements { array, .. } => PhysicalPlan::Elements(array),
        LogicalPlan::SingleRow => PhysicalPlan::SingleRow,
        LogicalPlan::Nothing(schema) => {
            PhysicalPlan::Nothing(schema.into_iter().map(|column| stored(column.data_type)).collect())
        }
        LogicalPlan::Filter { input, predicate } => {
            let input = choose(*input);
            let outputs = all_columns(&input);
            pipeline(input, Some(predicate), outputs)
        }
        LogicalPlan::Project { input, outputs } => {
            project(*input, outputs.into_iter().map(|(_, value)| storable(value)).collect())
        }
        LogicalPlan::Sort { input, keys } => {
            let keys = keys.into_iter().map(|key| match key.value.kind {
                ExprKind::Column(column) => {
                    SortKey { column, descending: key.descending, nulls_first: key.nulls_first }
                }
                _ => panic!("Invariant: keys of a sort are columns of the projection below it"),
            });
            PhysicalPlan::Sort { keys: keys.collect(), input: Box::new(choose(*input)) }
        }
        LogicalPlan::Limit { input, limit, offset } => {
            PhysicalPlan::Limit { input: Box::new(choose(*input)), limit, offset }
        }
        LogicalPlan::Aggregate { input, keys, aggregates } => groups(*input, keys, aggregates),
        LogicalPlan::Distinct(input) => PhysicalPlan::Distinct(Box::new(choose(*input))),
        LogicalPlan::Join { left, right, kind, on } => join::choose_join(*left, *right, kind, on),
        LogicalPlan::Union(inputs) => PhysicalPlan::Union(inputs.into_iter().map(choose).collect()),
        LogicalPlan::Shared { index, schema } => {
            PhysicalPlan::Shared { index, columns: schema.into_iter().map(|column| column.data_type).collect() }
        }
    }
}

/// Whether a conjunct of ON becomes a key of the join; the left side has so many columns.
pub(crate) fn is_key(conjunct: &Expr, width: u32) -> bool {
    join::key(conjunct, width).is_some()
}

/// The value as a column can hold it.
fn storable(value: Expr) -> Expr {
    let data_type = stored(value.data_type);
    value.coerce(data_type)
}

fn all_columns(plan: &PhysicalPlan) -> Vec<Expr> {
    let columns = plan.columns().into_iter().enumerate();
    columns.map(|(index, data_type)| Expr::column(index as u32, data_type)).collect()
}

/// A projection and the filter below it, if there is one.
fn project(input: LogicalPlan, outputs: Vec<Expr>) -> PhysicalPlan {
    match input {
        LogicalPlan::Filter { input, predicate } => pipeline(choose(*input), Some(predicate), outputs),
        other => pipeline(choose(other), None, outputs),
    }
}

/// Keys and arguments in one loop, equal arguments once, and the groups over them.
fn groups(input: LogicalPlan, keys: Vec<(String, Expr)>, aggregates: Vec<(String, Aggregate)>) -> PhysicalPlan {
    let mut outputs: Vec<Expr> = keys.into_iter().map(|(_, key)| storable(key)).collect();
    let keys = outputs.len();
    let mut place = |argument: Option<Expr>| {
        argument.map(|argument| {
            let argument = storable(argument);
            let known = outputs.iter().position(|output| output.same(&argument));
            known.unwrap_or_else(|| {
                outputs.push(argument);
                outputs.len() - 1
            }) as u32
        })
    };
    let aggregates = aggregates.into_iter().map(|(_, aggregate)| manifest::Aggregate {
        function: aggregate.function,
        distinct: aggregate.distinct,
        argument: place(aggregate.argument),
        separator: place(aggregate.separator),
        data_type: stored(aggregate.data_type),
    });
    let aggregates = aggregates.collect();
    PhysicalPlan::Aggregate { input: Box::new(project(input, outputs)), keys: keys as u32, aggregates }
}

/// A loop, or nothing where it would give its input as it is.
fn pipeline(input: PhysicalPlan, filter: Option<Expr>, outputs: Vec<Expr>) -> PhysicalPlan {
    let columns = input.columns();
    let same =
        |(index, value): (usize, &Expr)| matches!(value.kind, ExprKind::Column(column) if column as usize == index);
    if filter.is_none() && columns.len() == outputs.len() && outputs.iter().enumerate().all(same) {
        return input;
    }
    PhysicalPlan::Pipeline { pipeline: Pipeline { input: columns, filter, outputs }, input: Box::new(input) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain;
    use crate::rules::optimize;
    use crate::rules::tests::{field, filter, items, limit, project};

    fn check(plan: LogicalPlan, expected: &str) {
        assert_eq!(explain::physical(&choose(optimize(plan))).trim_end(), expected);
    }

    #[test]
    fn a_filter_is_part_of_the_projection() {
        check(
            project(
                filter(items(), Expr::equal(field("name"), Expr::string("x"))),
                vec![
                    field("id"),
                    Expr::binary(moltler_abi::runtime_calls::BinaryOperator::Add, field("priority"), Expr::integer(1)),
                ],
            ),
            "Pipeline [id, priority + 1] where name = 'x'\n  ConnectorScan shop.items [id, name, priority] filters {name: 'x'} where [name = 'x']",
        );
    }

    #[test]
    fn columns_in_their_order_need_no_loop() {
        check(
            limit(project(items(), vec![field("id"), field("name")]), 3),
            "Limit 3\n  ConnectorScan shop.items [id, name] limit 3",
        );
    }

    #[test]
    fn a_single_row_without_columns() {
        check(project(LogicalPlan::SingleRow, vec![Expr::integer(1)]), "Pipeline [1]\n  SingleRow");
    }
}
