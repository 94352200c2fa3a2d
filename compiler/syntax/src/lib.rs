//! From text to trees, one statement at a time.
//!
//! In goes the text of a file or of a statement, out come pieces, trees and syntax errors; nothing here can fail, and nothing
//! knows of names, files or salsa. This is the only crate that names tree-sitter.
//!
//! Start reading at [`Document`], then [`parse()`], then [`ast::SourceFile`].

pub mod ast;
mod document;
mod embedded;
mod error;
mod expected;
mod fold;
mod kind;
mod line_index;
pub mod literal;
mod node;
mod parse;
pub mod split;
mod text;

pub use document::{Change, Document, Run, RunId, StatementId, StatementRef};
pub use embedded::{Embedded, embedded};
pub use error::{NESTING_TOO_DEEP, SYNTAX_ERROR_CODES, SyntaxError};
pub use kind::SyntaxKind;
pub use line_index::{Encoding, Metrics, Position, Width, floor_char_boundary, offset, position};
pub use node::SyntaxNode;
pub use parse::{Parse, parse, parse_folded};
pub use text::TextRange;
