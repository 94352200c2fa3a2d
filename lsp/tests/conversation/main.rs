//! The server spoken to as an editor does, over pipes, in this process.

mod client;
mod features;
mod formatting;
mod fuzz;
mod protocol;
