//! What a Moltler program needs while it runs.

pub mod coerce;
pub mod error;
pub mod value;
