//! The choice of joins: equalities between the sides become keys; a scan that needs values of the other side is called for
//! them.

use moltler_abi::DataType;
use moltler_abi::manifest::{Binding, JoinKind};
use moltler_abi::runtime_calls::BinaryOperator;

use super::{all_columns, choose, pipeline, storable};
use crate::expr::{Expr, ExprKind};
use crate::logical::LogicalPlan;
use crate::physical::{Join, PhysicalPlan, Pipeline};

/// An equality between the sides, each over the columns of its own side.
pub(super) struct Key {
    left: Expr,
    right: Expr,
}

/// Chooses how two inputs are joined. The columns are those of the left side, then those of the right side.
pub(super) fn choose_join(left: LogicalPlan, right: LogicalPlan, kind: JoinKind, on: Option<Expr>) -> PhysicalPlan {
    let width = left.schema().len() as u32;
    let mut keys = Vec::new();
    let mut rest = Vec::new();
    for conjunct in on.into_iter().flat_map(Expr::conjuncts) {
        match key(&conjunct, width) {
            Some(key) => keys.push(key),
            None => rest.push(conjunct),
        }
    }
    sides(left, right, kind, keys, rest)
}

fn sides(left: LogicalPlan, mut right: LogicalPlan, kind: JoinKind, keys: Vec<Key>, rest: Vec<Expr>) -> PhysicalPlan {
    let (left_types, right_types) = (types(&left), types(&right));
    let (left_width, right_width) = (left_types.len(), right_types.len());
    let bound = bound_fields(&right, &keys);
    let (mut left_keys, mut right_keys) = (Vec::new(), Vec::new());
    let mut bindings = Vec::new();
    let mut columns = Vec::new();
    for (index, key) in keys.into_iter().enumerate() {
        let column = place(&mut left_keys, key.left, left_width);
        let bound = bound.iter().find(|(position, ..)| *position == index);
        if let Some((_, field, _)) = bound {
            bindings.push(Binding { column, field: *field });
        }
        // What rows do not carry cannot be compared again.
        if !bound.is_some_and(|(_, _, filter_only)| *filter_only) {
            columns.push((column, place(&mut right_keys, key.right, right_width)));
        }
    }
    if !bindings.is_empty() {
        needs_no_more(&mut right);
    }
    let left = with_keys(choose(left), left_keys);
    let right = with_keys(choose(right), right_keys);
    let shift = (left.columns().len() - left_width) as u32;
    let condition = Expr::all(rest).map(|mut condition| {
        condition.map_columns(&|column| if (column as usize) < left_width { column } else { column + shift });
        let mut input = left.columns();
        input.extend(right.columns());
        Pipeline { input, filter: None, outputs: vec![condition] }
    });
    let added = shift as usize + right.columns().len() - right_width;
    let join = Join { left: Box::new(left), right: Box::new(right), kind, keys: columns, condition, bindings };
    let joined = PhysicalPlan::Join(join);
    if added == 0 {
        return joined;
    }
    // The keys that were computed are not wanted above.
    let left_outputs = left_types.into_iter().enumerate().map(|(index, data_type)| (index as u32, data_type));
    let right_outputs = right_types.into_iter().enumerate();
    let right_outputs = right_outputs.map(|(index, data_type)| ((index + left_width) as u32 + shift, data_type));
    let outputs = left_outputs.chain(right_outputs).map(|(index, data_type)| Expr::column(index, data_type)).collect();
    pipeline(joined, None, outputs)
}

fn types(plan: &LogicalPlan) -> Vec<DataType> {
    plan.schema().into_iter().map(|column| column.data_type).collect()
}

/// The column of a key: one of the side, or one more behind them.
fn place(added: &mut Vec<Expr>, key: Expr, width: usize) -> u32 {
    if let ExprKind::Column(column) = key.kind {
        return column;
    }
    let known = added.iter().position(|other| other.same(&key));
    let position = known.unwrap_or_else(|| {
        added.push(key);
        added.len() - 1
    });
    (width + position) as u32
}

fn with_keys(plan: PhysicalPlan, added: Vec<Expr>) -> PhysicalPlan {
    let mut outputs = all_columns(&plan);
    outputs.extend(added);
    pipeline(plan, None, outputs)
}

/// `left = right` between values of the two sides, of types that keys can have.
pub(super) fn key(conjunct: &Expr, width: u32) -> Option<Key> {
    let ExprKind::Binary { operator: BinaryOperator::Equal, left, right } = &conjunct.kind else { return None };
    if left.data_type == DataType::Interval || right.data_type == DataType::Interval {
        // `1 month` is equal to `30 days`: that is compared for each pair.
        return None;
    }
    let of_left = |expr: &Expr| expr.is_row_value() && expr.columns().iter().all(|column| *column < width);
    let of_right = |expr: &Expr| expr.is_row_value() && expr.columns().iter().all(|column| *column >= width);
    let (left, mut right) = if of_left(left) && of_right(right) {
        (storable((**left).clone()), storable((**right).clone()))
    } else if of_left(right) && of_right(left) {
        (storable((**right).clone()), storable((**left).clone()))
    } else {
        return None;
    };
    right.map_columns(&|column| column - width);
    let numeric = |data_type| matches!(data_type, DataType::Integer | DataType::Number);
    let fit = left.data_type == right.data_type || numeric(left.data_type) && numeric(right.data_type);
    let (left, right) = if fit {
        (left, right)
    } else if left.data_type == DataType::Dynamic || right.data_type == DataType::Dynamic {
        (left.coerce(DataType::Dynamic), right.coerce(DataType::Dynamic))
    } else {
        return None;
    };
    Some(Key { left, right })
}

