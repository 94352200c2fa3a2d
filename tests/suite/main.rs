//! The built programs, as a user starts them.

mod architecture;
mod sample_api;
