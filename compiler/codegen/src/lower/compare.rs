//! Comparisons.

use cranelift::prelude::*;
use moltler_abi::DataType;
use moltler_abi::layout::view;
use moltler_abi::runtime_calls::{BinaryOperator, RuntimeCall};
use moltler_plan::expr::{Expr, ExprKind, Literal};

use super::Lowering;
use super::operand::{Form, Null, Operand};
use super::query::input_flags;

/// Texts up to this length are compared in place.
const SHORT: usize = 64;

impl Lowering<'_> {
    /// `operand = other`, in place where `other` is a short text.
    pub(super) fn equal_to(&mut self, operand: Operand, other: &Expr) -> Operand {
        if let (Form::Text { data, length, view }, ExprKind::Literal(Literal::String(text))) =
            (operand.form, &other.kind)
            && text.len() <= SHORT
        {
            let value = match (view, view::inline(text.as_bytes())) {
                (Some(place), Some(view)) => self.equals_view(place, view),
                _ => self.equals_short(data, length, text.as_bytes()),
            };
            return self.boolean(operand.null, value);
        }
        let other = self.expr(other);
        self.compare(BinaryOperator::Equal, operand, other)
    }

    /// A comparison of two expressions.
    pub(super) fn comparison(&mut self, operator: BinaryOperator, left: &Expr, right: &Expr) -> Operand {
        let equality = matches!(operator, BinaryOperator::Equal | BinaryOperator::NotEqual);
        let is_text = |expr: &Expr| matches!(expr.kind, ExprKind::Literal(Literal::String(_)));
        if equality && left.data_type == DataType::String && (is_text(right) || is_text(left)) {
            let (operand, text) = if is_text(right) { (left, right) } else { (right, left) };
            let operand = self.expr(operand);
            let equal = self.equal_to(operand, text);
            return self.negate(equal, operator == BinaryOperator::NotEqual);
        }
        let left = self.expr(left);
        let right = self.expr(right);
        self.compare(operator, left, right)
    }

    /// A comparison of two values.
    pub(super) fn compare(&mut self, operator: BinaryOperator, left: Operand, right: Operand) -> Operand {
        let null = self.either_null(left.null, right.null);
        let value = match (left.form, right.form) {
            (Form::Integer(left), Form::Integer(right)) => {
                self.builder.ins().icmp(integer_condition(operator), left, right)
            }
            (Form::Boolean(left), Form::Boolean(right)) => {
                self.builder.ins().icmp(unsigned_condition(operator), left, right)
            }
            (Form::Number(left), Form::Number(right)) => {
                self.builder.ins().fcmp(float_condition(operator), left, right)
            }
            (Form::Text { .. }, Form::Text { .. }) => return self.compare_texts(operator, left, right, null),
            _ => return self.binary_by_runtime(operator, left, right, DataType::Boolean),
        };
        self.boolean(null, value)
    }

    fn compare_texts(&mut self, operator: BinaryOperator, left: Operand, right: Operand, null: Null) -> Operand {
        let (Form::Text { data: left, length: left_length, .. }, Form::Text { data: right, length: right_length, .. }) =
            (left.form, right.form)
        else {
            panic!("Invariant: only texts are compared as texts");
        };
        let merge = self.merge(DataType::Boolean);
        let [compare, unknown] = self.blocks();
        // The address of a NULL is nothing to look at.
        let flag = self.null_flag(null);
        self.builder.ins().brif(flag, unknown, &[], compare, &[]);
        self.go_on_in(unknown);
        let value = self.null_of(DataType::Boolean);
        self.arrive(&merge, value);
        self.go_on_in(compare);
        let order = self.call_runtime(RuntimeCall::compare_text, &[left, left_length, right, right_length]);
        let value = self.builder.ins().icmp_imm_s(integer_condition(operator), order, 0);
        let operand = self.boolean(Null::Never, value);
        self.arrive(&merge, operand);
        self.meet(merge)
    }

    /// 1 where the view in memory is that of this short text.
    fn equals_view(&mut self, place: Value, view: u128) -> Value {
        let mut differences = [(0, view as u64), (8, (view >> 64) as u64)].map(|(offset, expected)| {
            let found = self.builder.ins().load(types::I64, input_flags(), place, offset);
            let expected = self.builder.ins().iconst(types::I64, expected as i64);
            self.builder.ins().bxor(found, expected)
        });
        differences[0] = self.builder.ins().bor(differences[0], differences[1]);
        self.builder.ins().icmp_imm_s(IntCC::Equal, differences[0], 0)
    }

    /// 1 where the text is this one. Bytes are read only where the lengths are equal.
    fn equals_short(&mut self, data: Value, length: Value, text: &[u8]) -> Value {
        let same_length = self.builder.ins().icmp_imm_s(IntCC::Equal, length, text.len() as i64);
        if text.is_empty() {
            return same_length;
        }
        let [look, done] = self.blocks();
        self.builder.append_block_param(done, types::I8);
        let different = self.flag(false);
        self.builder.ins().brif(same_length, look, &[], done, &[different.into()]);
        self.go_on_in(look);
        let mut differences = None;
        let mut at = 0;
        while at < text.len() {
            let (width, part) = match text.len() - at {
                8.. => (types::I64, 8),
                4..8 => (types::I32, 4),
                2..4 => (types::I16, 2),
                _ => (types::I8, 1),
            };
            let expected = text[at..at + part].iter().rev().fold(0i64, |word, byte| word << 8 | i64::from(*byte));
            let found = self.builder.ins().load(width, MemFlagsData::new().with_notrap(), data, at as i32);
            let expected = self.builder.ins().iconst(width, truncate(expected, part));
            let difference = self.builder.ins().bxor(found, expected);
            let difference = if part == 8 { difference } else { self.builder.ins().uextend(types::I64, difference) };
            differences = Some(match differences {
                Some(differences) => self.builder.ins().bor(differences, difference),
                None => difference,
            });
            at += part;
        }
        let differences = differences.expect("Invariant: the text is not empty");
        let same = self.builder.ins().icmp_imm_s(IntCC::Equal, differences, 0);
        self.builder.ins().jump(done, &[same.into()]);
        self.go_on_in(done);
        self.builder.block_params(done)[0]
    }
}

