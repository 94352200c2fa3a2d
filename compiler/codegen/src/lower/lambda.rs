//! Functions that are arguments of calls.

use cranelift::prelude::*;
use moltler_abi::DataType;
use moltler_abi::runtime_calls::RuntimeCall;
use moltler_plan::expr::Expr;

use super::Lowering;
use super::operand::{Form, Null, Operand};

impl Lowering<'_> {
    /// A function is code of its own: what it uses of the row at hand is put into variables, and the call gets its number.
    pub(super) fn lambda(&mut self, lambda: u32, captures: &[(u32, Expr)]) -> Operand {
        for (slot, value) in captures {
            let mark = self.slots_in_use;
            let value = self.expr(value);
            let value = self.address(value);
            let slot = self.id(*slot);
            self.run(RuntimeCall::store_variable, &[slot, value]);
            self.release(mark);
        }
        let number = self.builder.ins().iconst(types::I64, i64::from(lambda));
        Operand { data_type: DataType::Integer, null: Null::Never, form: Form::Integer(number) }
    }
}
