use moltler_abi::runtime_calls::{BinaryOperator, UnaryOperator};

use crate::expr::{Expr, ExprKind, Literal};
use crate::logical::LogicalPlan;

/// Logic whose outcome is known is computed now: `WHERE TRUE AND a = 1` is `WHERE a = 1`. Nothing that may fail is folded.
pub(super) fn fold_constants(plan: LogicalPlan) -> LogicalPlan {
    plan.rewrite(&|plan| match plan {
        LogicalPlan::Filter { input, mut predicate } => {
            predicate.walk_mut(&mut fold);
            match predicate.kind {
                ExprKind::Literal(Literal::Boolean(true)) => *input,
                _ => LogicalPlan::Filter { input, predicate },
            }
        }
        other => other,
    })
}

fn fold(expr: &mut Expr) {
    use BinaryOperator::{And, Equal, NotEqual, Or};
    let span = expr.span;
    let folded = match &expr.kind {
        ExprKind::Unary { operator: UnaryOperator::Not, operand } => {
            boolean(operand).map(|operand| Expr::boolean(!operand))
        }
        ExprKind::Binary { operator: And, left, right } => match (boolean(left), boolean(right)) {
            (Some(false), _) => Some(Expr::boolean(false)),
            (Some(true), _) => Some((**right).clone()),
            (None, Some(true)) => Some((**left).clone()),
            (None, _) => None,
        },
        ExprKind::Binary { operator: Or, left, right } => match (boolean(left), boolean(right)) {
            (Some(true), _) => Some(Expr::boolean(true)),
            (Some(false), _) => Some((**right).clone()),
            (None, Some(false)) => Some((**left).clone()),
            (None, _) => None,
        },
        ExprKind::Binary { operator: operator @ (Equal | NotEqual), left, right } => match (&left.kind, &right.kind) {
            (ExprKind::Literal(left), ExprKind::Literal(right))
                if left.data_type() == right.data_type() && *left != Literal::Null =>
            {
                Some(Expr::boolean((left == right) == (*operator == Equal)))
            }
            _ => None,
        },
        _ => None,
    };
    if let Some(folded) = folded {
        *expr = folded.at(span);
    }
}

fn boolean(expr: &Expr) -> Option<bool> {
    match expr.kind {
        ExprKind::Literal(Literal::Boolean(value)) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, field, filter, items};
    use super::*;

    #[test]
    fn true_conjuncts_go() {
        let predicate = Expr::and(
            Expr::equal(Expr::integer(1), Expr::integer(1)),
            Expr::equal(field("priority"), Expr::integer(3)),
        );
        check(
            fold_constants,
            filter(items(), predicate),
            "Filter priority = 3\n  Scan shop.items [id, name, priority, created_at, open, JQL]",
        );
    }

    #[test]
    fn a_true_filter_goes() {
        check(
            fold_constants,
            filter(items(), Expr::unary(UnaryOperator::Not, Expr::boolean(false))),
            "Scan shop.items [id, name, priority, created_at, open, JQL]",
        );
    }

    #[test]
    fn a_false_conjunct_decides() {
        let predicate = Expr::and(Expr::equal(field("priority"), Expr::integer(3)), Expr::boolean(false));
        check(
            fold_constants,
            filter(items(), predicate),
            "Filter priority = 3 AND FALSE\n  Scan shop.items [id, name, priority, created_at, open, JQL]",
        );
    }
}
