//! The built programs, as a user starts them.

mod architecture;
mod cases;
mod commands;
mod executables;
mod functions;
mod lsp;
mod page;
mod readme;
mod sample_api;
