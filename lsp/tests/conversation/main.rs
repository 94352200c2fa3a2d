//! The server spoken to as an editor does, over pipes, in this process.

mod announced;
mod any_place;
mod client;
mod editors;
mod equality;
mod everywhere;
mod features;
mod formatting;
mod fuzz;
mod lints;
mod protocol;
mod sample;
