//! The built programs, as a user starts them.

mod architecture;
mod page;
mod sample_api;