/// A constant as wide as its type: `iconst` takes no set bits above.
fn truncate(word: i64, bytes: usize) -> i64 {
    if bytes == 8 { word } else { word & ((1 << (bytes * 8)) - 1) }
}

pub(super) fn integer_condition(operator: BinaryOperator) -> IntCC {
    match operator {
        BinaryOperator::Equal => IntCC::Equal,
        BinaryOperator::NotEqual => IntCC::NotEqual,
        BinaryOperator::Less => IntCC::SignedLessThan,
        BinaryOperator::LessEqual => IntCC::SignedLessThanOrEqual,
        BinaryOperator::Greater => IntCC::SignedGreaterThan,
        BinaryOperator::GreaterEqual => IntCC::SignedGreaterThanOrEqual,
        other => panic!("Invariant: `{}` does not compare", other.symbol()),
    }
}

fn unsigned_condition(operator: BinaryOperator) -> IntCC {
    integer_condition(operator).unsigned()
}

pub(super) fn float_condition(operator: BinaryOperator) -> FloatCC {
    match operator {
        BinaryOperator::Equal => FloatCC::Equal,
        BinaryOperator::NotEqual => FloatCC::NotEqual,
        BinaryOperator::Less => FloatCC::LessThan,
        BinaryOperator::LessEqual => FloatCC::LessThanOrEqual,
        BinaryOperator::Greater => FloatCC::GreaterThan,
        BinaryOperator::GreaterEqual => FloatCC::GreaterThanOrEqual,
        other => panic!("Invariant: `{}` does not compare", other.symbol()),
    }
}
