use crate::expr::Expr;
use crate::logical::LogicalPlan;

/// Nothing gives columns that nobody above reads: fields of scans, outputs of projections inside, aggregates.
pub(super) fn prune_columns(mut plan: LogicalPlan) -> LogicalPlan {
    let columns: Vec<u32> = (0..plan.schema().len() as u32).collect();
    prune(&mut plan, &columns);
    plan
}

/// Keeps the columns that are read, given in order, and perhaps others; says which columns of before are left, in order.
fn prune(plan: &mut LogicalPlan, read: &[u32]) -> Vec<u32> {
    match plan {
        LogicalPlan::Scan(scan) => {
            // Of the rows of a call for one value, those of another are dropped.
            let checked = |field: u32| {
                scan.each.iter().any(|(each, _)| *each == field) && !scan.fields[field as usize].filter_only
            };
            let columns = scan.columns.iter().enumerate();
            let checked = columns.filter(|(_, field)| checked(**field)).map(|(column, _)| column as u32);
            let mut left: Vec<u32> = read.iter().copied().chain(checked).collect();
            left.sort_unstable();
            left.dedup();
            scan.columns = left.iter().map(|column| scan.columns[*column as usize]).collect();
            left
        }
        LogicalPlan::Elements { .. }
        | LogicalPlan::SingleRow
        | LogicalPlan::Nothing(_)
        | LogicalPlan::Shared { .. } => (0..plan.schema().len() as u32).collect(),
        LogicalPlan::Filter { input, predicate } => {
            let left = prune(input, &union(read, &[&*predicate]));
            rename(&mut [&mut *predicate], &left);
            left
        }
        LogicalPlan::Sort { input, keys } => {
            let mut values: Vec<&mut Expr> = keys.iter_mut().map(|key| &mut key.value).collect();
            let left = prune(input, &union(read, &values));
            rename(&mut values, &left);
            left
        }
        LogicalPlan::Limit { input, .. } => prune(input, read),
        LogicalPlan::Distinct(input) => {
            let all: Vec<u32> = (0..input.schema().len() as u32).collect();
            prune(input, &all)
        }
        LogicalPlan::Project { input, outputs } => {
            keep(outputs, read);
            let mut values: Vec<&mut Expr> = outputs.iter_mut().map(|(_, value)| value).collect();
            let left = prune(input, &union(&[], &values));
            rename(&mut values, &left);
            read.to_vec()
        }
        LogicalPlan::Aggregate { input, keys, aggregates } => {
            // All keys stay: they say what the groups are.
            let width = keys.len() as u32;
            let wanted: Vec<u32> =
                read.iter().filter(|column| **column >= width).map(|column| column - width).collect();
            keep(aggregates, &wanted);
            let mut values: Vec<&mut Expr> = keys.iter_mut().map(|(_, value)| value).collect();
            for (_, aggregate) in aggregates {
                values.extend(aggregate.argument.iter_mut().chain(&mut aggregate.separator));
            }
            let left = prune(input, &union(&[], &values));
            rename(&mut values, &left);
            (0..width).chain(wanted.into_iter().map(|column| column + width)).collect()
        }
        LogicalPlan::Join { left, right, on, .. } => {
            let width = left.schema().len() as u32;
            let mut values: Vec<&mut Expr> = on.iter_mut().collect();
            let read = union(read, &values);
            let split = read.partition_point(|column| *column < width);
            let of_right: Vec<u32> = read[split..].iter().map(|column| column - width).collect();
            let mut kept = prune(left, &read[..split]);
            kept.extend(prune(right, &of_right).into_iter().map(|column| column + width));
            rename(&mut values, &kept);
            kept
        }
        LogicalPlan::Union(inputs) => {
            for input in inputs {
                let schema = input.schema();
                let left = prune(input, read);
                if left != read {
                    let outputs = read.iter().map(|column| {
                        let place = position(&left, *column);
                        let column = &schema[*column as usize];
                        (column.name.clone(), Expr::column(place, column.data_type))
                    });
                    let outputs = outputs.collect();
                    let below = Box::new(std::mem::replace(input, LogicalPlan::SingleRow));
                    *input = LogicalPlan::Project { input: below, outputs };
                }
            }
            read.to_vec()
        }
    }
}

