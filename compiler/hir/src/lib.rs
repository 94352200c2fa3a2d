//! Meaning: what statements declare, what names stand for, which types expressions have, and every diagnostic.
//!
//! In: texts of statements ([`moltler_db::Statement`]), kept by the [`Package`], the one writer. Out: bodies
//! ([`body::Body`]) for the planner, diagnostics for everyone. After [`file_diagnostics`] reports no error for a statement,
//! later phases assume a correct one.
//!
//! The crate knows nothing of plans, machine code, files on a disk or the editor's protocol. Start reading at [`body::Body`],
//! then at `item_tree`.

pub mod body;
pub mod definition;
