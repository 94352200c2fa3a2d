//! Scripts as bytecode: compiling them when a program is built, loading them when an engine needs them.
//!
//! A script becomes an ES module. A line before it imports the SHARED names that it uses, a line behind it exports its entry
//! point; the script's own text is not touched. (The engine's columns are exact only behind the first line.) The bytes:
//!
//! ```text
//! "MJS2" · name of the module · first byte of each line · pieces inserted for coverage: place, length · the engine's bytecode
//! ```
//!
//! with each number as u32 little endian, and a length before the name and before each list.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use moltler_abi::manifest::{Script, Span};
use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::{CatchResultExt, Context, Ctx, Error, Module, Runtime, WriteOptions};

use super::{failure, raw};
use crate::error::RuntimeError;

/// The module that SHARED becomes.
pub(super) const SHARED: &str = "shared";
const MAGIC: &[u8; 4] = b"MJS2";
const COMPILE_STACK: usize = 1 << 20;

/// The name and version of the engine whose bytecode [`compile()`] makes; no other one can run it.
pub fn engine_version() -> &'static str {
    // The version of QuickJS that this release of the binding contains.
    "quickjs-ng 0.16.2 rquickjs 0.14"
}

/// A script that is ready to be loaded.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) name: String,
    pub(super) lines: LineTable,
    pub(super) code: Vec<u8>,
}

/// Where the lines of a script lie in its file.
#[derive(Clone, Debug, Default)]
pub(super) struct LineTable {
    span: Span,
    /// Relative to the script's start.
    starts: Vec<u32>,
    /// Pieces of the compiled text that are not in the file: where in the file's text, and how long. In order.
    insertions: Vec<(u32, u32)>,
}

impl LineTable {
    fn new(source: &str, span: Span, insertions: &[(u32, u32)]) -> LineTable {
        let newlines = source.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(newlines.map(|(index, _)| index as u32 + 1)).collect();
        LineTable { span, starts, insertions: insertions.to_vec() }
    }

    /// The place in the script as it is in the file, of one in the text that was compiled.
    fn original(&self, offset: u32) -> u32 {
        let mut inserted = 0;
        for (at, length) in &self.insertions {
            if at + inserted >= offset {
                break;
            }
            if at + inserted + length > offset {
                return *at;
            }
            inserted += length;
        }
        offset - inserted
    }

    /// The place of a line and column of the engine, both counted from 1; the first line is the one added before.
    pub(super) fn place(&self, line: u32, column: u32) -> Span {
        let end = self.span.end.max(self.span.start);
        let start = match line.checked_sub(2).map(|line| line as usize) {
            None => self.span.start,
            Some(line) => match self.starts.get(line) {
                Some(start) => {
                    // What was added behind the script is its end.
                    let inserted: u32 = self.insertions.iter().map(|(_, length)| length).sum();
                    let behind = end - self.span.start + inserted;
                    let line_end = self.starts.get(line + 1).map_or(behind, |next| next - 1);
                    let offset = self.original((start + column.saturating_sub(1)).min(line_end));
                    (self.span.start + offset).min(end)
                }
                None => end,
            },
        };
        Span { file: self.span.file, start, end: start }
    }
}

/// Compiles a script. The error has the class `SyntaxError` and the place in the file.
pub fn compile(script: &Script) -> Result<Vec<u8>, RuntimeError> {
    compile_instrumented(script, &[])
}

/// Like [`compile()`], of a script whose source has pieces that the file has not: where in the file's text of the script, and how
/// long, in order. Places of errors are those in the file.
pub fn compile_instrumented(script: &Script, insertions: &[(u32, u32)]) -> Result<Vec<u8>, RuntimeError> {
    let is_shared = script.entry.is_empty();
    let name = if is_shared { SHARED.to_owned() } else { format!("{}#{}", script.name, script.entry) };
    let names = script.shared_names.join(",");
    let import =
        if is_shared || names.is_empty() { String::new() } else { format!("import {{{names}}} from \"{SHARED}\";") };
    let export = if is_shared { format!("{{{names}}}") } else { format!("{{{} as default}}", script.entry) };
    let text = format!("{import}\n{}\nexport {export};", script.source);
    let lines = LineTable::new(&script.source, script.span, insertions);
    let code = compile_module(&name, text, true, &script.shared_names).map_err(|failure| match failure {
        CompileFailure::Engine(error) => failure::engine_error(&error),
        CompileFailure::Script(thrown) => {
            let place = |file: &str, line, column| (file == name).then(|| lines.place(line, column));
            thrown.into_error(place).at(script.span)
        }
    })?;
    let mut bytes = Vec::with_capacity(code.len() + name.len() + 4 * lines.starts.len() + 16);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&(name.len() as u32).to_le_bytes());
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(&(lines.starts.len() as u32).to_le_bytes());
    lines.starts.iter().for_each(|start| bytes.extend_from_slice(&start.to_le_bytes()));
    bytes.extend_from_slice(&(lines.insertions.len() as u32).to_le_bytes());
    for (at, length) in &lines.insertions {
        bytes.extend_from_slice(&at.to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
    }
    bytes.extend_from_slice(&code);
    Ok(bytes)
}

