use moltler_abi::DataType;
use moltler_abi::runtime_calls::BinaryOperator;

use crate::expr::{Expr, ExprKind};
use crate::logical::{Condition, LogicalPlan, Scan};

/// Tells a scan what a filter above it wants. The filter stays, since what a handler does with it is its own business; only
/// conditions on `filter_only` fields go, which rows do not carry.
///
/// - `filters` get each conjunct `column = value`, the value being free of columns.
/// - `conditions` get all simple conjuncts.
/// - `each` gets lists of values of a required field: `column IN (a, b)`, `column = a OR column = b`.
pub(super) fn push_down_filter(plan: LogicalPlan) -> LogicalPlan {
    push_down(plan, false)
}

/// The same for conditions on `filter_only` and required fields alone.
pub(super) fn push_down_filter_only(plan: LogicalPlan) -> LogicalPlan {
    push_down(plan, true)
}

fn push_down(plan: LogicalPlan, needed_only: bool) -> LogicalPlan {
    plan.rewrite(&|plan| match plan {
        LogicalPlan::Filter { input, predicate } => match *input {
            LogicalPlan::Scan(scan) => push_into(scan, predicate, needed_only),
            other => LogicalPlan::Filter { input: Box::new(other), predicate },
        },
        other => other,
    })
}

fn push_into(mut scan: Scan, predicate: Expr, needed_only: bool) -> LogicalPlan {
    let mut kept = Vec::new();
    for conjunct in predicate.conjuncts() {
        let mut filter_only = false;
        if let Some((column, values)) = computed(&conjunct) {
            let field = scan.columns[column as usize];
            if scan.fields[field as usize].required {
                filter_only = scan.fields[field as usize].filter_only;
                each(&mut scan, field, values);
            }
        }
        if let Some((column, values)) = alternatives(&conjunct) {
            let field = scan.columns[column as usize];
            if scan.fields[field as usize].required {
                filter_only = scan.fields[field as usize].filter_only;
                each(&mut scan, field, Expr::array(values));
            }
        }
        for (column, operator, value) in conditions(&conjunct) {
            let field = scan.columns[column as usize];
            filter_only |= scan.fields[field as usize].filter_only;
            let required = scan.fields[field as usize].required;
            if needed_only && !filter_only && !required {
                continue;
            }
            if let ("in", Some(values)) = (operator, &value)
                && required
            {
                each(&mut scan, field, values.clone());
            }
            if let ("=", Some(value)) = (operator, &value)
                && !scan.filters.iter().any(|(other, known)| *other == field && known.same(value))
            {
                scan.filters.push((field, value.clone()));
            }
            let condition = Condition { field, operator, value };
            if !scan.conditions.contains(&condition) {
                scan.conditions.push(condition);
            }
        }
        if !filter_only {
            kept.push(conjunct);
        }
    }
    let told = |field: &u32| scan.filters.iter().any(|(other, _)| other == field);
    if scan.pushdown.required.iter().any(|set| set.iter().all(told)) {
        // One call is enough.
        scan.each.retain(|(field, _)| scan.fields[*field as usize].filter_only);
    }
    let scan = LogicalPlan::Scan(scan);
    match Expr::all(kept) {
        Some(predicate) => LogicalPlan::Filter { input: Box::new(scan), predicate },
        None => scan,
    }
}

/// The handler is called for each of these values of a required field, unless it is told one already.
fn each(scan: &mut Scan, field: u32, values: Expr) {
    if !scan.each.iter().any(|(other, _)| *other == field) {
        scan.each.push((field, values));
    }
}

/// Values that are known when the scan starts, those of a SELECT too: `column IN array`, `column = (SELECT …)`.
fn computed(conjunct: &Expr) -> Option<(u32, Expr)> {
    match &conjunct.kind {
        ExprKind::Binary { operator: BinaryOperator::In, left, right } if right.is_constant() => {
            Some((column(left)?, (**right).clone()))
        }
        ExprKind::Binary { operator: BinaryOperator::Equal, left, right } => {
            let (column, value) = match (column(left), column(right)) {
                (Some(column), _) => (column, right),
                (None, Some(column)) => (column, left),
                (None, None) => return None,
            };
            (value.is_constant() && !value.is_argument()).then(|| (column, Expr::array(vec![(**value).clone()])))
        }
        ExprKind::InList { operand, items, negated: false } if items.iter().all(Expr::is_constant) => {
            Some((column(operand)?, Expr::array(items.clone())))
        }
        _ => None,
    }
}

