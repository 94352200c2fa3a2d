use moltler_abi::manifest::JoinKind;

use crate::expr::{Expr, ExprKind, Literal};
use crate::logical::{LogicalPlan, Scan};

/// What gives no rows is replaced by [`LogicalPlan::Nothing`], so that no handler is called:
///
/// ```text
/// SELECT id FROM shop.items WHERE a = 1 AND a = 2;
/// SELECT id FROM shop.items LIMIT 0;
/// ```
pub(super) fn drop_empty(plan: LogicalPlan) -> LogicalPlan {
    plan.rewrite(&|mut plan| {
        if let LogicalPlan::Union(inputs) = &mut plan {
            let schema = inputs.first().map(LogicalPlan::schema).unwrap_or_default();
            inputs.retain(|input| !is_nothing(input));
            if inputs.is_empty() {
                return LogicalPlan::Nothing(schema);
            }
        }
        let is_empty = match &plan {
            LogicalPlan::Scan(scan) => contradicts_itself(scan),
            LogicalPlan::Elements { .. }
            | LogicalPlan::SingleRow
            | LogicalPlan::Union(_)
            | LogicalPlan::Shared { .. } => false,
            LogicalPlan::Nothing(_) => true,
            LogicalPlan::Filter { input, predicate } => is_nothing(input) || is_never_true(predicate),
            LogicalPlan::Project { input, .. } | LogicalPlan::Sort { input, .. } | LogicalPlan::Distinct(input) => {
                is_nothing(input)
            }
            LogicalPlan::Aggregate { input, keys, .. } => !keys.is_empty() && is_nothing(input),
            LogicalPlan::Join { left, right, kind, .. } => {
                is_nothing(left) || *kind == JoinKind::Inner && is_nothing(right)
            }
            LogicalPlan::Limit { input, limit, .. } => {
                let zero = |limit: &Expr| matches!(limit.kind, ExprKind::Literal(Literal::Integer(0)));
                is_nothing(input) || limit.as_ref().is_some_and(zero)
            }
        };
        if is_empty { LogicalPlan::Nothing(plan.schema()) } else { plan }
    })
}

fn is_nothing(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::Nothing(_))
}

fn is_never_true(predicate: &Expr) -> bool {
    matches!(predicate.kind, ExprKind::Literal(Literal::Boolean(false) | Literal::Null))
}

/// Two pushed equalities of one field with constants of one type that differ, or one with NULL.
fn contradicts_itself(scan: &Scan) -> bool {
    let constants = scan.filters.iter().filter_map(|(field, value)| match &value.kind {
        ExprKind::Literal(literal) => Some((*field, literal)),
        _ => None,
    });
    let constants: Vec<(u32, &Literal)> = constants.collect();
    constants.iter().enumerate().any(|(index, (field, literal))| {
        **literal == Literal::Null
            || constants[..index].iter().any(|(other_field, other)| {
                other_field == field && other.data_type() == literal.data_type() && other != literal
            })
    })
}

#[cfg(test)]
mod tests {
    use super::super::push_down_filter::push_down_filter;
    use super::super::tests::{check, field, filter, items, limit, project};
    use super::*;

    #[test]
    fn limit_zero_gives_nothing() {
        check(drop_empty, limit(project(items(), vec![field("id")]), 0), "Nothing");
    }

    #[test]
    fn two_values_for_one_field_give_nothing() {
        let both = Expr::and(
            Expr::equal(field("id"), Expr::string("1")),
            Expr::and(Expr::boolean(true), Expr::equal(Expr::string("2"), field("id"))),
        );
        check(|plan| drop_empty(push_down_filter(plan)), project(filter(items(), both), vec![field("id")]), "Nothing");
    }

    #[test]
    fn null_is_equal_to_nothing() {
        let never = Expr::equal(field("id"), Expr::null());
        check(|plan| drop_empty(push_down_filter(plan)), filter(items(), never), "Nothing");
    }

    #[test]
    fn a_false_filter_gives_nothing() {
        check(drop_empty, filter(items(), Expr::boolean(false)), "Nothing");
    }

    #[test]
    fn joins_and_unions_of_nothing() {
        use super::super::tests::{join, right};
        let never = || filter(items(), Expr::boolean(false));
        let on = || Expr::equal(field("id"), right("id"));
        check(drop_empty, join(items(), never(), JoinKind::Inner, on()), "Nothing");
        check(drop_empty, join(never(), items(), JoinKind::Left, on()), "Nothing");
        check(
            drop_empty,
            LogicalPlan::Union(vec![never(), items()]),
            "Union\n  Scan shop.items [id, name, priority, created_at, open, JQL]",
        );
    }

    #[test]
    fn one_group_without_rows_stays() {
        let groups =
            LogicalPlan::Aggregate { input: Box::new(limit(items(), 0)), keys: Vec::new(), aggregates: Vec::new() };
        check(drop_empty, groups, "Aggregate\n  Nothing");
    }

    #[test]
    fn rows_stay() {
        check(drop_empty, limit(LogicalPlan::SingleRow, 1), "Limit 1\n  SingleRow");
    }
}
