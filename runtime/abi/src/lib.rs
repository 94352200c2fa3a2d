//! What the compiler and the runtime agree on, written once.
//!
//! - [`DataType`]: the types of fields, parameters and expressions.
//! - [`layout`]: how values, columns and batches lie in memory while generated code looks at them.
//! - [`runtime_calls`]: the functions of the runtime that generated code may call, the only list of them.
//! - [`functions`]: the SQL functions: name, signature, documentation, example.
//! - [`aggregates`]: the aggregates: name, signature, documentation.
//! - [`host`]: what a handler's JavaScript finds: globals, members of its parameters.
//! - [`manifest`]: everything of a program that is not machine code.
//! - [`sync_target`]: where SYNC may write to, and when.
//! - [`image`]: manifest and machine code as one sequence of bytes.
//!
//! This crate depends on nothing else of Moltler, and does no input or output.
//! Start reading at [`manifest::Manifest`].

pub mod aggregates;
mod data_type;
pub mod functions;
pub mod host;
pub mod image;
pub mod layout;
pub mod manifest;
pub mod options;
pub mod runtime_calls;
pub mod sync_target;

pub use data_type::DataType;

/// Version of everything in this crate that an executable relies on. A runtime refuses an image of another version.
pub const ABI_VERSION: u32 = 4;
