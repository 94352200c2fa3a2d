//! The server spoken to as an editor does, over pipes, in this process.

mod client;
mod equality;
mod features;
mod formatting;
mod fuzz;
mod protocol;
