//! From text to trees, one statement at a time.
//!
//! In goes the text of a file or of a statement, out come pieces, trees and syntax errors; nothing here can fail, and nothing
//! knows of names, files or salsa. This is the only crate that names tree-sitter.
//!
//! Start reading at [`Document`], then `parse`.

mod document;
mod line_index;
pub mod split;
mod text;

pub use document::{Change, Document, StatementId, StatementRef};
pub use line_index::{Encoding, Metrics, Position, Width, floor_char_boundary, offset, position};
pub use text::TextRange;
