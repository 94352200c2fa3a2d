//! The lowering: one function of a program to one function of Cranelift.
//!
//! Typed values live in registers beside a null flag ([`Operand`]); what the runtime has to look at is written to a
//! [`moltler_abi::layout::Datum`] on the stack. A failed status jumps to the block `failed`: the enclosing CATCH, or the
//! end of the function.

mod arithmetic;
mod compare;
mod expr;
mod lambda;
mod logic;
mod mask;
mod operand;
mod query;
mod statement;
mod test;

use cranelift::codegen::ir::{self, ExternalName, UserExternalName};
use cranelift::codegen::isa::TargetIsa;
use cranelift::prelude::*;
use moltler_abi::layout::{Datum, FAILED, OK};
use moltler_abi::runtime_calls::RuntimeCall;
use moltler_plan::expr::Expr;
use moltler_plan::program::{Function, FunctionBody};
use rustc_hash::FxHashMap;

use crate::constants::Constants;
use crate::runtime_calls;
use operand::Operand;

/// The namespace of constants among the names that a function refers to.
pub(crate) const CONSTANTS: u32 = 1;

/// Lowers one function into `into`, which is empty.
pub(crate) fn function(
    isa: &dyn TargetIsa,
    constants: &mut Constants,
    builder_context: &mut FunctionBuilderContext,
    into: &mut ir::Function,
    function: &Function,
) {
    let pointer = isa.pointer_type();
    let call_conv = isa.default_call_conv();
    let parameters = match function.body {
        FunctionBody::Entry(_) => 2,
        FunctionBody::Scalar(_) => 3,
        FunctionBody::Pipeline(_) => 4,
    };
    into.signature = Signature::new(call_conv);
    into.signature.params = vec![AbiParam::new(pointer); parameters];
    into.signature.returns = vec![AbiParam::new(types::I32)];

    let mut builder = FunctionBuilder::new(into, builder_context);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let parameters = builder.block_params(entry).to_vec();
    let failed = builder.create_block();
    builder.set_cold_block(failed);
    let mut lowering = Lowering {
        builder,
        constants,
        pointer,
        call_conv,
        runtime: parameters[0],
        context: parameters[1],
        signatures: FxHashMap::default(),
        texts: FxHashMap::default(),
        slots: Vec::new(),
        slots_in_use: 0,
        failed,
        row: None,
        hoisted: FxHashMap::default(),
        frames: Vec::new(),
    };
    match &function.body {
        FunctionBody::Entry(statements) => {
            if lowering.statements(statements) {
                lowering.return_status(OK);
            }
        }
        FunctionBody::Scalar(value) => {
            let operand = lowering.expr(value);
            lowering.copy_to(operand, parameters[2]);
            lowering.return_status(OK);
        }
        FunctionBody::Pipeline(pipeline) => lowering.pipeline(pipeline, parameters[2], parameters[3]),
    }
    lowering.builder.switch_to_block(failed);
    lowering.return_status(FAILED);
    lowering.builder.seal_all_blocks();
    lowering.builder.finalize(isa.frontend_config());
}

/// A function under way.
struct Lowering<'a> {
    builder: FunctionBuilder<'a>,
    constants: &'a mut Constants,
    pointer: Type,
    call_conv: isa::CallConv,
    runtime: Value,
    context: Value,
    signatures: FxHashMap<u32, ir::SigRef>,
    texts: FxHashMap<u32, ir::GlobalValue>,
    /// Room for one datum each. The first `slots_in_use` are taken; a statement gives back what it took.
    slots: Vec<ir::StackSlot>,
    slots_in_use: usize,
    /// Where a failed status goes.
    failed: Block,
    /// The row that a pipeline is at.
    row: Option<query::Row>,
    /// Values of expressions that were computed before the loop, by the address of the expression.
    hoisted: FxHashMap<*const Expr, Operand>,
    /// The loops and FINALLYs around, outermost first.
    frames: Vec<statement::Frame>,
}

impl Lowering<'_> {
    fn return_status(&mut self, status: i32) {
        let status = self.builder.ins().iconst(types::I32, i64::from(status));
        self.builder.ins().return_(&[status]);
    }

    /// Calls a function of the runtime and gives its result.
    fn call_runtime(&mut self, function: RuntimeCall, arguments: &[Value]) -> Value {
        let (pointer, call_conv) = (self.pointer, self.call_conv);
        let builder = &mut self.builder;
        let signature = *self
            .signatures
            .entry(function as u32)
            .or_insert_with(|| builder.import_signature(runtime_calls::signature(function, call_conv, pointer)));
        let flags = MemFlagsData::trusted().with_readonly();
        let offset = runtime_calls::offset(function, pointer);
        let address = self.builder.ins().load(pointer, flags, self.runtime, offset);
        let call = self.builder.ins().call_indirect(signature, address, arguments);
        self.builder.inst_results(call)[0]
    }

    /// Calls a function of the runtime that takes the context and returns a status; goes on only when it is OK.
    fn run(&mut self, function: RuntimeCall, arguments: &[Value]) {
        let mut all = vec![self.context];
        all.extend_from_slice(arguments);
        let status = self.call_runtime(function, &all);
        let next = self.builder.create_block();
        self.builder.ins().brif(status, self.failed, &[], next, &[]);
        self.builder.switch_to_block(next);
    }

    /// The same for a function whose last parameter takes a result; gives the result's address.
    fn run_for(&mut self, function: RuntimeCall, arguments: &[Value]) -> Value {
        let result = self.slot();
        let mut all = arguments.to_vec();
        all.push(result);
        self.run(function, &all);
        result
    }

    /// The address of room for a datum, taken until the statement ends or [`Lowering::release`] is called.
    fn slot(&mut self) -> Value {
        if self.slots_in_use == self.slots.len() {
            let slot = self.stack(size_of::<Datum>());
            self.slots.push(slot);
        }
        let slot = self.slots[self.slots_in_use];
        self.slots_in_use += 1;
        self.builder.ins().stack_addr(self.pointer, slot, 0)
    }

    /// Gives back every slot taken since `slots_in_use` had that value.
    fn release(&mut self, mark: usize) {
        self.slots_in_use = mark;
    }

    fn stack(&mut self, size: usize) -> ir::StackSlot {
        self.builder.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, size as u32, 3))
    }

    /// Address and length of a constant text.
    fn text(&mut self, text: &str) -> (Value, Value) {
        let id = self.constants.insert(text.as_bytes());
        let builder = &mut self.builder;
        let global = *self.texts.entry(id).or_insert_with(|| {
            let name = UserExternalName { namespace: CONSTANTS, index: id };
            let name = ExternalName::user(builder.func.declare_imported_user_function(name));
            builder.create_global_value(GlobalValueData::Symbol { name, offset: 0.into(), colocated: true, tls: false })
        });
        let address = self.builder.ins().symbol_value(self.pointer, global);
        let length = self.builder.ins().iconst(self.pointer, text.len() as i64);
        (address, length)
    }

    fn id(&mut self, id: u32) -> Value {
        self.builder.ins().iconst(types::I32, i64::from(id))
    }

    /// A flag: 0 or 1.
    fn flag(&mut self, value: bool) -> Value {
        self.builder.ins().iconst(types::I8, i64::from(value))
    }

    fn flip(&mut self, flag: Value) -> Value {
        self.builder.ins().bxor_imm_s(flag, 1)
    }
}
