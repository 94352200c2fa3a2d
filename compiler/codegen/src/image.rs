//! All functions of a program in one piece of code, and the image around it.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use cranelift::codegen::binemit::Reloc;
use cranelift::codegen::control::ControlPlane;
use cranelift::codegen::ir::function::FunctionStencil;
use cranelift::codegen::ir::{ExternalName, UserExternalName};
use cranelift::codegen::isa::TargetIsa;
use cranelift::codegen::{Context, FinalizedMachReloc, FinalizedRelocTarget};
use cranelift::prelude::FunctionBuilderContext;
use moltler_abi::image::{Image, host_target};
use moltler_abi::manifest;
use moltler_plan::program::{Function, FunctionBody, Program};
use rustc_hash::{FxHashMap, FxHasher};

use crate::constants::Constants;
use crate::lower;
use crate::target::{self, Targets};

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
            let isa = targets.of(function, runs_once(program));
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

/// Whether only tests run: each runs once, over a few rows.
fn runs_once(program: &Program) -> bool {
    program.manifest.main.is_none()
}

/// Functions that are compiled together, with constants of their own.
struct Chunk {
    /// The code of each different function.
    codes: Vec<Vec<u8>>,
    /// Index into `codes`, by function.
    functions: Vec<usize>,
    /// References to constants: the index into `codes`, the place in it, the kind, the constant, what is added.
    references: Vec<(usize, usize, Reloc, u32, i64)>,
    constants: Constants,
}

/// So many functions are compiled together. Their number does not depend on the machine, so that the code does not.
const CHUNK: usize = 64;

/// Compiles all functions and lays them out.
pub(crate) fn compile(program: &Program) -> Code {
    let targets = target::host();
    let once = runs_once(program);
    let chunks: Vec<&[Function]> = program.functions.chunks(CHUNK).collect();
    let compiled = in_parallel(&chunks, |functions| compile_chunk(&targets, functions, once));
    let mut bytes = Vec::new();
    let mut functions = Vec::with_capacity(program.functions.len());
    let mut references = Vec::new();
    let mut starts = Vec::with_capacity(compiled.len());
    let mut names = program.functions.iter();
    for (index, chunk) in compiled.iter().enumerate() {
        let mut offsets = Vec::with_capacity(chunk.codes.len());
        for code in &chunk.codes {
            pad(&mut bytes, &*targets.rows);
            offsets.push(bytes.len());
            bytes.extend_from_slice(code);
        }
        functions.extend(chunk.functions.iter().zip(&mut names).map(|(code, function)| manifest::Function {
            name: function.name.clone(),
            offset: narrow(offsets[*code]),
            length: narrow(chunk.codes[*code].len()),
        }));
        references.extend(
            chunk.references.iter().map(|(code, place, kind, constant, addend)| {
                (offsets[*code] + place, *kind, index, *constant, *addend)
            }),
        );
    }
    for chunk in &compiled {
        pad(&mut bytes, &*targets.rows);
        starts.push(bytes.len());
        bytes.extend_from_slice(chunk.constants.bytes());
    }
    for (place, kind, chunk, constant, addend) in references {
        let constant = starts[chunk] + compiled[chunk].constants.offset(constant) as usize;
        resolve(&mut bytes, place, kind, constant as i64 + addend);
    }
    narrow(bytes.len());
    Code { bytes, functions }
}

/// Compiles functions; those that come out of lowering alike are compiled once.
fn compile_chunk(targets: &Targets, functions: &[Function], once: bool) -> Chunk {
    let mut chunk = Chunk {
        codes: Vec::new(),
        functions: Vec::with_capacity(functions.len()),
        references: Vec::new(),
        constants: Constants::default(),
    };
    let mut builder_context = FunctionBuilderContext::new();
    let mut context = Context::new();
    let mut known: FxHashMap<u64, Vec<(FunctionStencil, Vec<u32>, usize)>> = FxHashMap::default();
    for function in functions {
        context.clear();
        let isa = targets.of(function, once);
        lower::function(isa, &mut chunk.constants, &mut builder_context, &mut context.func, function);
        let named: Vec<u32> = context.func.params.user_named_funcs().values().map(|name| name.index).collect();
        // The two targets make different code of the same function.
        let is_loop = matches!(function.body, FunctionBody::Pipeline(_));
        let mut hasher = FxHasher::default();
        (&context.func.stencil, &named, is_loop).hash(&mut hasher);
        let alike = known.entry(hasher.finish()).or_default();
        let found = alike.iter().find(|(stencil, names, _)| *names == named && *stencil == context.func.stencil);
        if let Some((_, _, code)) = found {
            chunk.functions.push(*code);
            continue;
        }
        let stencil = context.func.stencil.clone();
        if let Err(error) = context.compile(isa, &mut ControlPlane::default()) {
            panic!("Invariant: lowered functions are valid; `{}`: {:?}", function.name, error.inner);
        }
        let compiled = context.compiled_code().expect("Invariant: the function was compiled just now");
        let code = chunk.codes.len();
        chunk.codes.push(compiled.code_buffer().to_vec());
        for reloc in compiled.buffer.relocs() {
            let constant = constant_of(reloc, &context.func);
            chunk.references.push((code, reloc.offset as usize, reloc.kind, constant, reloc.addend));
        }
        alike.push((stencil, named, code));
        chunk.functions.push(code);
    }
    chunk
}

/// The results of `work`, in the order of the items, made by as many threads as the machine has.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(items.len());
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        let run = || {
            while let Some((item, result)) = {
                let index = next.fetch_add(1, Ordering::Relaxed);
                items.get(index).zip(results.get(index))
            } {
                *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(work(item));
            }
        };
        let started: Vec<_> = (0..threads)
            .map(|_| {
                let thread = std::thread::Builder::new().name("codegen".to_owned()).stack_size(STACK);
                thread.spawn_scoped(scope, run).expect("Invariant: the system lets a program start a thread")
            })
            .collect();
        for thread in started {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    let result = |result: Mutex<Option<R>>| result.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_iter().map(|one| result(one).expect("Invariant: every item was worked on")).collect()
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
