//! Truth: AND, OR, NOT, conditions, and what evaluates some of its operands only: CASE, COALESCE, IN.

use cranelift::prelude::*;
use moltler_abi::DataType;
use moltler_abi::runtime_calls::BinaryOperator;
use moltler_plan::expr::{Expr, ExprKind};

use super::Lowering;
use super::operand::{Form, Null, Operand};

impl Lowering<'_> {
    /// Branches on a condition: to `yes` where it is TRUE, to `no` where it is FALSE or unknown.
    pub(super) fn condition(&mut self, condition: &Expr, yes: Block, no: Block) {
        match &condition.kind {
            ExprKind::Binary { operator: BinaryOperator::And, left, right } => {
                let [both] = self.blocks();
                self.condition(left, both, no);
                self.go_on_in(both);
                self.condition(right, yes, no);
            }
            ExprKind::Binary { operator: BinaryOperator::Or, left, right } => {
                let [other] = self.blocks();
                self.condition(left, yes, other);
                self.go_on_in(other);
                self.condition(right, yes, no);
            }
            _ => {
                let operand = self.expr(condition);
                let truth = self.truth(operand);
                self.builder.ins().brif(truth, yes, &[], no, &[]);
            }
        }
    }

    /// 1 where a boolean is TRUE, 0 where it is FALSE or unknown.
    pub(super) fn truth(&mut self, operand: Operand) -> Value {
        let value = boolean_value(operand);
        match operand.null {
            Null::Never => value,
            Null::Always => self.flag(false),
            Null::Flag(null) => self.builder.ins().band_not(value, null),
        }
    }

    /// 1 where a boolean is FALSE, 0 where it is TRUE or unknown.
    fn falsehood(&mut self, operand: Operand) -> Value {
        let value = self.flip(boolean_value(operand));
        match operand.null {
            Null::Never => value,
            Null::Always => self.flag(false),
            Null::Flag(null) => self.builder.ins().band_not(value, null),
        }
    }

    /// `left AND right`, `left OR right`: the right side is left alone where the left one decides.
    pub(super) fn connect(&mut self, operator: BinaryOperator, left: &Expr, right: &Expr) -> Operand {
        let decided_by = operator == BinaryOperator::Or;
        let merge = self.merge(DataType::Boolean);
        let [decided, second, third] = self.blocks();
        let left = self.expr(left);
        let decides = if decided_by { self.truth(left) } else { self.falsehood(left) };
        self.builder.ins().brif(decides, decided, &[], second, &[]);

        self.go_on_in(second);
        let right = self.expr(right);
        let decides = if decided_by { self.truth(right) } else { self.falsehood(right) };
        self.builder.ins().brif(decides, decided, &[], third, &[]);

        self.go_on_in(third);
        let null = self.either_null(left.null, right.null);
        let value = self.flag(!decided_by);
        let operand = self.boolean(null, value);
        self.arrive(&merge, operand);

        self.go_on_in(decided);
        let value = self.flag(decided_by);
        let operand = self.boolean(Null::Never, value);
        self.arrive(&merge, operand);
        self.meet(merge)
    }

    /// `NOT operand`, where `negated`.
    pub(super) fn negate(&mut self, operand: Operand, negated: bool) -> Operand {
        if !negated {
            return operand;
        }
        let value = self.flip(boolean_value(operand));
        self.boolean(operand.null, value)
    }

    /// `left AND right` of values that are there already.
    fn both(&mut self, left: Operand, right: Operand) -> Operand {
        let falsehoods = [self.falsehood(left), self.falsehood(right)];
        let any_false = self.builder.ins().bor(falsehoods[0], falsehoods[1]);
        let null = match self.either_null(left.null, right.null) {
            Null::Never => Null::Never,
            null => {
                let null = self.null_flag(null);
                Null::Flag(self.builder.ins().band_not(null, any_false))
            }
        };
        let value = self.flip(any_false);
        self.boolean(null, value)
    }

    pub(super) fn is_null(&mut self, operand: &Expr, negated: bool) -> Operand {
        let operand = self.expr(operand);
        let mut flag = self.null_flag(operand.null);
        if negated {
            flag = self.flip(flag);
        }
        self.boolean(Null::Never, flag)
    }

    pub(super) fn between(&mut self, operand: &Expr, low: &Expr, high: &Expr, negated: bool) -> Operand {
        let operand = self.expr(operand);
        let low = self.expr(low);
        let above = self.compare(BinaryOperator::GreaterEqual, operand, low);
        let high = self.expr(high);
        let below = self.compare(BinaryOperator::LessEqual, operand, high);
        let inside = self.both(above, below);
        self.negate(inside, negated)
    }

    pub(super) fn in_list(&mut self, operand: &Expr, items: &[Expr], negated: bool) -> Operand {
        let merge = self.merge(DataType::Boolean);
        let [found] = self.blocks();
        let operand = self.expr(operand);
        let mut unknown = Null::Never;
        for item in items {
            let mark = self.slots_in_use;
            let equal = self.equal_to(operand, item);
            let truth = self.truth(equal);
            let [next] = self.blocks();
            self.builder.ins().brif(truth, found, &[], next, &[]);
            self.go_on_in(next);
            // NULL where no item is equal and one comparison was unknown.
            unknown = match (unknown, equal.null) {
                (Null::Never, other) => other,
                (Null::Always, _) | (_, Null::Always) => Null::Always,
                (unknown, Null::Never) => unknown,
                (Null::Flag(unknown), Null::Flag(other)) => Null::Flag(self.builder.ins().bor(unknown, other)),
            };
            self.release(mark);
        }
        let value = self.flag(negated);
        let absent = self.boolean(unknown, value);
        self.arrive(&merge, absent);
        self.go_on_in(found);
        let value = self.flag(!negated);
        let present = self.boolean(Null::Never, value);
        self.arrive(&merge, present);
        self.meet(merge)
    }

    pub(super) fn case(&mut self, branches: &[(Expr, Expr)], otherwise: Option<&Expr>, data_type: DataType) -> Operand {
        let merge = self.merge(data_type);
        for (condition, value) in branches {
            let [then, next] = self.blocks();
            self.condition(condition, then, next);
            self.go_on_in(then);
            let value = self.expr(value);
            self.arrive(&merge, value);
            self.go_on_in(next);
        }
        self.otherwise(otherwise, &merge, data_type);
        self.meet(merge)
    }

    pub(super) fn switch(
        &mut self,
        operand: &Expr,
        branches: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
        data_type: DataType,
    ) -> Operand {
        let merge = self.merge(data_type);
        let operand = self.expr(operand);
        for (test, value) in branches {
            let [then, next] = self.blocks();
            let equal = self.equal_to(operand, test);
            let truth = self.truth(equal);
            self.builder.ins().brif(truth, then, &[], next, &[]);
            self.go_on_in(then);
            let value = self.expr(value);
            self.arrive(&merge, value);
            self.go_on_in(next);
        }
        self.otherwise(otherwise, &merge, data_type);
        self.meet(merge)
    }

    fn otherwise(&mut self, otherwise: Option<&Expr>, merge: &super::operand::Merge, data_type: DataType) {
        let value = match otherwise {
            Some(value) => self.expr(value),
            None => self.null_of(data_type),
        };
        self.arrive(merge, value);
    }

    pub(super) fn coalesce(&mut self, values: &[Expr], data_type: DataType) -> Operand {
        let merge = self.merge(data_type);
        for value in values {
            let [present, next] = self.blocks();
            let operand = self.expr(value);
            let null = self.null_flag(operand.null);
            self.builder.ins().brif(null, next, &[], present, &[]);
            self.go_on_in(present);
            self.arrive(&merge, Operand { null: Null::Never, ..operand });
            self.go_on_in(next);
        }
        let null = self.null_of(data_type);
        self.arrive(&merge, null);
        self.meet(merge)
    }
}

pub(super) fn boolean_value(operand: Operand) -> Value {
    match operand.form {
        Form::Boolean(value) => value,
        other => panic!("Invariant: a condition is boolean, found {other:?}"),
    }
}
