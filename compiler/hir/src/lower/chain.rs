//! Expressions of many parts: chains of operators, CASE.

use moltler_abi::DataType;
use moltler_abi::runtime_calls::BinaryOperator;
use moltler_syntax::ast::{self, AstNode, Expr};

use super::expr::binary_operator;
use super::{Lower, MAX_DEPTH};
use crate::body::{ExprId, ExprKind};
use crate::diagnostics::{Code, LocalDiagnostic};
use crate::infer::common;

impl Lower<'_> {
    /// `a OR b OR c …` is as deep on its left as it is long: its operands are taken one after the other. Where the order of
    /// operations does not matter, the expression that is made of them is only as deep as it has to be.
    pub(super) fn binary(&mut self, node: ast::BinaryExpr<'_>) -> ExprId {
        let mut spine = vec![node];
        while let Some(Expr::Binary(left)) = spine[spine.len() - 1].left() {
            spine.push(left);
        }
        let first = self.optional(spine[spine.len() - 1].left(), node.range());
        let mut operands = vec![first];
        let mut operators = Vec::with_capacity(spine.len());
        let mut ranges = Vec::with_capacity(spine.len());
        for node in spine.into_iter().rev() {
            operators.push(node.operator().map(binary_operator));
            ranges.push(node.range());
            operands.push(self.optional(node.right(), node.range()));
        }
        let mut left = operands[0];
        let mut start = 0;
        while start < operators.len() {
            let Some(operator) = operators[start] else {
                left = self.missing(node.range());
                start += 1;
                continue;
            };
            let same = operators[start..].iter().take_while(|other| **other == Some(operator)).count();
            let run = &operands[start + 1..=start + same];
            if same > 1
                && (self.is_associative(operator, left)
                    && run.iter().all(|operand| self.is_associative(operator, *operand)))
            {
                let mut balanced = vec![left];
                balanced.extend(run);
                left = self.balanced(operator, &balanced);
                self.body.exprs.get_mut(left).range = ranges[start + same - 1];
            } else if same > MAX_DEPTH * 2 {
                let message = "this expression has too many operands";
                return self.mistake(LocalDiagnostic::error(Code::TooDeep, node.range(), message));
            } else {
                for (operand, range) in run.iter().zip(&ranges[start..]) {
                    left = self.binary_expr(operator, left, *operand, *range);
                }
            }
            start += same;
        }
        left
    }

    /// Whether `a operator (b operator c)` is `(a operator b) operator c` if this is one of the operands.
    fn is_associative(&self, operator: BinaryOperator, operand: ExprId) -> bool {
        match operator {
            BinaryOperator::And | BinaryOperator::Or => true,
            BinaryOperator::Concat => matches!(
                self.expr_type(operand),
                DataType::String
                    | DataType::Integer
                    | DataType::Number
                    | DataType::Boolean
                    | DataType::Timestamp
                    | DataType::Date
            ),
            _ => false,
        }
    }

    fn balanced(&mut self, operator: BinaryOperator, operands: &[ExprId]) -> ExprId {
        match operands {
            [one] => *one,
            _ => {
                let (left, right) = operands.split_at(operands.len() / 2);
                let (left, right) = (self.balanced(operator, left), self.balanced(operator, right));
                let range = self.expr_range(left).cover(self.expr_range(right));
                self.binary_expr(operator, left, right, range)
            }
        }
    }

    pub(super) fn case(&mut self, node: ast::CaseExpr<'_>) -> ExprId {
        let operand = node.operand().map(|operand| self.expr(operand));
        let mut arms = Vec::new();
        let mut data_type = Some(DataType::Null);
        for branch in node.branches() {
            let condition = self.optional(branch.condition(), branch.range());
            let condition = match operand {
                Some(operand) => {
                    let range = self.expr_range(condition);
                    self.binary_expr(BinaryOperator::Equal, operand, condition, range)
                }
                None => {
                    self.condition("WHEN", condition);
                    condition
                }
            };
            let result = self.optional(branch.result(), branch.range());
            data_type = data_type.and_then(|data_type| common(data_type, self.expr_type(result)));
            arms.push((condition, result));
        }
        let otherwise = node.otherwise().map(|otherwise| self.expr(otherwise));
        if let Some(otherwise) = otherwise {
            data_type = data_type.and_then(|data_type| common(data_type, self.expr_type(otherwise)));
        }
        // Values of different types: known when the program runs.
        let data_type = data_type.unwrap_or(DataType::Dynamic);
        self.body.expr(ExprKind::Case { arms, otherwise }, data_type, node.range())
    }
}