/// These columns and those that the expressions read, in order.
fn union(columns: &[u32], readers: &[impl std::ops::Deref<Target = Expr>]) -> Vec<u32> {
    let mut columns = columns.to_vec();
    columns.extend(readers.iter().flat_map(|reader| reader.columns()));
    columns.sort_unstable();
    columns.dedup();
    columns
}

fn rename(readers: &mut [&mut Expr], left: &[u32]) {
    for reader in readers {
        reader.map_columns(&|column| position(left, column));
    }
}

fn position(left: &[u32], column: u32) -> u32 {
    left.binary_search(&column).expect("Invariant: every column that is read is left") as u32
}

fn keep<T>(items: &mut Vec<T>, wanted: &[u32]) {
    let mut index = 0;
    items.retain(|_| {
        index += 1;
        wanted.binary_search(&(index - 1)).is_ok()
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, field, filter, items, project};
    use super::*;

    #[test]
    fn what_nobody_reads_goes() {
        let plan = project(
            filter(items(), Expr::equal(field("priority"), Expr::integer(3))),
            vec![field("created_at"), field("id")],
        );
        check(
            prune_columns,
            plan,
            "Project created_at AS c0, id AS c1\n  Filter priority = 3\n    Scan shop.items [id, priority, created_at]",
        );
    }

    #[test]
    fn constants_need_no_column() {
        check(prune_columns, project(items(), vec![Expr::integer(1)]), "Project 1 AS c0\n  Scan shop.items []");
    }

    #[test]
    fn what_the_handler_is_called_for_stays() {
        let repo = Expr::column(0, moltler_abi::DataType::String);
        let plan = filter(super::super::tests::issues(), Expr::in_list(repo, vec![Expr::string("a")], false));
        let plan = super::super::push_down_filter::push_down_filter(plan);
        let LogicalPlan::Filter { input, .. } = plan else { panic!("the filter stays") };
        check(
            prune_columns,
            project(*input, vec![Expr::column(1, moltler_abi::DataType::String)]),
            "Project title AS c0\n  Scan shop.issues [repo, title] each repo: ['a'] where [repo in ['a']]",
        );
    }

    #[test]
    fn through_a_join_and_a_projection_inside() {
        use super::super::tests::{join, right};
        let inner = project(items(), vec![field("name"), field("id"), field("priority")]);
        let on = Expr::equal(field("id"), Expr::column(6, moltler_abi::DataType::String));
        let plan = join(items(), inner, moltler_abi::manifest::JoinKind::Inner, on);
        let plan = project(plan, vec![right("priority")]);
        check(
            prune_columns,
            plan,
            "Project c2 AS c0\n  Join Inner id = c0\n    Scan shop.items [id]\n    Project name AS c0, priority AS c2\n      \
             Scan shop.items [name, priority]",
        );
    }

    #[test]
    fn aggregates_that_nobody_reads() {
        let aggregate = |argument: Option<Expr>| crate::logical::Aggregate {
            function: moltler_abi::aggregates::AggregateFunction::Max,
            distinct: false,
            argument,
            separator: None,
            data_type: moltler_abi::DataType::Integer,
        };
        let groups = LogicalPlan::Aggregate {
            input: Box::new(items()),
            keys: vec![("name".to_owned(), field("name"))],
            aggregates: vec![
                ("a".to_owned(), aggregate(Some(field("created_at")))),
                ("b".to_owned(), aggregate(Some(field("priority")))),
            ],
        };
        check(
            prune_columns,
            project(groups, vec![Expr::column(2, moltler_abi::DataType::Integer)]),
            "Project b AS c0\n  Aggregate name; MAX(priority)\n    Scan shop.items [name, priority]",
        );
    }

    #[test]
    fn every_input_of_a_union() {
        let first = project(items(), vec![field("id"), field("name")]);
        let second = filter(
            project(items(), vec![field("name"), field("id")]),
            Expr::equal(Expr::column(0, moltler_abi::DataType::String), Expr::string("x")),
        );
        check(
            prune_columns,
            project(LogicalPlan::Union(vec![first, second]), vec![Expr::column(1, moltler_abi::DataType::String)]),
            "Project c1 AS c0\n  Union\n    Project name AS c1\n      Scan shop.items [name]\n    Project c1 AS c1\n      \
             Filter c0 = 'x'\n        Project name AS c0, id AS c1\n          Scan shop.items [id, name]",
        );
    }
}
