//! The built programs, as a user starts them.

mod architecture;
mod cases;
mod commands;
mod coverage;
mod connectors;
mod executables;
mod fmt;
mod functions;
mod lsp;
mod lying;
mod page;
#[cfg(unix)]
mod postgres;
mod random;
mod readme;
mod recordings;
mod sample_api;
mod secrets;
