//! All functions of a program in one piece of code, and the image around it.

use cranelift::codegen::binemit::Reloc;
use cranelift::codegen::control::ControlPlane;
use cranelift::codegen::ir::{ExternalName, UserExternalName};
use cranelift::codegen::isa::TargetIsa;
use cranelift::codegen::{Context, FinalizedMachReloc, FinalizedRelocTarget};
use cranelift::prelude::FunctionBuilderContext;
use moltler_abi::image::{Image, host_target};
use moltler_abi::manifest;
use moltler_plan::program::Program;

use crate::constants::Constants;
use crate::{lower, target};

/// Functions and constants start at multiples of it.
const ALIGNMENT: usize = 16;
/// Lowering follows the nesting of expressions and statements; this is enough for any that the parser lets through.
const STACK: usize = 256 << 20;

/// Compiles the program. The image's `engine` is left empty, and handlers are as the program has them.
pub fn image(program: &Program) -> Image {
    let code = compile(program);
    let mut manifest = program.manifest.clone();
    manifest.functions = code.functions;
    Image { manifest, code: code.bytes, target: host_target(), engine: String::new() }
}

/// The program's functions as Cranelift's text, before optimisation.
pub fn emit_clif(program: &Program) -> String {
    on_large_stack(|| {
        let targets = target::host();
        let mut constants = Constants::default();
        let mut builder_context = FunctionBuilderContext::new();
        let mut text = String::new();
        for function in &program.functions {
            let mut context = Context::new();
            let isa = targets.of(function);
            lower::function(isa, &mut constants, &mut builder_context, &mut context.func, function);
            text.push_str(&format!("; {}\n{}\n", function.name, context.func.display()));
        }
        text
    })
}

/// The code of a program.
pub(crate) struct Code {
    /// Functions, then constants.
    pub(crate) bytes: Vec<u8>,
    /// By [`manifest::FunctionId`].
    pub(crate) functions: Vec<manifest::Function>,
}

/// Compiles all functions and lays them out.
pub(crate) fn compile(program: &Program) -> Code {
    on_large_stack(|| {
        let targets = target::host();
        let mut constants = Constants::default();
        let mut builder_context = FunctionBuilderContext::new();
        let mut context = Context::new();
        let mut bytes = Vec::new();
        let mut functions = Vec::with_capacity(program.functions.len());
        let mut references = Vec::new();
        for function in &program.functions {
            context.clear();
            let isa = targets.of(function);
            lower::function(isa, &mut constants, &mut builder_context, &mut context.func, function);
            if let Err(error) = context.compile(isa, &mut ControlPlane::default()) {
                panic!("Invariant: lowered functions are valid; `{}`: {:?}", function.name, error.inner);
            }
            let compiled = context.compiled_code().expect("Invariant: the function was compiled just now");
            pad(&mut bytes, &*targets.rows);
            let offset = bytes.len();
            bytes.extend_from_slice(compiled.code_buffer());
            functions.push(manifest::Function {
                name: function.name.clone(),
                offset: narrow(offset),
                length: narrow(bytes.len() - offset),
            });
            for reloc in compiled.buffer.relocs() {
                let constant = constant_of(reloc, &context.func);
                references.push((offset + reloc.offset as usize, reloc.kind, constant, reloc.addend));
            }
        }
        pad(&mut bytes, &*targets.rows);
        let start = bytes.len();
        bytes.extend_from_slice(constants.bytes());
        for (place, kind, constant, addend) in references {
            let constant = start + constants.offset(constant) as usize;
            resolve(&mut bytes, place, kind, constant as i64 + addend);
        }
        narrow(bytes.len());
        Code { bytes, functions }
    })
}

/// Fills up to the next function.
fn pad(bytes: &mut Vec<u8>, isa: &dyn TargetIsa) {
    // On x86-64 a breakpoint, so that a jump into the gap is noticed; zero is an undefined instruction elsewhere.
    let fill = if isa.name() == "x64" { 0xcc } else { 0 };
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), fill);
}

/// Invariant: the only references out of a function are those to constants.
fn constant_of(reloc: &FinalizedMachReloc, function: &cranelift::codegen::ir::Function) -> u32 {
    if let FinalizedRelocTarget::ExternalName(ExternalName::User(name)) = &reloc.target
        && let UserExternalName { namespace: lower::CONSTANTS, index } = function.params.user_named_funcs()[*name]
    {
        return index;
    }
    panic!("Invariant: generated code refers to nothing outside but constants, found {:?}", reloc.target)
}

/// Writes a distance inside the code, which stays true wherever the code is mapped on a page boundary.
fn resolve(bytes: &mut [u8], place: usize, kind: Reloc, target: i64) {
    let instruction =
        |bytes: &[u8]| u32::from_le_bytes([bytes[place], bytes[place + 1], bytes[place + 2], bytes[place + 3]]);
    let value = match kind {
        Reloc::X86PCRel4 | Reloc::X86CallPCRel4 => (target - place as i64) as u32,
        Reloc::Aarch64AdrPrelPgHi21 => {
            let pages = (((target & !0xfff) - (place as i64 & !0xfff)) >> 12) as u32;
            instruction(bytes) | (pages & 3) << 29 | (pages >> 2 & 0x7_ffff) << 5
        }
        Reloc::Aarch64AddAbsLo12Nc => instruction(bytes) | (target as u32 & 0xfff) << 10,
        other => panic!("Invariant: no relocation remains in generated code, found {other:?}"),
    };
    bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
}

fn narrow(length: usize) -> u32 {
    u32::try_from(length).expect("Invariant: a program has less than 4 GiB of code")
}

/// Lowering recurses as deep as the program is nested.
fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("codegen".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, work)
            .expect("Invariant: the system lets a program start a thread");
        match thread.join() {
            Ok(value) => value,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
