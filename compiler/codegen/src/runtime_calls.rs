//! Signatures of the runtime's functions, and where the table holds them.

use cranelift::codegen::isa::CallConv;
use cranelift::prelude::{AbiParam, Signature, Type, types};
use moltler_abi::layout::Register;
use moltler_abi::runtime_calls::{RUNTIME_FUNCTIONS, RuntimeCall};

/// The signature of a function of the table.
pub(crate) fn signature(function: RuntimeCall, call_conv: CallConv, pointer: Type) -> Signature {
    let declaration = &RUNTIME_FUNCTIONS[function as usize];
    let register = |register: &Register| AbiParam::new(register_type(*register, pointer));
    let mut signature = Signature::new(call_conv);
    signature.params = declaration.parameters.iter().map(register).collect();
    signature.returns = vec![register(&declaration.returns)];
    signature
}

/// Bytes from the start of the table to the address of the function.
pub(crate) fn offset(function: RuntimeCall, pointer: Type) -> i32 {
    function as i32 * pointer.bytes() as i32
}

fn register_type(register: Register, pointer: Type) -> Type {
    match register {
        Register::Pointer => pointer,
        Register::I32 => types::I32,
        Register::I64 => types::I64,
        Register::F64 => types::F64,
    }
}
