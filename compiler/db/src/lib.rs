//! The data base of the front end: what is put in from outside, and what every layer hands out.
//!
//! - [`Statement`] is the unit of incremental work: one salsa input for the text of each statement. No query may depend on
//!   all statements; what a statement needs from others it asks for by name, through one input for each name.
//! - [`Db`] is what queries see; [`System`] is how the writer reaches files.
//! - [`Diagnostic`] is what a user is told, [`FileRange`] where.
//!
//! The crate knows nothing of the language's meaning. Start reading at [`Statement`].

mod diagnostic;
#[expect(missing_docs, reason = "salsa writes methods without docs")]
mod input;
#[expect(missing_docs, reason = "salsa writes methods without docs")]
mod names;
mod system;

pub use diagnostic::{Diagnostic, Edit, FileRange, Fix, Label, Severity, Tag};
pub use input::{Db, FileId, Source, Statement};
pub use names::{NameInput, NameKind, Names, names};
pub use system::{MemorySystem, System};
