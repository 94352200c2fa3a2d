//! HTTP as handlers use it: the [`Transport`] trait, the real client, and the answers of a test's MOCK_API.
//!
//! Not yet: retries, rate limits and a policy of granted hosts. They belong between a handler's `fetch` and
//! [`Transport::send`], and around each hop in `redirect`.

pub mod client;
pub mod mock;
mod redirect;
mod route;
pub mod transport;

pub use client::HttpClient;
pub use mock::MockApi;
pub use transport::{RedirectMode, Request, Response, ResponseFuture, Transport, TransportError};
