//! ASSERT and ASSERT RAISES.

use cranelift::prelude::*;
use moltler_abi::DataType;
use moltler_abi::runtime_calls::RuntimeCall;
use moltler_plan::expr::Expr;
use moltler_plan::program::Statement;

use super::Lowering;
use super::operand::Operand;

impl Lowering<'_> {
    /// A sub-expression whose value is shown when the ASSERT fails.
    pub(super) fn part(&mut self, assertion: u32, part: u32, operand: &Expr) -> Operand {
        let operand = self.expr(operand);
        let value = self.address(operand);
        let assertion = self.id(assertion);
        let part = self.id(part);
        self.run(RuntimeCall::assert_part, &[assertion, part, value]);
        operand
    }

    /// The pattern is evaluated before the statement, which releases what was computed before it: a variable keeps it.
    pub(super) fn assert_raises(&mut self, id: u32, class: &str, pattern: Option<&(u32, Expr)>, statement: &Statement) {
        if let Some((slot, pattern)) = pattern {
            let pattern = self.expr(pattern);
            self.store_variable(*slot, pattern);
        }
        let [ended] = self.blocks();
        let outer = std::mem::replace(&mut self.failed, ended);
        if self.statements(std::slice::from_ref(statement)) {
            self.builder.ins().jump(ended, &[]);
        }
        self.failed = outer;
        self.go_on_in(ended);
        self.begin(id);
        let pattern = match pattern {
            Some((slot, _)) => {
                let slot = self.id(*slot);
                self.run_for(RuntimeCall::load_variable, &[slot])
            }
            None => {
                let none = self.null_of(DataType::Null);
                self.address(none)
            }
        };
        let (class, length) = self.text(class);
        self.run(RuntimeCall::assert_raises, &[class, length, pattern]);
    }

    /// The message is evaluated only where the condition is not TRUE.
    pub(super) fn assert(&mut self, assertion: u32, value: &Expr, message: Option<&Expr>) {
        let value = self.expr(value);
        let address = self.address(value);
        let assertion = self.id(assertion);
        let Some(message) = message else {
            let none = self.null_of(DataType::Null);
            let none = self.address(none);
            self.run(RuntimeCall::assert, &[assertion, address, none]);
            return;
        };
        let merge = self.merge(DataType::Dynamic);
        let [passed, failed] = self.blocks();
        let truth = self.truth(value);
        self.builder.ins().brif(truth, passed, &[], failed, &[]);
        self.go_on_in(failed);
        let message = self.expr(message);
        self.arrive(&merge, message);
        self.go_on_in(passed);
        let none = self.null_of(DataType::Dynamic);
        self.arrive(&merge, none);
        let message = self.meet(merge);
        let message = self.address(message);
        self.run(RuntimeCall::assert, &[assertion, address, message]);
    }
}