/// `column = x OR column = y`: the column and the values.
pub(crate) fn alternatives(conjunct: &Expr) -> Option<(u32, Vec<Expr>)> {
    let ExprKind::Binary { operator: BinaryOperator::Or, left, right } = &conjunct.kind else { return None };
    let side = |expr: &Expr| {
        if let Some(found) = alternatives(expr) {
            return Some(found);
        }
        match conditions(expr).pop() {
            Some((column, "=", Some(value))) => Some((column, vec![value])),
            _ => None,
        }
    };
    let (column, mut values) = side(left)?;
    let (other, more) = side(right)?;
    values.extend(more);
    (column == other).then_some((column, values))
}

/// The simple conditions that a conjunct consists of: column, operator, value. None where it is not simple.
pub(crate) fn conditions(conjunct: &Expr) -> Vec<(u32, &'static str, Option<Expr>)> {
    use BinaryOperator::*;
    match &conjunct.kind {
        ExprKind::Binary { operator, left, right } => {
            let (column, value, operator) = match (column(left), column(right)) {
                (Some(column), _) => (column, right, *operator),
                (None, Some(column)) => match flipped(*operator) {
                    Some(operator) => (column, left, operator),
                    None => return Vec::new(),
                },
                (None, None) => return Vec::new(),
            };
            let name = match operator {
                Equal => "=",
                NotEqual => "!=",
                Less => "<",
                LessEqual => "<=",
                Greater => ">",
                GreaterEqual => ">=",
                Like => "like",
                Contains => "contains",
                In => "in",
                NotIn => "not in",
                NotLike | ILike | NotILike | Matches | And | Or | Coalesce | Concat | Add | Subtract | Multiply
                | Divide | Remainder => return Vec::new(),
            };
            // Documents and arrays are compared as JSON, which no handler is asked to do.
            let nested = |expr: &Expr| matches!(expr.data_type, DataType::Document | DataType::Array);
            let ordered = !matches!(operator, Contains | In | NotIn);
            if !value.is_argument() || ordered && (nested(left) || nested(right)) {
                return Vec::new();
            }
            vec![(column, name, Some((**value).clone()))]
        }
        ExprKind::IsNull { operand, negated } => match column(operand) {
            Some(column) => vec![(column, if *negated { "is not null" } else { "is null" }, None)],
            None => Vec::new(),
        },
        ExprKind::InList { operand, items, negated } => match column(operand) {
            Some(column) if items.iter().all(Expr::is_argument) => {
                let name = if *negated { "not in" } else { "in" };
                vec![(column, name, Some(Expr::array(items.clone())))]
            }
            _ => Vec::new(),
        },
        ExprKind::Between { operand, low, high, negated: false } => match column(operand) {
            Some(column) if low.is_argument() && high.is_argument() => {
                vec![(column, ">=", Some((**low).clone())), (column, "<=", Some((**high).clone()))]
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The column that the expression is.
fn column(expr: &Expr) -> Option<u32> {
    match &expr.kind {
        ExprKind::Column(column) => Some(*column),
        _ => None,
    }
}

/// The operator with its sides exchanged, where there is one.
fn flipped(operator: BinaryOperator) -> Option<BinaryOperator> {
    use BinaryOperator::*;
    match operator {
        Equal => Some(Equal),
        NotEqual => Some(NotEqual),
        Less => Some(Greater),
        LessEqual => Some(GreaterEqual),
        Greater => Some(Less),
        GreaterEqual => Some(LessEqual),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, field, filter, items};
    use super::*;

    const SCAN: &str = "Scan shop.items [id, name, priority, created_at, open, JQL]";

    #[test]
    fn an_equality_is_a_filter_and_stays() {
        let predicate = Expr::equal(field("id"), Expr::string("1"));
        check(
            push_down_filter,
            filter(items(), predicate),
            &format!("Filter id = '1'\n  {SCAN} filters {{id: '1'}} where [id = '1']"),
        );
    }

    #[test]
    fn either_side_may_be_the_constant() {
        let predicate = Expr::and(
            Expr::equal(Expr::string("1"), field("id")),
            Expr::binary(BinaryOperator::Less, Expr::integer(3), field("priority")),
        );
        check(
            push_down_filter,
            filter(items(), predicate),
            &format!("Filter '1' = id AND 3 < priority\n  {SCAN} filters {{id: '1'}} where [id = '1', priority > 3]"),
        );
    }

    #[test]
    fn variables_are_constants() {
        let created = Expr::member(Expr::variable(0, DataType::Dynamic), "id");
        check(
            push_down_filter,
            filter(items(), Expr::equal(field("id"), created)),
            &format!(
                "Filter id = COERCE($0.id, string)\n  {SCAN} filters {{id: COERCE($0.id, string)}} where [id = COERCE($0.id, string)]"
            ),
        );
    }

    #[test]
    fn ranges_and_lists_are_conditions_only() {
        let predicate = Expr::and(
            Expr::between(field("priority"), Expr::integer(1), Expr::integer(5), false),
            Expr::and(
                Expr::in_list(field("name"), vec![Expr::string("a"), Expr::string("b")], false),
                Expr::is_null(field("created_at"), true),
            ),
        );
        check(
            push_down_filter,
            filter(items(), predicate),
            &format!(
                "Filter priority BETWEEN 1 AND 5 AND name IN ('a', 'b') AND created_at IS NOT NULL\n  \
                 {SCAN} where [priority >= 1, priority <= 5, name in ['a', 'b'], created_at is not null]"
            ),
        );
    }

    #[test]
    fn or_and_not_are_left_alone() {
        let either = Expr::binary(
            BinaryOperator::Or,
            Expr::equal(field("id"), Expr::string("1")),
            Expr::equal(field("id"), Expr::string("2")),
        );
        let not =
            Expr::unary(moltler_abi::runtime_calls::UnaryOperator::Not, Expr::equal(field("name"), Expr::string("x")));
        check(
            push_down_filter,
            filter(items(), Expr::and(either, not)),
            &format!("Filter (id = '1' OR id = '2') AND NOT name = 'x'\n  {SCAN}"),
        );
    }

    #[test]
    fn columns_beside_columns_are_left_alone() {
        check(
            push_down_filter,
            filter(items(), Expr::equal(field("id"), field("name"))),
            &format!("Filter id = name\n  {SCAN}"),
        );
    }

    #[test]
    fn a_required_field_takes_one_value_at_a_time() {
        let repo = || Expr::column(0, DataType::String);
        let listed = Expr::in_list(repo(), vec![Expr::string("a"), Expr::string("b")], false);
        check(
            push_down_filter_only,
            filter(super::super::tests::issues(), listed),
            "Filter repo IN ('a', 'b')\n  Scan shop.issues [repo, title] each repo: ['a', 'b'] where [repo in ['a', 'b']]",
        );
        let either = Expr::binary(
            BinaryOperator::Or,
            Expr::equal(repo(), Expr::string("a")),
            Expr::equal(Expr::string("b"), repo()),
        );
        check(
            push_down_filter,
            filter(super::super::tests::issues(), either),
            "Filter repo = 'a' OR 'b' = repo\n  Scan shop.issues [repo, title] each repo: ['a', 'b']",
        );
    }

    #[test]
    fn a_filter_only_field_is_not_checked_again() {
        let predicate = Expr::and(
            Expr::equal(field("JQL"), Expr::string("project = X")),
            Expr::equal(field("open"), Expr::boolean(true)),
        );
        check(
            push_down_filter,
            filter(items(), predicate),
            &format!(
                "Filter open = TRUE\n  {SCAN} filters {{JQL: 'project = X', open: TRUE}} \
                 where [JQL = 'project = X', open = TRUE]"
            ),
        );
    }
}
