//! What the compiler knows about the JavaScript of a handler, or its TypeScript: types are taken out of that first.
//!
//! [`parse`] takes the text of one raw block (a handler, a SHARED block) and gives a [`Script`]: its errors, the functions it
//! declares, the names it uses and does not declare, what its functions read from their parameters and which objects they
//! return. All of it is plain data with byte ranges relative to that text; nothing of the parser underneath shows.
//! [`instrument`] adds counters to a script, for the coverage of tests.
//!
//! This crate knows nothing of connectors: which function must be there, which members `config` has and which globals the
//! host gives are questions of `moltler-hir`. It is the only crate that names swc.
//!
//! No input makes it panic or overflow the stack. Start reading at [`Script`].

mod analysis;
mod coverage;
mod depth;
mod parse;
mod returns;
mod scope;
mod script;
mod typescript;

pub use analysis::responses::ARRAY_MEMBERS;
pub use coverage::{Instrumented, instrument};
pub use parse::parse;
pub use script::{
    Access, AccessForm, ErrorKind, Function, Key, Language, LocalName, LocalUse, NameKind, NameUse, Parameter,
    ParameterForm, Range, ReturnedBody, ReturnedObject, Script, ScriptError, StringLiteral, TopLevelName,
    UncheckedResponse,
};
