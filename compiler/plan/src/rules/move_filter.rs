use moltler_abi::manifest::JoinKind;

use crate::expr::Expr;
use crate::logical::LogicalPlan;

/// Moves the conjuncts of a filter as near to the scans as their meaning allows, where fewer rows are looked at and a scan can
/// be told about them. Only what cannot fail moves, and nothing moves across a LIMIT.
///
/// - Through a projection, over what its outputs are computed from.
/// - Into the side of a join that it is about; of a LEFT JOIN only into the left one, since rows of the right side may be
///   missing. A conjunct about both sides joins ON.
/// - Of ON: into the side that it is about; of a LEFT JOIN only into the right one.
/// - Through an aggregation where it is about keys alone, into every input of a union, through DISTINCT and sorts.
pub(super) fn move_filter(plan: LogicalPlan) -> LogicalPlan {
    Move { needed_only: false }.plan(plan)
}

/// The same for conditions on `filter_only` and required fields alone.
pub(super) fn move_needed(plan: LogicalPlan) -> LogicalPlan {
    Move { needed_only: true }.plan(plan)
}

struct Move {
    needed_only: bool,
}

impl Move {
    /// Outermost first, so that what moved down moves on.
    fn plan(&self, plan: LogicalPlan) -> LogicalPlan {
        let mut plan = match plan {
            LogicalPlan::Filter { input, predicate } => {
                let written = predicate.conjuncts();
                let (moved, kept): (Vec<Expr>, Vec<Expr>) =
                    written.iter().cloned().partition(|conjunct| self.moves(conjunct, &input));
                let mut above = kept;
                let input = into(*input, moved, &mut above);
                // What is left keeps its order: one may keep rows from another that fails for them.
                above.sort_by_key(|conjunct| written.iter().position(|other| other == conjunct));
                match Expr::all(above) {
                    // What could not go in is looked at no more.
                    Some(predicate) => {
                        let input = Box::new(self.plan(input));
                        return LogicalPlan::Filter { input, predicate };
                    }
                    None => return self.plan(input),
                }
            }
            LogicalPlan::Join { left, right, kind, on: Some(on) } => self.on(*left, *right, kind, on),
            other => other,
        };
        for input in plan.inputs_mut() {
            let below = std::mem::replace(input, LogicalPlan::SingleRow);
            *input = self.plan(below);
        }
        plan
    }

    fn moves(&self, conjunct: &Expr, input: &LogicalPlan) -> bool {
        let needed = |column: u32| input.field(column).is_some_and(|field| field.filter_only || field.required);
        let columns = conjunct.columns();
        let is_needed = columns.iter().any(|column| needed(*column));
        !columns.is_empty() && (conjunct.is_movable() || is_needed) && (!self.needed_only || is_needed)
    }

    /// Conjuncts of ON about one side go there.
    fn on(&self, left: LogicalPlan, right: LogicalPlan, kind: JoinKind, on: Expr) -> LogicalPlan {
        let width = left.schema().len() as u32;
        let plan = LogicalPlan::Join { left: Box::new(left), right: Box::new(right), kind, on: None };
        let (mut to_left, mut to_right, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for mut conjunct in on.conjuncts() {
            let moves = self.moves(&conjunct, &plan);
            let columns = conjunct.columns();
            if moves && kind == JoinKind::Inner && columns.iter().all(|column| *column < width) {
                to_left.push(conjunct);
            } else if moves && columns.iter().all(|column| *column >= width) {
                conjunct.map_columns(&|column| column - width);
                to_right.push(conjunct);
            } else {
                kept.push(conjunct);
            }
        }
        let LogicalPlan::Join { left, right, kind, .. } = plan else { unreachable!("it was made above") };
        LogicalPlan::Join {
            left: Box::new(left.filtered(Expr::all(to_left))),
            right: Box::new(right.filtered(Expr::all(to_right))),
            kind,
            on: Expr::all(kept),
        }
    }
}

/// The plan with filters inside it; what has to stay above goes to `above`.
fn into(plan: LogicalPlan, conjuncts: Vec<Expr>, above: &mut Vec<Expr>) -> LogicalPlan {
    match plan {
        LogicalPlan::Filter { input, predicate } => {
            let below = predicate.conjuncts().into_iter().chain(conjuncts).collect();
            input.filtered(Expr::all(below))
        }
        LogicalPlan::Project { input, outputs } => {
            let values: Vec<&Expr> = outputs.iter().map(|(_, value)| value).collect();
            let mut below = Vec::new();
            for conjunct in conjuncts {
                let movable = conjunct.columns().iter().all(|column| values[*column as usize].is_movable());
                if movable { below.push(conjunct.with_columns(&values)) } else { above.push(conjunct) }
            }
            LogicalPlan::Project { input: Box::new(input.filtered(Expr::all(below))), outputs }
        }
        LogicalPlan::Sort { input, keys } => {
            LogicalPlan::Sort { input: Box::new(input.filtered(Expr::all(conjuncts))), keys }
        }
        LogicalPlan::Distinct(input) => LogicalPlan::Distinct(Box::new(input.filtered(Expr::all(conjuncts)))),
        LogicalPlan::Union(inputs) => {
            let predicate = Expr::all(conjuncts);
            LogicalPlan::Union(inputs.into_iter().map(|input| input.filtered(predicate.clone())).collect())
        }
        LogicalPlan::Aggregate { input, keys, aggregates } => {
            let values: Vec<&Expr> = keys.iter().map(|(_, value)| value).collect();
            let mut below = Vec::new();
            for conjunct in conjuncts {
                let about_keys = conjunct
                    .columns()
                    .iter()
                    .all(|column| values.get(*column as usize).is_some_and(|value| value.is_movable()));
                if about_keys { below.push(conjunct.with_columns(&values)) } else { above.push(conjunct) }
            }
            LogicalPlan::Aggregate { input: Box::new(input.filtered(Expr::all(below))), keys, aggregates }
        }
        LogicalPlan::Join { left, right, kind, on } => {
            let width = left.schema().len() as u32;
            let (mut to_left, mut to_right, mut both) = (Vec::new(), Vec::new(), Vec::new());
            for mut conjunct in conjuncts {
                let columns = conjunct.columns();
                if columns.iter().all(|column| *column < width) {
                    to_left.push(conjunct);
                } else if kind == JoinKind::Left {
                    above.push(conjunct);
                } else if columns.iter().all(|column| *column >= width) {
                    conjunct.map_columns(&|column| column - width);
                    to_right.push(conjunct);
                } else {
                    both.push(conjunct);
                }
            }
            LogicalPlan::Join {
                left: Box::new(left.filtered(Expr::all(to_left))),
                right: Box::new(right.filtered(Expr::all(to_right))),
                kind,
                on: Expr::all(on.into_iter().chain(both).collect()),
            }
        }
        other @ (LogicalPlan::Scan(_)
        | LogicalPlan::Elements { .. }
        | LogicalPlan::SingleRow
        | LogicalPlan::Nothing(_)
        | LogicalPlan::Limit { .. }
        | LogicalPlan::Shared { .. }) => {
            above.extend(conjuncts);
            other
        }
    }
}

#[cfg(test)]
mod tests {
    use moltler_abi::DataType;

