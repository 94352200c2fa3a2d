//! What a Moltler program needs while it runs.

pub mod arena;
pub mod batch;
pub mod coerce;
pub mod datum;
pub mod error;
pub mod evaluate;
pub mod http;
pub mod js;
pub mod value;
