//! Live connectors: instances, their configuration, calls of their handlers.

pub mod action;
pub mod cache;
pub mod calls;
pub mod instance;
pub mod options;
pub mod query;
pub mod registry;
pub mod schema;
