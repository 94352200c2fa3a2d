//! moltler-syntax

mod text;

pub use text::TextRange;
