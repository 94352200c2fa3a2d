//! What went wrong with an exchange, in codes and sentences.

use std::error::Error;
use std::io::ErrorKind;

use super::resolve::AddressRefused;
use super::transport::{FailureKind, TransportError};

/// The failure that an error of the client tells.
pub(super) fn failure(error: &reqwest::Error) -> TransportError {
    let causes = error.source().map(chain).unwrap_or_default();
    if let Some(refused) = find::<AddressRefused>(error) {
        return TransportError::failed(FailureKind::Policy, "ERR_PRIVATE_ADDRESS", refused.to_string());
    }
    let (kind, code, message) = classify(error, &causes);
    TransportError::Failed { kind, code: code.to_owned(), message: message.to_owned(), causes }
}

fn classify(error: &reqwest::Error, causes: &[String]) -> (FailureKind, &'static str, &'static str) {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            match io.kind() {
                ErrorKind::ConnectionRefused => return (FailureKind::Refused, "ECONNREFUSED", "connection refused"),
                ErrorKind::ConnectionReset => return (FailureKind::Reset, "ECONNRESET", "connection reset"),
                ErrorKind::ConnectionAborted => return (FailureKind::Reset, "ECONNABORTED", "connection aborted"),
                ErrorKind::UnexpectedEof => {
                    return (
                        FailureKind::Reset,
                        "ECONNRESET",
                        "the connection was closed before the answer was complete",
                    );
                }
                ErrorKind::TimedOut => return (FailureKind::Timeout, "ETIMEDOUT", "timed out"),
                ErrorKind::HostUnreachable => return (FailureKind::Unreachable, "EHOSTUNREACH", "host unreachable"),
                ErrorKind::NetworkUnreachable => {
                    return (FailureKind::Unreachable, "ENETUNREACH", "network unreachable");
                }
                _ if is_tls(io) => return (FailureKind::Tls, "ERR_TLS", "no secure connection"),
                _ => {}
            }
        }
        source = cause.source();
    }
    if causes.iter().any(|cause| cause.starts_with("dns error")) {
        (FailureKind::Dns, "ENOTFOUND", "host not found")
    } else if error.is_timeout() {
        (FailureKind::Timeout, "ETIMEDOUT", "timed out")
    } else if causes.iter().any(|cause| cause.contains("closed before message completed")) {
        (FailureKind::Reset, "ECONNRESET", "the connection was closed before the answer was complete")
    } else if error.is_connect() {
        (FailureKind::Unreachable, "ECONNFAILED", "no connection")
    } else if error.is_body() || error.is_decode() {
        (FailureKind::Body, "ERR_BODY", "the response could not be read")
    } else {
        (FailureKind::Protocol, "ERR_HTTP", "the exchange failed")
    }
}

/// The first error of this type behind an error.
fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// Errors of TLS are wrapped in I/O errors, perhaps in several.
fn is_tls(error: &std::io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|inner| inner.is::<rustls::Error>() || inner.downcast_ref::<std::io::Error>().is_some_and(is_tls))
}

/// The messages of an error and of what is behind it, outermost first.
pub(super) fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut messages = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        messages.push(error.to_string());
        next = error.source();
    }
    messages
}
