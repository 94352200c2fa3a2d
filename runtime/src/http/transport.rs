//! What stands between a handler's `fetch` and the network.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use url::Url;

use crate::error::RuntimeError;
use crate::secrets::seal::Seal;

/// The answer to a request, later.
pub type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response, TransportError>>>>;

/// Sends requests. One thread uses it; the future that it returns borrows nothing.
pub trait Transport {
    /// Sends `request`, follows redirects as it says, and reads the whole answer. Time limits are the caller's.
    fn send(&self, request: Request) -> ResponseFuture;
}

/// An HTTP request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `GET`; upper case where it is a method of the standard.
    pub method: String,
    /// Absolute, without fragment.
    pub url: Url,
    /// In order; names in lower case.
    pub headers: Vec<(String, String)>,
    /// `None` where there is none.
    pub body: Option<Vec<u8>>,
    /// What to do with a redirect.
    pub redirect: RedirectMode,
    /// Puts secrets in the place of their placeholders at each hop, and back; `None` where there are none.
    pub seal: Option<Rc<Seal>>,
}

/// What to do with a redirect, as in `fetch`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RedirectMode {
    /// Go there.
    #[default]
    Follow,
    /// Fail.
    Error,
    /// Return the redirect itself.
    Manual,
}

/// An HTTP response with its whole body.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `200`
    pub status: u16,
    /// `OK`
    pub status_text: String,
    /// In order; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Decoded where it was compressed.
    pub body: Vec<u8>,
    /// Where it came from, after redirects.
    pub url: Url,
    /// Whether redirects were followed.
    pub redirected: bool,
}

/// Why there is no response.
#[derive(Clone, Debug, PartialEq)]
pub enum TransportError {
    /// The network or the server failed: `fetch` rejects with a FetchError.
    Failed {
        /// `ECONNREFUSED`, `ENOTFOUND`, `ETIMEDOUT`, …
        code: String,
        /// One sentence, without the URL.
        message: String,
        /// What was behind it, outermost first.
        causes: Vec<String>,
    },
    /// The run cannot go on; the handler does not see it.
    Fatal(Box<RuntimeError>),
}

impl TransportError {
    /// A failure without further causes.
    pub fn failed(code: &str, message: impl Into<String>) -> TransportError {
        TransportError::Failed { code: code.to_owned(), message: message.into(), causes: Vec::new() }
    }
}

/// The reason phrase of a status, empty where it has none.
pub fn status_text(status: u16) -> &'static str {
    reqwest::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("")
}