    use super::super::tests::{check, field, filter, items, join, limit, project, right};
    use super::*;

    const SCAN: &str = "Scan shop.items [id, name, priority, created_at, open, JQL]";

    fn equal(column: Expr, text: &str) -> Expr {
        Expr::equal(column, Expr::string(text))
    }

    #[test]
    fn through_a_projection() {
        let plan = filter(project(items(), vec![field("name")]), equal(Expr::column(0, DataType::String), "x"));
        check(move_filter, plan, &format!("Project name AS c0\n  Filter name = 'x'\n    {SCAN}"));
    }

    #[test]
    fn not_through_a_limit() {
        let plan = filter(limit(items(), 3), equal(field("id"), "x"));
        check(move_filter, plan, &format!("Filter id = 'x'\n  Limit 3\n    {SCAN}"));
    }

    #[test]
    fn into_both_sides_of_a_join_and_its_condition() {
        let wanted = Expr::and(
            Expr::and(equal(field("id"), "l"), equal(right("id"), "r")),
            Expr::equal(field("name"), right("name")),
        );
        check(
            move_filter,
            filter(join(items(), items(), JoinKind::Inner, Expr::equal(field("id"), right("id"))), wanted),
            &format!(
                "Join Inner id = id AND name = name\n  Filter id = 'l'\n    {SCAN}\n  Filter id = 'r'\n    {SCAN}"
            ),
        );
    }

    #[test]
    fn into_the_left_side_of_a_left_join_only() {
        let wanted = Expr::and(equal(field("id"), "l"), equal(right("id"), "r"));
        let on = Expr::and(Expr::equal(field("id"), right("id")), equal(right("name"), "n"));
        let on = Expr::and(on, equal(field("name"), "stays"));
        check(
            move_filter,
            filter(join(items(), items(), JoinKind::Left, on), wanted),
            &format!(
                "Filter id = 'r'\n  Join Left id = id AND name = 'stays'\n    Filter id = 'l'\n      {SCAN}\n    \
                 Filter name = 'n'\n      {SCAN}"
            ),
        );
    }

    #[test]
    fn about_keys_through_an_aggregation() {
        let groups = LogicalPlan::Aggregate {
            input: Box::new(items()),
            keys: vec![("name".to_owned(), field("name"))],
            aggregates: vec![(
                "count".to_owned(),
                crate::logical::Aggregate {
                    function: moltler_abi::aggregates::AggregateFunction::CountRows,
                    distinct: false,
                    argument: None,
                    separator: None,
                    data_type: DataType::Integer,
                },
            )],
        };
        let wanted = Expr::and(
            equal(Expr::column(0, DataType::String), "x"),
            Expr::equal(Expr::column(1, DataType::Integer), Expr::integer(2)),
        );
        check(
            move_filter,
            filter(groups, wanted),
            &format!("Filter count = 2\n  Aggregate name; COUNT(*)\n    Filter name = 'x'\n      {SCAN}"),
        );
    }

    #[test]
    fn into_every_input_of_a_union() {
        let plan = filter(LogicalPlan::Union(vec![items(), items()]), equal(field("id"), "x"));
        check(move_filter, plan, &format!("Union\n  Filter id = 'x'\n    {SCAN}\n  Filter id = 'x'\n    {SCAN}"));
    }

    #[test]
    fn what_stays_keeps_its_order() {
        let safe = equal(field("id"), "x");
        let fails = Expr::equal(field("priority").cast(DataType::String), Expr::string("1"));
        check(
            move_filter,
            filter(items(), Expr::and(safe, fails)),
            &format!("Filter id = 'x' AND CAST(priority AS string) = '1'\n  {SCAN}"),
        );
    }

    #[test]
    fn what_may_fail_stays() {
        let fails = Expr::equal(field("priority").cast(DataType::String), Expr::string("1"));
        check(
            move_filter,
            filter(project(items(), vec![field("id"), field("name"), field("priority")]), fails),
            &format!("Filter CAST(c2 AS string) = '1'\n  Project id AS c0, name AS c1, priority AS c2\n    {SCAN}"),
        );
    }
}
