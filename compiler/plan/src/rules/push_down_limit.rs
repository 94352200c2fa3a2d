use moltler_abi::manifest::{Exactness, JoinKind};
use moltler_abi::runtime_calls::BinaryOperator;

use super::push_down_filter::conditions;
use crate::expr::{Expr, ExprKind, Literal};
use crate::logical::{LogicalPlan, Scan, SortKey};

/// Tells a scan how many rows are enough: only where nothing between it and the LIMIT drops rows or changes their order, or
/// its handler declares that it does the same.
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
    if withheld(plan, None).is_some() {
        return;
    }
    match plan {
        LogicalPlan::Project { input, .. } | LogicalPlan::Sort { input, .. } | LogicalPlan::Filter { input, .. } => {
            set(input, limit);
        }
        other => set(other, limit),
    }
}

/// Tells the limit to the scans that nothing keeps it from.
fn set(plan: &mut LogicalPlan, limit: Expr) {
    match plan {
        LogicalPlan::Project { input, .. } | LogicalPlan::Sort { input, .. } | LogicalPlan::Filter { input, .. } => {
            set(input, limit);
        }
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
        | LogicalPlan::Limit { .. }
        | LogicalPlan::Aggregate { .. }
        | LogicalPlan::Distinct(_)
        | LogicalPlan::Join { kind: JoinKind::Inner, .. }
        | LogicalPlan::Shared { .. } => {}
    }
}

/// Why a LIMIT above the plan is not told to its scan; `keys` are those of the ORDER BY between, over the plan's columns.
///
/// A filter does not matter where the handler declares it and that it is exact, an order not where the handler declares all
/// keys, and both only where it declares the limit as well.
pub(crate) fn withheld(plan: &LogicalPlan, keys: Option<&[SortKey]>) -> Option<String> {
    match plan {
        LogicalPlan::Project { input, outputs } => match keys {
            None => withheld(input, None),
            Some(keys) => {
                let below = keys.iter().map(|key| match key.value.kind {
                    ExprKind::Column(column) => {
                        Some(SortKey { value: outputs[column as usize].1.clone(), ..key.clone() })
                    }
                    _ => None,
                });
                match below.collect::<Option<Vec<SortKey>>>() {
                    Some(below) => withheld(input, Some(&below)),
                    None => Some("ORDER BY has a key that is no field".to_owned()),
                }
            }
        },
        LogicalPlan::Sort { .. } if keys.is_some() => Some("rows are sorted twice".to_owned()),
        LogicalPlan::Sort { input, keys } => withheld(input, Some(keys)),
        LogicalPlan::Filter { input, predicate } => match &**input {
            LogicalPlan::Scan(scan) => filter_withholds(scan, predicate).or_else(|| withheld(input, keys)),
            _ => Some("a condition is left to check here".to_owned()),
        },
        LogicalPlan::Scan(scan) => order_withholds(scan, keys?),
        LogicalPlan::Join { left, kind: JoinKind::Left, .. } if keys.is_none() => withheld(left, None),
        LogicalPlan::Union(_) if keys.is_none() => None,
        LogicalPlan::Union(_) | LogicalPlan::Join { .. } | LogicalPlan::Shared { .. } => {
            Some("rows of several sources come together".to_owned())
        }
        LogicalPlan::Aggregate { .. } => Some("groups need all rows".to_owned()),
        LogicalPlan::Distinct(_) => Some("DISTINCT drops rows".to_owned()),
        LogicalPlan::Limit { .. } | LogicalPlan::Elements { .. } | LogicalPlan::SingleRow | LogicalPlan::Nothing(_) => {
            Some("there is no handler below it".to_owned())
        }
    }
}

