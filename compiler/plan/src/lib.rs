//! Queries and programs as data: from names and types that are resolved to what machine code is generated from.
//!
//! - In: the typed bodies of `moltler-hir`. Out: a [`program::Program`], that is a manifest for the runtime and a list of
//!   functions to compile.
//! - [`expr`] are scalar expressions, [`logical`] what a query does, [`rules`] rewrite it, [`choose`] makes it
//!   [`physical`], [`explain`] writes all of them as text.
//! - This crate knows neither Cranelift nor any input or output, and reports nothing to users: whoever comes here has
//!   passed the checks, and a surprise is a bug.
//!
//! Start reading at [`program::Program`].

pub mod choose;
pub mod explain;
pub mod expr;
mod from_hir;
pub mod logical;
pub mod physical;
pub mod program;
pub mod rules;
pub mod schema;
