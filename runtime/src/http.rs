//! HTTP as handlers use it.
//!
//! A handler's `fetch` goes through the [`Gateway`] of its instance. For each step of a redirect ([`redirect`]) the [`Policy`] grants
//! the host or refuses the request before anything leaves. Then, for each attempt ([`retry`]), the [`Limiter`] is waited for, the
//! request's [`Seal`](crate::secrets::seal::Seal) puts secrets in, a [`Transport`] carries out the exchange (the real [`HttpClient`]
//! or a test's [`MockApi`]), and the seal takes secrets out of the answer. All waiting goes by the run's one clock.

pub mod address;
pub mod body;
pub mod client;
mod failure;
pub mod gateway;
pub mod host_rule;
pub mod limiter;
pub mod mock;
pub mod policy;
mod redirect;
pub mod resolve;
mod retry;
mod route;
pub mod transport;

pub use body::Body;
pub use client::HttpClient;
pub use gateway::{Counters, Gateway, Limits};
pub use limiter::{Limiter, Rate};
pub use mock::MockApi;
pub use policy::{Grant, GrantedBy, Policy};
pub use resolve::Lookup;
pub use transport::{FailureKind, RedirectMode, Request, Response, ResponseFuture, Terms, Transport, TransportError};
