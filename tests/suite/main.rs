//! The built programs, as a user starts them.

mod architecture;
mod cases;
mod check;
mod commands;
mod connectors;
mod coverage;
mod executables;
mod fmt;
mod functions;
mod hostile;
mod lambdas;
mod lsp;
mod lying;
mod network;
mod new;
mod page;
#[cfg(unix)]
mod postgres;
mod random;
mod readme;
mod recordings;
mod reports;
mod sample_api;
mod secrets;
mod sync;
mod testing_page;
mod trace;
mod watch;