/// The sets of fields of which the handler of the only scan has to be told one and is not, without what it is told.
pub(crate) fn missing_sets(plan: &LogicalPlan) -> Vec<Vec<u32>> {
    match plan {
        LogicalPlan::Scan(scan) => scan.missing(),
        LogicalPlan::Filter { input, .. } | LogicalPlan::Project { input, .. } => missing_sets(input),
        _ => Vec::new(),
    }
}

/// The handler of the only scan is told what it has to be told.
fn needs_no_more(plan: &mut LogicalPlan) {
    match plan {
        LogicalPlan::Scan(scan) => scan.pushdown.required.clear(),
        other => other.inputs_mut().into_iter().for_each(needs_no_more),
    }
}

/// For each field that the right side has to be told: the key that gives its value, the field, and whether rows lack it.
/// Empty where the left side gives no set.
fn bound_fields(right: &LogicalPlan, keys: &[Key]) -> Vec<(usize, u32, bool)> {
    let sets = missing_sets(right);
    let bound = |field: u32| {
        keys.iter().enumerate().find_map(|(index, key)| {
            let column = match &key.right.kind {
                ExprKind::Column(column) => *column,
                ExprKind::Coerce(inner) => match inner.kind {
                    ExprKind::Column(column) => column,
                    _ => return None,
                },
                _ => return None,
            };
            let (found, filter_only) = scan_field(right, column)?;
            (found == field).then_some((index, field, filter_only))
        })
    };
    sets.iter().find_map(|set| set.iter().map(|field| bound(*field)).collect::<Option<_>>()).unwrap_or_default()
}

/// The field of the one scan that a column is.
fn scan_field(plan: &LogicalPlan, column: u32) -> Option<(u32, bool)> {
    match plan {
        LogicalPlan::Scan(scan) => {
            let field = *scan.columns.get(column as usize)?;
            Some((field, scan.fields[field as usize].filter_only))
        }
        LogicalPlan::Filter { input, .. } => scan_field(input, column),
        LogicalPlan::Project { input, outputs } => match outputs[column as usize].1.kind {
            ExprKind::Column(column) => scan_field(input, column),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the plan can be read: it needs no value, or the conjuncts give it values of columns before `offset`, where its
/// own columns start.
pub(crate) fn is_readable(plan: &LogicalPlan, offset: u32, conjuncts: &[Expr]) -> bool {
    if missing_sets(plan).is_empty() {
        return true;
    }
    let keys: Vec<Key> = conjuncts.iter().filter_map(|conjunct| key(conjunct, offset)).collect();
    !bound_fields(plan, &keys).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain;
    use crate::rules::optimize;
    use crate::rules::tests::{field, filter, issues, items, join, project, right};

    #[track_caller]
    fn check(plan: LogicalPlan, expected: &str) {
        assert_eq!(explain::physical(&choose(optimize(plan))).trim_end(), expected.trim());
    }

    #[test]
    fn an_equality_is_a_key() {
        let on = Expr::equal(right("name"), field("id"));
        let plan = join(items(), items(), JoinKind::Left, on);
        check(
            project(plan, vec![field("name"), right("priority")]),
            "
Pipeline [#1, #3]
  Join Left on #0 = #2
    ConnectorScan shop.items [id, name]
    ConnectorScan shop.items [name, priority]
",
        );
    }

    #[test]
    fn keys_are_computed_and_the_rest_is_checked() {
        let sum = Expr::binary(BinaryOperator::Add, field("priority"), Expr::integer(1));
        let on = Expr::and(
            Expr::equal(sum, right("priority")),
            Expr::binary(BinaryOperator::Less, field("id"), right("id")),
        );
        check(
            project(join(items(), items(), JoinKind::Inner, on), vec![field("id"), right("id")]),
            "
Pipeline [#0, #2]
  Pipeline [#0, #1, #3, #4]
    Join Inner on #2 = #4 if #0 < #3
      Pipeline [id, priority, priority + 1]
        ConnectorScan shop.items [id, priority]
      ConnectorScan shop.items [id, priority]
",
        );
    }

    #[test]
    fn no_equality_means_every_pair() {
        let on = Expr::binary(BinaryOperator::Less, field("id"), right("id"));
        check(
            project(join(items(), items(), JoinKind::Inner, on), vec![field("id")]),
            "
Pipeline [#0]
  Join Inner if #0 < #1
    ConnectorScan shop.items [id]
    ConnectorScan shop.items [id]
",
        );
    }

    #[test]
    fn a_required_field_takes_values_of_the_other_side() {
        // shop.issues: repo string (required), title string.
        let repo = Expr::column(6, DataType::String);
        let on = Expr::equal(field("name"), repo);
        check(
            project(join(items(), issues(), JoinKind::Left, on), vec![field("id"), Expr::column(7, DataType::String)]),
            "
Pipeline [#0, #3]
  Join Left on #1 = #2 bind field 0 = #1
    ConnectorScan shop.items [id, name]
    ConnectorScan shop.issues [repo, title]
",
        );
    }

    #[test]
    fn either_side_may_be_called_for_the_other() {
        let on = Expr::equal(Expr::column(3, DataType::String), Expr::column(0, DataType::String));
        let plan = join(issues(), filter(items(), Expr::boolean(true)), JoinKind::Inner, on);
        check(
            project(plan, vec![Expr::column(1, DataType::String)]),
            "
Pipeline [#2]
  Join Inner on #0 = #1 bind field 0 = #0
    ConnectorScan shop.items [name]
    ConnectorScan shop.issues [repo, title]
",
        );
    }
}
