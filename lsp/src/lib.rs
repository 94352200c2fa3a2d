//! The language server: protocol and scheduling, nothing of the language.
//!
//! - `transport`, `connection`: messages come in and go out; each is routed in its order, panics end at this edge.
//! - `state`: the one thread that owns texts and data bases. A message that changes a text is applied there; a message that asks
//!   gets a `snapshot` and runs on a thread of its own.
//! - `diagnostics`: those of an open document as JSON, kept from one change to the next.
//! - `tokens`: its semantic tokens, kept in the same way.
//! - `settings`: what users set.
//! - `handlers`: one file for each request: convert, one call into `moltler_ide`, convert back. `FEATURES.md` lists them with their tests.
//!
//! A change cancels the reads that are under way: those that do not depend on a position in the old text start again, the
//! others answer "content modified". `$/cancelRequest` cancels one read alone.
//!
//! The crate never reaches the runtime, the JavaScript engine, HTTP or the code generator. Start reading at [`serve`].

mod capabilities;
mod connection;
mod diagnostics;
mod from_proto;
mod handlers;
mod settings;
mod snapshot;
mod state;
mod system;
mod to_proto;
mod tokens;
mod transport;
mod uri;

use std::io::{Read, Write};
use std::sync::Arc;

pub use system::{Disk, SharedSystem};

/// Runs the server until the editor says `exit` or its input ends, and gives the exit code: 0 after `shutdown`, else 1.
///
/// `system` is where files that are not open are read from. For tests any two pipes will do; the server starts threads of
/// its own and leaves none that could write behind its return.
pub fn serve(input: impl Read + Send + 'static, output: impl Write + Send + 'static, system: Arc<SharedSystem>) -> i32 {
    connection::serve(input, output, system)
}
