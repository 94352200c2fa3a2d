//! Requests, responses, and what sends one and gives the other.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use url::Url;

use super::body::Body;
use crate::error::RuntimeError;
use crate::secrets::seal::Seal;

/// The answer to a request, later.
pub type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response, TransportError>>>>;

/// Sends requests. One thread uses it; the future that it returns borrows nothing.
///
/// A [`Gateway`](super::Gateway) is one that does all that a handler's `fetch` wants. Those behind it ([`HttpClient`](super::HttpClient),
/// [`MockApi`](super::MockApi)) carry out one exchange: they follow no redirect and repeat nothing; time limits are the caller's.
pub trait Transport {
    /// Sends `request` and reads the answer up to its body.
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
    /// Under which terms it goes out; the handler has no say in them.
    pub terms: Terms,
}

/// Under which terms a request goes out.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// 1, then one more for each time that the host sends the request again.
    pub attempt: u32,
    /// Whether the name may stand for an address of this machine or of a private network.
    pub allow_private: bool,
    /// The largest body that is read, in bytes, decoded.
    pub max_response: u64,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms { attempt: 1, allow_private: false, max_response: 128 << 20 }
    }
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

/// An HTTP response: its body may still be on its way.
#[derive(Debug)]
pub struct Response {
    /// `200`
    pub status: u16,
    /// `OK`
    pub status_text: String,
    /// In order; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Decoded where it was compressed.
    pub body: Body,
    /// Where it came from, after redirects.
    pub url: Url,
    /// Whether redirects were followed.
    pub redirected: bool,
}

/// Why there is no response.
#[derive(Clone, Debug, PartialEq)]
pub enum TransportError {
    /// The network or the server failed, or the request may not go out: `fetch` rejects with a FetchError.
    Failed {
        /// Its `code`.
        kind: FailureKind,
        /// What the system calls it, the `code` of its `cause`: `ECONNREFUSED`, `ENOTFOUND`, `ETIMEDOUT`, …
        code: String,
        /// One sentence, without the URL.
        message: String,
        /// What was behind it, outermost first.
        causes: Vec<String>,
    },
    /// The request would have to wait longer than it may: `fetch` rejects with a ConnectorRateLimitError.
    RateLimited {
        /// One sentence, without the URL.
        message: String,
        /// In seconds.
        retry_after: f64,
    },
    /// The run cannot go on; the handler does not see it.
    Fatal(Box<RuntimeError>),
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Nobody listens there.
    Refused,
    /// The connection broke.
    Reset,
    /// No connection, or no answer, in time.
    Timeout,
    /// The name has no address.
    Dns,
    /// No secure connection.
    Tls,
    /// No way to the address.
    Unreachable,
    /// The connector may not go there.
    Policy,
    /// Too many redirects, a wrong one, or one that was not wanted.
    Redirect,
    /// The body is larger than it may be.
    TooLarge,
    /// The body could not be read or decoded.
    Body,
    /// The answer is not HTTP.
    Protocol,
    /// The request itself is not valid.
    Invalid,
    /// The request carries a secret that may not go there.
    Secret,
}

impl FailureKind {
    /// The kind that goes with a system's code.
    pub fn of_code(code: &str) -> FailureKind {
        match code {
            "ECONNREFUSED" => FailureKind::Refused,
            "ECONNRESET" | "ECONNABORTED" => FailureKind::Reset,
            "ETIMEDOUT" => FailureKind::Timeout,
            "ENOTFOUND" => FailureKind::Dns,
            "ERR_TLS" => FailureKind::Tls,
            "EHOSTUNREACH" | "ENETUNREACH" | "ECONNFAILED" => FailureKind::Unreachable,
            "ERR_PRIVATE_ADDRESS" => FailureKind::Policy,
            "ERR_BODY_TOO_LARGE" => FailureKind::TooLarge,
            "ERR_BODY" => FailureKind::Body,
            _ => FailureKind::Protocol,
        }
    }

    /// The `code` of the FetchError.
    pub fn name(self) -> &'static str {
        match self {
            FailureKind::Refused => "refused",
            FailureKind::Reset => "reset",
            FailureKind::Timeout => "timeout",
            FailureKind::Dns => "dns",
            FailureKind::Tls => "tls",
            FailureKind::Unreachable => "unreachable",
            FailureKind::Policy => "policy",
            FailureKind::Redirect => "redirect",
            FailureKind::TooLarge => "too-large",
            FailureKind::Body => "body",
            FailureKind::Protocol => "protocol",
            FailureKind::Invalid => "invalid",
            FailureKind::Secret => "secret",
        }
    }
}

impl TransportError {
    /// A failure without further causes.
    pub fn failed(kind: FailureKind, code: &str, message: impl Into<String>) -> TransportError {
        TransportError::Failed { kind, code: code.to_owned(), message: message.into(), causes: Vec::new() }
    }
}

/// The reason phrase of a status, empty where it has none.
pub fn status_text(status: u16) -> &'static str {
    reqwest::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("")
}
