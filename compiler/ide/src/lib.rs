//! What an editor asks, as plain data: no protocol, no threads.
//!
//! One file for each feature; each is a function from the data base, the package, a file and an offset to values that a
//! server only has to translate. Offsets are bytes of the file. Everything works on text that is being typed: where the
//! trees are too broken to tell, the text itself is asked.
//!
//! Start reading at [`diagnostics::FileDiagnostics`] and [`completion::complete`].

mod blocks;
pub mod call_hierarchy;
pub mod code_action;
pub mod completion;
pub mod diagnostics;
pub mod document_links;
mod documentation;
pub mod format;
pub mod goto_definition;
pub mod goto_type_definition;
pub mod host_files;
mod host_types;
pub mod hover;
pub mod inlay_hints;
pub mod inline_completion;
pub mod occurrences;
pub mod outline;
pub mod references;
pub mod runnables;
pub mod semantic_tokens;
pub mod signature_help;
pub mod structure;
pub mod symbols;
mod token;
pub mod typing;
