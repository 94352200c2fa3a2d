use crate::expr::{Expr, ExprKind};
use crate::logical::{LogicalPlan, Scan, SortKey};

/// Tells a scan the order that the query wants, where every key is a field. The sort stays, since what a handler does with
/// it is its own business.
///
/// ```text
/// SELECT id FROM shop.items ORDER BY created_at DESC, id; -- options.orderBy has both
/// ```
pub(super) fn push_down_order(plan: LogicalPlan) -> LogicalPlan {
    plan.rewrite(&|mut plan| {
        if let LogicalPlan::Sort { input, keys } = &mut plan {
            tell(input, keys);
        }
        plan
    })
}

fn tell(plan: &mut LogicalPlan, keys: &[SortKey]) {
    match plan {
        LogicalPlan::Project { input, outputs } => {
            // The keys as what the projection computes them from.
            let below = keys.iter().map(|key| match key.value.kind {
                ExprKind::Column(column) => {
                    let (_, value) = &outputs[column as usize];
                    Some(SortKey { value: value.clone(), ..key.clone() })
                }
                _ => None,
            });
            if let Some(below) = below.collect::<Option<Vec<SortKey>>>() {
                tell(input, &below);
            }
        }
        LogicalPlan::Filter { input, .. } => tell(input, keys),
        LogicalPlan::Scan(scan) => {
            let fields = keys.iter().map(|key| Some((field(scan, &key.value)?, key.descending)));
            if let Some(fields) = fields.collect::<Option<Vec<(u32, bool)>>>() {
                scan.order_by = fields;
            }
        }
        LogicalPlan::Elements { .. }
        | LogicalPlan::SingleRow
        | LogicalPlan::Nothing(_)
        | LogicalPlan::Sort { .. }
        | LogicalPlan::Limit { .. }
        | LogicalPlan::Aggregate { .. }
        | LogicalPlan::Distinct(_)
        | LogicalPlan::Join { .. }
        | LogicalPlan::Union(_)
        | LogicalPlan::Shared { .. } => {}
    }
}

/// The field that a key is; none that rows do not carry.
fn field(scan: &Scan, key: &Expr) -> Option<u32> {
    let ExprKind::Column(column) = key.kind else { return None };
    let field = scan.columns[column as usize];
    (!scan.fields[field as usize].filter_only).then_some(field)
}

#[cfg(test)]
mod tests {
    use moltler_abi::runtime_calls::BinaryOperator;

    use super::super::tests::{check, field, filter, items, project};
    use super::*;

    fn sort(input: LogicalPlan, keys: &[(u32, bool)]) -> LogicalPlan {
        let schema = input.schema();
        let keys = keys.iter().map(|(column, descending)| SortKey {
            value: Expr::column(*column, schema[*column as usize].data_type),
            descending: *descending,
            nulls_first: *descending,
        });
        LogicalPlan::Sort { keys: keys.collect(), input: Box::new(input) }
    }

    #[test]
    fn fields_are_told_through_a_projection_and_a_filter() {
        let plan = filter(items(), Expr::equal(field("id"), field("name")));
        check(
            push_down_order,
            sort(project(plan, vec![field("id"), field("created_at")]), &[(1, true), (0, false)]),
            "Sort c1 DESC NULLS FIRST, c0\n  Project id AS c0, created_at AS c1\n    Filter id = name\n      \
             Scan shop.items [id, name, priority, created_at, open, JQL] order by created_at DESC, id",
        );
    }

    #[test]
    fn all_keys_or_none() {
        let next = Expr::binary(BinaryOperator::Add, field("priority"), Expr::integer(1));
        check(
            push_down_order,
            sort(project(items(), vec![field("id"), next]), &[(0, false), (1, false)]),
            "Sort c0, c1\n  Project id AS c0, priority + 1 AS c1\n    \
             Scan shop.items [id, name, priority, created_at, open, JQL]",
        );
    }
}
