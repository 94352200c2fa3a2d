//! The command line: `moltlerc`.

#![expect(missing_docs, reason = "in progress")]
pub mod executable;
pub mod files;
pub mod package;
pub mod project;
