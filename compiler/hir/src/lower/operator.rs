//! Operators: which operands they take, and constants beside typed operands.

use moltler_abi::DataType;
use moltler_abi::runtime_calls::BinaryOperator;
use moltler_syntax::TextRange;

use super::Lower;
use crate::body::{ExprId, ExprKind};
use crate::diagnostics::expression::{constant, null_comparison, operand, operands};
use crate::infer::{arithmetic, common, comparable, concatenation, is_numeric, is_open, is_temporal};
use crate::time::{is_date, is_timestamp};

impl Lower<'_> {
    pub(super) fn binary_expr(
        &mut self,
        operator: BinaryOperator,
        left: ExprId,
        right: ExprId,
        range: TextRange,
    ) -> ExprId {
        use BinaryOperator::*;
        let (mut left, mut right) = (left, right);
        let data_type = match operator {
            And | Or => {
                self.condition(operator.symbol(), left);
                self.condition(operator.symbol(), right);
                DataType::Boolean
            }
            Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual => {
                self.check_null(operator, left, right, range);
                (left, right) = self.adapt(operator, left, right);
                self.compare(operator, left, right, range);
                DataType::Boolean
            }
            Like | NotLike | ILike | NotILike | Matches => {
                for side in [left, right] {
                    let found = self.expr_type(side);
                    if !is_open(found) && found != DataType::String {
                        let at = self.expr_range(side);
                        self.report(operand(operator.symbol(), "`string`", found, at));
                    }
                }
                DataType::Boolean
            }
            Contains => {
                let found = self.expr_type(left);
                if !is_open(found) && !matches!(found, DataType::String | DataType::Array | DataType::Document) {
                    let at = self.expr_range(left);
                    self.report(operand("CONTAINS", "`array` or `string` on its left", found, at));
                }
                DataType::Boolean
            }
            In | NotIn => {
                let found = self.expr_type(right);
                if !is_open(found) && !matches!(found, DataType::Array | DataType::Document) {
                    let at = self.expr_range(right);
                    self.report(operand(operator.symbol(), "a list or an `array`", found, at));
                }
                DataType::Boolean
            }
            Coalesce => {
                (left, right) = self.adapt(Equal, left, right);
                match common(self.expr_type(left), self.expr_type(right)) {
                    Some(data_type) => data_type,
                    None => {
                        self.report(operands("??", self.expr_type(left), self.expr_type(right), range));
                        DataType::Dynamic
                    }
                }
            }
            Concat => concatenation(self.expr_type(left), self.expr_type(right)),
            Add | Subtract | Multiply | Divide | Remainder => {
                let (left_type, right_type) = (self.expr_type(left), self.expr_type(right));
                match arithmetic(operator, left_type, right_type) {
                    Some(data_type) => data_type,
                    None => {
                        let mut diagnostic = operands(operator.symbol(), left_type, right_type, range);
                        if is_temporal(left_type) && right_type == DataType::String {
                            diagnostic = diagnostic.help("a span of time is written `INTERVAL '7d'`");
                        } else if operator == Add && left_type == DataType::String {
                            diagnostic = diagnostic.help("texts are joined by `||`");
                        }
                        self.report(diagnostic);
                        DataType::Dynamic
                    }
                }
            }
        };
        self.body.expr(ExprKind::Binary { operator, left, right }, data_type, range)
    }

    /// Checks that a condition can be true.
    pub(super) fn condition(&mut self, place: &str, expr: ExprId) {
        let found = self.expr_type(expr);
        if !is_open(found) && found != DataType::Boolean {
            let range = self.expr_range(expr);
            self.report(operand(place, "`boolean`", found, range));
        }
    }

    pub(super) fn compare(&mut self, operator: BinaryOperator, left: ExprId, right: ExprId, range: TextRange) {
        let (left, right) = (self.expr_type(left), self.expr_type(right));
        if !comparable(operator, left, right) {
            self.report(operands(operator.symbol(), left, right, range));
        }
    }

    fn check_null(&mut self, operator: BinaryOperator, left: ExprId, right: ExprId, range: TextRange) {
        let is_null = |expr: ExprId| matches!(self.body.exprs[expr].kind, ExprKind::Null);
        let other = match (is_null(left), is_null(right)) {
            (_, true) => left,
            (true, false) => right,
            (false, false) => return,
        };
        let text = self.text_of(self.expr_range(other)).to_owned();
        let mut diagnostic = null_comparison(operator.symbol(), &text, operator == BinaryOperator::NotEqual, range);
        if !matches!(operator, BinaryOperator::Equal | BinaryOperator::NotEqual) {
            diagnostic.fixes.clear();
            diagnostic.help = None;
        }
        self.report(diagnostic);
    }

    /// Two operands of a comparison; a constant becomes one of the type beside it.
    pub(super) fn adapt(&mut self, operator: BinaryOperator, left: ExprId, right: ExprId) -> (ExprId, ExprId) {
        let (left_type, right_type) = (self.expr_type(left), self.expr_type(right));
        (self.adapted(operator, left, right_type), self.adapted(operator, right, left_type))
    }

    /// The operand, or the constant of this type that it stands for.
    pub(super) fn adapted(&mut self, operator: BinaryOperator, expr: ExprId, data_type: DataType) -> ExprId {
        let range = self.expr_range(expr);
        let kind = match &self.body.exprs[expr].kind {
            ExprKind::String(text) => match data_type {
                DataType::Integer => text.trim().parse().ok().map(ExprKind::Integer),
                DataType::Number => {
                    text.trim().parse().ok().filter(|value: &f64| value.is_finite()).map(ExprKind::Number)
                }
                DataType::Boolean => match text.to_lowercase().as_str() {
                    "true" => Some(ExprKind::Boolean(true)),
                    "false" => Some(ExprKind::Boolean(false)),
                    _ => None,
                },
                DataType::Timestamp if is_timestamp(text) => Some(ExprKind::Cast { operand: expr }),
                DataType::Date if is_date(text) => Some(ExprKind::Cast { operand: expr }),
                // A time beside a date: the date is compared as a time.
                DataType::Date if is_timestamp(text) => {
                    return self.body.expr(ExprKind::Cast { operand: expr }, DataType::Timestamp, range);
                }
                DataType::Timestamp | DataType::Date => None,
                _ => return expr,
            },
            // A number beside a text field, `id = 1`: rows hold it as text.
            ExprKind::Integer(value)
                if data_type == DataType::String
                    && matches!(operator, BinaryOperator::Equal | BinaryOperator::NotEqual) =>
            {
                Some(ExprKind::String(value.to_string()))
            }
            _ => return expr,
        };
        match kind {
            Some(kind) => self.body.expr(kind, data_type, range),
            None => {
                let ExprKind::String(text) = &self.body.exprs[expr].kind else { return expr };
                let diagnostic = constant(text, data_type, range);
                self.report(diagnostic);
                self.body.expr(ExprKind::Missing, data_type, range)
            }
        }
    }

    /// Checks LIMIT, OFFSET and the ends of a range.
    pub(super) fn whole_number(&mut self, place: &str, expr: ExprId) {
        let found = self.expr_type(expr);
        if !is_open(found) && !is_numeric(found) {
            let range = self.expr_range(expr);
            self.report(crate::diagnostics::expression::value(&format!("`{place}`"), "`integer`", found, range));
        }
    }
}
