//! Arithmetic. What has no result (overflow, division by zero) is computed again by the runtime, which makes the error.

use cranelift::prelude::*;
use moltler_abi::DataType;
use moltler_abi::runtime_calls::{BinaryOperator, RuntimeCall, UnaryOperator};

use super::Lowering;
use super::operand::{Form, Operand};

impl Lowering<'_> {
    /// `left operator right`, the operator being one of `+ - * / %`.
    pub(super) fn arithmetic(
        &mut self,
        operator: BinaryOperator,
        left: Operand,
        right: Operand,
        data_type: DataType,
    ) -> Operand {
        match (left.form, right.form, data_type) {
            (Form::Integer(a), Form::Integer(b), DataType::Integer)
                if left.data_type == DataType::Integer && right.data_type == DataType::Integer =>
            {
                self.integers(operator, left, right, [a, b])
            }
            (Form::Number(a), Form::Number(b), DataType::Number) if operator != BinaryOperator::Remainder => {
                self.numbers(operator, left, right, [a, b])
            }
            _ => self.binary_by_runtime(operator, left, right, data_type),
        }
    }

    fn integers(&mut self, operator: BinaryOperator, left: Operand, right: Operand, [a, b]: [Value; 2]) -> Operand {
        let null = self.either_null(left.null, right.null);
        let merge = self.merge(DataType::Integer);
        let [fine, odd] = self.blocks();
        self.builder.set_cold_block(odd);
        let result = match operator {
            BinaryOperator::Add | BinaryOperator::Subtract | BinaryOperator::Multiply => {
                let (result, overflow) = match operator {
                    BinaryOperator::Add => self.builder.ins().sadd_overflow(a, b),
                    BinaryOperator::Subtract => self.builder.ins().ssub_overflow(a, b),
                    _ => self.builder.ins().smul_overflow(a, b),
                };
                self.builder.ins().brif(overflow, odd, &[], fine, &[]);
                self.go_on_in(fine);
                result
            }
            _ => {
                // 0 and -1 are the divisors for which the processor may trap.
                let shifted = self.builder.ins().iadd_imm_s(b, 1);
                let risky = self.builder.ins().icmp_imm_u(IntCC::UnsignedLessThanOrEqual, shifted, 1);
                self.builder.ins().brif(risky, odd, &[], fine, &[]);
                self.go_on_in(fine);
                if operator == BinaryOperator::Divide {
                    self.builder.ins().sdiv(a, b)
                } else {
                    self.builder.ins().srem(a, b)
                }
            }
        };
        self.arrive(&merge, Operand { data_type: DataType::Integer, null, form: Form::Integer(result) });
        self.go_on_in(odd);
        let result = self.binary_by_runtime(operator, left, right, DataType::Integer);
        self.arrive(&merge, result);
        self.meet(merge)
    }

    fn numbers(&mut self, operator: BinaryOperator, left: Operand, right: Operand, [a, b]: [Value; 2]) -> Operand {
        let null = self.either_null(left.null, right.null);
        let merge = self.merge(DataType::Number);
        let [fine, odd] = self.blocks();
        self.builder.set_cold_block(odd);
        let result = match operator {
            BinaryOperator::Add => self.builder.ins().fadd(a, b),
            BinaryOperator::Subtract => self.builder.ins().fsub(a, b),
            BinaryOperator::Multiply => self.builder.ins().fmul(a, b),
            _ => self.builder.ins().fdiv(a, b),
        };
        let size = self.builder.ins().fabs(result);
        let infinity = self.builder.ins().f64const(f64::INFINITY);
        let finite = self.builder.ins().fcmp(FloatCC::LessThan, size, infinity);
        self.builder.ins().brif(finite, fine, &[], odd, &[]);
        self.go_on_in(fine);
        self.arrive(&merge, Operand { data_type: DataType::Number, null, form: Form::Number(result) });
        self.go_on_in(odd);
        let result = self.binary_by_runtime(operator, left, right, DataType::Number);
        self.arrive(&merge, result);
        self.meet(merge)
    }

    /// `operator operand`.
    pub(super) fn unary(&mut self, operator: UnaryOperator, operand: Operand) -> Operand {
        match (operator, operand.form) {
            (UnaryOperator::Not, Form::Boolean(_)) => self.negate(operand, true),
            (UnaryOperator::Negate, Form::Number(value)) => {
                Operand { form: Form::Number(self.builder.ins().fneg(value)), ..operand }
            }
            (UnaryOperator::Negate, Form::Integer(value)) => {
                let zero = self.builder.ins().iconst(types::I64, 0);
                let zero = Operand { form: Form::Integer(zero), null: super::operand::Null::Never, ..operand };
                let Form::Integer(left) = zero.form else { panic!("Invariant: zero is an integer") };
                self.integers(BinaryOperator::Subtract, zero, operand, [left, value])
            }
            (UnaryOperator::Plus, Form::Number(_) | Form::Integer(_)) => operand,
            _ => {
                let address = self.address(operand);
                let operator = self.id(operator as u32);
                let result = self.run_for(RuntimeCall::unary, &[operator, address]);
                self.read_datum(result, operand.data_type)
            }
        }
    }

    /// An operator that the runtime carries out.
    pub(super) fn binary_by_runtime(
        &mut self,
        operator: BinaryOperator,
        left: Operand,
        right: Operand,
        data_type: DataType,
    ) -> Operand {
        let left = self.address(left);
        let right = self.address(right);
        let operator = self.id(operator as u32);
        let result = self.run_for(RuntimeCall::binary, &[operator, left, right]);
        self.read_datum(result, data_type)
    }
}
