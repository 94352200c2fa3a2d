use moltler_abi::manifest::JoinKind;
use moltler_abi::runtime_calls::BinaryOperator;

use crate::expr::{Expr, ExprKind, Literal};
use crate::logical::LogicalPlan;

/// Tells a scan how many rows are enough: only where nothing between it and the LIMIT drops rows or changes their order.
///
/// ```text
/// SELECT id FROM shop.items LIMIT 10 OFFSET 5;      -- options.limit is 15
/// SELECT id FROM shop.items WHERE id = 'x' LIMIT 1; -- no limit: the handler may ignore the filter
/// ```
pub(super) fn push_down_limit(plan: LogicalPlan) -> LogicalPlan {
    plan.rewrite(&|mut plan| {
        if let LogicalPlan::Limit { input, limit: Some(limit), offset } = &mut plan {
            let enough = match offset {
                Some(offset) => add(limit.clone(), offset.clone()),
                None => limit.clone(),
            };
            limit_scan(input, enough);
        }
        plan
    })
}

fn limit_scan(plan: &mut LogicalPlan, limit: Expr) {
    match plan {
        LogicalPlan::Project { input, .. } => limit_scan(input, limit),
        LogicalPlan::Scan(scan) => scan.limit = Some(limit),
        LogicalPlan::Union(inputs) => {
            for input in inputs {
                limit_scan(input, limit.clone());
            }
        }
        // Each row of the left side gives at least one.
        LogicalPlan::Join { left, kind: JoinKind::Left, .. } => limit_scan(left, limit),
        LogicalPlan::Elements { .. }
        | LogicalPlan::SingleRow
        | LogicalPlan::Nothing(_)
        | LogicalPlan::Filter { .. }
        | LogicalPlan::Sort { .. }
        | LogicalPlan::Limit { .. }
        | LogicalPlan::Aggregate { .. }
        | LogicalPlan::Distinct(_)
        | LogicalPlan::Join { kind: JoinKind::Inner, .. }
        | LogicalPlan::Shared { .. } => {}
    }
}

fn add(limit: Expr, offset: Expr) -> Expr {
    match (&limit.kind, &offset.kind) {
        (ExprKind::Literal(Literal::Integer(limit)), ExprKind::Literal(Literal::Integer(offset))) => {
            Expr::integer(limit.saturating_add(*offset))
        }
        _ => {
            // `OFFSET NULL` skips nothing.
            let offset = Expr::coalesce(vec![offset, Expr::integer(0)]);
            Expr::binary(BinaryOperator::Add, limit, offset)
        }
    }
}

#[cfg(test)]
mod tests {
    use moltler_abi::DataType;

    use super::super::tests::{check, field, filter, items, limit, project};
    use super::*;
    use crate::logical::SortKey;

    #[test]
    fn through_a_projection() {
        check(
            push_down_limit,
            limit(project(items(), vec![field("id")]), 10),
            "Limit 10\n  Project id AS c0\n    Scan shop.items [id, name, priority, created_at, open, JQL] limit 10",
        );
    }

    #[test]
    fn an_offset_adds_to_it() {
        let plan = LogicalPlan::Limit {
            input: Box::new(items()),
            limit: Some(Expr::integer(10)),
            offset: Some(Expr::integer(5)),
        };
        check(
            push_down_limit,
            plan,
            "Limit 10 offset 5\n  Scan shop.items [id, name, priority, created_at, open, JQL] limit 15",
        );
    }

    #[test]
    fn an_offset_that_is_not_known_yet() {
        let plan = LogicalPlan::Limit {
            input: Box::new(items()),
            limit: Some(Expr::integer(10)),
            offset: Some(Expr::variable(0, DataType::Integer)),
        };
        check(
            push_down_limit,
            plan,
            "Limit 10 offset $0\n  Scan shop.items [id, name, priority, created_at, open, JQL] limit 10 + COALESCE($0, 0)",
        );
    }

    #[test]
    fn not_through_a_filter() {
        let plan = limit(filter(items(), Expr::equal(field("id"), Expr::string("x"))), 1);
        check(
            push_down_limit,
            plan,
            "Limit 1\n  Filter id = 'x'\n    Scan shop.items [id, name, priority, created_at, open, JQL]",
        );
    }

    #[test]
    fn into_a_union_and_the_left_side_of_a_left_join() {
        use super::super::tests::{join, right};
        const SCAN: &str = "Scan shop.items [id, name, priority, created_at, open, JQL]";
        let on = || Expr::equal(field("id"), right("id"));
        check(
            push_down_limit,
            limit(LogicalPlan::Union(vec![items(), items()]), 2),
            &format!("Limit 2\n  Union\n    {SCAN} limit 2\n    {SCAN} limit 2"),
        );
        check(
            push_down_limit,
            limit(join(items(), items(), JoinKind::Left, on()), 2),
            &format!("Limit 2\n  Join Left id = id\n    {SCAN} limit 2\n    {SCAN}"),
        );
        check(
            push_down_limit,
            limit(join(items(), items(), JoinKind::Inner, on()), 2),
            &format!("Limit 2\n  Join Inner id = id\n    {SCAN}\n    {SCAN}"),
        );
    }

    #[test]
    fn not_through_a_sort() {
        let sort = LogicalPlan::Sort {
            input: Box::new(items()),
            keys: vec![SortKey { value: field("id"), descending: true, nulls_first: true }],
        };
        check(
            push_down_limit,
            limit(sort, 1),
            "Limit 1\n  Sort id DESC NULLS FIRST\n    Scan shop.items [id, name, priority, created_at, open, JQL]",
        );
    }
}