enum CompileFailure {
    Engine(Error),
    Script(failure::Thrown),
}

/// Compiles an ES module, with its lines or without; `shared` are the names that importing SHARED offers.
fn compile_module(name: &str, text: String, lines: bool, shared: &[String]) -> Result<Vec<u8>, CompileFailure> {
    let runtime = Runtime::new().map_err(CompileFailure::Engine)?;
    runtime.set_max_stack_size(COMPILE_STACK);
    runtime.set_loader(OnlyShared, StubLoader { names: shared.join(",") });
    let context = Context::full(&runtime).map_err(CompileFailure::Engine)?;
    context.with(|ctx| {
        let module = Module::declare(ctx.clone(), name, text)
            .and_then(|module| {
                module.write(WriteOptions { strip_source: true, strip_debug: !lines, ..WriteOptions::default() })
            })
            .catch(&ctx);
        module.map_err(|error| match error {
            rquickjs::CaughtError::Error(error) => CompileFailure::Engine(error),
            rquickjs::CaughtError::Exception(exception) => {
                CompileFailure::Script(failure::Thrown::read(&exception.into_object().into_value()))
            }
            rquickjs::CaughtError::Value(value) => CompileFailure::Script(failure::Thrown::read(&value)),
        })
    })
}

/// The host's own module, compiled as a script is.
pub(super) fn compile_host(name: &str, text: String) -> Vec<u8> {
    match compile_module(name, text, false, &[]) {
        Ok(code) => code,
        Err(CompileFailure::Engine(error)) => panic!("Invariant: the host's own script compiles: {error}"),
        Err(CompileFailure::Script(thrown)) => panic!("Invariant: the host's own script compiles: {thrown:?}"),
    }
}

impl Compiled {
    /// Takes a script's bytecode apart, or compiles the script where it has none.
    pub(super) fn of(script: &Script) -> Result<Compiled, RuntimeError> {
        if script.bytecode.is_empty() {
            let bytes = compile(script)?;
            return Ok(Compiled::read(&bytes, script.span).expect("Invariant: bytecode just written reads back"));
        }
        Compiled::read(&script.bytecode, script.span)
            .ok_or_else(|| RuntimeError::new("Error", format!("the bytecode of `{}` is damaged", script.name)))
    }

    fn read(bytes: &[u8], span: Span) -> Option<Compiled> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let number = |rest: &mut &[u8]| -> Option<u32> {
            let (number, tail) = rest.split_first_chunk::<4>()?;
            *rest = tail;
            Some(u32::from_le_bytes(*number))
        };
        let length = number(&mut rest)? as usize;
        let name = std::str::from_utf8(rest.get(..length)?).ok()?.to_owned();
        rest = &rest[length..];
        let count = number(&mut rest)? as usize;
        let starts = (0..count).map(|_| number(&mut rest)).collect::<Option<Vec<u32>>>()?;
        let count = number(&mut rest)? as usize;
        let insertion = |_| Some((number(&mut rest)?, number(&mut rest)?));
        let insertions = (0..count).map(insertion).collect::<Option<Vec<(u32, u32)>>>()?;
        Some(Compiled { name, lines: LineTable { span, starts, insertions }, code: rest.to_vec() })
    }
}

/// The modules that an engine may load, by name.
pub(super) type Modules = Rc<RefCell<HashMap<String, Vec<u8>>>>;

/// Lets scripts import SHARED and nothing else; the host itself imports scripts by their names.
pub(super) struct OnlyShared;

impl Resolver for OnlyShared {
    fn resolve<'js>(
        &mut self,
        _ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        if name == SHARED || base.is_empty() {
            Ok(name.to_owned())
        } else {
            Err(Error::new_resolving_message(base, name, "a handler has no modules"))
        }
    }
}

/// Loads from [`Modules`].
pub(super) struct ScriptLoader {
    pub(super) modules: Modules,
}

impl Loader for ScriptLoader {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js>> {
        match self.modules.borrow().get(name) {
            Some(code) => raw::load_module(ctx, code),
            None => Err(Error::new_loading(name)),
        }
    }
}

/// While a script is compiled, SHARED is only a list of names.
struct StubLoader {
    names: String,
}

impl Loader for StubLoader {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js>> {
        if name != SHARED || self.names.is_empty() {
            return Err(Error::new_loading(name));
        }
        Module::declare(ctx.clone(), name, format!("let {names}; export {{{names}}};", names = self.names))
    }
}
