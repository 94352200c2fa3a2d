//! What a Moltler program needs while it runs.

pub mod arena;
pub mod batch;
pub mod coerce;
pub mod error;
pub mod value;