fn filter_withholds(scan: &Scan, predicate: &Expr) -> Option<String> {
    if scan.pushdown.exact == Exactness::Undeclared || !scan.pushdown.limit {
        return Some("PUSHDOWN does not declare that filters are exact and the limit is kept behind them".to_owned());
    }
    let declared = |field: u32, operator: &str| {
        let mut filters = scan.pushdown.filters.iter();
        filters.any(|(other, operators)| *other == field && operators.iter().any(|known| known == operator))
    };
    predicate.clone().conjuncts().iter().find_map(|conjunct| {
        let conditions = conditions(conjunct);
        if conditions.is_empty() {
            return Some("the handler is not told a condition".to_owned());
        }
        let undeclared = conditions.iter().find(|(column, operator, _)| {
            let field = scan.columns[*column as usize];
            !scan.fields[field as usize].filter_only && !declared(field, operator)
        });
        if let Some((column, operator, _)) = undeclared {
            let field = &scan.fields[scan.columns[*column as usize] as usize].name;
            return Some(format!("PUSHDOWN does not declare `{operator}` for `{field}`"));
        }
        let fields = conditions.iter().map(|(column, _, _)| scan.columns[*column as usize]);
        let wide = fields
            .into_iter()
            .find(|field| !scan.fields[*field as usize].filter_only && !scan.pushdown.exact.covers(*field));
        wide.map(|field| format!("PUSHDOWN does not declare that `{}` is exact", scan.fields[field as usize].name))
    })
}

fn order_withholds(scan: &Scan, keys: &[SortKey]) -> Option<String> {
    let pushdown = &scan.pushdown;
    if !pushdown.limit || pushdown.order_fields.is_empty() {
        return Some("PUSHDOWN does not declare the order of rows and that the limit is kept behind it".to_owned());
    }
    if pushdown.order_keys.is_some_and(|most| keys.len() > most as usize) {
        return Some("ORDER BY has more keys than PUSHDOWN declares".to_owned());
    }
    keys.iter().find_map(|key| {
        let ExprKind::Column(column) = key.value.kind else {
            return Some("ORDER BY has a key that is no field".to_owned());
        };
        let field = scan.columns[column as usize];
        if !pushdown.order_fields.iter().any(|declared| declared.covers(field, key.descending)) {
            return Some(format!("PUSHDOWN does not declare `{}` in its order", scan.fields[field as usize].name));
        }
        // `options.orderBy` says nothing about NULLs.
        (key.nulls_first != key.descending).then(|| "the handler is not told where NULLs go".to_owned())
    })
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
    use moltler_abi::manifest::OrderField;

    use super::super::tests::{check, field, filter, items, limit, project};
    use super::*;

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
    fn declared_filters_and_orders_let_it_through() {
        let declared = || {
            let LogicalPlan::Scan(mut scan) = items() else { panic!("items is a scan") };
            scan.pushdown.filters = vec![(0, vec!["=".to_owned()])];
            (scan.pushdown.exact, scan.pushdown.limit) = (Exactness::All, true);
            let by_name = OrderField { field: 3, descending: None };
            (scan.pushdown.order_fields, scan.pushdown.order_keys) = (vec![by_name], Some(1));
            LogicalPlan::Scan(scan)
        };
        let sort = |input, name: &str| LogicalPlan::Sort {
            input: Box::new(input),
            keys: vec![SortKey { value: field(name), descending: true, nulls_first: true }],
        };
        let of_id = || Expr::equal(field("id"), Expr::string("x"));
        let passed = |plan| {
            let LogicalPlan::Limit { input, .. } = push_down_limit(limit(plan, 1)) else { panic!("the limit stays") };
            withheld(&input, None)
        };
        assert_eq!(passed(filter(declared(), of_id())), None);
        assert_eq!(passed(sort(filter(declared(), of_id()), "created_at")), None);
        assert_eq!(
            passed(sort(filter(declared(), of_id()), "id")).as_deref(),
            Some("PUSHDOWN does not declare `id` in its order")
        );
        let of_name = Expr::equal(field("name"), Expr::string("x"));
        assert_eq!(
            passed(filter(declared(), Expr::and(of_id(), of_name))).as_deref(),
            Some("PUSHDOWN does not declare `=` for `name`")
        );
        assert_eq!(passed(sort(sort(declared(), "created_at"), "id")).as_deref(), Some("rows are sorted twice"));
        check(
            push_down_limit,
            limit(sort(filter(declared(), of_id()), "created_at"), 1),
            "Limit 1\n  Sort created_at DESC NULLS FIRST\n    Filter id = 'x'\n      \
             Scan shop.items [id, name, priority, created_at, open, JQL] limit 1",
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
