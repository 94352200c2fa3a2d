//! Meaning: what statements declare, what names stand for, which types expressions have, and every diagnostic.
//!
//! In: texts of statements ([`moltler_db::Statement`]), kept by the [`Package`], the one writer. Out: bodies
//! ([`body::Body`]) for the planner, diagnostics ([`file_diagnostics`]) for everyone. Where a statement has no error, later
//! phases assume a correct one.
//!
//! Queries, each of one statement: [`parse`] → [`item_tree::item_tree()`] → [`lower_statement`] → [`check_statement`]. A statement knows others only by
//! name ([`catalog`]), through their item trees.
//!
//! The crate knows nothing of plans, machine code, files on a disk or the editor's protocol. Start reading at
//! [`item_tree::ItemTree`], then [`body::Body`], then `lower.rs`.

pub mod allow;
mod assemble;
pub mod body;
pub mod catalog;
mod check;
pub mod config_schema;
pub mod constant;
mod database;
pub mod definition;
pub mod diagnostics;
mod in_package;
pub mod infer;
pub mod item_tree;
pub mod lints;
mod lower;
mod order;
mod package;
mod parallel;
pub mod script;
mod signature;
pub mod suggest;
mod syntax_tree;
#[cfg(test)]
mod testing;
mod time;
mod walk;

pub use assemble::{Surroundings, diagnostic_surroundings, file_diagnostics, statement_diagnostics};
pub use check::check_statement;
pub use database::Database;
pub use in_package::check_in_package;
pub use lower::{Lowering, lower_statement};
pub use package::{Change, Definitions, Lowered, Package, find_root};
pub use parallel::check_all;
pub use syntax_tree::{parse, parse_count, scripts};
