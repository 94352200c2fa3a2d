//! What a Moltler program needs while it runs.
//!
//! A [`program::Program`] is loaded from an image; [`program::run`] runs its statements, [`test_run::run_tests`] its tests, and
//! [`executable::executable_main`] is the command line of a built program. While it runs, generated code calls the functions of
//! [`exports`] with the [`context::ExecContext`] of the run; these call [`operators`] for queries, [`connector`] for live
//! instances, [`builtins`] and [`evaluate`] for expressions. Connectors run their handlers in [`js`], which reaches the network
//! through [`http`].
//!
//! This crate knows nothing of the front end. Start reading at [`context::ExecContext`].

pub mod arena;
pub mod assertion;
pub mod batch;
pub mod builtins;
pub mod coerce;
pub mod command;
pub mod connector;
pub mod context;
pub mod coverage;
pub mod crypto;
pub mod datum;
pub mod error;
pub mod evaluate;
pub mod executable;
pub mod exports;
pub mod http;
pub mod js;
pub mod loader;
pub mod operators;
pub mod output;
pub mod parameters;
pub mod program;
pub mod recording;
pub mod report;
pub mod secrets;
pub mod suggest;
pub mod sync;
pub mod test_run;
pub mod trace;
pub mod value;

#[cfg(test)]
mod testing;
