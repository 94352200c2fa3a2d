//! Machine code from programs, by Cranelift.
//!
//! - In: a [`moltler_plan::program::Program`]. Out: an [`moltler_abi::image::Image`] ([`image()`]), an object file
//!   ([`emit_object`]), or Cranelift's own text ([`emit_clif`]). All three come from one lowering, in `lower`.
//! - The code is position-independent and has no relocations: runtime functions are reached through the table that every
//!   function gets as its first argument, generated functions do not call each other, and constants lie behind the code,
//!   at distances that are known when the code is laid out. So it can be mapped anywhere, read-only, by `run`, `test` and
//!   executables alike.
//! - The same program gives the same bytes.
//! - This crate knows neither Moltler's syntax nor its types' checks. A program that it cannot compile is a bug: it panics and
//!   names the broken invariant.
//!
//! Start reading at [`image()`].

mod constants;
mod image;
mod lower;
mod object;
mod runtime_calls;
mod target;

pub use image::{emit_clif, image};
pub use object::emit_object;
