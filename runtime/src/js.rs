//! The JavaScript host: runs a connector's handlers in QuickJS.
//!
//! [`compile()`] turns a [`Script`](moltler_abi::manifest::Script) into bytecode when a program is built. An [`Engine`] runs the
//! handlers of one connector instance: its module state (caches, rate limiters) lives as long as the engine. What a handler
//! returns becomes rows ([`Rows`]) or a [`Value`](crate::value::Value); what it throws becomes a
//! [`RuntimeError`](crate::error::RuntimeError) with positions in the `.molt` file.
//!
//! - `bytecode`: compiling, loading, and the table of lines that maps a stack back;
//! - `engine`: calls; `scope`: a JavaScript runtime, and the loop that waits for timers and responses;
//! - `host`: what the handler's globals reach, `bodies`: those of answers among it; `globals`: the globals themselves, mostly JavaScript, defined group by group when
//!   one of their names is first used; `moltler.d.ts` of `moltler-abi` declares them;
//! - `rows`, `walker`: the raw walk from JavaScript objects to columns; `convert`, `json`: values into JavaScript;
//! - `failure`: from thrown values to errors; `secrets`, `crypto`, `ciphers`: globals that work on placeholders,
//!   and on values inside the host.

mod bodies;
mod bytecode;
mod ciphers;
mod clock;
mod convert;
mod crypto;
mod engine;
mod failure;
mod globals;
mod host;
mod json;
mod raw;
mod rows;
mod scope;
mod secrets;
mod walker;

pub use bytecode::{compile, compile_instrumented, engine_version};
pub use clock::Clock;
pub use engine::{ActionCall, Cursor, Engine, QueryCall, Rows, Settings};
pub use globals::{host_bytecode, use_host_bytecode};
pub use host::{ConsoleHook, ConsoleLevel};

#[cfg(test)]
mod tests;
