//! ASSERT.

use cranelift::prelude::*;
use moltler_abi::DataType;
use moltler_abi::runtime_calls::RuntimeCall;
use moltler_plan::expr::Expr;

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
